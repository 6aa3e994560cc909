"""How a carrier bills a load: after its last delivery, by tariff, and with what goes wrong.

Pure: a function of the seed, the load as the carrier knows it, and the faults. Of the faults that
change what is billed the first that strikes a load does; when it is billed is drawn beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from crossdock.simulators.chance import between, token
from crossdock.simulators.mischief import Mischief
from crossdock.simulators.tariff import CURRENCY, cents

ISSUED, CORRECTED, CANCELLED = "issued", "corrected", "cancelled"
HOURS_AFTER = (2, 8)
HOURS_EARLY = (2, 5)
HOURS_LATE = (40, 56)
AGAIN, PUT_RIGHT, TAKEN_BACK, BILLED_ANEW = (timedelta(hours=each) for each in (3, 6, 4, 5))
NEAR, OVER, HIGHER = Decimal("1.006"), Decimal("1.18"), Decimal("1.25")
HEAVIER = Decimal("1.12")
WAITED, STRANGE, MISCOUNTED = Decimal("75.00"), Decimal("12.40"), Decimal("10.00")


class Line(Struct, frozen=True, kw_only=True):
    """One line of a bill: for which shipment, under which code, and how much."""

    shipment_id: str
    code: str
    amount: Decimal
    description: str = ""
    weight_kg: str = ""
    freight_class: str = ""


class Freight(Struct, frozen=True, kw_only=True):
    """What a carrier carries as one load: its shipments as planned, and when it was on the way."""

    scac: str
    load_id: str
    shipments: tuple[dict[str, Any], ...]
    picked_up: datetime
    delivered: datetime

    @property
    def references(self) -> tuple[dict[str, Any], ...]:
        """Number the shipments as the carrier does, one number each."""
        return tuple(
            (*each["references"], {"type": "SHIPMENT", "value": each["shipment_id"]})[0]
            for each in self.shipments
        )


class Bill(Struct, frozen=True, kw_only=True):
    """One thing said about an invoice: issued, corrected or cancelled, and when it is told.

    `said` counts what is said under one invoice number, the same thing again included.
    """

    invoice_id: str
    said: int
    purpose: str
    freight: Freight
    lines: tuple[Line, ...]
    total: Decimal
    told_at: datetime

    @property
    def content_key(self) -> str:
        """Name it by carrier, invoice number and what is said of it."""
        return f"invoice/{self.freight.scac}/{self.invoice_id}/{self.said}"


def bills(mischief: Mischief, freight: Freight) -> tuple[Bill, ...]:
    """Tell everything a carrier will say to bill a load, in the order it is told."""
    said = _bills(mischief, freight)
    if len(freight.shipments) > 1 and mischief.strikes("billed_whole", freight.load_id):
        return tuple(replace(each, lines=_whole(each.lines)) for each in said)
    return said


def _whole(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """Bill a load in one line of each kind, for no shipment by name."""
    codes = dict.fromkeys(each.code for each in lines)
    return tuple(
        Line(
            shipment_id="",
            code=code,
            amount=summed(each for each in lines if each.code == code),
            description=next(each.description for each in lines if each.code == code),
        )
        for code in codes
    )


def _bills(mischief: Mischief, freight: Freight) -> tuple[Bill, ...]:
    due = _due(mischief, freight)
    right = _issue(mischief, freight, "", by_tariff(freight), due)
    fault = next((each for each in CHANGED if mischief.strikes(each, freight.load_id)), "")
    wrong = replace(right, lines=CHANGED[fault](right.lines)) if fault else right
    wrong = replace(wrong, total=summed(wrong.lines))
    match fault:
        case "wrong_sum":
            return (replace(wrong, total=wrong.total + MISCOUNTED),)
        case "billed_twice":
            return wrong, replace(wrong, said=2, told_at=due + AGAIN)
        case "billed_again":
            return wrong, _issue(mischief, freight, "again", wrong.lines, due + AGAIN)
        case "billed_otherwise":
            other = _dearer(OVER)(right.lines)
            said = {"said": 2, "told_at": due + AGAIN}
            return wrong, replace(wrong, lines=other, total=summed(other), **said)
        case "rebilled":
            put_right = replace(right, said=2, purpose=CORRECTED, told_at=due + PUT_RIGHT)
            return wrong, put_right
        case "rebilled_higher":
            worse = _dearer(HIGHER)(right.lines)
            said = {"said": 2, "purpose": CORRECTED, "told_at": due + PUT_RIGHT}
            return wrong, replace(wrong, lines=worse, total=summed(worse), **said)
        case "bill_cancelled":
            back = replace(wrong, said=2, purpose=CANCELLED, told_at=due + TAKEN_BACK)
            return wrong, back, _issue(mischief, freight, "anew", right.lines, due + BILLED_ANEW)
        case _:
            return (wrong,)


def by_tariff(freight: Freight) -> tuple[Line, ...]:
    """Write the lines as the planner priced them."""
    return tuple(
        Line(
            shipment_id=shipment["shipment_id"],
            code=each["code"],
            amount=Decimal(each["amount"]["amount"]),
            description=each.get("description", ""),
            weight_kg=each.get("weight_kg", ""),
        )
        for shipment in freight.shipments
        for each in shipment.get("charges", ())
    )


def summed(lines: Iterable[Line]) -> Decimal:
    """Add the lines up."""
    return sum((each.amount for each in lines), Decimal())


def invoice_event(bill: Bill) -> dict[str, Any]:
    """Write it in the published words."""
    first, *others = bill.freight.references
    charges = [
        {
            "charge_id": str(number),
            "code": line.code,
            "amount": _value(line.amount),
            "description": line.description,
            "shipment_id": line.shipment_id,
            **({"weight_kg": line.weight_kg} if line.weight_kg else {}),
            **({"freight_class": line.freight_class} if line.freight_class else {}),
        }
        for number, line in enumerate(bill.lines, 1)
    ]
    return {
        "event_id": bill.content_key,
        "event_type": f"invoice.{bill.purpose}",
        "occurred_at": bill.told_at.replace(microsecond=0),
        "invoice_id": bill.invoice_id,
        "carrier_scac": bill.freight.scac,
        "reference": first,
        "references": others,
        "total": _value(bill.total),
        "charges": charges,
        "shipped_at": bill.freight.picked_up,
        "delivered_at": bill.freight.delivered,
    }


def _value(amount: Decimal) -> dict[str, str]:
    return {"amount": str(amount), "currency": CURRENCY}


def _due(mischief: Mischief, freight: Freight) -> datetime:
    """Choose when it is billed: hours after the delivery, before it, or days later."""

    def hours(span: tuple[float, float]) -> timedelta:
        return timedelta(hours=between(*span, mischief.seed, "billed", freight.load_id))

    if mischief.strikes("billed_early", freight.load_id):
        return freight.delivered - hours(HOURS_EARLY)
    if mischief.strikes("billed_late", freight.load_id):
        return freight.delivered + hours(HOURS_LATE)
    return freight.delivered + hours(HOURS_AFTER)


def _issue(
    mischief: Mischief, freight: Freight, series: str, lines: tuple[Line, ...], told_at: datetime
) -> Bill:
    carried = ",".join(each["shipment_id"] for each in freight.shipments)
    number = token(mischief.seed, "invoice", freight.load_id, carried, series, length=8)
    return Bill(
        invoice_id=f"{freight.scac[0]}{number}",
        said=1,
        purpose=ISSUED,
        freight=freight,
        lines=lines,
        total=summed(lines),
        told_at=told_at,
    )


def _dearer(factor: Decimal) -> Callable[[tuple[Line, ...]], tuple[Line, ...]]:
    """Bill the linehaul dearer by a factor, and the fuel with it."""

    def scale(lines: tuple[Line, ...]) -> tuple[Line, ...]:
        return tuple(
            replace(each, amount=cents(each.amount * factor))
            if each.code in {"LINEHAUL", "FUEL"}
            else each
            for each in lines
        )

    return scale


def _heavier(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """Bill another weight and class than planned, as weighed at the terminal."""
    return tuple(
        replace(each, weight_kg=str(Decimal(each.weight_kg) * HEAVIER), freight_class="85")
        if each.weight_kg
        else each
        for each in _dearer(HEAVIER)(lines)
    )


def _with(code: str, amount: Decimal, description: str) -> Callable[..., tuple[Line, ...]]:
    """Bill something more."""

    def add(lines: tuple[Line, ...]) -> tuple[Line, ...]:
        shipment_id = lines[0].shipment_id if lines else ""
        more = Line(shipment_id=shipment_id, code=code, amount=amount, description=description)
        return (*lines, more)

    return add


def _as_planned(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """Bill what was planned."""
    return lines


# fault of `mischief` -> what it does to the lines; the first that strikes a load does.
CHANGED: dict[str, Callable[[tuple[Line, ...]], tuple[Line, ...]]] = {
    "overbilled": _dearer(OVER),
    "accessorial": _with("DETENTION", WAITED, "waited at the dock"),
    "unknown_charge": _with("XF7", STRANGE, "service fee"),
    "reweighed": _heavier,
    "wrong_sum": _as_planned,
    "billed_twice": _as_planned,
    "billed_again": _as_planned,
    "rebilled": _dearer(OVER),
    "rebilled_higher": _dearer(OVER),
    "bill_cancelled": _dearer(OVER),
    "billed_near": _dearer(NEAR),
    "billed_otherwise": _as_planned,
}
