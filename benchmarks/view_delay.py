"""From a milestone's arrival to the customer's view that shows it, one event at a time.

The shell in earnest, events at a fixed pace whatever becomes of them; each is done when a read of
the view, as the portal reads it, shows the milestone. The first `WARM_SECONDS` are not counted: a
house that has just begun is still learning its statements. Beside the delay stands what the disk
allowed at that moment: bare appends at the same pace, each flushed, before and after.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from benchmarks import flows
from benchmarks.setting import roster
from benchmarks.watching import MILLISECONDS, Schedule, watch
from crossdock.flow.machine import Machine
from crossdock.flow.shell import Shell
from crossdock.ports.store import Store
from crossdock.testing.in_process import InProcess, arrival
from crossdock.testing.plain_partner import PlainPartner

SHARE = 0.2  # of the peak
SAMPLES_MIN, SAMPLES_MAX = 60, 5_000
WARM_SECONDS = 1.0
PATIENCE_SECONDS = 120.0
AHEAD_SECONDS = 0.2  # between the word to whoever watches and the first event
FLUSHES, FLUSHED_BYTES = 200, 115_000  # what the commit of one event appends: 28 pages (measured)


class DayClock:
    """The wall clock, as if it had been a time of the flows at `began`, in seconds of the epoch."""

    def __init__(self, at: datetime, began: float) -> None:
        """Start at a time of the flows."""
        self._ahead = at - datetime.fromtimestamp(began, UTC)

    def now(self) -> datetime:
        """Tell the time of the flows."""
        return datetime.now(UTC) + self._ahead


def measured(
    store: Store, address: str, folder: Path, pace: float, seconds: float
) -> dict[str, Any]:
    """Measure at `pace` events a second; milliseconds.

    `address` is where others find the store, and `folder` is on its disk.
    """
    counted = min(max(int(pace * seconds), SAMPLES_MIN), SAMPLES_MAX)
    warm = min(int(pace * WARM_SECONDS), counted)
    schedule = Schedule(began=0.0, pace=pace, events=warm + counted)
    machine = _ready(store, schedule.flows)
    bare = flushes(folder, pace)
    began = time.process_time()
    delays = asyncio.run(_at_ease(machine, address, schedule))
    cpu = time.process_time() - began
    bare += flushes(folder, pace)
    return {
        "events": counted,
        "events_per_s": round(pace, 1),
        **centiles(delays[warm:]),
        "flush": centiles(bare),
        "cpu_ms": round(MILLISECONDS * cpu / schedule.events, 2),  # of the house, for an event
    }


def centiles(figures: Sequence[float]) -> dict[str, float]:
    """Sum up milliseconds."""
    ordered = sorted(figures)
    late = ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
    return {"p50_ms": round(statistics.median(ordered), 2), "p99_ms": round(late, 2)}


def flushes(folder: Path, pace: float) -> list[float]:
    """Append to a file at a pace, flushing each time; answer how long each took."""
    taken: list[float] = []
    content = os.urandom(FLUSHED_BYTES)
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        for _ in range(FLUSHES):
            begun = time.perf_counter()
            file.write(content)
            os.fdatasync(file.fileno())
            took = time.perf_counter() - begun
            taken.append(MILLISECONDS * took)
            time.sleep(max(1 / pace - took, 0.0))
    return taken


def _ready(store: Store, count: int) -> Machine:
    """Bring flows to where their milestones are told."""
    machine = Machine(store=store, roster=roster())
    partner = PlainPartner()
    town = InProcess(machine, {"erp": partner, "tms": partner}, flows.BEGIN)
    town.receive(arrival("erp", "master_data", flows.master_data()))
    for partner_name, document, told in (
        ("erp", "orders", flows.orders(count)),
        ("tms", "plans", flows.plans(count)),
    ):
        for content in flows.arrays(told):
            town.receive(arrival(partner_name, document, content))
        town.settle()
    town.close()
    return machine


async def _at_ease(machine: Machine, address: str, schedule: Schedule) -> list[float]:
    """Send the events when each is due; answer their delays in this order."""
    told = {code: list(flows.tracking(schedule.flows, code)) for code in flows.CODES}
    bodies = [
        msgspec.json.encode([_first(told[code], number, code)]) for number, code in schedule.told()
    ]
    shell = Shell(machine, clock=DayClock(flows.told_at("POD"), time.time()), transports={})
    await shell.start()
    processes = multiprocessing.get_context("spawn")
    ours, theirs = processes.Pipe()
    watcher = processes.Process(target=watch, args=(address, theirs), daemon=True)
    watcher.start()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.to_thread(ours.recv)  # it is ready
        schedule = msgspec.structs.replace(schedule, began=time.time() + AHEAD_SECONDS)
        ours.send(schedule)
        async with asyncio.TaskGroup() as sending:
            for place, body in enumerate(bodies):
                early = schedule.due(place) - time.time()
                if early > 0:  # what is due together comes together
                    await asyncio.sleep(early)
                sending.create_task(shell.take(arrival("road", "tracking", body)))
        delays: list[float] = await asyncio.to_thread(ours.recv)
    await asyncio.to_thread(watcher.join)
    await shell.stop()
    return delays


def _first(told: list[dict[str, Any]], number: int, code: str) -> dict[str, Any]:
    """Give the first telling of a code for a flow; one code is told twice."""
    return told[number * 2 if code == flows.TWICE else number]
