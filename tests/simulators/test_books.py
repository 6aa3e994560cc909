"""The books of a simulated ERP: they post what they are told, and refuse what no book can hold."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crossdock.simulators.books import Books, is_closed
from crossdock.simulators.ledger import Ledger
from crossdock.simulators.partner import No
from crossdock.simulators.world import LEGACY_COMPANY, world
from tests.simulators.kit import DAY, call, eventually, fast_clock, simulator

NOW = datetime(2026, 4, 2, tzinfo=UTC)


def euros(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


def accrual(amount: str = "117.00", before: str = "0.00", **more: Any) -> dict[str, Any]:
    share = {"order_id": "SO-1", "amount": euros(amount)}
    return {
        "load_id": "LD-3",
        "charge": "LINEHAUL",
        "carrier_scac": "ROAD",
        "amount": euros(amount),
        "before": euros(before),
        "revision": 1,
        "business_date": "2026-03-28",
        "shares": [share],
        **more,
    }


def invoice(payable: str, *charges: str) -> dict[str, Any]:
    return {
        "load_id": "LD-3",
        "invoice_id": "R1",
        "carrier_scac": "ROAD",
        "billed": euros(payable),
        "payable": euros(payable),
        "revision": 1,
        "business_date": "2026-03-28",
        "charges": list(charges),
        "shares": [],
    }


@pytest.fixture
def books() -> Books:
    """Books of an ERP that released one order."""
    return Books(Ledger(":memory:"), {"SO-1"}.__contains__)


def refused(books: Books, told: dict[str, Any]) -> str:
    with pytest.raises(No) as caught:
        (books.accrue if "charge" in told else books.post_invoice)(told, NOW)
    return str(caught.value.answer["error"])


def test_an_accrual_stands_is_adjusted_and_is_cleared_by_the_invoice(books: Books) -> None:
    books.accrue(accrual("117.00"), NOW)
    books.accrue(accrual("110.00", before="117.00", revision=2), NOW)

    books.post_invoice(invoice("110.00", "LINEHAUL"), NOW)

    assert refused(books, invoice("110.01", "LINEHAUL")) == "not_accrued"


def test_an_accrual_told_twice_is_booked_twice(books: Books) -> None:
    for _ in range(2):
        books.accrue(accrual("117.00"), NOW)

    books.post_invoice(invoice("234.00", "LINEHAUL"), NOW)


@pytest.mark.parametrize(
    ("told", "error"),
    [
        (accrual(shares=[{"order_id": "SO-1", "amount": euros("116.99")}]), "unbalanced"),
        (accrual(shares=[{"order_id": "SO-9", "amount": euros("117.00")}]), "unknown_order"),
        (accrual(business_date="2026-02-28"), "period_closed"),
        (accrual(business_date="28.3."), "unreadable"),
        (accrual(amount="a lot"), "unreadable"),
        (invoice("1.00", "FUEL"), "not_accrued"),
    ],
)
def test_what_no_book_can_hold_is_refused(books: Books, told: dict[str, Any], error: str) -> None:
    assert refused(books, told) == error


def test_a_month_is_closed_on_the_tenth_of_the_next() -> None:
    days = [datetime(2026, 4, day, tzinfo=UTC) for day in (9, 10)]

    assert [is_closed(each.date().replace(month=3), each) for each in days] == [False, True]
    assert not is_closed(NOW.date(), NOW)


@pytest.mark.parametrize(
    ("promise", "kinds", "found"),
    [
        ("idempotent", ["received", "repeated"], 200),
        ("lookup", ["received", "received"], 200),
        ("natural", ["received", "repeated"], 200),
        ("neither", ["received", "received"], 404),
    ],
)
def test_a_partner_keeps_what_it_promises(
    tmp_path: Path, promise: str, kinds: list[str], found: int
) -> None:
    told = accrual(shares=[])
    arguments = ("--clock", fast_clock(), "--promises", f"erp.accrue={promise}")
    with simulator("erp", tmp_path / "erp", *arguments) as erp:
        for _ in range(2):
            erp.post("/loads/LD-3/accruals", told, key="K1")
        looked_up = call("GET", f"{erp.url}/effects/K1").status
        entries = erp.entries("verb=erp.accrue")

    assert looked_up == found
    assert [entry["kind"] for entry in entries] == kinds


def test_the_old_erp_books_a_file_of_several_shares_as_one_accrual(tmp_path: Path) -> None:
    order = world(1, 20, DAY.date()).of_company(LEGACY_COMPANY)[0].order_id
    columns = (
        "load_id;charge;kind;carrier_scac;invoice_no;currency;amount;before;revision;"
        "business_date;ledger_currency;ledger_amount;rate;rate_date;rule;proof;order_no;share"
    )
    row = "LD;FUEL;FUEL;ROAD;;EUR;10.01;0.00;1;2026-03-28;;;;;r;p;"
    files = {
        "accrual-k1.csv": f"{columns}\r\n{row}{order};5.01\r\n{row}{order};5.00\r\n",
        "accrual-k2.csv": f"{columns}\r\n{row}{order};5.01\r\n{row}{order};4.99\r\n",
    }
    folders = ("--drop-dir", str(tmp_path / "drop"), "--reference-dir", str(tmp_path / "back"))
    arguments = ("--format", "csv", *folders, "--clock", fast_clock(), "--orders", "20")
    with simulator("erp", tmp_path / "old", *arguments) as erp:
        eventually(lambda: bool(erp.get("/progress")["begun"]))
        for name, content in files.items():
            (tmp_path / "back" / name).write_text(content)
        entries = erp.entries("verb=erp.accrue")

    assert [(each["kind"], each["content_key"]) for each in entries] == [
        ("received", "accrual/LD/FUEL/1"),
        ("refused", "accrual/LD/FUEL/1"),
    ]
    assert entries[0]["content"]["shares"] == [
        {"order_id": order, "amount": euros("5.01")},
        {"order_id": order, "amount": euros("5.00")},
    ]
