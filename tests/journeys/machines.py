"""A day on several machines: an API node and workers over one database, and all of them hurt.

python -m tests.journeys.machines 1 2 3     lives the days of these seeds, and keeps the figures

A worker is killed, another frozen for longer than anything waits for it, the database is killed
with everything that is under way, and a worker joins. The partners' ledgers and the portal tell
whether anything acknowledged was lost, or anything done twice.
"""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import psycopg
from msgspec import Struct

from crossdock.cli.demonstration.day import crossdock_sites, quiet, ready, until_over
from crossdock.cli.demonstration.stage import ROLES, Plan, Stage, stop
from crossdock.simulators import auditor
from crossdock.simulators.auditor import Evidence
from crossdock.simulators.ledger import Ledger
from crossdock.simulators.patrol import Patrol
from crossdock.testing.postgres import PostgresServer
from tests.journeys.days import clock_soon
from tools.figures import Figure, record

FACTOR = 7200.0  # two hours a second: a day with its bills is over in two minutes
WAIT_SECONDS = 300.0  # for processes of a machine that has much else to do
ALL_LANES = 64
HELD = """
SELECT activity.application_name, count(*)
FROM pg_locks AS lock
JOIN pg_stat_activity AS activity USING (pid)
WHERE lock.locktype = 'advisory' AND lock.classid = 52484 -- LANE in store/postgres/locks.py
    AND lock.granted
    AND lock.database = (SELECT oid FROM pg_database WHERE datname = current_database())
GROUP BY activity.application_name
"""

Process = subprocess.Popen[bytes]

# What the auditor calls what was not done, or was done otherwise than it should be.
LOST = ("lost_messages", "duplicate_shipments", "stock_not_conserved", "money_not_conserved")


class Lived(Struct, frozen=True, kw_only=True):
    """What a day on several machines showed; times in seconds."""

    lost: int
    doubled: int
    portal_ahead_of_erp: int
    acknowledged: int
    moved_after_kill: float
    moved_after_freeze: float
    shared_after_joining: float
    going_on_after_database: float


class Town:
    """The processes of crossdock in a world: `api`, and workers by name."""

    def __init__(self, stage: Stage, server: PostgresServer) -> None:
        """Begin with nothing running."""
        self.stage = stage
        self.server = server
        self.running: dict[str, Process] = {}

    def start(self, name: str, role: str = "worker") -> None:
        """Start a process."""
        self.running[name] = self.stage.start(name, self.stage.hub_command(role))

    def kill(self, name: str) -> None:
        """Kill a process without a word."""
        process = self.running.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def signal(self, name: str, what: signal.Signals) -> None:
        """Freeze a process, or let it go on."""
        self.running[name].send_signal(what)

    def lanes(self) -> Counter[str]:
        """Tell how many lanes each process holds; nothing while the database is away."""
        names = {f"crossdock {process.pid}": name for name, process in self.running.items()}
        try:
            with psycopg.connect(self.stage.plan.database, connect_timeout=2) as connection:
                found = connection.execute(HELD).fetchall()
        except psycopg.OperationalError:
            return Counter()
        return Counter({names.get(program, str(program)): count for program, count in found})

    async def until(self, wanted: Callable[[Counter[str]], bool]) -> float:
        """Wait until lanes are held so; answer how long it took, in seconds."""
        began = time.monotonic()
        while not wanted(held := self.lanes()):
            if time.monotonic() - began > WAIT_SECONDS:
                raise TimeoutError(f"the lanes do not move: {held}")
            await asyncio.sleep(0.1)
        return round(time.monotonic() - began, 1)

    async def until_shared(self, *names: str) -> float:
        """Wait until these share all lanes fairly."""
        even = {ALL_LANES // len(names), -(-ALL_LANES // len(names))}
        return await self.until(
            lambda held: (
                set(held) == set(names) and set(held.values()) <= even and held.total() == ALL_LANES
            )
        )


async def hurt(town: Town) -> tuple[float, float, float, float]:
    """Kill, freeze, join, and take the database away, each until it is over."""
    await town.until_shared("one", "two")
    await asyncio.sleep(1)
    town.kill("one")
    after_kill = await town.until_shared("two")
    town.start("three")
    joined = await town.until_shared("two", "three")
    town.signal("two", signal.SIGSTOP)
    after_freeze = await town.until_shared("three")
    town.signal("two", signal.SIGCONT)
    await town.until_shared("two", "three")
    town.server.kill()
    await asyncio.sleep(1)
    town.server.run()
    going_on = await town.until_shared("two", "three")
    return after_kill, after_freeze, joined, going_on


async def lived_through(town: Town, times: int) -> tuple[Evidence, list[tuple[float, ...]]]:
    """Live a day, hurt as often as asked; answer what the patrol saw and how long things took."""
    stage = town.stage
    town.start("api", "api")
    town.start("one")
    town.start("two")
    took: list[tuple[float, ...]] = []
    try:
        await town.until_shared("one", "two")
        with stage.partners():
            await ready(stage)
            for turn in range(times):
                if turn:
                    stop(town.running.pop("three"))
                    town.start("one")
                took.append(await hurt(town))
            await until_over(stage, lambda: quiet(stage), lambda _line: None)
            async with Patrol(crossdock_sites(stage)) as patrol:
                for customer in stage.api_keys:
                    await patrol.look(customer)
                return await patrol.evidence(), took
    finally:
        for each in town.running.values():
            each.send_signal(signal.SIGCONT)
        stop(*town.running.values())


def live(folder: Path, seed: int, orders: int, times: int = 1) -> Lived:
    """Live one day on a server of its own; answer what it showed."""
    with PostgresServer.start() as server:
        plan = Plan(
            folder=folder,
            clock=clock_soon(FACTOR),
            orders=orders,
            seed=seed,
            database=server.database(),
        )
        stage = Stage(plan)
        evidence, took = asyncio.run(lived_through(Town(stage, server), times))
    found = auditor.audit(evidence).counts()
    longest = [max(each) for each in zip(*took, strict=True)]
    return Lived(
        lost=sum(found[name] for name in LOST),
        doubled=found["doubled_effects"]
        + found["doubled_postings"]
        + sum(doubled(stage.ledger(each.name)) for each in ROLES),
        portal_ahead_of_erp=found["portal_ahead_of_erp"],
        acknowledged=sum(delivered(stage.ledger(each.name)) for each in ROLES),
        moved_after_kill=longest[0],
        moved_after_freeze=longest[1],
        shared_after_joining=longest[2],
        going_on_after_database=longest[3],
    )


def doubled(path: Path) -> int:
    """Count what a partner did twice: the same key applied again."""
    applied = [each for each in Ledger(path).entries() if each.kind == "received"]
    keys = Counter(each.idempotency_key for each in applied if each.idempotency_key)
    return sum(count - 1 for count in keys.values())


def delivered(path: Path) -> int:
    """Count what a partner has delivered to us, and was answered for."""
    return sum(each.kind == "sent" for each in Ledger(path).entries())


def main(seeds: Sequence[int]) -> int:
    """Live the days of the seeds, keep the figures, and print them as one line of JSON."""
    days = []
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            days.append(live(Path(folder) / "world", seed, orders=200, times=3))
            sys.stderr.write(f"seed {seed}: {days[-1]}\n")
    figures: dict[str, Figure] = {
        "days": len(days),
        "acknowledged": sum(each.acknowledged for each in days),
        "lost": sum(each.lost for each in days),
        "doubled": sum(each.doubled for each in days),
        "seconds until a killed worker's lanes went on, at most": str(
            max(each.moved_after_kill for each in days)
        ),
        "seconds until a frozen worker's lanes went on, at most": str(
            max(each.moved_after_freeze for each in days)
        ),
    }
    record(
        "machines",
        "Workers killed and frozen, and the database killed, under load",
        "make machines",
        figures,
    )
    sys.stdout.write(json.dumps(figures) + "\n")
    return int(bool(figures["lost"] or figures["doubled"]))


if __name__ == "__main__":
    sys.exit(main([int(each) for each in sys.argv[1:]] or [1]))
