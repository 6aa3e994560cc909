"""Days for journeys: shorter than the demo's, and begun as soon as the processes are up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from crossdock.cli.demonstration.day import FIRST_HOUR
from crossdock.simulators.clock import AcceleratedClock

BOOT_SECONDS = 5.0


def clock_soon(factor: float) -> AcceleratedClock:
    """Begin the simulated day when the processes of the world are up."""
    begin = datetime.now(UTC) + timedelta(seconds=BOOT_SECONDS)
    return AcceleratedClock(real_epoch=begin, simulated_epoch=FIRST_HOUR, factor=factor)
