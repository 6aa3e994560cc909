"""What a simulated carrier bills: by tariff, and with each thing that goes wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from crossdock.simulators.billing import CHANGED, Bill, Freight, bills
from crossdock.simulators.mischief import parse
from crossdock.simulators.tariff import charges
from crossdock.simulators.x12_speech import invoice

PICKED_UP = datetime(2026, 3, 27, 16, tzinfo=UTC)
DELIVERED = datetime(2026, 3, 28, 14, tzinfo=UTC)


def shipment(number: str, kilograms: str) -> dict[str, object]:
    return {
        "shipment_id": number,
        "references": [{"type": "PRO", "value": f"7{number}", "issuer": "ROAD"}],
        "charges": charges("ROAD", Decimal(kilograms)),
    }


LOAD = Freight(
    scac="ROAD",
    load_id="LD-3",
    shipments=(shipment("SH1", "100"), shipment("SH2", "12.5")),
    picked_up=PICKED_UP,
    delivered=DELIVERED,
)


def said(faults: str = "") -> list[tuple[str, str, Decimal]]:
    """What is said: of which invoice, what, and the total."""
    told = bills(parse(faults, 1), LOAD)
    first = told[0].invoice_id
    return [
        ("the first" if each.invoice_id == first else "another", each.purpose, each.total)
        for each in told
    ]


def one(faults: str) -> Bill:
    return bills(parse(faults, 1), LOAD)[0]


def test_a_tariff_is_in_whole_cents() -> None:
    priced = [(each["code"], each["amount"]["amount"]) for each in charges("OCEAN", Decimal("7.3"))]

    assert priced == [("LINEHAUL", "241.31"), ("FUEL", "30.77"), ("ADMINISTRATION", "18.00")]


def test_a_load_is_billed_shipment_by_shipment_after_its_last_delivery() -> None:
    bill = one("")

    lines = [(each.shipment_id, each.code, str(each.amount)) for each in bill.lines]
    assert lines == [
        ("SH1", "LINEHAUL", "117.00"),
        ("SH1", "FUEL", "14.92"),
        ("SH2", "LINEHAUL", "89.00"),
        ("SH2", "FUEL", "11.35"),
    ]
    assert bill.total == Decimal("232.27")
    assert timedelta(hours=2) <= bill.told_at - DELIVERED <= timedelta(hours=8)


# fault -> what is said: of which invoice, what, and the total
SAID: dict[str, list[tuple[str, str, Decimal]]] = {
    "overbilled": [("the first", "issued", Decimal("274.08"))],
    "accessorial": [("the first", "issued", Decimal("307.27"))],
    "unknown_charge": [("the first", "issued", Decimal("244.67"))],
    "reweighed": [("the first", "issued", Decimal("260.14"))],
    "wrong_sum": [("the first", "issued", Decimal("242.27"))],
    "billed_near": [("the first", "issued", Decimal("233.66"))],
    "billed_twice": [("the first", "issued", Decimal("232.27"))] * 2,
    "billed_again": [
        ("the first", "issued", Decimal("232.27")),
        ("another", "issued", Decimal("232.27")),
    ],
    "billed_otherwise": [
        ("the first", "issued", Decimal("232.27")),
        ("the first", "issued", Decimal("274.08")),
    ],
    "rebilled": [
        ("the first", "issued", Decimal("274.08")),
        ("the first", "corrected", Decimal("232.27")),
    ],
    "rebilled_higher": [
        ("the first", "issued", Decimal("274.08")),
        ("the first", "corrected", Decimal("290.34")),
    ],
    "bill_cancelled": [
        ("the first", "issued", Decimal("274.08")),
        ("the first", "cancelled", Decimal("274.08")),
        ("another", "issued", Decimal("232.27")),
    ],
}


@pytest.mark.parametrize("fault", CHANGED)
def test_what_goes_wrong_with_a_bill(fault: str) -> None:
    assert said(f"{fault}=1") == SAID[fault]


def test_a_bill_may_come_before_the_delivery_or_days_after_it() -> None:
    assert DELIVERED - one("billed_early=1").told_at >= timedelta(hours=2)
    assert one("billed_late=1").told_at - DELIVERED >= timedelta(hours=40)


def test_every_bill_is_a_thing_of_its_own() -> None:
    keys = [each.content_key for fault in CHANGED for each in bills(parse(f"{fault}=1", 1), LOAD)]

    # the invoice, the same again or put right, another one, and the same charges in another
    assert len(set(keys)) == 4


def test_a_210_has_its_amounts_in_whole_cents_and_names_the_shipments() -> None:
    lines = invoice(one("accessorial=1"))

    (b3,), (l3,) = ([each for each in lines if each[0] == tag] for tag in ("B3", "L3"))
    named = [each for each in lines if each[:2] == ["N9", "SI"]]
    charged = [(each[4], each[8]) for each in lines if each[0] == "L1"]
    assert (b3[3], b3[7], b3[9:12]) == ("SH1", "30727", ["20260328", "035", "ROAD"])
    assert l3[5] == "30727"
    assert [each[2] for each in named] == ["SH1", "SH1", "SH2", "SH2", "SH1"]
    assert charged == [
        ("11700", "400"),
        ("1492", "FUE"),
        ("8900", "400"),
        ("1135", "FUE"),
        ("7500", "DET"),
    ]


def test_a_load_may_be_billed_whole_in_one_line_of_each_kind() -> None:
    bill = one("billed_whole=1")

    lines = [(each.shipment_id, each.code, str(each.amount)) for each in bill.lines]
    assert lines == [("", "LINEHAUL", "206.00"), ("", "FUEL", "26.27")]
    assert bill.total == Decimal("232.27")
