"""The simulated day's clock: every process that is given the same text tells the same time.

A clock may be on a leash: a file says until when it goes on by itself. Whoever holds the leash
lets it out as far as the work has come, so that a slow machine lives a longer day and not another.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from msgspec import Struct

from crossdock.faults import Misconfigured

LOOK_SECONDS = 0.02  # how often the leash is looked at, and who waits looks at the clock


class Stretch(Struct, frozen=True, kw_only=True):
    """How far a clock may go: from `simulated`, which it showed at `real`, to `until`."""

    real: datetime
    simulated: datetime
    until: datetime


class Leash:
    """The file that says how far a clock may go; it is there before anybody asks the clock."""

    def __init__(self, path: Path) -> None:
        """Know the file; it is read when the time is asked for."""
        self.path = path
        self._stretch: Stretch | None = None
        self._read_at = 0.0

    def let_out(self, stretch: Stretch) -> None:
        """Let the clock go on; whoever reads meanwhile reads the old stretch or the new one."""
        told = ",".join(each.isoformat() for each in msgspec.structs.astuple(stretch))
        whole = self.path.with_suffix(".new")
        whole.write_text(told, "ascii")
        whole.replace(self.path)
        self._stretch = stretch

    def stretch(self) -> Stretch:
        """Tell how far the clock may go; what is a moment old only shows too early a time."""
        now = time.monotonic()
        if self._stretch is None or now - self._read_at > LOOK_SECONDS:
            real, simulated, until = map(_instant, self.path.read_text("ascii").split(","))
            self._stretch = Stretch(real=real, simulated=simulated, until=until)
            self._read_at = now
        return self._stretch


class AcceleratedClock(Struct, frozen=True, kw_only=True):
    """A business clock that runs `factor` times as fast as the wall.

    At `real_epoch` (wall time) it shows `simulated_epoch`. It needs no word between processes:
    whoever knows the three numbers agrees with the others. `factor` 1 with equal epochs is the
    wall clock. On a `leash` it goes from where that says, as fast, and stands where it ends; it
    never goes back.
    """

    real_epoch: datetime
    simulated_epoch: datetime
    factor: float
    leash: Leash | None = None

    def now(self) -> datetime:
        """Tell the simulated time, in UTC."""
        if self.leash is None:
            return self.simulated_epoch + (datetime.now(UTC) - self.real_epoch) * self.factor
        stretch = self.leash.stretch()
        gone = (datetime.now(UTC) - stretch.real) * self.factor
        return min(stretch.simulated + gone, stretch.until)

    def real_seconds(self, simulated: timedelta) -> float:
        """Tell how many wall seconds a simulated span takes; none for a span that is over.

        On a leash it may take longer, and whoever waits must look at the clock again.
        """
        seconds = max(simulated.total_seconds(), 0.0) / self.factor
        return max(seconds, LOOK_SECONDS) if seconds and self.leash else seconds

    async def sleep(self, simulated: timedelta) -> None:
        """Sleep through a simulated span."""
        end = self.now() + simulated
        left = self.real_seconds(simulated)
        while left:
            await asyncio.sleep(left)
            left = self.real_seconds(end - self.now())

    def __str__(self) -> str:
        """Write it as `--clock` takes it: `real,simulated,factor`, times in RFC 3339, `,leash`."""
        epochs = (self.real_epoch.isoformat(), self.simulated_epoch.isoformat())
        leash = (str(self.leash.path),) if self.leash else ()
        return ",".join((*epochs, f"{self.factor:g}", *leash))


def wall_clock() -> AcceleratedClock:
    """Give the clock that runs as the wall does."""
    now = datetime.now(UTC)
    return AcceleratedClock(real_epoch=now, simulated_epoch=now, factor=1.0)


def parse(text: str) -> AcceleratedClock:
    """Read `real,simulated,factor` as the text form writes it; empty is the wall clock.

    A fourth part is the file of its leash. Raises Misconfigured for anything else.
    """
    if not text:
        return wall_clock()
    try:
        real, simulated, factor, *leash = text.split(",", 3)
        clock = AcceleratedClock(
            real_epoch=_instant(real),
            simulated_epoch=_instant(simulated),
            factor=float(factor),
            leash=Leash(Path(*leash)) if leash else None,
        )
    except ValueError as error:
        raise Misconfigured(
            "A clock is written <real time>,<simulated time>,<factor>", clock=text
        ) from error
    if clock.factor <= 0:
        raise Misconfigured("A clock must run forward", factor=factor)
    return clock


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text.strip())
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
