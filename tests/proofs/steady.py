"""Whether what is held stays as it is: a trend over the second half of a run, not one reading.

The trend is the median of the slopes between all pairs of readings (Theil 1950, Sen 1968), so a
third of them may be off without moving it. What it would add over the half is held against what a
resource may add there: so much at least, or a share of what is usual. A longer run finds smaller
leaks, for the same bound stands for more work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from statistics import median

from msgspec import Struct

READINGS_LEAST = 6  # in the half that is judged


class TooFew(Exception):
    """The readings are too few to show a trend."""


class Bound(Struct, frozen=True, kw_only=True):
    """What a resource may add over the half: `least`, or a share of its median if that is more."""

    least: float
    share: float = 0.0


class Trend(Struct, frozen=True, kw_only=True):
    """What became of a resource over the half: its median, what it added, what it may add."""

    usual: float
    added: float
    allowed: float

    @property
    def steady(self) -> bool:
        """Tell whether it added no more than it may."""
        return self.added <= self.allowed


BOUNDS: dict[str, Bound] = {
    "memory_mib": Bound(least=16),
    "files": Bound(least=8),
    "threads": Bound(least=4),
    "log_mib": Bound(least=16),
    "file_kib_a_flow": Bound(least=2, share=0.1),
    "timers": Bound(least=8),
    "leases": Bound(least=4),
    "oldest_step_seconds": Bound(least=1),
    "view_ms": Bound(least=20, share=0.5),
    "connections": Bound(least=2),
    "locks": Bound(least=16, share=0.1),
}

Reading = tuple[float, float]  # how much work was done by then, and what was read


def slope(readings: Sequence[Reading]) -> float:
    """Tell by how much a reading rises with each unit of work; 0 for fewer than two readings."""
    found = [
        (after - before) / (later - sooner)
        for (sooner, before), (later, after) in combinations(readings, 2)
        if later > sooner
    ]
    return median(found) if found else 0.0


def second_half(readings: Sequence[Reading]) -> list[Reading]:
    """Give the readings from the middle of the work on."""
    middle = (readings[0][0] + readings[-1][0]) / 2
    return [each for each in readings if each[0] >= middle]


def judged(readings: Sequence[Reading], bound: Bound) -> Trend:
    """Tell the trend of a resource. Raises TooFew."""
    half = second_half(readings) if readings else []
    if len(half) < READINGS_LEAST:
        raise TooFew(f"{len(half)} readings in the second half show no trend")
    usual = median(value for _, value in half)
    return Trend(
        usual=usual,
        added=slope(half) * (half[-1][0] - half[0][0]),
        allowed=max(bound.least, bound.share * usual),
    )


def trends(series: Mapping[str, Sequence[Reading]]) -> dict[str, Trend]:
    """Judge every resource that was read. Raises TooFew."""
    return {name: judged(readings, BOUNDS[name]) for name, readings in series.items()}


def growing(found: Mapping[str, Trend]) -> list[str]:
    """Name what is not steady."""
    return [name for name, trend in found.items() if not trend.steady]
