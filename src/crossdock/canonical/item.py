"""Items and quantities."""

from __future__ import annotations

from decimal import Decimal

from crossdock.canonical import Canonical


class Quantity(Canonical, frozen=True, kw_only=True):
    """A count in a unit of UN/ECE Recommendation 20 (`EA`, `CS`, `KGM`)."""

    value: Decimal
    unit: str = "EA"


class Item(Canonical, frozen=True, kw_only=True):
    """An article as the ERP knows it; weight in kilograms a unit."""

    item_id: str
    description: str = ""
    item_class: str = ""
    gtin: str = ""
    weight_kg: Decimal | None = None
