"""From a milestone's arrival to the customer's view that shows it, one event at a time.

The shell in earnest, events at a fixed pace whatever becomes of them; each is done when a read of
the view, as the portal reads it, shows the milestone.
"""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from datetime import UTC, datetime
from typing import Any

import msgspec

from benchmarks import flows
from benchmarks.setting import roster
from crossdock.flow.machine import Machine
from crossdock.flow.shell import Shell
from crossdock.ports.store import Store
from crossdock.projections.shipment_visibility import KIND, view_key
from crossdock.testing.in_process import InProcess, arrival
from crossdock.testing.plain_partner import PlainPartner

SHARE = 0.2  # of the peak
SAMPLES_MIN, SAMPLES_MAX = 60, 5_000
MILLISECONDS = 1_000
POLL_SECONDS = 0.001


class DayClock:
    """The wall clock, as if it had been a time of the flows at `began`, in seconds of the epoch."""

    def __init__(self, at: datetime, began: float) -> None:
        """Start at a time of the flows."""
        self._ahead = at - datetime.fromtimestamp(began, UTC)

    def now(self) -> datetime:
        """Tell the time of the flows."""
        return datetime.now(UTC) + self._ahead


def codes_in(view: bytes) -> set[str]:
    """Read the milestones a customer's view shows."""
    shown = msgspec.json.decode(view)["picture"]["milestones"]
    return {CODE_OF[each["milestone"]] for each in shown}


# How the carrier of `flows` spells the milestones (the published tracking event's status codes).
CODE_OF = {
    "PICKED_UP": "PUP",
    "DEPARTED": "DEP",
    "ARRIVED": "ARR",
    "OUT_FOR_DELIVERY": "OFD",
    "DELIVERED": "DLV",
    "POD_AVAILABLE": "POD",
}


def measured(store: Store, pace: float, seconds: float) -> dict[str, Any]:
    """Measure at `pace` events a second; milliseconds."""
    events = min(max(int(pace * seconds), SAMPLES_MIN), SAMPLES_MAX)
    count = -(-events // len(flows.CODES))
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
    delays = asyncio.run(_at_ease(machine, count, events, pace))
    return {
        "events": len(delays),
        "events_per_s": round(pace, 1),
        "p50_ms": round(statistics.median(delays), 2),
        "p99_ms": round(delays[min(len(delays) - 1, len(delays) * 99 // 100)], 2),
    }


async def _at_ease(machine: Machine, count: int, events: int, pace: float) -> list[float]:
    """Send the events when each is due; answer the delays, sorted."""
    told = {code: list(flows.tracking(count, code)) for code in flows.CODES}
    bodies = [
        (number, code, msgspec.json.encode([_first(told[code], number, code)]))
        for code, number in itertools.product(flows.CODES, range(count))
    ][:events]
    shell = Shell(machine, clock=DayClock(flows.told_at("POD"), time.time()), transports={})
    await shell.start()
    delays: list[float] = []

    async def send(number: int, code: str, body: bytes, due: float) -> None:
        await shell.take(arrival("road", "tracking", body))
        while code not in _seen(machine.store, number):  # noqa: ASYNC110 - a page asks again, too
            await asyncio.sleep(POLL_SECONDS)
        delays.append(MILLISECONDS * (time.perf_counter() - due))

    began = time.perf_counter()
    async with asyncio.TaskGroup() as sending:
        for place, (number, code, body) in enumerate(bodies):
            due = began + place / pace
            if due > time.perf_counter():  # what is due together comes together
                await asyncio.sleep(due - time.perf_counter())
            sending.create_task(send(number, code, body, due))
    await shell.stop()
    return sorted(delays)


def _first(told: list[dict[str, Any]], number: int, code: str) -> dict[str, Any]:
    """Give the first telling of a code for a flow; one code is told twice."""
    return told[number * 2 if code == flows.TWICE else number]


def _seen(store: Store, number: int) -> set[str]:
    key = view_key(f"SH-{number}", "C-1")
    with store.read() as reader:
        found = reader.projections("main", KIND, [key])
    return codes_in(found[key].body) if key in found else set()
