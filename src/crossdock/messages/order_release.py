"""Order release: what is reported, decided and asked for on the way from ERP to portal."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import ClassVar

from crossdock.canonical import Canonical
from crossdock.canonical.moments import Instant, Moment
from crossdock.canonical.money import Money
from crossdock.canonical.order import Order, OrderDraft
from crossdock.canonical.references import Reference
from crossdock.canonical.shipment import Shipment
from crossdock.messages.envelope import Command, Event, Report
from crossdock.messages.master_data import MasterKind
from crossdock.messages.teams import Team


class OrderReleased(Report, frozen=True, kw_only=True):
    """The ERP released an order, or changed one it had released (`draft.version` is higher)."""

    draft: OrderDraft


class OrderCancelled(Report, frozen=True, kw_only=True):
    """The ERP cancelled an order; `version` is the order's version that says so."""

    order_id: str
    version: int
    reason: str = ""


class PlanConfirmed(Report, frozen=True, kw_only=True):
    """The TMS confirmed how the order travels: one shipment, or several where it was split.

    `revision` rises with every new plan of the order; a later one replaces the earlier whole.
    """

    order_id: str
    order_version: int
    revision: int
    shipments: tuple[Shipment, ...]


class PlanRejected(Report, frozen=True, kw_only=True):
    """The TMS cannot plan the order. A confirmation of the same version is the stronger word."""

    order_id: str
    order_version: int
    reason: str
    revision: int = 0


class PlanCancelled(Report, frozen=True, kw_only=True):
    """The TMS tells that nothing is planned any more for the order, asked or not.

    It ends the plans of that order version up to `revision`; 0 where the TMS does not count.
    """

    order_id: str
    order_version: int
    revision: int = 0
    reason: str = ""


class CounterOffer(Canonical, frozen=True, kw_only=True):
    """On what other terms a carrier would take a load; what it leaves out stays as offered."""

    note: str = ""
    charge: Money | None = None
    pickup: Moment | None = None
    delivery: Moment | None = None


class TenderAnswered(Report, frozen=True, kw_only=True):
    """The carrier accepts, declines or counters a load it was offered.

    `counter` is there where it would take the load on other terms; `accepted` is then False.
    `tender_version` 0: the carrier does not say which offer it means. `order_id` empty: it does not
    know the order; `reference` is then the number by which it was offered.
    `answered_at` is the carrier's own time, where its zone is known. `revision` orders what one
    carrier says of one load, where its wire tells that; a higher one is newer, 0: it does not.
    """

    shipment_id: str
    carrier_scac: str
    accepted: bool
    load_id: str = ""
    order_id: str = ""
    tender_version: int = 1
    reason: str = ""
    counter: CounterOffer | None = None
    reference: Reference | None = None
    carrier_reference: str = ""
    answered_at: Instant | None = None
    revision: int = 0


class TenderPurpose(StrEnum):
    """What an offer says of the one before (X12: B2A01)."""

    ORIGINAL = "original"
    CHANGE = "change"
    CANCEL = "cancel"


class LoadTendered(Report, frozen=True, kw_only=True):
    """A TMS tells that it offered a load to a carrier itself, changed the offer, or took it back.

    `shipment.order_ids` are the orders it carries. `revision` rises with every word on the same
    load; the highest holds.
    """

    shipment: Shipment
    purpose: TenderPurpose
    revision: int


class TransportAttributes(Canonical, frozen=True, kw_only=True):
    """What enrichment added, and the row of the routing table that said so.

    `sla_hours` runs from the release; `carriers` is the routing guide, best first.
    """

    mode: str
    service_level: str
    carriers: tuple[str, ...]
    sla_hours: int
    rule_id: str


class CheckVerdict(StrEnum):
    """What a look at master data found."""

    KNOWN = "known"
    STALE = "stale"  # known, but not heard of for longer than the policy allows; used all the same
    BLOCKED = "blocked"
    UNKNOWN = "unknown"


class CheckedRecord(Canonical, frozen=True, kw_only=True):
    """One record as it was when looked at; `version` 0 and no `as_of` where there is none."""

    id: str
    verdict: CheckVerdict
    version: int = 0
    as_of: Instant | None = None


class MasterDataCheck(Canonical, frozen=True, kw_only=True):
    """One of the three checks: customer, item, ship-to. The worst of its records is its verdict.

    `version` is the lowest and `as_of` the oldest of its records. `required` False: the policy
    lets an order pass whatever the verdict.
    """

    kind: MasterKind
    verdict: CheckVerdict
    required: bool
    version: int
    as_of: Instant | None
    records: tuple[CheckedRecord, ...]


class OrderAccepted(Event, frozen=True, kw_only=True):
    """The order is complete, known and enriched; planning may begin.

    `checks` tell how fresh the master data was, `rules` is the digest of the rule book the order
    keeps from now on, `due_at` the end of the SLA clock. `edition` counts an operator's edits of
    the version. `commits_stock`: the ERP is asked to set its stock aside; `holds_planning`: and
    planning waits until it has.
    """

    order: Order
    attributes: TransportAttributes
    checks: tuple[MasterDataCheck, ...]
    rules: str
    due_at: Instant
    edition: int = 1
    commits_stock: bool = False
    holds_planning: bool = False


class ShipmentPlanned(Event, frozen=True, kw_only=True):
    """A shipment carries this order, as confirmed: what visibility shall follow.

    One for each (shipment, order). `promised` is the promise to the customer for the whole
    shipment; stops may carry their own. `shipments` tells on how many the order travels in all.
    `commits_stock`: the ERP has set stock aside for it, and is told when it leaves. `weight_kg`
    and `value` are those of the order's goods on it, where every line tells, or its item's record
    does, and of a split line by its stated portion. `left_load` is the
    load that carried the shipment before, where another one does now. `offered_by` is the customer
    who gave us the load itself, and `offered_as` that customer's number of it: no ERP knows of it.
    """

    shipment: Shipment
    order_id: str
    customer_id: str
    customer_reference: str
    order_version: int
    revision: int
    company_code: str = ""
    promised: Moment | None = None
    shipments: int = 1
    commits_stock: bool = False
    weight_kg: Decimal | None = None
    value: Money | None = None
    left_load: str = ""
    offered_by: str = ""
    offered_as: str = ""


class ShipmentWithdrawn(Event, frozen=True, kw_only=True):
    """The order does not travel on this shipment any more.

    `revision` is that of the plan which no longer has it, or which was given up. `load_id` is the
    load that carried the shipment; empty: the shipment itself.
    """

    shipment_id: str
    order_id: str
    revision: int
    because: str
    load_id: str = ""


class OrderReferenced(Event, frozen=True, kw_only=True):
    """The ERP confirmed the transport reference: the gate to the portal may open."""

    order_id: str
    shipment_id: str
    erp_document: str
    applied_at: Instant
    endpoint: str
    revision: int


class TenderState(StrEnum):
    """How far one offer to one carrier came; each with a time of its own."""

    SENT = "sent"  # asked for, and on its way
    DELIVERED = "delivered"  # the carrier's transport took it
    ACKNOWLEDGED = "acknowledged"  # the carrier could read it
    ACKNOWLEDGED_WITH_ERRORS = "acknowledged_with_errors"
    UNREADABLE = "unreadable"  # the carrier could not read it
    UNACKNOWLEDGED = "unacknowledged"  # nothing was heard in time
    NOT_DELIVERED = "not_delivered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    COUNTERED = "countered"
    TIMED_OUT = "timed_out"
    REPLACED = "replaced"  # the same carrier got a newer offer
    WITHDRAWN = "withdrawn"


class TenderMoved(Event, frozen=True, kw_only=True):
    """An offer to a carrier reached another state; told once for each state."""

    order_id: str
    shipment_id: str
    carrier_scac: str
    tender_version: int
    state: TenderState
    moved_at: Instant
    reason: str = ""


class TenderSettled(Event, frozen=True, kw_only=True):
    """A carrier took a shipment that carries several orders; told to each of the other orders.

    The first order of the shipment, by number, does the tendering for all.
    """

    shipment_id: str
    order_id: str
    carrier_scac: str
    revision: int


class PlanShipment(Command, frozen=True, kw_only=True):
    """Ask the TMS to plan the order (first version) or to plan it anew (later ones).

    `again` counts requests for the same order version after the first: only an operator asks again.
    """

    verb: ClassVar[str] = "tms.plan"
    owner: ClassVar[Team] = Team.TRANSPORTATION
    order: Order
    attributes: TransportAttributes
    again: int = 0

    def business_key(self) -> str:
        """One plan for each order version."""
        return self.order.order_id

    def version(self) -> str:
        """The order's version, and which request for it: `3`, then `3.r1`."""
        return f"{self.order.version}.r{self.again}" if self.again else str(self.order.version)

    def sequence_key(self) -> str:
        """Plans and cancellations of one order go in order."""
        return f"plan/{self.order.order_id}"


class CancelPlan(Command, frozen=True, kw_only=True):
    """Ask the TMS to drop what is planned for the order."""

    verb: ClassVar[str] = "tms.cancel"
    owner: ClassVar[Team] = Team.TRANSPORTATION
    order_id: str
    order_version: int
    reason: str = ""

    def business_key(self) -> str:
        """One cancellation for each order version."""
        return self.order_id

    def version(self) -> str:
        """The order's version."""
        return str(self.order_version)

    def sequence_key(self) -> str:
        """Plans and cancellations of one order go in order."""
        return f"plan/{self.order_id}"


class TenderLoad(Command, frozen=True, kw_only=True):
    """Offer the shipment to a carrier; `tender_version` counts the offers of this shipment.

    `replaces` is the version of the offer this one changes, which the same carrier has; 0 for none.
    `respond_by` is when the offer lapses.
    """

    verb: ClassVar[str] = "carrier.tender"
    owner: ClassVar[Team] = Team.CARRIER_RELATIONS
    shipment: Shipment
    order_id: str
    carrier_scac: str
    tender_version: int = 1
    replaces: int = 0
    respond_by: Instant | None = None

    def business_key(self) -> str:
        """One tender for each order, shipment and carrier."""
        return f"{self.order_id}/{self.shipment.shipment_id}/{self.carrier_scac}"

    def version(self) -> str:
        """The tender's version."""
        return str(self.tender_version)

    def sequence_key(self) -> str:
        """What is said to carriers about one shipment goes in order."""
        return f"tender/{self.shipment.shipment_id}"

    def recipient(self) -> str:
        """The carrier it is offered to."""
        return self.carrier_scac


class CancelTender(Command, frozen=True, kw_only=True):
    """Take an offer back from a carrier; `shipment` is what was offered, where it is known."""

    verb: ClassVar[str] = "carrier.cancel_tender"
    owner: ClassVar[Team] = Team.CARRIER_RELATIONS
    shipment_id: str
    order_id: str
    carrier_scac: str
    tender_version: int = 1
    shipment: Shipment | None = None

    def business_key(self) -> str:
        """One withdrawal for each order, shipment and carrier."""
        return f"{self.order_id}/{self.shipment_id}/{self.carrier_scac}"

    def version(self) -> str:
        """The tender's version."""
        return str(self.tender_version)

    def sequence_key(self) -> str:
        """What is said to carriers about one shipment goes in order."""
        return f"tender/{self.shipment_id}"

    def recipient(self) -> str:
        """The carrier it is offered to."""
        return self.carrier_scac


class WriteTransportReference(Command, frozen=True, kw_only=True):
    """Write the shipment's number onto the ERP's order.

    `again` counts what is written under one revision after the first: another carrier took it.
    """

    verb: ClassVar[str] = "erp.write_reference"
    owner: ClassVar[Team] = Team.ORDER_MANAGEMENT
    order_id: str
    order_version: int
    shipment_id: str
    load_id: str
    carrier_scac: str
    revision: int
    again: int = 0
    company_code: str = ""

    def business_key(self) -> str:
        """One reference for each order and shipment."""
        return f"{self.order_id}/{self.shipment_id}"

    def version(self) -> str:
        """The order's version, the plan's revision, and which writing of it: `1.2`, `1.2.r1`."""
        return _written(self.order_version, self.revision, self.again)

    def sequence_key(self) -> str:
        """What the ERP is told about one order goes in order."""
        return f"reference/{self.order_id}"

    def recipient(self) -> str:
        """The ERP of the order's company code."""
        return self.company_code


class WithdrawTransportReference(Command, frozen=True, kw_only=True):
    """Take a shipment's number off the ERP's order again.

    `order_version`, `revision` and `again` are those under which it was written.
    """

    verb: ClassVar[str] = "erp.withdraw_reference"
    owner: ClassVar[Team] = Team.ORDER_MANAGEMENT
    order_id: str
    order_version: int
    shipment_id: str
    revision: int
    because: str
    again: int = 0
    company_code: str = ""

    def business_key(self) -> str:
        """One withdrawal for each order and shipment."""
        return f"{self.order_id}/{self.shipment_id}"

    def version(self) -> str:
        """The version of the writing that is taken back."""
        return _written(self.order_version, self.revision, self.again)

    def sequence_key(self) -> str:
        """What the ERP is told about one order goes in order."""
        return f"reference/{self.order_id}"

    def recipient(self) -> str:
        """The ERP of the order's company code."""
        return self.company_code


def _written(order_version: int, revision: int, again: int) -> str:
    return f"{order_version}.{revision}.r{again}" if again else f"{order_version}.{revision}"
