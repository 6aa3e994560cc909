"""How the simulation takes a defence away: what stands in for the part that carries it.

Each function takes the original and gives the replacement; `defences` says what is replaced where.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import count
from typing import Any

import msgspec
from msgspec.structs import replace

from crossdock.flow.settling import SEND
from crossdock.messages.shipment_visibility import MilestoneReported
from crossdock.policies.gates import Gate, Proof
from crossdock.ports import EffectClass
from crossdock.ports.store import OutboxStatus, Seen, Stale
from crossdock.processes import reference_binding
from crossdock.processes.freight_settlement_gate import MILESTONE
from crossdock.testing.simulation import house
from crossdock.testing.simulation.neighbour import HOST, NEIGHBOUR
from crossdock.testing.simulation.post import ACCEPTED

Make = Callable[[Any], Any]


def always(answer: object) -> Make:
    """Answer the same, whatever is asked."""
    return lambda _original: lambda *_args, **_named: answer


def verdicts(change: Callable[[Seen], Seen]) -> Make:
    """Change what intake is told of an identity."""

    def make(original: Any) -> Any:
        return lambda self, rows: [change(each) for each in original(self, rows)]

    return make


def ask_anew(original: Any) -> Any:
    """Write an effect that is there already once more, under a name and a key of its own."""
    numbers = count(1)

    def ask(self: Any, rows: Sequence[Any]) -> None:
        for row in rows:
            known = self.outbox(row.tenant, [row.id])
            mark = f"x{next(numbers)}" if known else ""
            key = row.idempotency_key + mark
            original(self, [replace(row, id=row.id + mark, idempotency_key=key)])

    return ask


def key_by_attempt(original: Any) -> Any:
    """Give every attempt a key of its own."""

    def lease(self: Any, *args: Any) -> list[Any]:
        return [
            replace(row, idempotency_key=f"{row.idempotency_key}x{row.fence}")
            for row in original(self, *args)
        ]

    return lease


def until(span: timedelta) -> Make:
    """Let leases run out after another time than their calls take."""

    def make(original: Any) -> Any:
        def lease(self: Any, *asked: Any) -> Any:
            tenant, endpoint, now, _until, limit = asked
            return original(self, tenant, endpoint, now, now + span, limit)

        return lease

    return make


def for_all_tenants(original: Any) -> Any:
    """Answer for every tenant, whoever asks."""

    def answer(self: Any, tenant: str, *asked: Any, **named: Any) -> list[Any]:
        return [
            each
            for whose in dict.fromkeys((tenant, HOST, NEIGHBOUR))
            for each in original(self, whose, *asked, **named)
        ]

    return answer


def as_the_host(original: Any) -> Any:
    """Remember for one tenant what any of them is told."""
    return lambda self, rows: original(self, [replace(row, tenant=HOST) for row in rows])


def due_for_any_tenant(original: Any) -> Any:
    """Tell when the next effect of anybody is due."""

    def next_effect(self: Any, tenant: str, endpoint: str) -> Any:
        found = [original(self, whose, endpoint) for whose in {tenant, HOST, NEIGHBOUR}]
        return min((each for each in found if each is not None), default=None)

    return next_effect


def any_fence(original: Any) -> Any:
    """Let a result count under any fence."""

    def settle(self: Any, rows: Sequence[Any]) -> Any:
        known = {row.id: self.outbox(row.tenant, [row.id])[0].fence for row in rows}
        return original(self, [replace(row, fence=known[row.id]) for row in rows])

    return settle


def later(original: Any) -> Any:
    """Write in a second transaction what belongs to the first."""

    def write(_unit: Any, rows: Sequence[Any]) -> None:
        house.SECOND_THOUGHTS.append(lambda unit: original(unit, rows))

    return write


def send_unless(kept: EffectClass) -> Make:
    """Send again what may have happened, but for one class."""

    def make(original: Any) -> Any:
        def purpose_of(row: Any, operation: Any) -> str:
            return str(original(row, operation)) if operation.effect is kept else SEND

        return purpose_of

    return make


def no_pause(_original: Any) -> Any:
    """Never rest, whatever a partner asks."""
    return lambda _self, _retry_after, now: now


def save_blindly(original: Any) -> Any:
    """Write a state, whoever was faster."""

    def save(self: Any, rows: Sequence[Any]) -> None:
        try:
            original(self, rows)
        except Stale:
            return

    return save


def last_arrival(_original: Any) -> Any:
    """Let the last word that came hold, not the last that was said."""

    def with_(versions: tuple[Any, ...], heard: Any) -> tuple[Any, ...]:
        if any(each.event == heard.event for each in versions):
            return versions
        return (*versions, heard)

    return with_


def any_version(original: Any) -> Any:
    """Let the version heard last hold."""

    def take_release(state: Any, received: Any, rules: Any) -> Any:
        known = state.release
        if known is not None and received.body.draft.version < known.draft.version:
            state = msgspec.structs.replace(state, release=None)
        return original(state, received, rules)

    return take_release


def any_revision(original: Any) -> Any:
    """Let the plan heard last hold."""

    def take_plan(state: Any, said: Any, *, amended: bool) -> Any:
        plans = tuple(
            each
            for each in state.plans
            if each.order_version != said.order_version or each.revision <= said.revision
        )
        return original(msgspec.structs.replace(state, plans=plans), said, amended=amended)

    return take_plan


def open_gate(original: Any) -> Any:
    """Show an order at once."""

    def gate_of(policy: Any) -> Gate:
        gate: Gate = original(policy)
        return replace(gate, needs=())

    return gate_of


def never_off(_original: Any) -> Any:
    """Take no order as cancelled."""
    return lambda _state: False


def first_version(original: Any) -> Any:
    """Keep to the version of an order that came first."""

    def accept(state: Any, said: Any) -> Any:
        return state if state.accepted else original(state, said)

    return accept


def post_again(original: Any) -> Any:
    """Post what was posted, a few times."""

    def differs(posted: Any, fact: Any) -> bool:
        return bool(original(posted, fact)) or (fact is not None and posted.revision < AGAIN_MAX)

    return differs


AGAIN_MAX = 3  # a posting that is never done would be decided for ever


def first_timer(original: Any) -> Any:
    """Keep the timer that was set first."""

    def set_timers(self: Any, rows: Sequence[Any]) -> None:
        new = [
            row
            for row in rows
            if row.name not in {t.name for t in self.timers(row.tenant, row.subscriber, row.key)}
        ]
        original(self, new)

    return set_timers


def due_when_rung(original: Any) -> Any:
    """Judge a wake-up by when it rang."""
    return lambda row, now: original(replace(row, due_at=now), now)


def without_binding(original: Any) -> Any:
    """Let nothing wait for a number."""
    return tuple(each for each in original if each.name != reference_binding.SUBSCRIBER.name)


def answer_first(original: Any) -> Any:
    """Answer senders before what they sent is stored."""

    def take_in(self: Any) -> Any:
        waiting = list(self._door)
        self._door.clear()
        for arrival, answered in waiting:
            answered(ACCEPTED)
            self._door.append((arrival, house.nobody))
        return original(self)

    return take_in


def careless(original: Any) -> Any:
    """Begin as if the last stop had been clean."""

    def start(self: Any) -> bool:
        clean = bool(original(self))
        self.careful = 0
        return clean

    return start


def without_exception(original: Any) -> Any:
    """Let an effect end without a word to anybody."""
    return lambda unit, directory, batch, end: original(
        unit, directory, batch, replace(end, code="")
    )


def waiting_all_the_same(original: Any) -> Any:
    """Let what was superseded wait to be sent again."""

    def rewrite(self: Any, row: Any) -> None:
        if row.status is OutboxStatus.SUPERSEDED:
            row = replace(row, status=OutboxStatus.WAITING, finished_at=None)
        original(self, row)

    return rewrite


def in_no_order(original: Any) -> Any:
    """Send without waiting for what comes before."""

    def ask(self: Any, rows: Sequence[Any]) -> None:
        original(self, [replace(row, sequence_key="") for row in rows])

    return ask


def guess(_original: Any) -> Any:
    """Take a code on no list for one of ours."""
    return lambda _element, code, known: known.get(code, known["ITR"])


def delivered_anyhow(_original: Any) -> Any:
    """Take every load for delivered as soon as it is planned."""

    def milestone(orders: Any, _policy: Any) -> Any:
        return tuple(
            Proof(condition=MILESTONE, at=each.planned_at, said="it will be") for each in orders[:1]
        )

    return milestone


def complete_anyhow(original: Any) -> Any:
    """Fill in what an order lacks."""

    def complete(draft: Any, policy: Any) -> Any:
        if draft.ship_to is None:
            draft = replace(draft, ship_to=draft.ship_from)
        return original(draft, policy)

    return complete


def deaf_to_retractions(original: Any) -> Any:
    """Hear nothing of what a source takes back."""

    def hear(state: Any, event: Any, *rest: Any) -> Any:
        return state if event.kind == "RETRACTION" else original(state, event, *rest)

    return hear


def read_by_count(original: Any) -> Any:
    """Read into each report how many were read before it."""
    numbers = count(1)

    def read(*args: Any) -> Any:
        found = original(*args)
        return replace(
            found, reports=tuple(_counted(each, next(numbers)) for each in found.reports)
        )

    return read


def _counted(reported: Any, number: int) -> Any:
    report = reported.report
    if not isinstance(report, MilestoneReported):
        return reported
    evidence = replace(report.evidence, note=f"the {number}th")
    return replace(reported, report=replace(report, evidence=evidence))


def upon_nothing(original: Any) -> Any:
    """Seal each row of the audit log for itself."""
    return lambda _before, number, content: original(bytes(32), number, content)
