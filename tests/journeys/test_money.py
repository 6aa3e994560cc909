"""Two persons of finance at their browsers: a bill too high, approved, posted, reconciled."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.journeys.browser import browsing, chromium
from tests.journeys.money import MoneyHouse, event, live, money_house
from tests.journeys.test_browser import PICTURES

pytestmark = pytest.mark.skipif(not chromium(), reason="Chromium is not installed")

INVOICE = "/freight-invoices"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MoneyHouse]:
    """A house where one load waits for finance."""
    with money_house(tmp_path_factory.mktemp("money")) as running:
        live(running)
        running.until("freight?view=accruals", lambda told: told["charges"])
        yield running


@pytest.fixture
def page() -> Iterator[Page]:
    """A browser's empty page."""
    with browsing() as opened:
        yield opened


def picture(page: Page, name: str) -> None:
    """Keep what is seen where a folder is named."""
    if PICTURES in os.environ:
        page.screenshot(path=Path(os.environ[PICTURES]) / f"money-{name}.png", full_page=True)


def enter(page: Page, house: MoneyHouse, person: str) -> None:
    page.goto(f"{house.url}/console/login")
    page.get_by_label("Operator's token").fill(person)
    page.get_by_role("button", name="Enter").click()


def open_load(page: Page, house: MoneyHouse) -> None:
    page.goto(f"{house.url}/console/finance")
    picture(page, "queue")
    page.get_by_role("link", name="LD-1").first.click()


def approve(page: Page, reason: str) -> str:
    """Approve the line haul with a reason; answer what the page says then."""
    page.get_by_text("Decide about LINEHAUL").click()
    picture(page, "deciding")
    form = page.locator("details[data-decide=LINEHAUL] form[data-verdict=approve]")
    form.get_by_label("Reason").fill(reason)
    form.get_by_role("button").click()
    return page.locator(".said").inner_text()


def at_the_terminal(house: MoneyHouse, person: str) -> str:
    """Approve the line haul at a terminal beside the running house; answer what it says."""
    token = house.config.parent / f"{person}.token"
    token.write_text(person, "utf-8")
    told = subprocess.run(
        [
            *(sys.executable, "-m", "crossdock.cli", "freight", "decide", "LD-1", "approve"),
            *("--charge", "LINEHAUL", "--reason", "agreed", "--token-file", str(token)),
            *("--config", str(house.config)),
        ],
        capture_output=True,
        check=True,
    )
    return told.stdout.decode()


def linehaul(house: MoneyHouse) -> Any:
    load = house.until(
        "freight/LD-1",
        lambda told: all(each["state"] == "invoiced" for each in told["charges"]),
    )
    return next(each for each in load["charges"] if each["charge"] == "LINEHAUL")


def test_a_bill_too_high_is_approved_by_two_and_posted_once(house: MoneyHouse, page: Page) -> None:
    enter(page, house, "ann")
    open_load(page, house)
    shown = page.locator("tr[data-charge=LINEHAUL] .money").all_inner_texts()
    first = approve(page, "agreed by telephone")
    again = at_the_terminal(house, "ann")
    enter(page, house, "ben")
    open_load(page, house)
    waiting = page.locator(".proposal").first.inner_text()
    second = approve(page, "seen the contract")
    posted = linehaul(house)
    page.reload()
    picture(page, "posted")

    assert shown == ["500.00 USD", "602.19 USD", "102.19 USD"]
    assert first == "Proposed for LINEHAUL; a second person must say the same"
    assert again == "You have proposed this already; a second person must say the same\n"
    assert waiting == "approve proposed by ann; a second person must say the same"
    # The ERP may have answered before the page is shown.
    assert second in {"Decided: LINEHAUL is confirmed", "Decided: LINEHAUL is invoiced"}
    assert (posted["by"], posted["posted"]) == (
        "ann, ben",
        {"amount": "602.19", "currency": "USD"},
    )
    assert page.locator("tr[data-charge=LINEHAUL]").get_attribute("data-state") == "invoiced"
    assert [body["payable"] for path, body in house.asked if path == INVOICE] == [
        {"amount": "659.40", "currency": "USD"}
    ]


def test_the_story_is_found_by_the_invoice_and_goes_on_paper(house: MoneyHouse, page: Page) -> None:
    linehaul(house)

    page.goto(f"{house.url}/console/trace?q=INV-7")
    rows = page.locator("tr[data-charge]")
    paper = house.paper("LD-1")

    picture(page, "trace")
    assert [each.get_attribute("data-state") for each in rows.all()] == ["invoiced", "invoiced"]
    assert [each.get_attribute("data-by") for each in decided(page, house)] == ["ann", "ben"]
    assert paper.startswith(b"%PDF-1.7")


def decided(page: Page, house: MoneyHouse) -> list[Any]:
    """Open the load, and find who decided."""
    open_any(page, house, "settled")
    return page.locator("tr[data-action]").all()


def open_any(page: Page, house: MoneyHouse, view: str) -> None:
    page.goto(f"{house.url}/console/finance?view={view}")
    page.get_by_role("link", name="LD-1").first.click()


def test_what_a_ledger_holds_otherwise_is_found_at_the_end_of_the_day(
    house: MoneyHouse, page: Page
) -> None:
    linehaul(house)
    booked = {path: body["business_date"] for path, body in house.asked if "business_date" in body}
    line = {"load_id": "LD-1", "carrier_scac": "ROAD", "posting": "accrual"}
    fuel = {**line, "charge": "FUEL", "amount": {"amount": "57.21", "currency": "USD"}}
    wrong = {**line, "charge": "LINEHAUL", "amount": {"amount": "600.00", "currency": "USD"}}
    # The invoice stands under no date at all.
    days = {booked[INVOICE]: [], booked["/loads/LD-1/accruals"]: [fuel, wrong]}

    for number, (on, lines) in enumerate(days.items()):
        told = {"business_date": on, "lines": lines}
        at = "2099-01-01T00:00:00Z"
        house.tell("erp", "statement", event(f"S-{number}", "ledger.statement", at, **told))
    house.until("reconciliations", lambda told: len(told["days"]) == len(days))
    page.goto(f"{house.url}/console/finance/reconciliation")
    picture(page, "reconciliation")
    ended = subprocess.run(
        [sys.executable, "-m", "crossdock.cli", "reconcile", "--json", "--config", house.config],
        capture_output=True,
        check=False,
    )

    found = page.locator("tr[data-difference]").all()
    assert sorted(str(each.get_attribute("data-difference")) for each in found) == [
        "missing",
        "other_amount",
    ]
    assert (ended.returncode, len(json.loads(ended.stdout)["days"])) == (8, len(days))
