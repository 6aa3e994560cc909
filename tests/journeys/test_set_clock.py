"""The clock of a machine is set while crossdock runs on it, and everything is done once.

The processes are real, and libfaketime tells them another time of day than it is; the time that
passes it leaves as it is.
"""

from __future__ import annotations

import asyncio
import math
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.proofs.soaking import PATIENCE_SECONDS, Plan, Soak, Soaked
from tests.under_fire.fleet import Fleet

LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
pytestmark = pytest.mark.skipif(
    not LIBRARIES, reason="libfaketime is not here: apt-get install faketime"
)
SLOW = "latency=1:1"  # seconds that a partner takes, so that calls are on their way
UNDER_WAY_SECONDS = 0.7
FLOWS = 3


def faked(clock: Path) -> dict[str, str]:
    """Let a process go by the time of day that a file tells."""
    return {
        "LD_PRELOAD": str(LIBRARIES[0]),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_CACHE_DURATION": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }


class Setting(Soak):
    """Flows, while the clock of the house is set again and again."""

    def __init__(self, plan: Plan, end: ExitStack, clock: Path) -> None:
        """Know the clock."""
        super().__init__(plan, end)
        self._clock = clock
        self.said: list[str] = []

    async def _load(self, fleet: Fleet, began: float) -> None:
        del began
        await self._set_while_calls_are_under_way(fleet, "+2h")
        self.said.append(await self._set(fleet, "-2h"))
        await self._set_while_calls_are_under_way(fleet, "+0 x1.5")

    async def _set_while_calls_are_under_way(self, fleet: Fleet, time: str) -> None:
        flows = asyncio.create_task(self._flows(FLOWS, 0.0, math.inf))
        await asyncio.sleep(UNDER_WAY_SECONDS)
        self.said.append(await self._set(fleet, time))
        await flows
        await self._settled()

    async def _set(self, fleet: Fleet, time: str) -> str:
        """Set the clock, and wait until readiness tells of it; answer what it says."""
        before = self.said[-1] if self.said else ""
        self._clock.write_text(time, "utf-8")
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (said := await self._uneven(fleet)) in {"", before}:  # noqa: ASYNC110 - it does not announce it
                await asyncio.sleep(0.1)
        return said

    async def _uneven(self, fleet: Fleet) -> str:
        async with self._session.get(f"http://127.0.0.1:{fleet.doors[0]}/readyz") as answer:
            told = await answer.json()
        return str(told.get("missing", {}).get("clock", ""))


def lived(plan: Plan, clock: Path) -> tuple[Soaked, list[str]]:
    with ExitStack() as end:
        setting = Setting(plan, end, clock)
        return asyncio.run(setting.run()), setting.said


def test_a_clock_that_is_set_forward_and_back_and_runs_too_fast_does_nothing_twice(
    tmp_path: Path,
) -> None:
    clock = tmp_path / "clock"
    clock.write_text("+0", "utf-8")
    plan = Plan(warm=0, flows=0, folder=tmp_path, faults=SLOW, surroundings={"up": faked(clock)})

    run, said = lived(plan, clock)

    assert (run.flows, run.lost, run.doubled) == (2 * FLOWS, 0, 0)
    assert "set forward by 7200 s" in said[0]
    assert "set back by 14400 s" in said[1]
    assert "set forward by" in said[2]
