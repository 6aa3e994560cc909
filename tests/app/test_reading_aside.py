"""What reads the store waits beside the event loop, so that deliveries never wait for it."""

from __future__ import annotations

import asyncio
import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import psycopg

from benchmarks import flows
from crossdock.apis.access import Access, Seal
from crossdock.apis.experience.v1 import shipments as experience
from crossdock.apis.experience.v1.shipments import Shipments
from crossdock.apis.http import READERS_MAX, Ask, Reply, Route, reply_to
from crossdock.apis.problems import Declined
from crossdock.apis.process.v1.freight_routes import FreightApi, Money
from crossdock.apis.process.v1.operations import Operations, Snapshot
from crossdock.apis.process.v1.routes import ProcessApi
from crossdock.apis.system.v1.deliveries import PREFIX, Deliveries
from crossdock.app.compose import build
from crossdock.app.config import load_config
from crossdock.app.stores import Role
from crossdock.connectors import discover
from crossdock.console.finance import Finance
from crossdock.console.pages import Console
from crossdock.flow.shell import Shell
from crossdock.governance.entitlements import Customer, Customers
from crossdock.portal.pages import Portal
from crossdock.ports.store import Reader
from crossdock.store.memory import MemoryStore
from tests.apis.asgi import asked
from tests.apis.rows import NOW
from tests.apis.test_deliveries import CALLERS, RECEIPT, Ledger, marked
from tests.pages.house import Clerk

KEY = "a customer's key"
WHOLE = {"process": "order_release", "q": "SO-1", "id": "LD-1"}  # every question has what it needs
# They read nothing: forms, style sheets and the health of the process alone.
WITHOUT_A_STORE = {
    "/console/login",
    "/console/static/console.css",
    "/portal/",
    "/portal/static/portal.css",
}


def every_route(read: Snapshot) -> tuple[Route, ...]:
    """Give the routes of all pages and APIs over one way to a snapshot."""
    clerk, seal = Clerk(), Seal(b"key")
    access = Access("", seal, lambda: NOW, {})
    hidden = hashlib.sha256(KEY.encode()).hexdigest()
    customers = Customers([Customer(id="C-1", name="One", api_key_sha256=hidden)])
    money, operations = Money(read, "main", clerk), Operations(read, "main")
    shipments = Shipments(read, "main")
    deliveries = Deliveries("main", CALLERS, Ledger(RECEIPT), marked, lambda: NOW)
    return (
        *experience.routes(shipments, customers),
        *ProcessApi(operations, clerk, access, deliveries.by_hand).routes(),
        *FreightApi(money, access).routes(),
        *Portal(shipments, customers, seal, lambda: NOW, lambda: NOW).routes(),
        *Console(operations, clerk, access, lambda: NOW).routes(),
        *Finance(money, access, lambda: NOW).routes(),
    )


def asking(route: Route) -> Ask:
    """Ask for a page, with all that it may want to know."""
    names = re.findall(r"{(\w+)[.]*}", route.path)
    return Ask(
        method="GET",
        url=route.path,
        path=dict.fromkeys(names, "SO-1"),
        query={} if route.path.startswith(experience.BASE) else WHOLE,
        headers={"x-api-key": KEY, "host": "127.0.0.1"},
        client="127.0.0.1",
    )


def test_no_page_and_no_api_reads_the_store_on_the_event_loop() -> None:
    store, where = MemoryStore(), list[str]()

    @contextmanager
    def read() -> Iterator[Reader]:
        where.append(threading.current_thread().name.rpartition("_")[0])
        with store.read() as reader:
            yield reader

    silent = set()
    for route in every_route(read):
        if route.method == "GET":
            before = len(where)
            with suppress(Declined):
                asyncio.run(told(route))
            if len(where) == before:
                silent.add(route.path)

    assert set(where) == {"crossdock-reader"}
    assert silent == WITHOUT_A_STORE


async def told(route: Route) -> Reply:
    return await reply_to(asking(route), route.answer)


CONFIG = """
[store]
address = "{address}"

[[partners]]
name = "erp"
connector = "reference_erp"
[partners.settings]
base_url = "http://erp"
"""


def test_deliveries_are_answered_while_every_page_hangs_in_the_database(
    database: str, tmp_path: Path
) -> None:
    file = tmp_path / "crossdock.toml"
    file.write_text(CONFIG.format(address=database), "utf-8")
    house = build(load_config(file, discover()), role=Role.API)

    async def live() -> tuple[int, list[bool], set[int]]:
        shell = Shell(house.machine, clock=house.clock, transports={}, works=False)
        await shell.start()
        app = house.app(shell)
        with psycopg.connect(database) as other:
            other.execute("LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE")
            pages = [
                asyncio.create_task(asked(app, "GET", url))
                for url in ("/console/", "/process/v1/board") * READERS_MAX
            ]
            await asyncio.sleep(0.2)
            body = flows.master_data()
            answer = await asked(app, "POST", f"{PREFIX}erp/master_data", body=body)
            hung = [not each.done() for each in pages]
        after = {each.status for each in await asyncio.gather(*pages)}
        await shell.stop()
        return answer.status, hung, after

    with closing(house.store):
        status, hung, after = asyncio.run(live())

    assert (status, hung, after) == (202, [True] * 2 * READERS_MAX, {200})
