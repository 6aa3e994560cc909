"""Inventory commitments."""

from __future__ import annotations

from enum import StrEnum

from crossdock.canonical import Canonical
from crossdock.canonical.item import Quantity


class CommitmentStatus(StrEnum):
    """How far a commitment is."""

    REQUESTED = "REQUESTED"
    CONFIRMED = "CONFIRMED"
    REVERSED = "REVERSED"


class InventoryCommitment(Canonical, frozen=True, kw_only=True):
    """Stock set aside for an order line at a place."""

    commitment_id: str
    order_id: str
    line_id: str
    item_id: str
    quantity: Quantity
    location_id: str
    status: CommitmentStatus
