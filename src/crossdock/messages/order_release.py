"""Order release: what is reported, decided and asked for on the way from ERP to portal."""

from __future__ import annotations

from typing import ClassVar

from crossdock.canonical import Canonical
from crossdock.canonical.moments import Instant, Moment
from crossdock.canonical.order import Order, OrderDraft
from crossdock.canonical.shipment import Shipment
from crossdock.messages.envelope import Command, Event, Report
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
    """The TMS cannot plan the order."""

    order_id: str
    order_version: int
    reason: str


class PlanCancelled(Report, frozen=True, kw_only=True):
    """The TMS confirms that nothing is planned any more for the order."""

    order_id: str
    order_version: int


class TenderAnswered(Report, frozen=True, kw_only=True):
    """The carrier accepts or declines a load it was offered."""

    load_id: str
    shipment_id: str
    order_id: str
    carrier_scac: str
    accepted: bool
    tender_version: int = 1
    reason: str = ""


class TransportAttributes(Canonical, frozen=True, kw_only=True):
    """What enrichment added, and the row of the routing table that said so.

    `sla_hours` runs from the release; `carriers` is the routing guide, best first.
    """

    mode: str
    service_level: str
    carriers: tuple[str, ...]
    sla_hours: int
    rule_id: str


class OrderAccepted(Event, frozen=True, kw_only=True):
    """The order is complete, known and enriched; planning may begin."""

    order: Order
    attributes: TransportAttributes


class ShipmentPlanned(Event, frozen=True, kw_only=True):
    """A shipment carries this order, as confirmed: what visibility shall follow.

    One for each (shipment, order). `promised` is the promise to the customer for the whole
    shipment; stops may carry their own.
    """

    shipment: Shipment
    order_id: str
    customer_id: str
    customer_reference: str
    order_version: int
    revision: int
    promised: Moment | None = None


class ShipmentWithdrawn(Event, frozen=True, kw_only=True):
    """The order does not travel on this shipment any more."""

    shipment_id: str
    order_id: str
    revision: int
    because: str


class OrderReferenced(Event, frozen=True, kw_only=True):
    """The ERP confirmed the transport reference: the gate to the portal may open."""

    order_id: str
    shipment_id: str
    erp_document: str
    applied_at: Instant
    endpoint: str
    revision: int


class PlanShipment(Command, frozen=True, kw_only=True):
    """Ask the TMS to plan the order (first version) or to plan it anew (later ones)."""

    verb: ClassVar[str] = "tms.plan"
    owner: ClassVar[Team] = Team.TRANSPORTATION
    order: Order
    attributes: TransportAttributes

    def business_key(self) -> str:
        """One plan for each order version."""
        return self.order.order_id

    def version(self) -> str:
        """The order's version."""
        return str(self.order.version)

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
    """Offer the shipment to a carrier."""

    verb: ClassVar[str] = "carrier.tender"
    owner: ClassVar[Team] = Team.CARRIER_RELATIONS
    shipment: Shipment
    order_id: str
    carrier_scac: str
    tender_version: int = 1

    def business_key(self) -> str:
        """One tender for each shipment and carrier."""
        return f"{self.shipment.shipment_id}/{self.carrier_scac}"

    def version(self) -> str:
        """The tender's version."""
        return str(self.tender_version)

    def sequence_key(self) -> str:
        """What is said to carriers about one shipment goes in order."""
        return f"tender/{self.shipment.shipment_id}"


class CancelTender(Command, frozen=True, kw_only=True):
    """Take an offer back from a carrier."""

    verb: ClassVar[str] = "carrier.cancel_tender"
    owner: ClassVar[Team] = Team.CARRIER_RELATIONS
    shipment_id: str
    order_id: str
    carrier_scac: str
    tender_version: int = 1

    def business_key(self) -> str:
        """One withdrawal for each shipment and carrier."""
        return f"{self.shipment_id}/{self.carrier_scac}"

    def version(self) -> str:
        """The tender's version."""
        return str(self.tender_version)

    def sequence_key(self) -> str:
        """What is said to carriers about one shipment goes in order."""
        return f"tender/{self.shipment_id}"


class WriteTransportReference(Command, frozen=True, kw_only=True):
    """Write the shipment's number onto the ERP's order."""

    verb: ClassVar[str] = "erp.write_reference"
    owner: ClassVar[Team] = Team.ORDER_MANAGEMENT
    order_id: str
    order_version: int
    shipment_id: str
    load_id: str
    carrier_scac: str
    revision: int

    def business_key(self) -> str:
        """One reference for each order and shipment."""
        return f"{self.order_id}/{self.shipment_id}"

    def version(self) -> str:
        """The plan's revision."""
        return str(self.revision)

    def sequence_key(self) -> str:
        """What the ERP is told about one order goes in order."""
        return f"reference/{self.order_id}"


class WithdrawTransportReference(Command, frozen=True, kw_only=True):
    """Take a shipment's number off the ERP's order again."""

    verb: ClassVar[str] = "erp.withdraw_reference"
    owner: ClassVar[Team] = Team.ORDER_MANAGEMENT
    order_id: str
    shipment_id: str
    revision: int
    because: str

    def business_key(self) -> str:
        """One withdrawal for each order and shipment."""
        return f"{self.order_id}/{self.shipment_id}"

    def version(self) -> str:
        """The plan's revision that no longer has the shipment."""
        return str(self.revision)

    def sequence_key(self) -> str:
        """What the ERP is told about one order goes in order."""
        return f"reference/{self.order_id}"
