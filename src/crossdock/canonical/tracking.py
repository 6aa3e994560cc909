"""Tracking: the one language of milestones, and events as evidence of them."""

from __future__ import annotations

from enum import StrEnum

from crossdock.canonical import Canonical
from crossdock.canonical.documents import ProofOfDelivery
from crossdock.canonical.moments import Moment
from crossdock.canonical.party import Location
from crossdock.canonical.references import Reference


class Phase(StrEnum):
    """The part of the way a milestone belongs to. `EXCEPTION` and `SIGNAL` never move the state."""

    PLAN = "PLAN"
    PICKUP = "PICKUP"
    TRANSIT = "TRANSIT"
    DELIVERY = "DELIVERY"
    CLOSE = "CLOSE"
    EXCEPTION = "EXCEPTION"
    SIGNAL = "SIGNAL"


class Milestone(StrEnum):
    """What happened, in crossdock's own words: 34 milestones, all modes."""

    BOOKED = "BOOKED"
    INFO_RECEIVED = "INFO_RECEIVED"
    PICKUP_APPOINTED = "PICKUP_APPOINTED"
    EMPTY_RELEASED = "EMPTY_RELEASED"
    ARRIVED_PICKUP = "ARRIVED_PICKUP"
    PICKED_UP = "PICKED_UP"
    TERMINAL_IN = "TERMINAL_IN"
    LOADED = "LOADED"
    DEPARTED = "DEPARTED"
    IN_TRANSIT = "IN_TRANSIT"
    ARRIVED = "ARRIVED"
    UNLOADED = "UNLOADED"
    HANDED_OVER = "HANDED_OVER"
    CUSTOMS_HOLD = "CUSTOMS_HOLD"
    CUSTOMS_RELEASED = "CUSTOMS_RELEASED"
    TERMINAL_OUT = "TERMINAL_OUT"
    AVAILABLE = "AVAILABLE"
    DELIVERY_APPOINTED = "DELIVERY_APPOINTED"
    OUT_FOR_DELIVERY = "OUT_FOR_DELIVERY"
    ARRIVED_DELIVERY = "ARRIVED_DELIVERY"
    DELIVERED = "DELIVERED"
    POD_AVAILABLE = "POD_AVAILABLE"
    EMPTY_RETURNED = "EMPTY_RETURNED"
    RETURNED = "RETURNED"
    CANCELLED = "CANCELLED"
    DELAYED = "DELAYED"
    PICKUP_FAILED = "PICKUP_FAILED"
    DELIVERY_FAILED = "DELIVERY_FAILED"
    ON_HOLD = "ON_HOLD"
    DAMAGED_LOST = "DAMAGED_LOST"
    EXCEPTION = "EXCEPTION"
    ETA_CHANGED = "ETA_CHANGED"
    POSITION = "POSITION"
    NOTE = "NOTE"


PHASES: dict[Milestone, Phase] = {
    Milestone.BOOKED: Phase.PLAN,
    Milestone.INFO_RECEIVED: Phase.PLAN,
    Milestone.PICKUP_APPOINTED: Phase.PLAN,
    Milestone.EMPTY_RELEASED: Phase.PLAN,
    Milestone.ARRIVED_PICKUP: Phase.PICKUP,
    Milestone.PICKED_UP: Phase.PICKUP,
    Milestone.TERMINAL_IN: Phase.TRANSIT,
    Milestone.LOADED: Phase.TRANSIT,
    Milestone.DEPARTED: Phase.TRANSIT,
    Milestone.IN_TRANSIT: Phase.TRANSIT,
    Milestone.ARRIVED: Phase.TRANSIT,
    Milestone.UNLOADED: Phase.TRANSIT,
    Milestone.HANDED_OVER: Phase.TRANSIT,
    Milestone.CUSTOMS_HOLD: Phase.TRANSIT,
    Milestone.CUSTOMS_RELEASED: Phase.TRANSIT,
    Milestone.TERMINAL_OUT: Phase.TRANSIT,
    Milestone.AVAILABLE: Phase.DELIVERY,
    Milestone.DELIVERY_APPOINTED: Phase.DELIVERY,
    Milestone.OUT_FOR_DELIVERY: Phase.DELIVERY,
    Milestone.ARRIVED_DELIVERY: Phase.DELIVERY,
    Milestone.DELIVERED: Phase.DELIVERY,
    Milestone.POD_AVAILABLE: Phase.DELIVERY,
    Milestone.EMPTY_RETURNED: Phase.CLOSE,
    Milestone.RETURNED: Phase.CLOSE,
    Milestone.CANCELLED: Phase.CLOSE,
    Milestone.DELAYED: Phase.EXCEPTION,
    Milestone.PICKUP_FAILED: Phase.EXCEPTION,
    Milestone.DELIVERY_FAILED: Phase.EXCEPTION,
    Milestone.ON_HOLD: Phase.EXCEPTION,
    Milestone.DAMAGED_LOST: Phase.EXCEPTION,
    Milestone.EXCEPTION: Phase.EXCEPTION,
    Milestone.ETA_CHANGED: Phase.SIGNAL,
    Milestone.POSITION: Phase.SIGNAL,
    Milestone.NOTE: Phase.SIGNAL,
}

# A journey that has reached one of these is over; only a correction or a new leg leaves it.
TERMINAL = frozenset(
    {
        Milestone.DELIVERED,
        Milestone.POD_AVAILABLE,
        Milestone.EMPTY_RETURNED,
        Milestone.RETURNED,
        Milestone.CANCELLED,
    }
)


class Classifier(StrEnum):
    """Whether an event is a plan, an estimate or a fact (DCSA T&T: PLN, EST, ACT)."""

    PLANNED = "PLANNED"
    ESTIMATED = "ESTIMATED"
    ACTUAL = "ACTUAL"


class EvidenceKind(StrEnum):
    """Whether the source says it first, says it again otherwise, or takes it back."""

    ORIGINAL = "ORIGINAL"
    CORRECTION = "CORRECTION"
    RETRACTION = "RETRACTION"


class TrackingEvent(Canonical, frozen=True, kw_only=True):
    """One claim of one source: evidence, not yet truth.

    `source` is the partner's name and `source_event_id` the event's id with that source; a
    correction or retraction carries the id of the event it speaks of, and `revision` orders what a
    source says about one event (0 first; the source's own counter or update time in milliseconds).
    `stop` is the stop's sequence in the shipment, 0 where the source does not say. `raw_code` is
    the source's own status code. `reason` is the source's reason code, as sent.
    """

    source: str
    source_event_id: str
    kind: EvidenceKind
    milestone: Milestone
    classifier: Classifier
    occurred: Moment
    raw_code: str
    revision: int = 0
    reference: Reference
    place: Location | None = None
    stop: int = 0
    leg: int = 0
    partial: bool = False
    reason: str = ""
    note: str = ""
    estimate: Moment | None = None
    proof: ProofOfDelivery | None = None
