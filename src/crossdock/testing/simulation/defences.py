"""Every defence of the house, and how the simulation alone takes it away.

A defence is switched off by replacing what carries it for the length of a run: a method of the
store, a function of flow or of a process. The product has no switch for any of this. `held_by`
names the test that holds the defence by itself, for those that another defence may mask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from itertools import count
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from crossdock.connectors.system_api import tracking
from crossdock.flow import asking, breaker, deliverer, desk, machine, settling, speech, timekeeper
from crossdock.flow.settling import SEND
from crossdock.policies.gates import Gate
from crossdock.ports import EffectClass
from crossdock.ports.store import Seen, Stale
from crossdock.processes import (
    order_release,
    order_release_carriage,
    order_release_intake,
    order_release_planning,
    reference_binding,
    shipment_visibility,
    shipment_visibility_facts,
    shipment_visibility_gate,
    shipment_visibility_posting,
)
from crossdock.store.sqlite.unit import SqliteUnit
from crossdock.testing.simulation import house, rosters
from crossdock.testing.simulation.post import ACCEPTED

Make = Callable[[Any], Any]


_NUMBERS = count(1)


class Patch(Struct, frozen=True, kw_only=True):
    """One replacement: the attribute of an owner, and what makes the new one of the old."""

    owner: Any
    name: str
    make: Make


class Defence(Struct, frozen=True, kw_only=True):
    """One defence: what it keeps from happening, how it is taken away, and which test holds it.

    `beside` names defences that may keep the same from happening.
    """

    says: str
    patches: tuple[Patch, ...]
    held_by: str = ""
    beside: tuple[str, ...] = ()


@contextmanager
def switched_off(*names: str) -> Iterator[None]:
    """Take defences away until the block is left."""
    with ExitStack() as back:
        for name in names:
            for each in DEFENCES[name].patches:
                original = getattr(each.owner, each.name)
                back.callback(setattr, each.owner, each.name, original)
                setattr(each.owner, each.name, each.make(original))
        yield


def _always(answer: object) -> Make:
    return lambda _original: lambda *_args, **_named: answer


def _verdicts(change: Callable[[Seen], Seen]) -> Make:
    def make(original: Any) -> Any:
        return lambda self, rows: [change(each) for each in original(self, rows)]

    return make


def _ask_anew(original: Any) -> Any:
    """Write an effect that is there already once more, under a name and a key of its own."""
    numbers = count(1)

    def ask(self: Any, rows: Sequence[Any]) -> None:
        for row in rows:
            known = self.outbox(row.tenant, [row.id])
            mark = f"x{next(numbers)}" if known else ""
            key = row.idempotency_key + mark
            original(self, [replace(row, id=row.id + mark, idempotency_key=key)])

    return ask


def _key_by_attempt(original: Any) -> Any:
    def lease(self: Any, *args: Any) -> list[Any]:
        return [
            replace(row, idempotency_key=f"{row.idempotency_key}x{row.fence}")
            for row in original(self, *args)
        ]

    return lease


def _until(span: timedelta) -> Make:
    """Let leases run out after another time than their calls take."""

    def make(original: Any) -> Any:
        def lease(self: Any, tenant: str, endpoint: str, now: Any, _until: Any, limit: int) -> Any:
            return original(self, tenant, endpoint, now, now + span, limit)

        return lease

    return make


def _any_fence(original: Any) -> Any:
    def settle(self: Any, row: Any) -> bool:
        (known,) = self.outbox(row.tenant, [row.id])
        return bool(original(self, replace(row, fence=known.fence)))

    return settle


def _later(original: Any) -> Any:
    """Write in a second transaction what belongs to the first."""

    def write(_unit: Any, rows: Sequence[Any]) -> None:
        house.SECOND_THOUGHTS.append(lambda unit: original(unit, rows))

    return write


def _send_unless(kept: EffectClass) -> Make:
    """Send again what may have happened, but for one class."""

    def make(original: Any) -> Any:
        def purpose_of(row: Any, operation: Any) -> str:
            return str(original(row, operation)) if operation.effect is kept else SEND

        return purpose_of

    return make


def _no_pause(_original: Any) -> Any:
    return lambda _self, _retry_after, now: now


def _save_blindly(original: Any) -> Any:
    def save(self: Any, rows: Sequence[Any]) -> None:
        try:
            original(self, rows)
        except Stale:
            return

    return save


def _last_arrival(_original: Any) -> Any:
    """Let the last word that came hold, not the last that was said."""

    def with_(versions: tuple[Any, ...], heard: Any) -> tuple[Any, ...]:
        if any(each.event == heard.event for each in versions):
            return versions
        return (*versions, heard)

    return with_


def _any_version(original: Any) -> Any:
    def take_release(state: Any, received: Any, rules: Any) -> Any:
        known = state.release
        if known is not None and received.body.draft.version < known.draft.version:
            state = msgspec.structs.replace(state, release=None)
        return original(state, received, rules)

    return take_release


def _any_revision(original: Any) -> Any:
    def take_plan(state: Any, said: Any, *, amended: bool) -> Any:
        plans = tuple(
            each
            for each in state.plans
            if each.order_version != said.order_version or each.revision <= said.revision
        )
        return original(msgspec.structs.replace(state, plans=plans), said, amended=amended)

    return take_plan


def _open_gate(original: Any) -> Any:
    def gate_of(policy: Any) -> Gate:
        gate: Gate = original(policy)
        return replace(gate, needs=())

    return gate_of


def _post_again(original: Any) -> Any:
    def differs(posted: Any, fact: Any) -> bool:
        return bool(original(posted, fact)) or (fact is not None and posted.revision < AGAIN_MAX)

    return differs


AGAIN_MAX = 3  # a posting that is never done would be decided for ever


def _first_timer(original: Any) -> Any:
    def set_timers(self: Any, rows: Sequence[Any]) -> None:
        new = [
            row
            for row in rows
            if row.name not in {t.name for t in self.timers(row.tenant, row.subscriber, row.key)}
        ]
        original(self, new)

    return set_timers


def _due_when_rung(original: Any) -> Any:
    return lambda row, now: original(replace(row, due_at=now), now)


def _without_binding(original: Any) -> Any:
    return tuple(each for each in original if each.name != reference_binding.SUBSCRIBER.name)


def _answer_first(original: Any) -> Any:
    """Answer senders before what they sent is stored."""

    def take_in(self: Any) -> Any:
        waiting = list(self._door)
        self._door.clear()
        for arrival, answered in waiting:
            answered(ACCEPTED)
            self._door.append((arrival, house.nobody))
        return original(self)

    return take_in


def _careless(original: Any) -> Any:
    def start(self: Any) -> bool:
        clean = bool(original(self))
        self.careful = 0
        return clean

    return start


def _without_exception(original: Any) -> Any:
    return lambda directory, batch, end: original(directory, batch, replace(end, code=""))


def _in_no_order(original: Any) -> Any:
    def ask(self: Any, rows: Sequence[Any]) -> None:
        original(self, [replace(row, sequence_key="") for row in rows])

    return ask


def _guess(_original: Any) -> Any:
    return lambda _element, code, known: known.get(code, known["ITR"])


def _complete_anyhow(original: Any) -> Any:
    def complete(draft: Any, policy: Any) -> Any:
        if draft.ship_to is None:
            draft = replace(draft, ship_to=draft.ship_from)
        return original(draft, policy)

    return complete


def _deaf_to_retractions(original: Any) -> Any:
    def hear(state: Any, event: Any, *rest: Any) -> Any:
        return state if event.kind == "RETRACTION" else original(state, event, *rest)

    return hear


def _for_ever(original: Any) -> Any:
    def roster_for(*args: Any, **named: Any) -> Any:
        return original(*args, **{**named, "attempts_max": 10**6})

    return roster_for


def _one(owner: Any, name: str, make: Make) -> tuple[Patch, ...]:
    return (Patch(owner=owner, name=name, make=make),)


DEFENCES: dict[str, Defence] = {
    "inbox_dedup": Defence(
        says="what was said before is told from what is new, by identity",
        patches=_one(SqliteUnit, "remember", _verdicts(lambda _each: Seen.NEW)),
    ),
    "conflict_check": Defence(
        says="other content under a known identity is an exception",
        patches=_one(
            SqliteUnit,
            "remember",
            _verdicts(lambda each: Seen.DUPLICATE if each is Seen.CONFLICT else each),
        ),
    ),
    "documents_kept": Defence(
        says="each document is kept before anything is made of it",
        patches=_one(SqliteUnit, "keep_documents", _always(None)),
    ),
    "answer_after_flush": Defence(
        says="a sender is answered after the commit",
        patches=_one(house.House, "_take_in", _answer_first),
    ),
    "known_effects": Defence(
        says="an effect that is asked for again is looked up first",
        patches=_one(asking, "_known", _always({})),
        held_by="tests/flow/test_asking.py",
        beside=(
            "unique_effects",
            "handled_with_its_step",
        ),
    ),
    "unique_effects": Defence(
        says="an effect is one row by its key, whoever asks",
        patches=_one(SqliteUnit, "ask", _ask_anew),
        held_by="tests/store/test_sqlite.py (store_conformance/effects.py)",
        beside=("handled_with_its_step",),
    ),
    "stored_key": Defence(
        says="every attempt carries the key that was stored",
        patches=_one(SqliteUnit, "lease", _key_by_attempt),
    ),
    "derived_ids": Defence(
        says="what a step says has an id made of its cause",
        patches=_one(speech, "emitted_id", lambda _: lambda *_args: f"emitted-{next(_NUMBERS)}"),
        held_by="tests/flow/test_dispatcher.py",
        beside=("handled_with_its_step",),
    ),
    "effects_with_their_step": Defence(
        says="effects are written in the transaction of the step that asks for them",
        patches=_one(SqliteUnit, "ask", _later),
        beside=(
            "trouble_told",
            "exceptions_open",
        ),
    ),
    "handled_with_its_step": Defence(
        says="a step is marked handled in its own transaction",
        patches=_one(SqliteUnit, "finish", _later),
        beside=(
            "inbox_dedup",
            "posted_once",
        ),
    ),
    "timers_with_their_step": Defence(
        says="timers are set in the transaction of their step",
        patches=_one(SqliteUnit, "set_timers", _later),
    ),
    "fence": Defence(
        says="a result counts only under the fence its call was leased under",
        patches=_one(SqliteUnit, "settle", _any_fence),
    ),
    "lease": Defence(
        says="a call that is on its way is nobody else's",
        patches=_one(SqliteUnit, "lease", _until(timedelta())),
        beside=(
            "fence",
            "look_up_first",
        ),
    ),
    "lease_runs_out": Defence(
        says="a lease ends, so that a dead worker's calls go on",
        patches=_one(SqliteUnit, "lease", _until(timedelta(days=1000))),
    ),
    "look_up_first": Defence(
        says="what a partner may have done is looked up before it is sent again",
        patches=_one(deliverer, "purpose_of", _send_unless(EffectClass.NEITHER)),
    ),
    "ask_a_person": Defence(
        says="what may have happened and cannot be looked up is a person's to decide",
        patches=_one(deliverer, "purpose_of", _send_unless(EffectClass.LOOKUP)),
        held_by="tests/flow/test_crashes.py",
        beside=(
            "look_up_first",
            "lease",
        ),
    ),
    "attempts_end": Defence(
        says="after so many attempts a person is asked",
        patches=_one(rosters, "roster_for", _for_ever),
        held_by="tests/flow/test_deliverer.py",
        beside=(
            "growing_pause",
            "breaker",
        ),
    ),
    "trouble_told": Defence(
        says="an effect that ends badly is somebody's exception",
        patches=_one(deliverer, "conclude", _without_exception),
    ),
    "in_order": Defence(
        says="what must come in order waits for what comes before",
        patches=_one(SqliteUnit, "ask", _in_no_order),
    ),
    "breaker": Defence(
        says="a partner that fails is left alone",
        patches=_one(
            breaker,
            "admit",
            lambda _: (
                lambda row, *_rest: breaker.Admission(permits=None, generation=row.generation)
            ),
        ),
    ),
    "retry_after": Defence(
        says="a partner that asks for rest gets it",
        patches=_one(desk.Desk, "pause", _no_pause),
    ),
    "growing_pause": Defence(
        says="attempts are further and further apart",
        patches=_one(settling, "pause_before", _always(timedelta(seconds=1))),
        held_by="tests/flow/test_deliverer.py",
        beside=("breaker",),
    ),
    "compare_and_set": Defence(
        says="a state is written only over the revision it was decided from",
        patches=_one(SqliteUnit, "save", _save_blindly),
        held_by="tests/store/test_sqlite.py (store_conformance/states.py)",
        beside=("handled_with_its_step",),
    ),
    "quarantine": Defence(
        says="a step that killed two workers is set aside",
        patches=_one(machine, "DEATHS_MAX", lambda _: 10**6),
    ),
    "careful_start": Defence(
        says="after an unclean stop steps are tried one at a time",
        patches=_one(machine.Machine, "start", _careless),
    ),
    "timers_by_name": Defence(
        says="a timer set anew replaces the one of its name",
        patches=_one(SqliteUnit, "set_timers", _first_timer),
    ),
    "due_at": Defence(
        says="a wake-up is judged by when it was due, not by when it rang",
        patches=_one(timekeeper, "_wake_up", _due_when_rung),
        held_by="tests/processes/test_shipment_visibility_promises.py",
        beside=("timers_by_name",),
    ),
    "last_word": Defence(
        says="the last word by the source's revision holds, whatever came last",
        patches=_one(shipment_visibility_facts, "_with", _last_arrival),
    ),
    "retractions": Defence(
        says="what a source takes back is taken back",
        patches=_one(shipment_visibility, "hear", _deaf_to_retractions),
    ),
    "unknown_codes": Defence(
        says="a code on no list is an exception, never a guess",
        patches=_one(tracking, "_milestone", _guess),
    ),
    "waiting_evidence": Defence(
        says="a report whose number nobody knows yet waits for it",
        patches=_one(rosters, "PROCESSES", _without_binding),
    ),
    "newest_order": Defence(
        says="a lower order version never takes the place of a higher",
        patches=_one(order_release, "take_release", _any_version),
        beside=(
            "inbox_dedup",
            "conflict_check",
        ),
    ),
    "newest_plan": Defence(
        says="a lower plan revision never takes the place of a higher",
        patches=_one(order_release, "take_plan", _any_revision),
        beside=(
            "inbox_dedup",
            "conflict_check",
        ),
    ),
    "complete_orders": Defence(
        says="nothing leaves the house for an order that lacks a field",
        patches=_one(order_release_intake, "complete", _complete_anyhow),
    ),
    "known_master": Defence(
        says="nothing leaves the house for an order with unknown master data",
        patches=_one(order_release_intake, "failed", _always(answer=False)),
    ),
    "plans_taken_back": Defence(
        says="the plan of a cancelled order is cancelled, whenever it is confirmed",
        patches=_one(order_release_planning, "_cancel", lambda _: lambda state: (state, ())),
    ),
    "references_taken_back": Defence(
        says="the ERP's reference to a shipment that is off is withdrawn",
        patches=_one(
            order_release_carriage,
            "undo_references",
            lambda _: lambda _state, carriage: (carriage, ()),
        ),
    ),
    "portal_gate": Defence(
        says="a customer sees an order from when its ERP has the reference",
        patches=_one(shipment_visibility_gate, "gate_of", _open_gate),
    ),
    "posted_once": Defence(
        says="a milestone that was posted as it is is not posted again",
        patches=_one(shipment_visibility_posting, "_differs", _post_again),
    ),
    "exceptions_open": Defence(
        says="what nobody can decide opens an exception",
        patches=_one(SqliteUnit, "open_exceptions", _always(None)),
    ),
    "audit": Defence(
        says="who decided is written down",
        patches=_one(SqliteUnit, "log", _always(None)),
    ),
    "counters": Defence(
        says="what is counted is counted in the transaction that did it",
        patches=_one(SqliteUnit, "bump", _always(None)),
    ),
}
