"""What is known of a shipment: plans, ERP confirmations and evidence, each a set, never a sequence.

Every function here adds one message to what is known. Adding is commutative, associative and
idempotent (a join), so whatever is derived from the facts is the same in any order of arrival.
What time has decided (overdue, silent, posted) is kept beside the facts.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct, structs

from crossdock.canonical.documents import ProofOfDelivery
from crossdock.canonical.moments import Instant, Moment
from crossdock.canonical.party import Location
from crossdock.canonical.shipment import Shipment
from crossdock.canonical.tracking import Classifier, EvidenceKind, Milestone, TrackingEvent
from crossdock.messages.order_release import OrderReferenced, ShipmentPlanned, ShipmentWithdrawn
from crossdock.messages.shipment_visibility import GoodsIssued, TellMilestone

# At one revision a correction says more than the original, and a retraction has the last word.
_LAST_WORD = {EvidenceKind.ORIGINAL: 0, EvidenceKind.CORRECTION: 1, EvidenceKind.RETRACTION: 2}
_NEVER = datetime.min.replace(tzinfo=UTC)

# Parts of an event that states of schema 1 held, and nothing reads.
_NOT_JUDGED = frozenset({"raw_code", "reference", "reason"})


class Claim(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A tracking event as far as it is judged; its number, raw code and reason stay in history.

    The state is written anew with every message, so it keeps no more than is read again.
    """

    source: str
    source_event_id: str
    kind: EvidenceKind = EvidenceKind.ORIGINAL
    milestone: Milestone
    classifier: Classifier = Classifier.ACTUAL
    occurred: Moment
    revision: int = 0
    place: Location | None = None
    stop: int = 0
    leg: int = 0
    partial: bool = False
    note: str = ""
    estimate: Moment | None = None
    proof: ProofOfDelivery | None = None


def claim_of(event: TrackingEvent) -> Claim:
    """Keep of an event what is judged."""
    return Claim(
        source=event.source,
        source_event_id=event.source_event_id,
        kind=event.kind,
        milestone=event.milestone,
        classifier=event.classifier,
        occurred=event.occurred,
        revision=event.revision,
        place=event.place,
        stop=event.stop,
        leg=event.leg,
        partial=event.partial,
        note=event.note,
        estimate=event.estimate,
        proof=event.proof,
    )


class Heard(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What a source said, and when it was received; `amended_at` where an operator mended it."""

    event: Claim
    reported_at: Instant
    amended_at: Instant | None = None


class Withdrawal(Struct, frozen=True, kw_only=True, gc=False):
    """The order left this shipment with that revision of its plan."""

    revision: int
    at: Instant
    because: str


class Confirmation(Struct, frozen=True, kw_only=True, order=True, gc=False):
    """The ERP confirmed the transport reference; ordered by time."""

    applied_at: Instant
    revision: int
    erp_document: str
    endpoint: str


class Consigned(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One order on this shipment: its newest plan, its withdrawal, the ERP's confirmations."""

    plan: ShipmentPlanned | None = None
    planned_at: Instant | None = None
    withdrawal: Withdrawal | None = None
    confirmations: tuple[Confirmation, ...] = ()

    @property
    def travels(self) -> bool:
        """Tell whether the order is planned on this shipment and was not taken off it since."""
        if self.plan is None:
            return False
        return self.withdrawal is None or self.withdrawal.revision < self.plan.revision


class Posted(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What the ERP was last told under one business key.

    `settled` is the highest revision the ERP applied or an operator let go; `refused` the highest
    the ERP refused.
    """

    order_id: str
    milestone: Milestone
    posting: str
    stop: int
    occurred: Moment
    revision: int
    proof: ProofOfDelivery | None = None
    taken_back: bool = False
    settled: int = 0
    refused: int = 0


class Closed(Struct, frozen=True, kw_only=True, gc=False):
    """What was last said about the end of an order's delivery, or of another milestone."""

    delivered: bool
    occurred: Moment | None
    revision: int
    load_id: str = ""


class Visibility(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The state of one shipment.

    Facts: `orders` by id, `customers` ever named by a plan, `evidence` by source and event id with
    all that was said about each event. Decided by time: `overdue` promises, `silent_since`,
    `posted` by business key, `closed` and `issued` by order, `reached` by milestone and order. Said
    so far: digests of the pictures `told` by customer, words `spoken` to partners by business key,
    `timers` by name, `asked` exceptions with their cause, and those `waived`.
    """

    shipment_id: str
    orders: dict[str, Consigned] = {}
    customers: tuple[str, ...] = ()
    evidence: dict[str, tuple[Heard, ...]] = {}
    overdue: tuple[str, ...] = ()
    silent_since: Instant | None = None
    posted: dict[str, Posted] = {}
    closed: dict[str, Closed] = {}
    issued: dict[str, GoodsIssued] = {}
    reached: dict[Milestone, dict[str, Closed]] = {}
    told: dict[str, str] = {}
    spoken: dict[str, TellMilestone] = {}
    timers: dict[str, Instant] = {}
    asked: dict[str, str] = {}
    waived: dict[str, str] = {}
    stage: str = "awaiting plan"


def hear(
    state: Visibility, event: TrackingEvent, reported_at: datetime, amended_at: datetime | None
) -> Visibility:
    """Add what a source said; the same said again changes nothing."""
    heard = Heard(event=claim_of(event), reported_at=reported_at, amended_at=amended_at)
    lineage = f"{event.source}/{event.source_event_id}"
    before = state.evidence.get(lineage, ())
    after = _with(before, heard)
    if after == before:
        return state
    return structs.replace(state, evidence={**state.evidence, lineage: after})


def _with(versions: tuple[Heard, ...], heard: Heard) -> tuple[Heard, ...]:
    if not versions:
        return (heard,)
    slots = {standing(each.event): each for each in versions}
    mine = standing(heard.event)
    slots[mine] = _weightier(slots[mine], heard) if mine in slots else heard
    return tuple(slots[each] for each in sorted(slots))


def standing(event: Claim) -> tuple[int, int]:
    """Order what a source says about one event: by its revision, then by the kind of its word."""
    return event.revision, _LAST_WORD[event.kind]


def _weightier(one: Heard, other: Heard) -> Heard:
    if one.event == other.event and one.amended_at == other.amended_at:
        return min(one, other, key=lambda heard: heard.reported_at)
    return max(one, other, key=_weight)


def _weight(heard: Heard) -> tuple[datetime, bytes]:
    # A source should not say two things under one identity; where it did, an operator's word
    # counts, and without one the choice is arbitrary but the same in every order.
    return heard.amended_at or _NEVER, _content(heard.event)


def first_word(before: Visibility, after: Visibility) -> Heard | None:
    """Give what was said, where it is the first word on an event and all that is new; else None."""
    if after.orders is not before.orders or len(after.evidence) == len(before.evidence):
        return None
    return next(reversed(after.evidence.values()))[0]  # what is heard first is kept last


def plan(state: Visibility, planned: ShipmentPlanned, at: datetime) -> Visibility:
    """Add an order's plan; the highest revision holds."""
    before = state.orders.get(planned.order_id, Consigned())
    after = before
    if before.plan is None or _newness(planned) > _newness(before.plan):
        after = structs.replace(before, plan=planned, planned_at=at)
    elif planned == before.plan and before.planned_at is not None and at < before.planned_at:
        after = structs.replace(before, planned_at=at)
    customers = tuple(sorted({*state.customers, planned.customer_id}))
    if after == before and customers == state.customers:
        return state
    orders = {**state.orders, planned.order_id: after}
    return structs.replace(state, orders=orders, customers=customers)


def _newness(planned: ShipmentPlanned) -> tuple[int, int, bytes]:
    return planned.revision, planned.order_version, _content(planned)


def withdraw(state: Visibility, withdrawn: ShipmentWithdrawn, at: datetime) -> Visibility:
    """Add that an order left this shipment; the highest revision holds."""
    before = state.orders.get(withdrawn.order_id, Consigned())
    said = Withdrawal(revision=withdrawn.revision, at=at, because=withdrawn.because)
    known = before.withdrawal
    if known is not None and (-known.revision, known.at, known.because) <= (
        -said.revision,
        said.at,
        said.because,
    ):
        return state
    after = structs.replace(before, withdrawal=said)
    return structs.replace(state, orders={**state.orders, withdrawn.order_id: after})


def confirm_reference(state: Visibility, referenced: OrderReferenced) -> Visibility:
    """Add that the ERP confirmed an order's transport reference."""
    before = state.orders.get(referenced.order_id, Consigned())
    said = Confirmation(
        applied_at=referenced.applied_at,
        revision=referenced.revision,
        erp_document=referenced.erp_document,
        endpoint=referenced.endpoint,
    )
    confirmations = tuple(sorted({*before.confirmations, said}))
    if confirmations == before.confirmations:
        return state
    after = structs.replace(before, confirmations=confirmations)
    return structs.replace(state, orders={**state.orders, referenced.order_id: after})


def shipment_of(state: Visibility) -> Shipment | None:
    """Give the shipment as planned last, by an order that still travels where there is one."""
    plans = [
        (each.travels, each.planned_at, each.plan.revision, order_id, each.plan.shipment)
        for order_id, each in state.orders.items()
        if each.plan is not None and each.planned_at is not None
    ]
    return max(plans)[4] if plans else None  # an order's number is there once


def travelling(state: Visibility) -> tuple[str, ...]:
    """Name the orders that travel on this shipment."""
    return tuple(sorted([id_ for id_, each in state.orders.items() if each.travels]))


def keep_claims(older: dict[str, Any]) -> dict[str, Any]:
    """Lift a state of schema 1, which kept events whole: keep of each what is judged."""

    def judged(heard: dict[str, Any]) -> dict[str, Any]:
        kept = {name: told for name, told in heard["event"].items() if name not in _NOT_JUDGED}
        return {**heard, "event": kept}

    evidence = older.get("evidence", {})
    return {**older, "evidence": {name: [*map(judged, told)] for name, told in evidence.items()}}


def _content(spoken: Struct) -> bytes:
    return msgspec.json.encode(spoken, order="deterministic")
