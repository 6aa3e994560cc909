"""The simulated day's clock: every process that is given the same text tells the same time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from crossdock.faults import Misconfigured


class AcceleratedClock(Struct, frozen=True, kw_only=True):
    """A business clock that runs `factor` times as fast as the wall.

    At `real_epoch` (wall time) it shows `simulated_epoch`. It needs no word between processes:
    whoever knows the three numbers agrees with the others. `factor` 1 with equal epochs is the
    wall clock.
    """

    real_epoch: datetime
    simulated_epoch: datetime
    factor: float

    def now(self) -> datetime:
        """Tell the simulated time, in UTC."""
        return self.simulated_epoch + (datetime.now(UTC) - self.real_epoch) * self.factor

    def real_seconds(self, simulated: timedelta) -> float:
        """Tell how many wall seconds a simulated span takes; none for a span that is over."""
        return max(simulated.total_seconds(), 0.0) / self.factor

    async def sleep(self, simulated: timedelta) -> None:
        """Sleep through a simulated span."""
        await asyncio.sleep(self.real_seconds(simulated))

    def __str__(self) -> str:
        """Write it as `--clock` takes it: `real,simulated,factor`, times in RFC 3339."""
        epochs = (self.real_epoch.isoformat(), self.simulated_epoch.isoformat())
        return ",".join((*epochs, f"{self.factor:g}"))


def wall_clock() -> AcceleratedClock:
    """Give the clock that runs as the wall does."""
    now = datetime.now(UTC)
    return AcceleratedClock(real_epoch=now, simulated_epoch=now, factor=1.0)


def parse(text: str) -> AcceleratedClock:
    """Read `real,simulated,factor` as the text form writes it; empty is the wall clock.

    Raises Misconfigured for anything else.
    """
    if not text:
        return wall_clock()
    try:
        real, simulated, factor = text.split(",")
        clock = AcceleratedClock(
            real_epoch=_instant(real), simulated_epoch=_instant(simulated), factor=float(factor)
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
