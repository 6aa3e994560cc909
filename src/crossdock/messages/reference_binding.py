"""Reference binding: which shipment a partner's number means, whichever comes first."""

from __future__ import annotations

from crossdock.canonical.moments import Instant
from crossdock.canonical.references import Reference
from crossdock.canonical.tracking import TrackingEvent
from crossdock.messages.envelope import Event
from crossdock.messages.order_release import TenderAnswered


class ReferenceAnnounced(Event, frozen=True, kw_only=True):
    """A number means this shipment from `valid_from` on, until `valid_until` where known.

    `order_id` is the order that says so: a shipment of several orders keeps its numbers as long as
    one of them does. `load_id` is the load that carries the shipment; empty: the shipment itself.
    """

    reference: Reference
    shipment_id: str
    order_id: str
    valid_from: Instant | None = None
    valid_until: Instant | None = None
    load_id: str = ""


class ReferenceRevoked(Event, frozen=True, kw_only=True):
    """A number does not mean this shipment any more, as far as this order goes."""

    reference: Reference
    shipment_id: str
    order_id: str


class EvidenceBound(Event, frozen=True, kw_only=True):
    """Evidence that waited for its number to become known belongs to this shipment."""

    shipment_id: str
    evidence: TrackingEvent
    reported_at: Instant


class TenderAnnounced(Event, frozen=True, kw_only=True):
    """Carriers speak of this order's offers by this number, where they know no better."""

    reference: Reference
    shipment_id: str
    order_id: str


class TenderAnswerBound(Event, frozen=True, kw_only=True):
    """A carrier's answer, told by a number alone, belongs to an offer of this order."""

    order_id: str
    answer: TenderAnswered
    reported_at: Instant
