"""What is known of a number: which shipments and loads have it, and what waits for it.

A leaf of reference_binding.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from crossdock.canonical.freight import ChargeNotice, FreightInvoice
from crossdock.canonical.moments import Instant
from crossdock.canonical.references import Reference
from crossdock.canonical.tracking import TrackingEvent
from crossdock.messages.order_release import TenderAnswered
from crossdock.ports import OpenException


class Kept(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The base of everything that is kept in the state."""


class Binding(Kept, frozen=True, kw_only=True):
    """One order says that the number means this shipment, within these times; end excluded."""

    shipment_id: str
    order_id: str
    valid_from: Instant | None = None
    valid_until: Instant | None = None
    load_id: str = ""


class Waiting(Kept, frozen=True, kw_only=True):
    """Evidence that has no shipment yet; at `due_at` people are told, if it waits until then."""

    evidence: TrackingEvent
    reported_at: Instant
    due_at: Instant
    told: bool = False


class WaitingAnswer(Kept, frozen=True, kw_only=True):
    """A carrier's answer to an offer nobody has told of yet."""

    answer: TenderAnswered
    reported_at: Instant
    due_at: Instant
    told: bool = False


class WaitingClaim(Kept, frozen=True, kw_only=True):
    """A bill, or word of charges, that has no load yet."""

    reported_at: Instant
    due_at: Instant
    source: str
    invoice: FreightInvoice | None = None
    notice: ChargeNotice | None = None
    document_id: str = ""
    told: bool = False

    @property
    def happened_at(self) -> datetime | None:
        """Tell when the goods travelled, as far as the claim says: a box's number is used again."""
        if self.invoice is None:
            return None
        when = self.invoice.delivered or self.invoice.shipped
        return when.at if when else None

    def says_the_same(self, other: WaitingClaim) -> bool:
        """Tell whether both claim the same."""
        return (self.invoice, self.notice) == (other.invoice, other.notice)


class BindingState(Kept, frozen=True, kw_only=True):
    """What one number means and what waits for it.

    `listed` are the shipments a search leads to, `routed` the one intake routes to by itself;
    `findable` says that a search leads to what waits here. `tendered_by` is the order whose offers
    go by this number, `answers` are carriers' words that wait for it, `claims` those for money.
    `loads` are all that ever had the number.
    """

    term: str
    bindings: tuple[Binding, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    tendered_by: str = ""
    answers: tuple[WaitingAnswer, ...] = ()
    claims: tuple[WaitingClaim, ...] = ()
    loads: tuple[str, ...] = ()
    reference: Reference | None = None
    listed: tuple[str, ...] = ()
    routed: str = ""
    findable: bool = False
    alarm_at: Instant | None = None
    raised: dict[str, OpenException] = {}
