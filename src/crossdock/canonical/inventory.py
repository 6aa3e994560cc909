"""Inventory commitments: the stock that is set aside for an order's lines."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from crossdock.canonical import Canonical
from crossdock.canonical.item import Quantity


class CommitmentStatus(StrEnum):
    """How far a commitment is."""

    REQUESTED = "REQUESTED"  # asked for, and not answered yet
    REFUSED = "REFUSED"  # the ERP said no; somebody is asked
    COMMITTED = "COMMITTED"  # set aside, and still in the warehouse
    CONFIRMED = "CONFIRMED"  # all that is set aside has left
    REVERSED = "REVERSED"  # given back, and nothing is set aside any more


class StockLine(Canonical, frozen=True, kw_only=True, order=True):
    """So much of an item, for one line of an order, at the place it is taken from."""

    line_id: str
    item_id: str
    location_id: str
    quantity: Quantity


class InventoryCommitment(Canonical, frozen=True, kw_only=True):
    """What is set aside in the ERP for one line of an order, and what became of it.

    Of `ordered`, `committed` is set aside now, of that `confirmed` has left; `reversed` was given
    back. All are counts in `unit`.
    """

    order_id: str
    line_id: str
    item_id: str
    location_id: str
    unit: str
    ordered: Decimal
    committed: Decimal
    confirmed: Decimal
    reversed: Decimal
    status: CommitmentStatus
