"""Load acceptance: what a customer offers us to carry, what we answer, and what we agreed on."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from crossdock.canonical.moments import Instant
from crossdock.canonical.shipment import Shipment
from crossdock.messages.envelope import Command, Event, Internal, Report
from crossdock.messages.order_release import CounterOffer, TenderPurpose
from crossdock.messages.teams import Team


class LoadOffered(Report, frozen=True, kw_only=True):
    """A customer offers us a load to carry, changes the offer, or takes it back.

    `offered_by` is the partner's name and `customer_id` our number of it; `offered_as` is its own
    number of the load, and `shipment.shipment_id` that number with the partner's name before it,
    for two customers may count alike. `revision` rises with every word on the same load; the
    highest holds. `respond_by` is until when it waits for our answer. `confirm`: it wants a word
    also when it takes an offer back. `answer_currency`: the only one in which an answer to it can
    name a price; empty: any.
    """

    offered_by: str
    customer_id: str
    offered_as: str
    shipment: Shipment
    purpose: TenderPurpose
    revision: int
    respond_by: Instant | None = None
    confirm: bool = False
    answer_currency: str = ""


class OfferAnswer(StrEnum):
    """What we say to an offer, or to its being taken back."""

    ACCEPT = "accept"
    DECLINE = "decline"
    COUNTER = "counter"
    CALL_OFF = "call off"


class OfferCountered(Internal, frozen=True, kw_only=True):
    """A person would carry an offered load on other terms; `revision` is that of the offer."""

    revision: int
    by: str
    counter: CounterOffer


class CarriageAgreed(Event, frozen=True, kw_only=True):
    """We carry a load that a customer offered us, as `shipment` says; `off`: not any more.

    `revision` is that of the customer's word it rests on.
    """

    offered_by: str
    customer_id: str
    offered_as: str
    shipment: Shipment
    revision: int
    off: bool = False


class AnswerTender(Command, frozen=True, kw_only=True):
    """Tell a customer whether we carry the load it offered; `counter`: on which other terms.

    `revision` is that of the offer, and `again` counts answers to the same offer after the first.
    """

    verb: ClassVar[str] = "customer.answer_tender"
    owner: ClassVar[Team] = Team.TRANSPORTATION
    personal: ClassVar[bool] = True
    offered_by: str
    offered_as: str
    shipment_id: str
    carrier_scac: str
    answer: OfferAnswer
    answered_at: Instant
    revision: int
    again: int = 0
    reason: str = ""
    counter: CounterOffer | None = None

    def business_key(self) -> str:
        """One answer to each offer of a load."""
        return self.shipment_id

    def version(self) -> str:
        """The offer's revision, and which answer to it: `3`, then `3.r1`."""
        return f"{self.revision}.r{self.again}" if self.again else str(self.revision)

    def sequence_key(self) -> str:
        """What is answered for one load goes in order."""
        return f"answer/{self.shipment_id}"

    def recipient(self) -> str:
        """The partner that offered it."""
        return self.offered_by
