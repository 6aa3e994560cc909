"""The defences of answers and control numbers."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
from msgspec.structs import replace

from crossdock.flow import answering, receiver, recovery
from crossdock.flow.answering import StoredVerdict
from crossdock.flow.asking import Asking
from crossdock.flow.names import effect_id, effect_key
from crossdock.formats.x12.envelope import Group
from crossdock.messages.acknowledgement import Level, Verdict
from crossdock.ports import Request
from crossdock.ports.store import Seen
from crossdock.processes import acknowledgement
from crossdock.store.sqlite.unit import SqliteUnit
from crossdock.testing.simulation import house, seams
from crossdock.testing.simulation.defences.base import Defence, Patch, one


def stored_as_accepted(original: Any) -> Any:
    """Store of everything that it was accepted."""

    def seen(row: Any, owed: Any, *, refused: bool) -> Any:
        said = StoredVerdict(verdict=Verdict.ACCEPTED, effect_id=row.id)
        return replace(original(row, owed, refused=refused), answer=msgspec.json.encode(said))

    return seen


def answer_anew(original: Any) -> Any:
    """Write the answer to what came before once more, under new numbers."""

    def asks(unit: Any, arrival: Any, row: Any, verdict: Seen, *rest: Any) -> Any:
        if verdict is Seen.NEW:
            return original(unit, arrival, row, verdict, *rest)
        document_id, _ = rest
        key = effect_key(row.tenant, row.verb, row.business_key, document_id)
        name = effect_id(row.tenant, row.endpoint, key)
        again = replace(row, id=name, version=document_id, idempotency_key=key)
        return [Asking(row=again, cause=document_id)]

    return asks


_COUNTED: Counter[tuple[Any, ...]] = Counter()


def count_in_memory(_original: Any) -> Any:
    """Count numbers where a restart forgets them."""

    def next_control_number(_self: Any, *stream: Any) -> int:
        _COUNTED[stream] += 1
        return _COUNTED[stream]

    return next_control_number


def forget_counts(original: Any) -> Any:
    """Begin a life with nothing counted."""

    def start(self: Any) -> Any:
        _COUNTED.clear()
        return original(self)

    return start


def number_by_attempt(original: Any) -> Any:
    """Give every attempt at an interchange a number of its own."""

    def lease(self: Any, *args: Any) -> list[Any]:
        return [_renumbered(row) for row in original(self, *args)]

    return lease


def _renumbered(row: Any) -> Any:
    request = msgspec.json.decode(row.request, type=Request)
    taken = request.control.get(Level.INTERCHANGE)
    if taken is None:
        return row
    old, new = f"{taken:09d}".encode(), f"{taken + row.fence - 1:09d}".encode()
    body = request.body.replace(old, new)
    return replace(row, request=msgspec.json.encode(replace(request, body=body)))


def deaf_when_overdue(original: Any) -> Any:
    """Take no word after the time for it."""

    def hear(state: Any, *heard: Any) -> Any:
        return state if state.overdue else original(state, *heard)

    return hear


DEFENCES: dict[str, Defence] = {
    "groups_answered": Defence(
        says="every group that a partner sends is answered",
        patches=one(receiver, "answer", seams.always(answering.Answering())),
        x12=True,
    ),
    "verdict_stored": Defence(
        says="what is answered is what is stored of it",
        patches=one(answering, "_seen", stored_as_accepted),
        weather=("corrupt",),
        x12=True,
    ),
    "same_answer_again": Defence(
        says="what comes again gets the bytes of its first answer",
        patches=one(answering, "_asks", answer_anew),
        weather=("telling_doubled", "receipt_lost"),
        x12=True,
    ),
    "no_answer_to_answers": Defence(
        says="an acknowledgement is not acknowledged",
        patches=one(Group, "is_acknowledgement", lambda _: property(lambda _group: False)),
        weather=("ack_acked",),
        x12=True,
    ),
    "numbers_stored": Defence(
        says="control numbers go on after a restart where they were",
        patches=(
            Patch(owner=SqliteUnit, name="next_control_number", make=count_in_memory),
            Patch(owner=house.House, name="start", make=forget_counts),
        ),
        weather=("crash_before_commit", "crash_after_commit"),
        x12=True,
    ),
    "numbers_with_bytes": Defence(
        says="bytes keep the control numbers they were stored with",
        patches=one(SqliteUnit, "lease", number_by_attempt),
        weather=("not_sent", "busy"),
        x12=True,
    ),
    "numbers_after_restore": Defence(
        says="after a restore numbers go on above all that can have been used",
        patches=(
            Patch(owner=recovery, name="first_number", make=seams.always(0)),
            Patch(owner=recovery, name="NUMBERS_LEFT_OUT", make=lambda _: 0),
        ),
        x12=True,
    ),
    "acks_fall_due": Defence(
        says="an acknowledgement that does not come is missed",
        patches=one(acknowledgement, "set_deadline", lambda _: lambda state, _rules: (state, ())),
        weather=("no_ack",),
        x12=True,
    ),
    "late_acks_count": Defence(
        says="an acknowledgement that comes late closes its promise",
        patches=one(acknowledgement, "hear", deaf_when_overdue),
        weather=("late_ack",),
        x12=True,
    ),
}
