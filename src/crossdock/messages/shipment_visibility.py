"""Shipment visibility: what is reported on the way, decided from it, and told to others."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from crossdock.canonical import Canonical
from crossdock.canonical.documents import ProofOfDelivery
from crossdock.canonical.moments import Instant, Moment
from crossdock.canonical.party import Location
from crossdock.canonical.references import Reference
from crossdock.canonical.shipment import Portion
from crossdock.canonical.tracking import Classifier, Milestone, TrackingEvent
from crossdock.messages.envelope import Command, ErpCommand, Event, Report
from crossdock.messages.teams import Team


class MilestoneReported(Report, frozen=True, kw_only=True):
    """A source claims that something happened, or takes it back: evidence with a reference."""

    evidence: TrackingEvent


class MilestoneConfirmed(Event, frozen=True, kw_only=True):
    """The journey's picture has a milestone it did not have, or has it otherwise than before.

    `stop` is the stop's sequence, 0 for the whole shipment. `revision` counts what sources have
    said about this (milestone, stop), so that the higher holds. `retracted` says that no evidence
    holds it up any more. `partial`: only a part of the goods; it closes nothing. `returning`: it
    happened on the way back to the sender.
    """

    shipment_id: str
    milestone: Milestone
    stop: int
    occurred: Moment
    source: str
    revision: int
    retracted: bool = False
    partial: bool = False
    returning: bool = False
    order_ids: tuple[str, ...] = ()


class Timeliness(StrEnum):
    """Where a promise stands."""

    NO_PROMISE = "NO_PROMISE"
    OPEN = "OPEN"  # the promise is not over, and nothing has arrived
    OVERDUE = "OVERDUE"  # the promise is over and nobody has told of a delivery
    ON_TIME = "ON_TIME"  # delivered within the promise
    LATE = "LATE"  # delivered after the promise


class StopTimeliness(Canonical, frozen=True, kw_only=True):
    """One delivery stop's promise against what happened."""

    stop: int
    verdict: Timeliness
    promised: Moment | None = None
    happened: Moment | None = None


class MilestoneOverdue(Event, frozen=True, kw_only=True):
    """A promise is over and no delivery was told: called once for each promise."""

    shipment_id: str
    stop: int
    promised: Moment
    due_at: Instant


class ShipmentWentSilent(Event, frozen=True, kw_only=True):
    """No source has said anything for longer than the policy allows.

    `last_heard_at` is the last receipt of evidence, or the planned pickup where that is later.
    """

    shipment_id: str
    last_heard_at: Instant
    due_at: Instant


class DeliveryClosed(Event, frozen=True, kw_only=True):
    """The order's delivery on this shipment is decided and, where policy asks, posted to the ERP.

    `delivered` False takes an earlier True back. `load_id` is the load that carries the shipment;
    empty: the shipment itself.
    """

    shipment_id: str
    order_id: str
    delivered: bool
    occurred: Moment | None
    revision: int
    load_id: str = ""


class MilestoneSettled(Event, frozen=True, kw_only=True):
    """A milestone that opens the gate of money is settled for an order, and posted where asked.

    `reached` False takes an earlier True back. Told only of milestones that a row of
    `freight.opens` names; deliveries are closed by DeliveryClosed. `load_id` as there.
    """

    shipment_id: str
    order_id: str
    milestone: Milestone
    reached: bool
    occurred: Moment | None
    revision: int
    load_id: str = ""


class GoodsIssued(Event, frozen=True, kw_only=True):
    """The order's goods on this shipment have left, as settled; `left` False takes that back.

    `order_version` and `plan_revision` are those of the plan it left by, and `shipments` on how
    many the order travels by that plan. `line_ids` are the order's lines that this shipment
    carries (empty: all), `portions` how much of those that are split.
    """

    shipment_id: str
    order_id: str
    left: bool
    occurred: Moment
    revision: int
    order_version: int
    plan_revision: int
    shipments: int = 1
    line_ids: tuple[str, ...] = ()
    portions: tuple[Portion, ...] = ()


class Shown(Canonical, frozen=True, kw_only=True):
    """One milestone as the customer sees it.

    `stop` is 0 for the whole shipment. `returning`: it happened on the way back to the sender.
    """

    milestone: Milestone
    classifier: Classifier
    occurred: Moment
    source: str
    received_at: Instant
    stop: int = 0
    place: Location | None = None
    note: str = ""
    corrected: bool = False
    partial: bool = False
    returning: bool = False


class GateVerdict(Canonical, frozen=True, kw_only=True):
    """Why a customer sees a shipment, or why not yet: the rule and its evidence, stored.

    `evidence` names what the rule looked at: `ERP confirmed 4711 at ...`.
    """

    visible: bool
    rule: str
    because: str
    evidence: tuple[str, ...] = ()
    since: Instant | None = None


class CustomerPicture(Canonical, frozen=True, kw_only=True):
    """The curated shipment: all a customer may see of it, with as-of and source.

    `as_of` is the time of the newest fact shown, told by `source`. `corrected`: a source has
    corrected or taken back something shown here. `flags` are for operations, never for the
    customer: codes of what in the evidence cannot be true together (`DEPARTED_AFTER_DELIVERED`).
    """

    shipment_id: str
    customer_id: str
    order_ids: tuple[str, ...]
    customer_references: tuple[str, ...]
    status: Milestone | None
    mode: str
    carrier_scac: str
    service_level: str
    origin: Location | None
    destination: Location | None
    promised: Moment | None
    estimate: Moment | None
    timeliness: Timeliness
    stops: tuple[StopTimeliness, ...]
    milestones: tuple[Shown, ...]
    references: tuple[Reference, ...]
    as_of: Instant | None
    source: str
    silent: bool
    proof: ProofOfDelivery | None = None
    corrected: bool = False
    flags: tuple[str, ...] = ()


class PictureChanged(Event, frozen=True, kw_only=True):
    """What one customer may see of one shipment is now this. Equal pictures are not said twice.

    `picture` is what the customer would see; it is shown only where `gate.visible`.
    """

    shipment_id: str
    customer_id: str
    gate: GateVerdict
    picture: CustomerPicture


class PostMilestone(ErpCommand, frozen=True, kw_only=True):
    """Tell the ERP of a confirmed milestone that its posting policy asks for.

    `posting` is the ERP's business verb (`goods_issue`, `delivered`, `proof_of_delivery`).
    `revision` counts postings of this (order, milestone, stop): above 1 it corrects the earlier;
    `reversed_` takes it back. `load_id` is the load that carries the shipment, where one does.
    """

    verb: ClassVar[str] = "erp.post_milestone"
    owner: ClassVar[Team] = Team.FINANCE
    posting: str
    order_id: str
    shipment_id: str
    milestone: Milestone
    stop: int
    occurred: Moment
    reversed_: bool = False
    proof: ProofOfDelivery | None = None
    load_id: str = ""

    def business_key(self) -> str:
        """One posting for each order, shipment, stop and posting."""
        return f"{self.order_id}/{self.shipment_id}/{self.stop}/{self.posting}"

    def sequence_key(self) -> str:
        """The ERP hears the milestones of one order and shipment in order."""
        return f"posting/{self.order_id}/{self.shipment_id}"


class TellMilestone(Command, frozen=True, kw_only=True):
    """Tell a partner of a milestone that a customer of ours is shown.

    `number` is the shipment's number as the customer knows it, `happening` names the milestone
    among all of the shipment. `revision` counts what was told of it: above 1 it corrects the
    earlier; `retracted` takes it back. For an estimate `occurred` is the time that is expected.
    """

    verb: ClassVar[str] = "customer.tell_milestone"
    owner: ClassVar[Team] = Team.CUSTOMER_SERVICE
    personal: ClassVar[bool] = True
    partner: str
    customer_id: str
    shipment_id: str
    number: str
    carrier_scac: str
    happening: str
    milestone: Milestone
    classifier: Classifier
    occurred: Moment
    stop: int
    revision: int
    place: Location | None = None
    partial: bool = False
    returning: bool = False
    retracted: bool = False
    references: tuple[Reference, ...] = ()

    def business_key(self) -> str:
        """One word for each partner, customer, shipment and milestone."""
        return f"{self.partner}/{self.customer_id}/{self.shipment_id}/{self.happening}"

    def version(self) -> str:
        """The revision."""
        return str(self.revision)

    def sequence_key(self) -> str:
        """A partner hears the milestones of one shipment in order."""
        return f"telling/{self.shipment_id}"

    def recipient(self) -> str:
        """The partner who wants to know."""
        return self.partner
