"""References: the numbers by which partners name orders, shipments and documents."""

from __future__ import annotations

from enum import StrEnum

from crossdock.canonical import Canonical


class ReferenceType(StrEnum):
    """What kind of number a reference is. An open list for readers, a closed one for writers."""

    ORDER = "ORDER"
    PURCHASE_ORDER = "PURCHASE_ORDER"
    CUSTOMER_REFERENCE = "CUSTOMER_REFERENCE"
    DELIVERY = "DELIVERY"
    SHIPMENT = "SHIPMENT"
    LOAD = "LOAD"
    PRO = "PRO"
    BILL_OF_LADING = "BILL_OF_LADING"
    TRACKING = "TRACKING"
    CONTAINER = "CONTAINER"
    BOOKING = "BOOKING"
    SSCC = "SSCC"
    INVOICE = "INVOICE"


class Reference(Canonical, frozen=True, kw_only=True):
    """A number and who issued it: a SCAC for a PRO, a partner name for an order.

    `issuer` is empty where the number is unique by itself (container, SSCC).
    """

    type: ReferenceType
    value: str
    issuer: str = ""

    def term(self) -> str:
        """Spell it as one key: `PRO:ROAD:4711`."""
        return f"{self.type}:{self.issuer}:{self.value}"
