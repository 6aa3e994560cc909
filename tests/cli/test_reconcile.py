"""A day held against the ledgers: what programs, pages and the terminal tell of it."""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import date

import pytest
from msgspec.structs import replace

from crossdock.messages.envelope import Body
from crossdock.messages.freight_reconciliation import LedgerStatementReceived
from crossdock.messages.freight_settlement import FreightPosted
from crossdock.ports.store import ProjectionRow, Store
from crossdock.projections.freight_reconciliation import project
from crossdock.store.sqlite import open_sqlite
from tests.apis.asgi import call
from tests.apis.rows import rows_of
from tests.cli.conftest import Terminal
from tests.pages.house import house
from tests.processes.test_freight_reconciliation import (
    MONDAY,
    SUNDAY,
    accrued,
    day,
    held,
    message,
    statement,
)


def reconciled(
    on: date, posted: Sequence[FreightPosted], told: LedgerStatementReceived
) -> list[ProjectionRow]:
    """What the read model keeps of a day after its postings and this statement."""
    said: list[object] = [*posted, *day(on, *posted).tell(told)]
    heard = [message(each) for each in said if isinstance(each, Body)]
    return rows_of(put for each in heard for put in project(each))


@pytest.fixture
def known(terminal: Terminal) -> Iterator[Store]:
    """A store that knows a day on which the ERP's ledger differs, and one on which it agrees."""
    store = open_sqlite(terminal.folder / "crossdock.db")
    one, two = accrued("L-1"), accrued("L-2", 1_000)
    wrong = held(replace(one, amount=replace(one.amount, minor=65_900)))
    with store.write() as unit:
        unit.put_projections(
            [
                *reconciled(SUNDAY, [one, two], statement(wrong, held(two), held(two))),
                *reconciled(MONDAY, [accrued(on=MONDAY)], statement(held(accrued()), on=MONDAY)),
            ]
        )
    yield store
    store.close()


def test_programs_are_told_each_day_with_sums_and_differences(known: Store) -> None:
    told = call(house(known), "GET", "/process/v1/reconciliations").json["days"]

    assert [(each["business_date"], each["state"]) for each in told] == [
        ("2026-03-30", "agrees"),
        ("2026-03-29", "differs"),
    ]
    assert [(each["kind"], each["load_id"], each["times"]) for each in told[1]["differences"]] == [
        ("other_amount", "L-1", 1),
        ("doubled", "L-2", 2),
    ]
    assert told[1]["totals"] == [
        {
            "ledger": "erp",
            "posting": "accrual",
            "carrier_scac": "ROAD",
            "our_count": 2,
            "our_sum": {"amount": "669.40", "currency": "USD"},
            "their_count": 3,
            "their_sum": {"amount": "679.00", "currency": "USD"},
        }
    ]


def test_a_date_that_is_none_is_said(known: Store) -> None:
    heard = call(house(known), "GET", "/process/v1/reconciliations?date=yesterday")

    assert (heard.status, heard.json["detail"]) == (
        400,
        "yesterday is no date, such as 2026-03-29",
    )


@pytest.mark.parametrize(
    ("query", "days", "kinds"),
    [
        ("", ["2026-03-30", "2026-03-29"], ["other_amount", "doubled"]),
        ("?date=2026-03-30", ["2026-03-30"], []),
        ("?date=2026-03-31", [], []),
    ],
)
def test_the_page_shows_days_and_leads_to_the_loads(
    known: Store, query: str, days: list[str], kinds: list[str]
) -> None:
    text = call(house(known), "GET", f"/console/finance/reconciliation{query}").text

    assert re.findall('data-date="([^"]*)"', text) == days
    assert re.findall('data-difference="([^"]*)"', text) == kinds
    assert re.findall("<script|style=", text) == []


@pytest.mark.usefixtures("known")
def test_the_terminal_ends_with_eight_where_something_differs(terminal: Terminal) -> None:
    sunday = terminal.run("reconcile", "--date", "2026-03-29")
    monday = terminal.run("reconcile", "--date", "2026-03-30", "--json")
    tuesday = terminal.run("reconcile", "--date", "2026-03-31")

    assert [sunday.code, monday.code, tuesday.code] == [8, 0, 0]
    assert sunday.answer.splitlines() == [
        "2026-03-29: differs (erp as of Sun 29 Mar 2026 23:00 UTC)",
        "LEDGER  POSTING  CARRIER  OURS  SUM         THEIRS  SUM",
        "erp     accrual  ROAD     2     669.40 USD  3       679.00 USD",
        "! other amount: erp accrual of L-1 LINEHAUL, ours 659.40 USD, theirs 659.00 USD",
        "! doubled: erp accrual of L-2 LINEHAUL, ours 10.00 USD, theirs 10.00 USD",
    ]
    assert [each["state"] for each in json.loads(monday.answer)["days"]] == ["agrees"]
    assert tuesday.said == "No ledger has sent a statement of that.\n"


def test_a_day_is_found_by_its_state(known: Store) -> None:
    with known.read() as reader:
        found = reader.find("main", "freight_reconciliation", {"state": "differs"})

    assert [row.key for row in found] == ["2026-03-29"]
