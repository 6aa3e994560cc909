"""The pages of finance by keyboard and by ear: headings, labels, names of tables, what to do next.

Rules: WCAG 2.2, 1.3.1 (headings, tables), 2.4.6 (labels), 3.3.2 (fields), 4.1.2 (names).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest

from crossdock.canonical.money import Money
from crossdock.messages.envelope import Message
from crossdock.messages.freight_reconciliation import (
    DifferenceKind,
    FreightReconciled,
    LedgerDifference,
    LedgerPosting,
    LedgerStanding,
    LedgerTotal,
)
from crossdock.ports.store import Store
from crossdock.projections.freight_reconciliation import project
from crossdock.simulators.books_audit import Differing
from crossdock.simulators.pages import read_page
from crossdock.store.sqlite import open_sqlite
from tests.apis.asgi import call
from tests.apis.freight_rows import PICTURE, paint
from tests.apis.rows import NIGHT, rows_of
from tests.pages.house import house

SUNDAY = date(2026, 3, 29)
PAGES = [
    "finance",
    "finance?view=disputes",
    "finance?view=accruals",
    "finance/load?id=L-1",
    "finance/unposted",
    "finance/reconciliation",
    "finance/reconciliation?date=2020-01-01",
]
VOID = {"input", "br", "meta", "link", "img", "hr"}


def eur(minor: int) -> Money:
    return Money(minor=minor, currency="EUR")


def difference(kind: DifferenceKind, charge: str) -> LedgerDifference:
    return LedgerDifference(
        ledger="erp",
        kind=kind,
        line=f"erp/accrual/L-1/{charge}",
        posting=LedgerPosting.ACCRUAL,
        load_id="L-1",
        carrier_scac="ROAD",
        ours=eur(48_000),
        times=0,
        charge=charge,
    )


DAY = FreightReconciled(
    business_date=SUNDAY,
    ledgers=(LedgerStanding(ledger="erp", as_of=NIGHT), LedgerStanding(ledger="tms", as_of=None)),
    totals=(
        LedgerTotal(
            ledger="erp",
            posting=LedgerPosting.ACCRUAL,
            carrier_scac="ROAD",
            currency="EUR",
            our_count=2,
            our_sum=eur(96_000),
            their_count=1,
            their_sum=eur(48_000),
        ),
    ),
    differences=(
        difference(DifferenceKind.MISSING, "LINEHAUL"),
        difference(DifferenceKind.ON_ITS_WAY, "FUEL"),
    ),
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store that knows one load's money, and one business date that differs."""
    made = open_sqlite(tmp_path / "store.db")
    paint(made, PICTURE)
    message = Message(
        id="m",
        tenant="main",
        correlation_id="",
        causation_id="",
        received_at=NIGHT,
        origin="process:freight_reconciliation",
        body=DAY,
    )
    with made.write() as unit:
        unit.put_projections(rows_of(project(message)))
    yield made
    made.close()


class Page(HTMLParser):
    """What a page offers to who does not see it."""

    def __init__(self, text: str) -> None:
        """Read it."""
        super().__init__()
        self.headings: list[int] = []
        self.ids: list[str] = []
        self.labelled: set[str] = set()
        self.fields: list[str] = []
        self.unnamed_tables = 0
        self.bare_headers = 0
        self.depth: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what matters of a tag."""
        told = {name: value or "" for name, value in attrs}
        self.ids += [told["id"]] if "id" in told else []
        if tag in {"h1", "h2", "h3", "h4"}:
            self.headings.append(int(tag[1]))
        if tag == "label":
            self.labelled.add(told.get("for", ""))
        if tag in {"input", "select", "textarea"} and told.get("type") != "hidden":
            self.fields.append(told.get("id", ""))
        self.unnamed_tables += tag == "table" and not told.get("aria-label")
        self.bare_headers += tag == "th" and "scope" not in told
        if tag not in VOID:
            self.depth.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Hold the tags against each other."""
        assert self.depth.pop() == tag, f"</{tag}> closes something else"


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_finance_is_read_in_order_and_every_part_has_a_name(
    page: str, store: Store
) -> None:
    read = Page(call(house(store), "GET", f"/console/{page}").text)

    steps = [
        after - before for before, after in zip(read.headings, read.headings[1:], strict=False)
    ]
    assert (read.headings[0], read.headings.count(1), max(steps, default=0) <= 1) == (1, 1, True)
    assert [each for each in read.ids if read.ids.count(each) > 1] == []
    assert [each for each in read.fields if each not in read.labelled] == []
    assert (read.unnamed_tables, read.bare_headers, read.depth) == (0, 0, [])


def test_the_reconciliation_begins_with_what_differs_and_where(store: Store) -> None:
    text = call(house(store), "GET", "/console/finance/reconciliation").text

    assert '<strong>1</strong> of 1 business date differs: <a href="#d-2026-03-29">' in text
    assert "waive the one of 2026-03-29" in text
    assert text.index("data-difference") < text.index("data-total")


def test_what_is_on_its_way_is_shown_and_counts_as_no_difference(store: Store) -> None:
    text = call(house(store), "GET", "/console/finance/reconciliation").text

    assert 'data-awaited="on_its_way"' in text
    assert read_page(text).differing == (
        Differing(business_date="2026-03-29", line="accrual/L-1/LINEHAUL", kind="missing"),
    )


@pytest.mark.parametrize(
    ("page", "next_step"),
    [
        ("finance/reconciliation?date=2020-01-01", "(document <code>statement</code>)"),
        ("finance/unposted", '<a href="/console/finance/reconciliation">'),
        ("finance?view=disputes&carrier=NONE", '<a href="/console/finance?view=disputes">'),
        ("finance?view=disputes", '<a href="/console/finance?view=all">'),
    ],
)
def test_an_empty_page_says_what_to_do(page: str, next_step: str, store: Store) -> None:
    text = call(house(store), "GET", f"/console/{page}").text

    (said,) = [each for each in text.split("<p ") if each.startswith('class="empty"')]
    assert next_step in said
