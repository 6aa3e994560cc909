"""The day: the same seed, partners and faults, once through crossdock and once point to point.

Both worlds run beside each other, each in its folder. A patrol looks at the customers' pages while
the day runs, and counts at the end what went wrong between the systems.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import aiohttp
from msgspec import Struct
from msgspec.structs import replace

from crossdock.app.stores import is_there, looking_into
from crossdock.cli.demonstration.conductor import Conductor, House, Partners, leashed
from crossdock.cli.demonstration.finance import work_through
from crossdock.cli.demonstration.stage import ROLES, Plan, Stage, stop
from crossdock.cli.demonstration.summary import (
    TENANT,
    Summary,
    acknowledgements_of,
    details_of,
    effects_of,
    freight_of,
    orders_of,
    reconciliation_of,
    teams_of,
    tenders_of,
)
from crossdock.faults import Fault
from crossdock.ports.store import OutboxStatus, Reader
from crossdock.simulators.auditor import Evidence, audit
from crossdock.simulators.patrol import Patrol, Sites
from crossdock.simulators.world import JSON_COMPANY

FIRST_HOUR = datetime(2026, 3, 27, 5, 0, tzinfo=UTC)  # the weekend after it the clocks change
FACTOR = 12_000.0  # three hours and twenty minutes a second, where the work keeps up
READY_SECONDS = 120.0  # a busy machine starts ten processes slowly
POLL_SECONDS = 0.4
POLL_SHARE = 4  # a busy machine is asked less often
LOOK_EVERY = timedelta(hours=1)  # the patrol, so that a slow machine is not looked at more
QUIET_POLLS = 3
COUNTS_MAX = 4  # a simulated day is over in seconds, and its clocks go on while it is counted
DAY_SECONDS_MAX = 1800.0  # a busy machine lives a day of a minute and a half in twenty
UNFINISHED = {OutboxStatus.WAITING, OutboxStatus.LEASED, OutboxStatus.UNKNOWN}

Tell = Callable[[str], None]


class NotReady(Fault):
    """A process of the world did not answer in time; its log says why."""


class Options(Struct, frozen=True, kw_only=True):
    """Which day to live, whether to live it point to point too, and how fast it goes at most."""

    folder: Path
    seed: int = 1
    orders: int = 300
    naive: bool = True
    factor: float = FACTOR


class Hub(Struct, frozen=True, kw_only=True):
    """What connects the partners: where to look, and how to tell that it has nothing left to do.

    `evening` is what people do when the day is done; `standing` tells what partners were asked.
    """

    sites: Sites
    is_quiet: Callable[[], bool] = lambda: True
    evening: Callable[[], Awaitable[None]] | None = None
    standing: Callable[[], object] = lambda: None


class Lived(Struct, frozen=True, kw_only=True):
    """A day that was lived: what the patrol brought home, and whether it came to its end."""

    evidence: Evidence
    looks: int
    whole: bool


async def live_the_day(
    options: Options, stack: AsyncExitStack, tell: Tell
) -> tuple[Stage, Summary]:
    """Live the day, and give the numbers; crossdock goes on serving until the stack is closed."""
    began = time.monotonic()
    clock, leash = leashed(FIRST_HOUR, options.factor, options.folder / "clock")
    conductor = Conductor(clock, leash)
    plan = Plan(
        folder=options.folder / "crossdock",
        clock=clock,
        seed=options.seed,
        orders=options.orders,
    )
    stage = Stage(plan)
    hub = stage.start("crossdock", stage.hub_command())
    stack.callback(stop, hub)
    sites = replace(crossdock_sites(stage), reconciled=True)
    crossdock = Hub(
        sites=sites,
        is_quiet=partial(quiet, stage),
        evening=partial(work_through, stage),
        standing=partial(standing, stage),
    )
    stages = [stage]
    if options.naive:
        folder = options.folder / "point-to-point"
        stages.append(Stage(replace(plan, folder=folder, tokens=False, x12=False)))
    up = asyncio.Barrier(len(stages) + 1)
    lives = [_live(stage, crossdock, tell, up), *(_live_naively(each, up) for each in stages[1:])]
    lived, *naive = await _conducted(conductor, stages, lives, up)
    found = audit(lived.evidence)
    with looking_into(stage.config) as reader:
        counts = reader.count_messages(TENANT)
        summary = Summary(
            seed=options.seed,
            orders=orders_of(reader, lived.evidence),
            messages=sum(counts.values()),
            milestones=counts.get("MilestoneConfirmed", 0),
            tenders=tenders_of(lived.evidence),
            acknowledgements=acknowledgements_of(reader),
            exceptions=teams_of(reader),
            freight=freight_of(reader, lived.evidence),
            reconciliation=reconciliation_of(reader, lived.evidence),
            effects=effects_of(reader, lived.evidence),
            violations=found.counts(),
            naive=naive_counts(naive[0].evidence) if naive else {},
            page_looks=lived.looks,
            cut_short=not lived.whole,
            seconds=round(time.monotonic() - began, 1),
            held_seconds=round(conductor.held_seconds, 1),
            details=details_of(found),
        )
    return stage, summary


async def _conducted(
    conductor: Conductor,
    stages: Sequence[Stage],
    lives: Sequence[Awaitable[Lived]],
    up: asyncio.Barrier,
) -> list[Lived]:
    """Live days under one clock, which goes on when all of their processes are up."""
    over = asyncio.Event()

    async def lived() -> list[Lived]:
        try:
            return await asyncio.gather(*lives)
        finally:
            over.set()

    async def conduct() -> None:
        await up.wait()
        with ExitStack() as stack:
            house = House(stages[0], stack)
            await conductor.conduct([house.due, *(Partners(each).due for each in stages)], over)

    found, _ = await asyncio.gather(lived(), conduct())
    return found


def naive_counts(evidence: Evidence) -> dict[str, int]:
    """Count what went wrong point to point, where no ERP is asked to set stock aside."""
    counts = audit(evidence).counts()
    return {name: count for name, count in counts.items() if name != "stock_not_conserved"}


async def _live(stage: Stage, hub: Hub, tell: Tell, up: asyncio.Barrier) -> Lived:
    """Live a day to its end, once all are up; what people do in the evening has its own end.

    Then the ledgers tell what they hold, and all is counted. What is done meanwhile would be in
    one count and not in the other: then it is counted again.
    """
    sites, is_quiet = hub.sites, hub.is_quiet
    with stage.partners():
        await ready(stage)
        await up.wait()
        async with Patrol(sites) as patrol:
            done = asyncio.Event()
            rest = partial(stage.plan.clock.sleep, LOOK_EVERY)
            watching = asyncio.create_task(patrol.watch(done, rest))
            whole = await until_over(stage, is_quiet, tell)
            if hub.evening is not None:
                await hub.evening()
                whole = await until_over(stage, is_quiet, tell)
            done.set()
            await watching
            for _ in range(COUNTS_MAX):
                before = hub.standing()
                await patrol.close_the_books()
                whole = await until_over(stage, is_quiet, tell)
                lived = Lived(evidence=await patrol.evidence(), looks=patrol.looks, whole=whole)
                if hub.standing() == before:
                    break
            return lived


async def _live_naively(stage: Stage, up: asyncio.Barrier) -> Lived:
    hub = stage.start("naive", stage.naive_command())
    try:
        sites = replace(_naive_sites(stage), reconciled=True)
        return await _live(stage, Hub(sites=sites), lambda _line: None, up)
    finally:
        stop(hub)


async def ready(stage: Stage) -> None:
    """Wait until every process answers. Raises NotReady naming the first that does not."""
    urls = {role.name: f"{stage.url(role.name)}/health" for role in ROLES}
    urls["hub"] = f"{stage.hub_url}/livez"
    deadline = time.monotonic() + READY_SECONDS
    async with aiohttp.ClientSession() as session:
        for name, url in urls.items():
            while not await _answers(session, url):
                if time.monotonic() > deadline:
                    log = stage.folder / "logs" / f"{name}.log"
                    raise NotReady(
                        f"`{name}` did not answer within {READY_SECONDS:.0f} s; "
                        f"run the demo with `--keep FOLDER` and look at {log.name} in it",
                        process=name,
                        log=log,
                    )
                await asyncio.sleep(0.1)


async def _answers(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url) as answer:
            return answer.ok
    except (aiohttp.ClientError, OSError):
        return False


async def until_over(stage: Stage, is_quiet: Callable[[], bool], tell: Tell) -> bool:
    """Wait until nobody has anything left to say and crossdock has nothing left to do.

    False: that did not come about in `DAY_SECONDS_MAX`.
    """
    deadline = time.monotonic() + DAY_SECONDS_MAX
    still = 0
    async with aiohttp.ClientSession() as session:
        while still < QUIET_POLLS and time.monotonic() < deadline:
            began = time.monotonic()
            left = [await _left(session, stage.url(role.name)) for role in ROLES]
            still = still + 1 if sum(left) == 0 and is_quiet() else 0
            tell(_line(stage, sum(left)))
            await asyncio.sleep(max(POLL_SECONDS, POLL_SHARE * (time.monotonic() - began)))
    return still >= QUIET_POLLS


async def _left(session: aiohttp.ClientSession, url: str) -> int:
    async with session.get(f"{url}/progress") as answer:
        return int((await answer.json())["left"])


def _line(stage: Stage, left: int) -> str:
    now = stage.plan.clock.now()
    if not is_there(stage.config):
        return f"{now:%a %H:%M}  {left} events to come"
    with looking_into(stage.config) as reader:
        counts = reader.count_messages(TENANT)
        waiting = sum(reader.exception_counts(TENANT).values())
    return (
        f"{now:%a %H:%M}  {counts.get('OrderReleased', 0)} orders · "
        f"{sum(counts.values())} messages · {counts.get('MilestoneConfirmed', 0)} milestones · "
        f"{waiting} exceptions · {left} events to come"
    )


def quiet(stage: Stage) -> bool:
    """Tell whether crossdock has nothing left to do now, and nothing left to fetch."""
    with looking_into(stage.config) as reader:
        return _idle(reader) and not stage.dropped()


def standing(stage: Stage) -> object:
    """Tell what was asked of partners by now."""
    with looking_into(stage.config) as reader:
        return reader.outbox_counts(TENANT)


def _idle(reader: Reader) -> bool:
    """Tell whether nothing is under way; what waits behind a question to a person is not."""
    counts = reader.outbox_counts(TENANT)
    ends = {end for (end, _verb, status), count in counts.items() if count and status in UNFINISHED}
    due = any(reader.next_effect(TENANT, end) is not None for end in ends)
    return not due and not reader.pending(TENANT)


def crossdock_sites(stage: Stage) -> Sites:
    """Name what a patrol looks at in a world with crossdock."""
    customers = {customer: {"X-API-Key": key} for customer, key in stage.api_keys.items()}
    return replace(_sites(stage, customers), stocked=frozenset({JSON_COMPANY}))


def _naive_sites(stage: Stage) -> Sites:
    return _sites(stage, {customer: {} for customer in stage.api_keys})


def _sites(stage: Stage, customers: dict[str, dict[str, str]]) -> Sites:
    return Sites(
        portal=stage.hub_url,
        customers=customers,
        erps=tuple(stage.url(role.name) for role in ROLES if role.kind == "erp"),
        tms=stage.url("tms"),
        carriers=tuple(stage.url(role.name) for role in ROLES if role.kind == "carrier"),
    )
