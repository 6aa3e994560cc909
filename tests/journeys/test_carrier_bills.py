"""Carriers' bills that are hard: by package, sent again, corrected, and two under one number.

The bills are 210 of the coherent load 75027674 and of two parcels, through the real
connectors, processes and store.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from crossdock.canonical.money import Money, decimal_text
from crossdock.flow.reading import Arrival
from crossdock.messages.freight_settlement import FreightPicture
from crossdock.testing.in_process import arrival
from crossdock.testing.plain_partner import PlainPartner
from tests.journeys.test_any_order import Named
from tests.journeys.test_load_75027674 import BEGIN, LOAD, TWIN, town, twin

T1, T2 = "1Z0001", "1Z0002"


class Load(Struct, frozen=True, kw_only=True):
    """Where the money of one load ends: each line by charge, state, what was billed and posted."""

    state: str
    lines: tuple[tuple[str, str, str, str], ...]


class End(Struct, frozen=True, kw_only=True):
    """Where the money ends; `posted` tells path, amount and how often, `asked` who must look."""

    loads: dict[str, Load]
    posted: dict[tuple[str, str], int]
    asked: tuple[str, ...]


def end_of(told: list[Arrival]) -> End:
    """Tell where the money ends when the documents come in this order, an hour apart."""
    partner, ids = PlainPartner(), Named()
    house = town(partner, ids)
    for hour, each in enumerate(told, 1):
        ids.tell(each.content)
        house.receive(each)
        house.wait_until(BEGIN + timedelta(hours=hour))
    house.wait_until(BEGIN + timedelta(days=4))
    with house.machine.store.read() as reader:
        rows = reader.find("main", "freight_picture", {})
        pictures = [msgspec.json.decode(row.body, type=FreightPicture) for row in rows]
        codes = [each.code for each in reader.exceptions("main") if each.closed_at is None]
    booked = {key: times for key, times in partner.applied.items() if _is_money(key[0])}
    return End(
        loads={each.load_id: _load(each) for each in pictures},
        posted={(path, _amount(body)): times for (path, body), times in booked.items()},
        asked=tuple(sorted(codes)),
    )


def _load(picture: FreightPicture) -> Load:
    lines = (
        (each.charge, each.state.value, _text(each.invoiced), _text(each.posted))
        for each in picture.lines
    )
    return Load(state=picture.state, lines=tuple(lines))


def _is_money(path: str) -> bool:
    return path.endswith(("/accruals", "/freight-invoices"))


def _text(amount: Money | None) -> str:
    return decimal_text(amount) if amount else ""


def _amount(body: bytes) -> str:
    told = msgspec.json.decode(body)
    return str((told.get("amount") or told["payable"])["amount"])


def bill(sent: int, said: Mapping[str, str] | None = None) -> Arrival:
    """Send the bill of the load with other words in it, under the next control numbers."""
    numbers = {"000002358": f"{2358 + sent:09}", "*269": f"*{269 + sent}", "1838": f"{1838 + sent}"}
    text = (TWIN / "210.edi").read_text("ascii")
    for before, after in {**numbers, **(said or {})}.items():
        text = text.replace(before, after)
    return arrival("mill", "interchange", text.encode())


# 54.72 hundredweight at 10 dollars instead of 9.50.
DEARER = {"9.5*PH*51984": "10*PH*54720", "55721": "58457"}
CORRECTED = {"20160730*55721*": "20160731*55721*CO"}


SETTLED = End(
    loads={
        LOAD: Load(
            state="settled",
            lines=(
                ("FUEL", "invoiced", "37.37", "37.37"),
                ("LINEHAUL", "invoiced", "519.84", "519.84"),
            ),
        )
    },
    posted={
        (f"/loads/{LOAD}/accruals", "37.37"): 1,
        (f"/loads/{LOAD}/accruals", "519.84"): 1,
        ("/freight-invoices", "557.21"): 1,
        (f"/loads/{LOAD}/freight-invoices", "557.21"): 1,
    },
    asked=(),
)


@settings(max_examples=12, deadline=None)
@given(st.permutations([bill(0, DEARER), bill(1, DEARER), bill(2, CORRECTED)]))
def test_a_bill_sent_again_and_corrected_is_paid_once_as_corrected(bills: list[Arrival]) -> None:
    assert end_of([*twin(), *bills]) == SETTLED


def test_a_bill_sent_again_under_other_numbers_says_nothing_new() -> None:
    assert end_of([*twin(), bill(0), bill(1)]) == SETTLED


def test_of_two_bills_under_one_number_the_second_is_contested_and_pays_nothing() -> None:
    end = end_of([*twin(), bill(0), bill(1, DEARER)])

    assert end == replace(SETTLED, asked=("FREIGHT_INVOICE_CONTESTED",))


def test_nor_is_the_first_paid_less_because_the_second_is_as_offered() -> None:
    end = end_of([*twin(), bill(0, DEARER), bill(1)])

    held = Load(
        state="under review",
        lines=(
            ("FUEL", "under_review", "37.37", ""),
            ("LINEHAUL", "under_review", "547.20", ""),
        ),
    )
    asked = ("FREIGHT_INVOICE_CONTESTED", "FREIGHT_UNDER_REVIEW")
    assert end == End(loads={LOAD: held}, posted={}, asked=asked)


def order(number: str) -> Arrival:
    """The ERP releases an order of one package."""
    place = {"location_id": "DC", "country": "US", "city": "Rumford", "time_zone": "UTC"}
    body: dict[str, Any] = {
        "order_id": number,
        "version": 1,
        "company_code": "1000",
        "customer_id": "C-1",
        "ship_from": place,
        "ship_to": place | {"location_id": "HOME", "postal_code": "43017"},
        "lines": [{"line_id": "10", "item_id": "IT-1", "quantity": "1", "unit": "EA"}],
    }
    return told("erp", "orders", "order.released", number, order=body)


def parcel(number: str, tracking: str, price: str) -> Arrival:
    """The TMS plans it as a parcel."""
    stop = {"place": {"location_id": "DC", "country": "US", "city": "Rumford", "time_zone": "UTC"}}
    shipment = {
        "shipment_id": f"SH-{number}",
        "load_id": f"LD-{number}",
        "mode": "PARCEL",
        "carrier_scac": "SCAC",
        "service_level": "STANDARD",
        "stops": [
            stop | {"sequence": 1, "role": "PICKUP"},
            stop | {"sequence": 2, "role": "DELIVERY"},
        ],
        "order_ids": [number],
        "references": [{"type": "TRACKING", "value": tracking, "issuer": "SCAC"}],
        "charges": [
            {"charge_id": "1", "code": "ALL_IN", "amount": {"amount": price, "currency": "USD"}}
        ],
    }
    return told(
        "tms",
        "plans",
        "plan.confirmed",
        number,
        order_id=number,
        order_version=1,
        revision=1,
        shipments=[shipment],
    )


def told(partner: str, document: str, kind: str, number: str, **content: Any) -> Arrival:
    """Let a partner tell of an event."""
    event = {"event_id": f"{kind}-{number}", "event_type": kind, "occurred_at": BEGIN.isoformat()}
    return arrival(partner, document, msgspec.json.encode(event | content))


def delivered(number: str, sent: int) -> Arrival:
    """The carrier tells of its delivery, under control numbers of its own."""
    text = (TWIN / "214.edi").read_text("ascii")
    numbers = {"000002357": f"{2358 + sent:09}", "*268": f"*{269 + sent}", "1751807": f"PRO{sent}"}
    for before, after in numbers.items():
        text = text.replace(before, after)
    return arrival("mill", "interchange", text.replace(LOAD, f"SH-{number}").encode())


PARCELS = (
    "ST*210*0001",
    "B3**ACCT-7**PP*L*20160730*4450****SCAC",
    "C3*USD",
    "N1*BT*MILL",
    "N4*RICHMOND*VA*23220",
    "LX*1",
    "N9*ZZ*NA",
    "L1*1***500****MSG",
    "LX*2",
    f"N9*2I*{T1}",
    "L0*2*******1*PCS",
    "L1*2***2740****400",
    "L1*2***548****FUE",
    "L1*2***-274****295",
    "LX*3",
    f"N9*2I*{T2}",
    "L0*3*******1*PCS",
    "L1*3***936****400",
    "L3*****4450",
    "SE*20*0001",
)


def test_a_parcel_bill_is_parted_by_package_and_each_part_finds_its_load() -> None:
    head = (TWIN / "210.edi").read_text("ascii").split("ST*210")[0]
    body = "".join(f"{each}~" for each in PARCELS)
    text = f"{head}{body}GE*1*269~IEA*1*000002358~"

    end = end_of(
        [
            order("SO-1"),
            order("SO-2"),
            parcel("SO-1", T1, "30.14"),
            parcel("SO-2", T2, "9.36"),
            arrival("mill", "interchange", text.encode()),
            delivered("SO-1", 1),
            delivered("SO-2", 2),
        ]
    )

    first = (
        ("DISCOUNT", "invoiced", "-2.74", "-2.74"),
        ("FUEL", "invoiced", "5.48", "5.48"),
        ("LINEHAUL", "invoiced", "27.40", "27.40"),
    )
    assert end == End(
        loads={
            "LD-SO-1": Load(state="settled", lines=first),
            "LD-SO-2": Load(state="settled", lines=(("LINEHAUL", "invoiced", "9.36", "9.36"),)),
        },
        posted={
            ("/loads/LD-SO-1/accruals", "-2.74"): 1,
            ("/loads/LD-SO-1/accruals", "5.48"): 1,
            ("/loads/LD-SO-1/accruals", "27.40"): 1,
            ("/loads/LD-SO-1/freight-invoices", "30.14"): 1,
            ("/loads/LD-SO-2/accruals", "9.36"): 1,
            ("/loads/LD-SO-2/freight-invoices", "9.36"): 1,
            ("/freight-invoices", "30.14"): 1,
            ("/freight-invoices", "9.36"): 1,
        },
        asked=("FREIGHT_CLAIM_UNMATCHED",),  # what is charged for no package: somebody must look
    )
