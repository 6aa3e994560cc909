"""A simulated ledger closes its day: its statements go over the real wire, and are audited."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from crossdock.simulators import mischief
from crossdock.simulators.books_audit import Differing, books_not_reconciled
from crossdock.simulators.clock import AcceleratedClock
from crossdock.simulators.closing import due_statements
from crossdock.simulators.ledger import Entry, Ledger, Told
from crossdock.simulators.legacy_erp import Folders, LegacyErp
from crossdock.simulators.partner import Setup
from crossdock.simulators.world import world
from tests.simulators.kit import DAY, ear, eventually, fast_clock, simulator

NIGHT = datetime(2026, 3, 29, 22, tzinfo=UTC)
EUR = {"amount": "480.00", "currency": "EUR"}
COPY = {
    "load_id": "L-1",
    "invoice_id": "R1",
    "carrier_scac": "ROAD",
    "billed": EUR,
    "payable": EUR,
    "revision": 1,
    "document": "FI-1",
    "business_date": "2026-03-29",
}


def booked(revision: int = 1) -> Entry:
    content = {**COPY, "charge": "LINEHAUL", "amount": EUR, "revision": revision}
    return Entry(
        at=NIGHT,
        kind="received",
        verb="erp.accrue",
        content_key=f"accrual/{revision}",
        content=content,
        document_id=f"FA-{revision}",
    )


def drawn(ledger: Ledger, at: datetime, *, every: bool, faults: str = "") -> list[Told]:
    trouble = mischief.parse(faults, seed=1)
    return [told for told, _ in due_statements(ledger, trouble, at, every=every)]


def test_by_night_a_date_is_told_again_only_where_it_has_changed(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "erp.ledger")
    ledger.write(booked())

    first = drawn(ledger, NIGHT, every=False)
    quiet = drawn(ledger, NIGHT + timedelta(days=1), every=False)
    asked = drawn(ledger, NIGHT + timedelta(days=2), every=True)
    ledger.write(booked(revision=2))
    changed = drawn(ledger, NIGHT + timedelta(days=3), every=False)

    numbers = [[each.content["number"] for each in round_] for round_ in (first, asked, changed)]
    assert (numbers, quiet) == ([[1], [2], [3]], [])
    assert first == [
        Told(
            verb="statement",
            content_key="statement/2026-03-29/1",
            content={
                "event": {
                    "event_id": "statement/2026-03-29/1",
                    "event_type": "ledger.statement",
                    "occurred_at": "2026-03-29T22:00:00+00:00",
                    "business_date": "2026-03-29",
                    "lines": [],
                },
                "number": 1,
                "planted": (),
            },
        )
    ]


def test_a_partner_with_books_tells_them_when_it_is_asked(tmp_path: Path) -> None:
    with ear() as crossdock:
        arguments = ("--intake-url", crossdock.url, "--faults", "copy_lost=1")
        with simulator("tms", tmp_path / "tms", *arguments) as tms:
            tms.post("/loads/L-1/freight-invoices", COPY)
            told = tms.post("/statements", {}).content
            eventually(lambda: bool(crossdock.events("statement")))
            (sent,) = tms.entries("verb=statement&kind=sent")

    (event,) = crossdock.events("statement")
    assert told == {"statements": 1}
    assert (event["business_date"], event["lines"]) == ("2026-03-29", [])
    assert sent["content"]["planted"] == [["invoice/ROAD/R1", "missing"]]


def test_a_partner_with_books_tells_them_at_midnight(tmp_path: Path) -> None:
    with ear() as crossdock:
        arguments = ("--intake-url", crossdock.url, "--clock", fast_clock())
        with simulator("tms", tmp_path / "tms", *arguments) as tms:
            tms.post("/loads/L-1/freight-invoices", COPY)
            eventually(lambda: bool(crossdock.events("statement")))

    (event, *_) = crossdock.events("statement")
    assert [each["invoice_id"] for each in event["lines"]] == ["R1"]


def file_erp(tmp_path: Path) -> LegacyErp:
    clock = AcceleratedClock(real_epoch=datetime.now(UTC), simulated_epoch=DAY, factor=1)
    setup = Setup(seed=1, clock=clock, ledger=tmp_path / "legacy.ledger", targets={})
    folders = Folders(drop=tmp_path / "in", references=tmp_path / "out")
    return LegacyErp(setup, world(1, 2, DAY.date()), folders)


def test_what_lies_unread_in_its_folder_is_left_to_do_and_needs_no_part(tmp_path: Path) -> None:
    legacy = file_erp(tmp_path)
    before = legacy.left()
    (legacy.folders.references / "freight_invoice-1.csv").write_text(
        "load_id;invoice_no;carrier_scac;currency;billed;payable;revision;business_date;charges;"
        "rule;order_no;share\nL-1;R1;ROAD;EUR;0;0;1;2026-03-29;;;;\n"
    )

    unread = legacy.left() - before
    legacy.before_reading()

    kinds = [(each.kind, each.content_key) for each in legacy.ledger.entries()]
    assert (unread, kinds) == (1, [("received", "freight_invoice/ROAD/R1/1")])
    assert legacy.left() == before


def test_an_erp_that_exchanges_files_drops_its_statements(tmp_path: Path) -> None:
    legacy = file_erp(tmp_path)
    legacy.ledger.write(booked())

    legacy.draw_statements(every=True)

    (path,) = legacy.folders.drop.glob("*.csv")
    header, row = path.read_text("utf-8").splitlines()
    assert path.name == "statement-2026-03-29-1.csv"
    assert header == (
        "business_date;drawn_at;posting;load_id;charge;invoice_no;part;carrier_scac;amount;"
        "currency;document_no"
    )
    assert row.split(";")[2:] == "accrual;L-1;LINEHAUL;;;ROAD;480,00;EUR;FA-1".split(";")


def sent(number: int, *planted: tuple[str, str]) -> Entry:
    content: dict[str, Any] = {
        "event": {"business_date": "2026-03-29"},
        "number": number,
        "planted": planted,
    }
    return Entry(at=NIGHT, kind="sent", verb="statement", content_key="s", content=content)


def test_what_clerks_did_and_nobody_was_told_is_named_and_so_is_what_they_did_not() -> None:
    ledger = [sent(1, ("accrual/L-1/FUEL", "missing")), sent(2, ("invoice/ROAD/R1", "doubled"))]
    told = [Differing(business_date="2026-03-29", line="accrual/L-2/FUEL", kind="missing")]

    assert list(books_not_reconciled([ledger], told)) == [
        "accrual/L-2/FUEL of 2026-03-29 was told as missing, and is not",
        "invoice/ROAD/R1 of 2026-03-29 is doubled, and nobody was told",
    ]
    assert list(books_not_reconciled([ledger], None)) == []


def test_a_posting_that_stands_before_a_person_is_not_judged() -> None:
    ledger = [sent(1, ("invoice/ROAD/R1", "missing"))]
    told = [Differing(business_date="2026-03-29", line="invoice/ROAD/R2", kind="unknown_to_us")]

    assert list(books_not_reconciled([ledger], told, frozenset({"ROAD/R1", "ROAD/R2"}))) == []


def test_the_same_difference_in_two_ledgers_is_told_twice() -> None:
    ledgers = [[sent(1, ("invoice/ROAD/R1", "missing"))]] * 2
    told = [Differing(business_date="2026-03-29", line="invoice/ROAD/R1", kind="missing")]

    assert list(books_not_reconciled(ledgers, told * 2)) == []
    assert list(books_not_reconciled(ledgers, told)) == [
        "invoice/ROAD/R1 of 2026-03-29 is missing, and nobody was told"
    ]
