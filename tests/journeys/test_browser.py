"""A customer and an operator at their browsers, at the end of a day with faults."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Locator, Page

from crossdock.cli.demonstration.day import quiet, ready, until_over
from crossdock.cli.demonstration.stage import Plan, Stage, stop
from crossdock.simulators.ledger import Ledger
from tests.journeys.browser import browsing, chromium
from tests.journeys.days import clock_soon

pytestmark = pytest.mark.skipif(not chromium(), reason="Chromium is not installed")

ORDERS = 24
FACTOR = 36_000.0
DELIVERED = {"DELIVERED", "POD_AVAILABLE"}
PICTURES = "CROSSDOCK_PICTURES"  # a folder; where it is named, what was seen is kept there


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A day that is over; crossdock still serves its pages."""
    folder = tmp_path_factory.mktemp("world")
    stage = Stage(Plan(folder=folder, clock=clock_soon(FACTOR), orders=ORDERS, seed=3))
    hub = stage.start("crossdock", stage.hub_command())
    try:
        with stage.partners():
            asyncio.run(lived(stage))
        yield stage
    finally:
        stop(hub)


async def lived(stage: Stage) -> None:
    await ready(stage)
    await until_over(stage, lambda: quiet(stage), lambda _line: None)


@pytest.fixture
def page(request: pytest.FixtureRequest) -> Iterator[Page]:
    """A browser's empty page; a picture of how it ended is kept where a folder is named."""
    with browsing() as opened:
        yield opened
        if PICTURES in os.environ:
            file = Path(os.environ[PICTURES]) / f"{request.node.name}.png"
            opened.screenshot(path=file, full_page=True)


def referenced(stage: Stage) -> dict[str, set[str]]:
    """Name the shipments that the ERPs know of at the end, by the customer who ordered them."""
    entries = [each for name in ("erp", "legacy") for each in Ledger(stage.ledger(name)).entries()]
    orders = [
        each.content.get("order", each.content)
        for each in entries
        if (each.verb, each.kind) == ("order.released", "sent")
    ]
    whose = {str(each["order_id"]): str(each["customer_id"]) for each in orders}
    known: dict[str, set[str]] = {customer: set() for customer in whose.values()}
    for each in entries:
        if each.kind != "received" or not each.verb.endswith("_reference"):
            continue
        mine = known[whose[str(each.content["order_id"])]]
        change = mine.add if each.verb == "erp.write_reference" else mine.discard
        change(str(each.content["shipment_id"]))
    return known


def delivered(stage: Stage) -> tuple[str, dict[str, Any]]:
    """Find a delivered shipment by the experience API, and the customer who may see it."""
    for customer, key in sorted(stage.api_keys.items()):
        for each in asked(stage, key, "/experience/v1/shipments")["shipments"]:
            if each["status"]["milestone"] in DELIVERED:
                path = f"/experience/v1/shipments/{each['shipment_id']}"
                return customer, asked(stage, key, path)
    raise LookupError("nothing was delivered on this day")


def asked(stage: Stage, key: str, path: str) -> Any:
    """Ask the experience API as a customer."""
    request = urllib.request.Request(f"{stage.hub_url}{path}", headers={"X-API-Key": key})  # noqa: S310 - our own address
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - as above
        return json.loads(answer.read())


def traced(stage: Stage, number: str) -> Any:
    """Ask the command line for the story of a number."""
    command = [sys.executable, "-m", "crossdock.cli", "trace", number, "--json"]
    told = subprocess.run(
        [*command, "--config", str(stage.config_file)], check=True, capture_output=True
    )
    return json.loads(told.stdout)


def enter(page: Page, stage: Stage, customer: str) -> None:
    page.goto(f"{stage.hub_url}/portal/shipments")
    page.get_by_label("API key").fill(stage.api_keys[customer])
    page.get_by_role("button", name="Show my shipments").click()


def test_a_customer_sees_the_shipments_that_the_erp_knows_of_and_no_others(
    day: Stage, page: Page
) -> None:
    (customer, wanted), *_ = sorted(referenced(day).items())

    enter(page, day, customer)

    shown = set(page.locator("tbody th").all_inner_texts())
    assert shown == wanted


def test_a_shipment_tells_its_news_with_who_said_it_and_as_of_when(day: Stage, page: Page) -> None:
    customer, shipment = delivered(day)

    enter(page, day, customer)
    page.get_by_role("link", name=shipment["shipment_id"]).click()

    told = page.locator("article")
    assert told.get_attribute("data-status") == shipment["status"]["milestone"]
    fresh = told.locator(".freshness")
    assert (fresh.get_attribute("data-as-of"), fresh.get_attribute("data-source")) == (
        shipment["freshness"]["as_of"],
        shipment["freshness"]["source"],
    )
    assert told.locator("li strong").all_inner_texts() == [
        each["words"] for each in reversed(shipment["milestones"])
    ]


def test_an_operator_reads_why_and_lets_an_exception_go_with_a_reason(
    day: Stage, page: Page
) -> None:
    page.goto(f"{day.hub_url}/console/exceptions")
    first = page.locator("tbody th a").first
    cause = first.inner_text()

    first.click()
    waive = page.locator("form[action$=waive]")
    waive.get_by_label("Your name").fill("Ann")
    waive.get_by_label("Reason").fill("Settled by telephone")
    waive.get_by_role("button").click()

    assert page.locator("h1").inner_text() == cause
    assert page.locator(".why").inner_text() == "Waived by Ann: Settled by telephone"


def test_an_operator_types_a_purchase_order_and_reads_its_story(day: Stage, page: Page) -> None:
    _, shipment = delivered(day)
    number = shipment["customer_references"][0]

    page.goto(f"{day.hub_url}/console/")
    page.get_by_label("Any number").fill(number)
    page.get_by_role("button", name="Trace").click()

    assert page.locator(".why").inner_text() == traced(day, number)["why"]


def test_an_operator_with_a_telephone_finds_the_search_and_sees_which_states_are_shown(
    day: Stage, page: Page
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})

    page.goto(f"{day.hub_url}/console/acknowledgements?status=all")

    header, search = page.locator("header"), page.locator("header button")
    assert right_of(search) <= right_of(header)
    shown = page.locator("nav a[aria-current]")
    assert shown.all_inner_texts() == ["all"]
    assert shown.evaluate("each => getComputedStyle(each).textDecorationLine") == "none"


# What sticks out to the right, of the page or of the part that would have to be pushed sideways.
STICKS_OUT = """() => [...document.querySelectorAll("html, main, table")]
    .filter((each) => each.scrollWidth > each.clientWidth + 1)
    .map((each) => each.tagName + " " + each.scrollWidth)"""
# The cells of tables that are called otherwise than their column, where rows stand as blocks.
MISNAMED = """() => [...document.querySelectorAll("tbody tr")].flatMap((row) => {
    const heads = [...row.closest("table").querySelectorAll("thead th")]
        .map((th) => th.textContent);
    return [...row.cells].filter((cell) => cell.tagName === "TD" && cell.colSpan === 1)
        .filter((cell) => cell.dataset.name !== heads[cell.cellIndex])
        .map((cell) => cell.outerHTML.slice(0, 80));
})"""


def pages(stage: Stage, page: Page) -> list[str]:
    """Name every kind of page that has tables, as an operator and a customer may open it."""
    customer, shipment = delivered(stage)
    enter(page, stage, customer)
    paths = [
        "/portal/shipments",
        f"/portal/shipments/{shipment['shipment_id']}",
        "/console/",
        "/console/exceptions",
        "/console/acknowledgements?status=all",
        "/console/finance/reconciliation",
        "/console/finance/unposted",
        "/console/finance?view=all",
        f"/console/trace?q={shipment['order_ids'][0]}",
    ]
    for list_, link in (("", "td a"), ("exceptions", "th a"), ("finance?view=all", "th a")):
        page.goto(f"{stage.hub_url}/console/{list_}")
        paths.append(str(page.locator(f"tbody {link}").first.get_attribute("href")))
    return paths


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_what_it_is_seen_on(
    day: Stage, page: Page, width: int, colours: Literal["light", "dark"]
) -> None:
    paths = pages(day, page)
    page.set_viewport_size({"width": width, "height": 844})
    page.emulate_media(color_scheme=colours)

    seen = {}
    for number, path in enumerate(paths):
        page.goto(f"{day.hub_url}{path}")
        seen[path] = (page.evaluate(STICKS_OUT), page.evaluate(MISNAMED))
        if PICTURES in os.environ:
            file = Path(os.environ[PICTURES]) / f"{number:02d}-{width}-{colours}.png"
            page.screenshot(path=file, full_page=True)

    assert seen == dict.fromkeys(paths, ([], []))


def right_of(found: Locator) -> float:
    box = found.bounding_box()
    assert box is not None
    return box["x"] + box["width"]
