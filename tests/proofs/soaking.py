"""A soak: whole flows at a steady pace, pages read beside them, and what the house holds meanwhile.

A flow is an order released, planned, picked up and delivered, each document sent again until it is
acknowledged; after each milestone its customer's page is asked for until it shows it. Every minute
the partners answer badly for some seconds. Readings are taken by the work done, not by the clock,
so that a slow machine reads as often.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import AsyncExitStack, ExitStack, closing
from itertools import count, cycle
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec
from msgspec import Struct

from crossdock.testing.fault_proxy import HttpFaultProxy
from tests.histories.words import Told
from tests.proofs.gauge import Gauge
from tests.proofs.sending import ACCEPTED
from tests.proofs.steady import Reading
from tests.simulators.kit import Partner, simulator
from tests.under_fire.fleet import API_KEY, PROGRAM, Fleet
from tests.under_fire.run import documents, effects

SIDE_BY_SIDE = 12  # flows under way where they go as fast as they can
UNDER_WAY_MOST = 200  # where they come at a pace
BAD_ANSWERS = "busy=0.3:1,lost=0.1,reset=0.1:5"
EVERY_SECONDS, BAD_SECONDS = 60.0, 5.0
PAUSE_SECONDS, LOOK_SECONDS = 0.2, 0.01
SLOWER = 1.1  # each look after the one before, so that a long wait costs the house little
PATIENCE_SECONDS = 180.0  # for one answer, and for what follows from the last
OPERATOR_SECONDS = 1.0  # between two looks at the console
PAGES = ("console/", "console/exceptions", "console/cases?process=order_release")
MILESTONES = {"PUP": "PICKED_UP", "DLV": "DELIVERED"}
WORKERS = 2  # on PostgreSQL


class Plan(Struct, frozen=True, kw_only=True):
    """How much to do: `warm` flows as fast as they go, then `flows` at `pace` a second.

    `pace` 0: as fast as they go. After `seconds` it ends, whatever is done by then; warming up
    takes a third of them at most.
    """

    warm: int
    flows: int
    pace: float = 0.0
    seconds: float = 3600.0
    readings: int = 120
    folder: Path = Path()
    database: str = ""
    program: str = PROGRAM
    faults: str = ""  # of the partners' answers, all the time
    surroundings: dict[str, dict[str, str]] = {}


class Soaked(Struct, frozen=True, kw_only=True):
    """What was done, what was read of each resource, and what was lost or done twice."""

    flows: int
    seconds: float
    series: dict[str, list[Reading]]
    pages: int
    bad_answers: int
    lost: int
    doubled: int


class Soak:
    """One soak of one house."""

    def __init__(self, plan: Plan, end: ExitStack) -> None:
        """Start the partners' ledgers."""
        self._plan = plan
        self._ledgers: dict[str, Partner] = {
            kind: end.enter_context(simulator(kind, plan.folder / f"{kind}.ledger"))
            for kind in ("erp", "tms")
        }
        self._end = end
        self._numbers = count(1)
        self._done: list[str] = []
        self._waited_ms: list[float] = []  # from an event to the view, since the last reading
        self._series: defaultdict[str, list[Reading]] = defaultdict(list)
        self._pages = 0

    async def run(self) -> Soaked:
        """Warm the house up, load it, and tell what was read."""
        async with AsyncExitStack() as stack:
            ways = [await stack.enter_async_context(self._way(kind)) for kind in self._ledgers]
            partners = {kind: way.url for kind, way in zip(self._ledgers, ways, strict=True)}
            fleet = self._fleet({**partners, "road": "http://127.0.0.1:9"})
            await asyncio.to_thread(fleet.start)
            self._door = f"http://127.0.0.1:{fleet.doors[0]}"
            timeout = aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
            self._session = await stack.enter_async_context(aiohttp.ClientSession(timeout=timeout))
            beside = [asyncio.create_task(each) for each in (self._operate(), _spoil(ways))]
            began = time.monotonic()
            await self._load(fleet, began)
            for each in beside:
                each.cancel()
            for ended in await asyncio.gather(*beside, return_exceptions=True):
                if isinstance(ended, Exception):
                    raise ended  # a page that was not there
            for way in ways:
                way.trouble("")
            seconds = time.monotonic() - began
            lost, doubled = await self._settled()
        return Soaked(
            flows=len(self._done),
            seconds=seconds,
            series=dict(self._series),
            pages=self._pages,
            bad_answers=sum(each.counts.total() - each.counts["occasions"] for each in ways),
            lost=lost,
            doubled=doubled,
        )

    def _way(self, kind: str) -> HttpFaultProxy:
        at = urlsplit(self._ledgers[kind].url)
        return HttpFaultProxy(str(at.hostname), at.port or 0, seed=7, faults=self._plan.faults)

    def _fleet(self, partners: dict[str, str]) -> Fleet:
        plan = self._plan
        fleet = Fleet(
            plan.folder,
            partners,
            plan.database,
            workers=WORKERS,
            program=plan.program,
            surroundings=plan.surroundings,
        )
        self._end.callback(fleet.end)
        return fleet

    async def _load(self, fleet: Fleet, began: float) -> None:
        """Warm up, and then read by the work that is done."""
        plan = self._plan
        await self._flows(plan.warm, 0.0, began + plan.seconds / 3)
        warm, every = len(self._done), max(1, plan.flows // plan.readings)
        pids = [each.pid for each in fleet.members]
        with closing(Gauge(pids, plan.folder, plan.database)) as gauge:

            def read() -> None:
                if (len(self._done) - warm) % every == 0:
                    self._read(gauge)

            await self._flows(plan.flows, plan.pace, began + plan.seconds, read)

    async def _flows(
        self, number: int, pace: float, until: float, done: Callable[[], None] = lambda: None
    ) -> None:
        """Live so many flows, at a pace, or as fast as they go."""
        room = asyncio.Semaphore(UNDER_WAY_MOST if pace else SIDE_BY_SIDE)
        began = time.monotonic()

        async def lived() -> None:
            self._done.append(await self._flow(next(self._numbers)))
            done()
            room.release()

        async with asyncio.TaskGroup() as flows:
            for place in range(number):
                if pace:
                    await asyncio.sleep(began + place / pace - time.monotonic())
                await room.acquire()
                if time.monotonic() > until:
                    return
                flows.create_task(lived())

    async def _flow(self, number: int) -> str:
        """Live one flow; give its order."""
        key = f"SO-{number}"
        released, planned, *milestones = documents(key, number)
        await self._send(released)
        await self._send(planned)
        await self._seen(key, None)
        for told in milestones:
            await self._send(told)
            acknowledged = time.monotonic()
            await self._seen(key, MILESTONES[told.content["status_code"]])
            self._waited_ms.append(1000 * (time.monotonic() - acknowledged))
        return key

    async def _send(self, told: Told) -> None:
        """Send a document until it is acknowledged."""
        where = f"{self._door}/system/v1/partners/{told.partner}/{told.document}"
        body = msgspec.json.encode(told.content)
        while True:
            async with self._session.post(where, data=body) as answer:
                await answer.read()
                if answer.status == ACCEPTED:
                    return
            await asyncio.sleep(PAUSE_SECONDS)

    async def _seen(self, key: str, milestone: str | None) -> None:
        """Look at the customer's page until it shows a milestone; None: until there is one."""
        where = f"{self._door}/experience/v1/shipments/SH-{key}"
        pause = LOOK_SECONDS
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                async with self._session.get(where, headers={"X-API-Key": API_KEY}) as answer:
                    page = await answer.read()
                    self._pages += 1
                    if answer.ok and (milestone is None or milestone in shown(page)):
                        return
                await asyncio.sleep(pause)
                pause = min(pause * SLOWER, PAUSE_SECONDS)

    async def _operate(self) -> None:
        """Look at the console, as somebody on duty does. Raises where a page is not there."""
        for page in cycle(PAGES):
            async with self._session.get(f"{self._door}/{page}") as answer:
                await answer.read()
                answer.raise_for_status()
            self._pages += 1
            await asyncio.sleep(OPERATOR_SECONDS)

    def _read(self, gauge: Gauge) -> None:
        flows = len(self._done)
        for name, value in gauge.read(flows).items():
            self._series[name].append((flows, value))
        if self._waited_ms:
            self._series["view_ms"].append((flows, median(self._waited_ms)))
            self._waited_ms.clear()

    async def _settled(self) -> tuple[int, int]:
        """Wait until all is done that follows; count what a partner never did, and did twice."""
        wanted = {content for key in self._done for content in effects(key)}
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            done = await asyncio.to_thread(self._by_content)
            if wanted <= set(done) or time.monotonic() > deadline:
                return len(wanted - set(done)), sum(times > 1 for times in done.values())
            await asyncio.sleep(PAUSE_SECONDS)

    def _by_content(self) -> Counter[str]:
        return Counter(
            entry["content_key"]
            for ledger in self._ledgers.values()
            for entry in ledger.entries("kind=received")
        )


async def _spoil(ways: list[HttpFaultProxy]) -> None:
    """Let the partners answer badly for some seconds of every minute."""
    while True:
        await asyncio.sleep(EVERY_SECONDS - BAD_SECONDS)
        for way in ways:
            way.trouble(BAD_ANSWERS)
        await asyncio.sleep(BAD_SECONDS)
        for way in ways:
            way.trouble("")


def shown(page: bytes) -> set[str]:
    """Read the milestones of a customer's page."""
    told: dict[str, Any] = msgspec.json.decode(page)
    return {each["milestone"] for each in told["milestones"]}


def soak(plan: Plan) -> Soaked:
    """Soak one house."""
    with ExitStack() as end:
        return asyncio.run(Soak(plan, end).run())
