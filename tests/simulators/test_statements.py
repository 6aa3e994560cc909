"""What a simulated ledger says it holds: what it was asked for, and what clerks did to it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from crossdock.simulators import mischief
from crossdock.simulators.ledger import Entry
from crossdock.simulators.statements import Day, by_day, event, held

SUNDAY, MONDAY = date(2026, 3, 29), date(2026, 3, 30)
NIGHT = datetime(2026, 3, 29, 22, tzinfo=UTC)


def eur(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


def accrual(amount: str = "480.00", revision: int = 1, document: str = "FA-1") -> Entry:
    return entry(
        "erp.accrue",
        document,
        load_id="L-1",
        charge="LINEHAUL",
        carrier_scac="ROAD",
        amount=eur(amount),
        business_date="2026-03-29",
        revision=revision,
    )


def copy() -> Entry:
    return entry(
        "tms.share_freight_invoice",
        "FC-1",
        load_id="L-1",
        invoice_id="R1",
        carrier_scac="ROAD",
        payable=eur("480.00"),
        business_date="2026-03-30",
    )


def entry(verb: str, document: str, kind: str = "received", **content: Any) -> Entry:
    return Entry(
        at=NIGHT,
        kind=kind,
        verb=verb,
        content_key=f"{verb}/{content.get('revision', 1)}",
        content=content,
        document_id=document,
    )


def days(*entries: Entry, faults: str = "") -> dict[date, Day]:
    return by_day(held(entries, mischief.parse(faults, seed=1)))


def line(amount: str = "480.00", document: str = "FA-1") -> dict[str, Any]:
    return {
        "posting": "accrual",
        "load_id": "L-1",
        "charge": "LINEHAUL",
        "carrier_scac": "ROAD",
        "amount": eur(amount),
        "document": document,
    }


def test_a_ledger_holds_what_it_was_asked_for_as_it_stands_last() -> None:
    found = days(accrual("500.00"), accrual("480.00", 2, "FA-2"), copy())

    invoice = {
        "posting": "invoice",
        "load_id": "L-1",
        "invoice_id": "R1",
        "carrier_scac": "ROAD",
        "amount": eur("480.00"),
        "document": "FC-1",
    }
    assert found == {SUNDAY: Day(lines=(line(document="FA-2"),)), MONDAY: Day(lines=(invoice,))}


def test_only_copies_are_lost() -> None:
    found = days(copy(), faults="copy_lost=1")

    assert found == {MONDAY: Day(planted=(("invoice/ROAD/R1", "missing"),))}


def test_what_was_taken_back_refused_or_repeated_is_not_in_it() -> None:
    refused = entry("erp.accrue", "", kind="refused")
    repeated = entry("erp.accrue", "FA-1", kind="repeated")

    assert days(accrual(), accrual("0", 2), refused, repeated) == {}


def test_the_same_booked_again_is_another_document() -> None:
    found = days(accrual(), accrual(document="FA-2"))

    assert found == {SUNDAY: Day(lines=(line(), line(document="FA-2")))}


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("reversed_by_hand", {SUNDAY: ((), "missing")}),
        ("copy_lost", {SUNDAY: ((line(),), "")}),
        ("double_booked", {SUNDAY: ((line(), line()), "doubled")}),
        ("mistyped", {SUNDAY: ((line("489.00"),), "other_amount")}),
        ("misdated", {SUNDAY: ((), "other_date"), MONDAY: ((line(),), "")}),
    ],
)
def test_what_clerks_do_is_planted_at_the_date_it_was_asked_for(
    fault: str, expected: dict[date, tuple[tuple[Any, ...], str]]
) -> None:
    found = days(accrual(), faults=f"{fault}=1")

    name = "accrual/L-1/LINEHAUL"
    assert found == {
        day: Day(lines=lines, planted=((name, planted),) if planted else ())
        for day, (lines, planted) in expected.items()
    }


def test_what_nobody_asked_for_stands_beside_what_was() -> None:
    found = days(accrual(), faults="booked_by_hand=1")

    stray = {**line("25", "BY_HAND"), "charge": "BY_HAND/LINEHAUL"}
    planted = (("accrual/L-1/BY_HAND/LINEHAUL", "unknown_to_us"),)
    assert found == {SUNDAY: Day(lines=(line(), stray), planted=planted)}


def test_a_statement_is_written_in_the_published_words() -> None:
    assert event(SUNDAY, [line()], NIGHT, 2) == {
        "event_id": "statement/2026-03-29/2",
        "event_type": "ledger.statement",
        "occurred_at": "2026-03-29T22:00:00+00:00",
        "business_date": "2026-03-29",
        "lines": [line()],
    }
