"""Drives a peer: as much as it takes, then one event at a time at a fifth of that."""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from collections.abc import Sequence
from typing import TypedDict

from benchmarks.peers.work import (
    CODES,
    EVENTS_PER_FLOW,
    TWICE,
    Module,
    Peer,
    key_of,
)
from benchmarks.servers import cpu_seconds

SHARE = 0.2  # of the peak, while the view's age is measured
SAMPLES_MIN, SAMPLES_MAX = 60, 3_000
PERCENT = 100


class Wrong(Exception):
    """The work was not done; the text says what is missing."""


class Rate(TypedDict):
    """How many flows were completed, in how many seconds of the clock and the processors."""

    flows: int
    seconds: float
    cpu_seconds: float


class Delay(TypedDict):
    """From an event's due time to the customer's view, in milliseconds."""

    events: int
    events_per_s: float
    p50_ms: float
    p99_ms: float


async def whole(peer: Peer, numbers: Sequence[int]) -> None:
    """Take flows from release to their end."""
    await peer.release(numbers)
    await peer.confirm(numbers)
    for code in CODES:
        await peer.track(numbers, code)
        if code == TWICE:
            await peer.track(numbers, code)
    await peer.charge(numbers)
    await peer.ended(numbers)


async def at_full_speed(peer: Peer, module: Module, seconds: float) -> Rate:
    """Keep as many flows under way as serves the peer, and check that each was completed once."""
    await whole(peer, range(module.COHORT))  # everything is warm then
    numbers = itertools.count(module.COHORT)
    done: list[int] = []
    began, cpu = time.monotonic(), cpu_seconds()

    async def one_after_the_other() -> None:
        while time.monotonic() - began < seconds:
            cohort = list(itertools.islice(numbers, module.COHORT))
            await whole(peer, cohort)
            done.extend(cohort)

    async with asyncio.TaskGroup() as all_cohorts:
        for _ in range(module.COHORTS):
            all_cohorts.create_task(one_after_the_other())
    took, spent = time.monotonic() - began, cpu_seconds() - cpu
    await check(peer, done)
    return Rate(flows=len(done), seconds=took, cpu_seconds=spent)


async def check(peer: Peer, numbers: Sequence[int]) -> None:
    """See that every flow accrued once and shows every milestone. Raises Wrong."""
    account = await peer.account()
    for key in map(key_of, numbers):
        if account.accruals[key] != 1:
            raise Wrong(f"{key} was accrued {account.accruals[key]} times")
        if account.views.get(key) != set(CODES):
            raise Wrong(f"{key} shows {sorted(account.views.get(key, ()))}")


async def at_ease(peer: Peer, flows_per_s: float, seconds: float, first: int) -> Delay:
    """Send events at a fixed pace, whatever becomes of them, and see when the view shows each."""
    pace = flows_per_s * EVENTS_PER_FLOW * SHARE
    events = min(max(int(pace * seconds), SAMPLES_MIN), SAMPLES_MAX)
    numbers = range(first, first + events // len(CODES))
    await peer.release(numbers)
    await peer.confirm(numbers)
    wanted = list(itertools.product(CODES, numbers))
    due: dict[tuple[str, str], float] = {}
    began = time.time()
    async with asyncio.TaskGroup() as sending:
        for place, (code, number) in enumerate(wanted):
            at = began + place / pace
            await asyncio.sleep(max(at - time.time(), 0))
            due[key_of(number), code] = at
            sending.create_task(peer.track([number], code))
    shown = await _all_shown(peer, due)
    await peer.charge(numbers)
    await peer.ended(numbers)
    await check(peer, numbers)
    delays = sorted(PERCENT * 10 * (shown[each] - at) for each, at in due.items())
    return Delay(
        events=len(delays),
        events_per_s=round(pace, 1),
        p50_ms=round(statistics.median(delays), 2),
        p99_ms=round(delays[min(len(delays) - 1, len(delays) * 99 // 100)], 2),
    )


async def _all_shown(peer: Peer, due: dict[tuple[str, str], float]) -> dict[tuple[str, str], float]:
    async with asyncio.timeout(60):
        while not due.keys() <= (shown := await peer.shown_at()).keys():  # noqa: ASYNC110 - some peers work in other processes
            await asyncio.sleep(0.05)
    return shown
