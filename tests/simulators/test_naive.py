"""A whole day through the naive sync: honest work without faults, and what faults make of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from crossdock.simulators.auditor import Violations, audit
from crossdock.simulators.patrol import Patrol, Sites
from crossdock.simulators.places import CUSTOMERS
from tests.simulators.kit import (
    PATIENCE_SECONDS,
    Partner,
    eventually,
    fast_clock,
    free_port,
    simulator,
)

ORDERS = "30"


class Street:
    """All partners of a day, with the naive sync between them."""

    def __init__(self, sites: Sites, partners: tuple[Partner, ...]) -> None:
        """Know them."""
        self.sites = sites
        self.partners = partners

    def is_quiet(self) -> bool:
        """Tell whether nobody has anything more to tell."""
        return all(partner.get("/progress")["done"] for partner in self.partners)


@contextmanager
def street(path: Path, faults: str, *, of_the_erp: str = "") -> Iterator[Street]:
    """Open a street: two ERPs, a TMS, three carriers and the sync."""
    port = free_port()
    naive_url = f"http://127.0.0.1:{port}"
    intake = f"{naive_url}/system/v1/partners"
    folders = ("--drop-dir", str(path / "drop"), "--reference-dir", str(path / "back"))
    usual = ("--clock", fast_clock(50_000), "--orders", ORDERS)
    with ExitStack() as open_ones:

        def start(kind: str, name: str, *arguments: str) -> Partner:
            trouble = of_the_erp if of_the_erp and name == "erp" else faults
            told = ("--intake-url", f"{intake}/{name}", "--faults", trouble, *usual, *arguments)
            return open_ones.enter_context(simulator(kind, path / name, *told))

        carriers = {
            each: start("carrier", each, "--scac", each) for each in ("ROAD", "PARC", "OCEA")
        }
        urls = [f"{scac}={carrier.url}" for scac, carrier in carriers.items()]
        tms = start("tms", "tms", "--carriers", *urls)
        erp = start("erp", "erp")
        calls = ("--erp-url", erp.url, "--tms-url", tms.url, "--port", str(port))
        start("naive", "naive", *calls, *folders)
        old = start("erp", "old", "--format", "csv", *folders, "--after-url", erp.url)
        sites = Sites(
            portal=naive_url,
            customers={each.customer_id: {} for each in CUSTOMERS},
            erps=(erp.url, old.url),
            tms=tms.url,
            carriers=tuple(carrier.url for carrier in carriers.values()),
        )
        yield Street(sites, (erp, old, tms, *carriers.values()))


async def walked(here: Street) -> Violations:
    """Let the day pass, and audit it."""
    async with Patrol(here.sites) as patrol:
        for _ in range(3):
            await asyncio.to_thread(eventually, here.is_quiet)
            await asyncio.sleep(0.3)
        evidence = await patrol.evidence()
    assert evidence.pages
    return audit(evidence)


async def seen_ahead(here: Street) -> set[tuple[str, str]]:
    """Watch until a page shows what no ERP knows."""
    async with Patrol(here.sites) as patrol, asyncio.timeout(PATIENCE_SECONDS):
        while not patrol.ahead:
            for customer_id in here.sites.customers:
                await patrol.look(customer_id)
        return patrol.ahead


def test_a_day_without_faults_has_no_violations_but_early_accruals(tmp_path: Path) -> None:
    with street(tmp_path, "") as here:
        found = asyncio.run(walked(here))

    wrong = {name for name, count in found.counts().items() if count}
    assert wrong == {"accrual_without_proof"}  # it accrues at pickup


def test_lost_answers_and_strange_codes_are_more_than_it_can_bear(tmp_path: Path) -> None:
    with street(tmp_path, "lost=0.3,slow=0.1,unknown_code=0.3") as here:
        found = asyncio.run(walked(here))

    right = {name for name, count in found.counts().items() if count == 0}
    # it asks nobody for stock, and in this world no clerk errs
    assert right == {"portal_ahead_of_erp", "stock_not_conserved", "books_not_reconciled"}


def test_its_pages_run_ahead_of_an_erp_that_is_down(tmp_path: Path) -> None:
    with street(tmp_path, "", of_the_erp="down=1") as here:
        ahead = asyncio.run(seen_ahead(here))
        referenced = here.partners[0].entries("verb=erp.write_reference")

    assert ahead
    assert referenced == []
