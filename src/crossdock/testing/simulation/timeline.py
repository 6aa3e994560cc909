"""The simulated clock, and what is to happen when: one queue, one thing after the other."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from crossdock.simulators.clock import AcceleratedClock

Happening = Callable[[], str | None]  # does it, and tells what came of it; None: nothing to tell


class Due(NamedTuple):
    """Something to happen: when, whose it is, what, and how.

    What is planned for the same time happens in the order in which it was planned.
    """

    at: datetime
    order: int
    who: str
    what: str
    act: Happening


class Timeline:
    """What is to come, in order; `now` moves only by taking the next."""

    def __init__(self, begin: datetime) -> None:
        """Begin with nothing to come."""
        self.begin = begin
        self.now = begin
        self._due: list[Due] = []
        self._order = 0

    def at(self, at: datetime, who: str, what: str, act: Happening) -> None:
        """Plan something; what is planned for the past happens now."""
        self._order += 1
        heapq.heappush(self._due, Due(max(at, self.now), self._order, who, what, act))

    def after(self, seconds: float, who: str, what: str, act: Happening) -> None:
        """Plan something so many seconds from now."""
        self.at(self.now + timedelta(seconds=seconds), who, what, act)

    def take(self) -> Due | None:
        """Let time pass to the next thing, and take it out; None where nothing is to come."""
        if not self._due:
            return None
        due = heapq.heappop(self._due)
        self.now = due.at
        return due

    def next_at(self) -> datetime | None:
        """Tell when the next thing is to happen."""
        return self._due[0].at if self._due else None


class SimulatedClock(AcceleratedClock, frozen=True, kw_only=True):
    """The partners' clock: it shows the timeline's time."""

    timeline: Timeline

    def now(self) -> datetime:
        """Tell the simulated time, in UTC."""
        return self.timeline.now


def clock_of(timeline: Timeline) -> SimulatedClock:
    """Give the clock that shows a timeline's time."""
    return SimulatedClock(
        real_epoch=timeline.begin, simulated_epoch=timeline.begin, factor=1.0, timeline=timeline
    )
