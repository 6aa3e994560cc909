"""A whole day through the naive sync: honest work without faults, and what faults make of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from crossdock.simulators.auditor import Violations, audit
from crossdock.simulators.patrol import Patrol, Sites
from crossdock.simulators.places import CUSTOMERS
from tests.simulators.kit import Partner, eventually, fast_clock, free_port, simulator

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
def street(path: Path, faults: str) -> Iterator[Street]:
    """Open a street: two ERPs, a TMS, three carriers and the sync."""
    port = free_port()
    naive_url = f"http://127.0.0.1:{port}"
    intake = f"{naive_url}/system/v1/partners"
    folders = ("--drop-dir", str(path / "drop"), "--reference-dir", str(path / "back"))
    usual = ("--clock", fast_clock(50_000), "--faults", faults, "--orders", ORDERS)
    with ExitStack() as open_ones:

        def start(kind: str, name: str, *arguments: str) -> Partner:
            told = ("--intake-url", f"{intake}/{name}", *usual, *arguments)
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


async def walked(here: Street, *, watching: bool) -> Violations:
    """Let the day pass, and audit it."""
    async with Patrol(here.sites) as patrol:
        done = asyncio.Event()
        watch = asyncio.create_task(patrol.watch(done, every_seconds=0.05)) if watching else None
        for _ in range(3):
            await asyncio.to_thread(eventually, here.is_quiet)
            await asyncio.sleep(0.3)
        done.set()
        if watch:
            await watch
        evidence = await patrol.evidence()
    assert evidence.pages
    return audit(evidence)


def test_a_day_without_faults_has_no_violations(tmp_path: Path) -> None:
    with street(tmp_path, "") as here:
        found = asyncio.run(walked(here, watching=False))

    assert found.counts() == dict.fromkeys(found.counts(), 0)


def test_a_day_with_faults_shows_every_kind_of_violation(tmp_path: Path) -> None:
    faults = "down=0.1,lost=0.3,slow=0.2,unknown_code=0.3,outage=10:00-12:00"
    with street(tmp_path, faults) as here:
        found = asyncio.run(walked(here, watching=True))

    assert [name for name, count in found.counts().items() if count == 0] == []
