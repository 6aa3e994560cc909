"""What freight costs in the simulated world: by mode and weight, in whole cents.

Pure. Charges are in the words of the published plan shape.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from crossdock.simulators.chance import share

CURRENCY = "EUR"
CENT = Decimal("0.01")
FUEL = Decimal("0.1275")  # of the linehaul
SELF_BILLED_SHARE = 0.1  # of the loads: the TMS tells what they cost, and no invoice follows
# mode -> EUR for a shipment, and for each kilogram.
RATES: dict[str, tuple[Decimal, Decimal]] = {
    "PARCEL": (Decimal("6.50"), Decimal("0.85")),
    "ROAD": (Decimal("85.00"), Decimal("0.32")),
    "OCEAN": (Decimal("240.00"), Decimal("0.18")),
}
PAPERS = Decimal("18.00")  # by sea, for the bill of lading


def cents(amount: Decimal) -> Decimal:
    """Round to a whole cent, half a cent up."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def weight_of(lines: Iterable[dict[str, Any]]) -> Decimal:
    """Weigh the lines of an order, in kilograms."""
    return sum((Decimal(line.get("weight_kg") or "0") for line in lines), Decimal())


def charges(mode: str, weight: Decimal) -> list[dict[str, Any]]:
    """Price a shipment."""
    each, by_weight = RATES.get(mode, RATES["ROAD"])
    linehaul = cents(each + by_weight * weight)
    priced = [
        ("LINEHAUL", linehaul, f"{mode.lower()}, {weight} kg"),
        ("FUEL", cents(linehaul * FUEL), "12.75 % of the linehaul"),
        *([("ADMINISTRATION", PAPERS, "bill of lading")] if mode == "OCEAN" else []),
    ]
    return [
        {
            "charge_id": str(number),
            "code": code,
            "amount": {"amount": str(amount), "currency": CURRENCY},
            "description": description,
            **({"weight_kg": str(weight)} if code == "LINEHAUL" else {}),
        }
        for number, (code, amount, description) in enumerate(priced, 1)
    ]


def is_self_billed(seed: int, load_id: str) -> bool:
    """Tell whether the TMS settles this load itself, so that its carrier sends no invoice."""
    return share(seed, "self-billed", load_id) < SELF_BILLED_SHARE
