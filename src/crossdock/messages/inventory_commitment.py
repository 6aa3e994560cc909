"""Inventory commitment: stock is set aside for an order, leaves with its shipments, or goes back.

Each command says how much there shall be afterwards, not how much more: said again it changes
nothing, and a later revision replaces an earlier one whole. A line that is left out has nothing.
"""

from __future__ import annotations

from typing import ClassVar

from crossdock.canonical.inventory import CommitmentStatus, InventoryCommitment, StockLine
from crossdock.canonical.moments import Instant, Moment
from crossdock.messages.envelope import ErpCommand, Event
from crossdock.messages.teams import Team


class CommitmentMoved(Event, frozen=True, kw_only=True):
    """The ERP answered, and this is now set aside, gone and given back, line by line.

    `order_version` and `edition` name the release that was answered for, `settled` that nothing
    about it waits for the ERP or for a person. `holds_planning`: planning waits for that. The times
    are those of the last answer of each kind. `said` is the ERP's word where it refused.
    """

    order_id: str
    order_version: int
    edition: int
    status: CommitmentStatus
    settled: bool
    lines: tuple[InventoryCommitment, ...]
    company_code: str = ""
    holds_planning: bool = False
    committed_at: Instant | None = None
    confirmed_at: Instant | None = None
    reversed_at: Instant | None = None
    refused_at: Instant | None = None
    said: str = ""


class CommitInventory(ErpCommand, frozen=True, kw_only=True):
    """Set this much stock aside for the order; it replaces what was set aside before.

    `revision` counts what was said of the order's stock, reversals included.
    """

    verb: ClassVar[str] = "erp.commit_inventory"
    owner: ClassVar[Team] = Team.ORDER_MANAGEMENT
    order_id: str
    order_version: int
    lines: tuple[StockLine, ...]

    def business_key(self) -> str:
        """One commitment for each order."""
        return self.order_id

    def sequence_key(self) -> str:
        """What the ERP hears of one order's stock goes in order."""
        return _line_of(self.order_id)


class ReverseInventory(ErpCommand, frozen=True, kw_only=True):
    """Give the order's stock back; `lines` are what stays set aside because it has left.

    `revision` counts on from the commitments.
    """

    verb: ClassVar[str] = "erp.reverse_inventory"
    owner: ClassVar[Team] = Team.ORDER_MANAGEMENT
    order_id: str
    order_version: int
    because: str
    lines: tuple[StockLine, ...] = ()

    def business_key(self) -> str:
        """One commitment for each order."""
        return self.order_id

    def sequence_key(self) -> str:
        """What the ERP hears of one order's stock goes in order."""
        return _line_of(self.order_id)


class ConfirmInventory(ErpCommand, frozen=True, kw_only=True):
    """This much of what is set aside has left with a shipment; no lines: nothing has, after all.

    `revision` counts what was said of the order's stock on this shipment.
    """

    verb: ClassVar[str] = "erp.confirm_inventory"
    owner: ClassVar[Team] = Team.ORDER_MANAGEMENT
    order_id: str
    shipment_id: str
    lines: tuple[StockLine, ...]
    occurred: Moment | None = None

    def business_key(self) -> str:
        """One confirmation for each order and shipment."""
        return f"{self.order_id}/{self.shipment_id}"

    def sequence_key(self) -> str:
        """What the ERP hears of one order's stock goes in order."""
        return _line_of(self.order_id)


def _line_of(order_id: str) -> str:
    return f"inventory/{order_id}"
