"""Orders as the ERP released them."""

from __future__ import annotations

from decimal import Decimal

from crossdock.canonical import Canonical
from crossdock.canonical.item import Quantity
from crossdock.canonical.moments import Moment
from crossdock.canonical.money import Money
from crossdock.canonical.party import Location
from crossdock.canonical.references import Reference


class OrderLine(Canonical, frozen=True, kw_only=True):
    """One line of a complete order."""

    line_id: str
    item_id: str
    quantity: Quantity
    description: str = ""
    weight_kg: Decimal | None = None
    value: Money | None = None
    requested_delivery: Moment | None = None


class Order(Canonical, frozen=True, kw_only=True):
    """A complete order: everything that planning needs is there.

    `version` rises with every change in the ERP. `references` are the other numbers it is known by.
    """

    order_id: str
    version: int
    customer_id: str
    ship_from: Location
    ship_to: Location
    lines: tuple[OrderLine, ...]
    requested_delivery: Moment | None = None
    customer_reference: str = ""
    company_code: str = ""
    references: tuple[Reference, ...] = ()


class OrderLineDraft(Canonical, frozen=True, kw_only=True):
    """One line as it arrived: what the ERP left out is None."""

    line_id: str
    item_id: str | None = None
    quantity: Quantity | None = None
    description: str = ""
    weight_kg: Decimal | None = None
    value: Money | None = None
    requested_delivery: Moment | None = None


class OrderDraft(Canonical, frozen=True, kw_only=True):
    """An order as it arrived, before the completeness check: what the ERP left out is None."""

    order_id: str
    version: int
    customer_id: str | None = None
    ship_from: Location | None = None
    ship_to: Location | None = None
    lines: tuple[OrderLineDraft, ...] = ()
    requested_delivery: Moment | None = None
    customer_reference: str = ""
    company_code: str = ""
    references: tuple[Reference, ...] = ()
