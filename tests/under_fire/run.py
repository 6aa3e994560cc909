"""Clients and nemeses around a house: unique keys in, faults all around, everything written down.

Each client takes orders of its own through release, plan, pickup and delivery, sends each document
until it is acknowledged, and looks at the customer's page as it goes. Simulated partners keep their
ledgers; every way in and out leads through a fault proxy.
"""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec
from msgspec import Struct

from crossdock.testing.fault_proxy import HttpFaultProxy, TcpFaultProxy
from tests.histories.words import BEGIN, Told, order, plan, shipment, tracking
from tests.simulators.kit import Partner, simulator
from tests.under_fire.fleet import API_KEY, Fleet
from tests.under_fire.history import FAIL, INFO, OK, Found, Look, Operation, Verdict, check

FAULTS = "lost=0.05,truncate=0.04:20,reset=0.04:5,cut_request=0.04,busy=0.02:1,duplicate=0.05"
ON_THE_WIRE = f"{FAULTS},latency=0.2:0.05,drip=0.02:2000"
ACCEPTED, REFUSED = 202, 400
TRY_SECONDS, TRIES, PAUSE_AFTER_FAILURE_SECONDS = 5.0, 100, 0.3
SETTLE_SECONDS = 180.0
PATIENCE_SECONDS = 120.0  # beyond the time, for a machine that is slow
LOOKS_AFTER = 3
LIFE_SECONDS = (2.0, 6.0)  # after a kill
PAUSE_SECONDS = (0.3, 1.5)  # between two blows
RECEIVED = ("OrderReleased", "PlanConfirmed", "MilestoneReported/PUP", "MilestoneReported/DLV")


class Plan(Struct, frozen=True, kw_only=True):
    """How long to fire, with how many clients, and with what."""

    folder: Path
    seconds: float
    clients: int = 4
    seed: int = 7
    database: str = ""
    kills: bool = True
    cuts: bool = True
    freeze_seconds: float = 1.0
    orders_least: int = 12


class Run:
    """One run: the house, its proxies and ledgers, and all that was written down."""

    def __init__(self, plan_: Plan, end: ExitStack) -> None:
        """Start the partners' ledgers."""
        self.plan = plan_
        self.dice = random.Random(plan_.seed)  # noqa: S311 - the moments of a test
        self.operations: list[Operation] = []
        self.looks: list[Look] = []
        self.complete: list[str] = []
        self.blows: Counter[str] = Counter()
        self.ledgers: dict[str, Partner] = {
            kind: end.enter_context(simulator(kind, plan_.folder / f"{kind}.ledger"))
            for kind in ("erp", "tms")
        }
        self.doors: list[HttpFaultProxy] = []
        self.ways: list[HttpFaultProxy | TcpFaultProxy] = []
        self._end = end
        self._until = 0.0

    @asynccontextmanager
    async def house(self) -> AsyncIterator[Fleet]:
        """Put proxies on every way, and start the house behind them."""
        async with AsyncExitStack() as stack:
            partners = {}
            for kind, partner in self.ledgers.items():
                way = await stack.enter_async_context(self._before(partner.url, ON_THE_WIRE))
                self.ways.append(way)
                partners[kind] = way.url
            partners["road"] = "http://127.0.0.1:9"
            database = await self._database(stack)
            fleet = Fleet(self.plan.folder, partners, database)
            self._end.callback(fleet.end)
            await asyncio.to_thread(fleet.start)
            for port in fleet.doors:
                door = HttpFaultProxy("127.0.0.1", port, seed=port, faults=ON_THE_WIRE)
                self.doors.append(await stack.enter_async_context(door))
            yield fleet

    def _before(self, url: str, faults: str) -> HttpFaultProxy:
        at = urlsplit(url)
        port = at.port or 0
        return HttpFaultProxy(str(at.hostname), port, seed=self.plan.seed, faults=faults)

    async def _database(self, stack: AsyncExitStack) -> str:
        if not self.plan.database:
            return ""
        at = urlsplit(self.plan.database)
        way = TcpFaultProxy(str(at.hostname), at.port or 5432, seed=self.plan.seed)
        self.ways.append(await stack.enter_async_context(way))
        return at._replace(netloc=at.netloc.replace(f":{at.port}", f":{way.port}")).geturl()

    async def fire(self, fleet: Fleet) -> None:
        """Let clients and nemeses at the house until the time is over; then heal everything."""
        self._until = time.monotonic() + self.plan.seconds
        numbers = count(1)
        timeout = aiohttp.ClientTimeout(total=TRY_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            clients = [
                asyncio.create_task(self._client(session, number, numbers))
                for number in range(self.plan.clients)
            ]
            await self._nemesis(fleet)
            for proxy in (*self.doors, *self.ways):
                proxy.trouble("")
            await asyncio.gather(*clients)

    def _over(self) -> bool:
        """Tell whether the time is over; on a slow machine it takes until enough is complete."""
        late = time.monotonic() - self._until
        return late > PATIENCE_SECONDS or (late > 0 and len(self.complete) > self.plan.orders_least)

    async def _nemesis(self, fleet: Fleet) -> None:
        blows: list[Callable[[Fleet], Any]] = [self._freeze]
        blows += [self._cut] if self.plan.cuts else []
        blows += [self._kill] if self.plan.kills else []
        while not self._over():
            await asyncio.sleep(self.dice.uniform(*PAUSE_SECONDS))
            blow = self.dice.choice(blows)
            self.blows[blow.__name__.strip("_")] += 1
            await blow(fleet)
            fleet.keep_alive()

    async def _kill(self, fleet: Fleet) -> None:
        self.dice.choice(fleet.members).tell(signal.SIGKILL)
        await asyncio.to_thread(fleet.start)  # somebody starts it again, and it lives a while
        await asyncio.sleep(self.dice.uniform(*LIFE_SECONDS))

    async def _freeze(self, fleet: Fleet) -> None:
        member = self.dice.choice(fleet.members)
        member.tell(signal.SIGSTOP)
        await asyncio.sleep(self.plan.freeze_seconds * self.dice.uniform(0.5, 1.5))
        member.tell(signal.SIGCONT)

    async def _cut(self, _fleet: Fleet) -> None:
        self.dice.choice([*self.doors, *self.ways]).cut()

    async def _client(
        self, session: aiohttp.ClientSession, client: int, numbers: Iterator[int]
    ) -> None:
        while not self._over():
            number = next(numbers)
            key = f"SO-{number}"
            done: list[bool] = []
            for what, told in zip(RECEIVED, documents(key, number), strict=True):
                if not all(done):
                    break  # what nobody could be told of leads nowhere: its shipment is unknown
                done.append(await self._send(session, key, what, told))
                await self._look(session, client, key)
            if all(done) and len(done) == len(RECEIVED):
                self.complete.append(key)
            for _ in range(LOOKS_AFTER):
                await self._look(session, client, key)

    async def _send(self, session: aiohttp.ClientSession, key: str, what: str, told: Told) -> bool:
        """Send a document until it is acknowledged; answer whether it was."""
        body = msgspec.json.encode(told.content)
        for _ in range(TRIES):
            door = self.dice.choice(self.doors)
            where = f"{door.url}/system/v1/partners/{told.partner}/{told.document}"
            invoked = time.monotonic()
            end = await _ended(session, where, body)
            ended = time.monotonic()
            told_of = Operation(key=key, what=what, end=end, invoked=invoked, ended=ended)
            self.operations.append(told_of)
            if end == OK:
                return True
            await asyncio.sleep(PAUSE_AFTER_FAILURE_SECONDS)
        return False

    async def _look(self, session: aiohttp.ClientSession, client: int, key: str) -> None:
        """Look at the customer's page; a look that fails tells nothing."""
        where = f"{self.dice.choice(self.doors).url}/experience/v1/shipments/SH-{key}"
        try:
            async with session.get(where, headers={"X-API-Key": API_KEY}) as answer:
                shown = msgspec.json.decode(await answer.read(), type=dict[str, Any])
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
            return
        if "milestones" in shown:
            milestones = frozenset(str(each["milestone"]) for each in shown["milestones"])
            self.looks.append(Look(client=client, key=key, milestones=milestones))

    async def verdict(self, fleet: Fleet) -> Verdict:
        """Wait until all is done that follows from what was acknowledged, and judge."""
        expected = {key: effects(key) for key in self.complete}
        wanted = {content for contents in expected.values() for content in contents}
        deadline = time.monotonic() + SETTLE_SECONDS
        while wanted - set(self._done()) and time.monotonic() < deadline:
            fleet.keep_alive()
            await asyncio.sleep(0.5)
        await asyncio.to_thread(fleet.answers)
        keys = sorted({each.key for each in self.operations})
        traces = await self._traces(fleet, keys)
        found = Found(traces=traces, done={"all": self._done()})
        return check(self.operations, self.looks, found, expected)

    def _done(self) -> Counter[str]:
        return Counter(
            entry["content_key"]
            for ledger in self.ledgers.values()
            for entry in ledger.entries("kind=received")
        )

    @staticmethod
    async def _traces(fleet: Fleet, keys: list[str]) -> dict[str, list[str]]:
        traces: dict[str, list[str]] = {}
        async with aiohttp.ClientSession() as session:
            for key in keys:
                where = f"http://127.0.0.1:{fleet.doors[0]}/process/v1/trace/{key}"
                async with session.get(where) as answer:
                    told = await answer.json()
                names = (_named(entry) for entry in told.get("timeline", ()))
                traces[key] = [name for name in names if name in RECEIVED]
        return traces


async def _ended(session: aiohttp.ClientSession, where: str, body: bytes) -> str:
    """Send once; tell how it ended."""
    try:
        async with session.post(where, data=body) as answer:
            await answer.read()
            if answer.status == ACCEPTED:
                return OK
            return FAIL if answer.status >= REFUSED else INFO
    except aiohttp.ClientConnectorError:
        return FAIL
    except (aiohttp.ClientError, OSError, TimeoutError):
        return INFO


def _named(entry: dict[str, Any]) -> str:
    """Name what was received; of milestones, which one."""
    if entry["what"] != "MilestoneReported":
        return str(entry["what"])
    code = "DLV" if "eliver" in entry["said"] else "PUP"
    return f"MilestoneReported/{code}"


def documents(key: str, number: int) -> tuple[Told, ...]:
    """Write what partners tell of an order, in the order of its life."""
    reference = {"type": "SHIPMENT", "value": f"SH-{key}"}
    pro = {"type": "PRO", "value": f"7{number:08}", "issuer": "ROAD"}
    planned = shipment(f"SH-{key}", pro, order_ids=[key])
    hour = timedelta(hours=1)
    return (
        order("released", order_id=key),
        plan("confirmed", planned, order_id=key),
        tracking("PUP", BEGIN + hour, reference=reference),
        tracking("DLV", BEGIN + 2 * hour, reference=reference),
    )


def effects(key: str) -> list[str]:
    """Name what the partners must have done for a complete order, by content."""
    return [
        f"plan/{key}/1",
        f"reference/{key}/1/SH-{key}/1",
        f"posting/SH-{key}/{key}/0/goods_issue/1",
        f"posting/SH-{key}/{key}/0/delivered/1",
    ]


def run(plan_: Plan) -> tuple[Verdict, Run]:
    """Fire at a house, and judge."""

    async def fired() -> tuple[Verdict, Run]:
        with ExitStack() as end:
            one = Run(plan_, end)
            async with one.house() as fleet:
                await one.fire(fleet)
                return await one.verdict(fleet), one

    return asyncio.run(fired())
