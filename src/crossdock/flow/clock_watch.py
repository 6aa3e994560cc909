"""Whether the clock of this machine is set while crossdock runs.

How long something takes is measured by time that passes, never by the clock; what was promised for
an hour of the day goes by the clock. Who sets it moves the one against the other.
"""

from __future__ import annotations

from datetime import datetime

SET_SECONDS = 1.0  # what a clock is off by when it was set, and not only kept in step
EVEN_SECONDS = 60.0  # how long a clock that was set is waited for


class ClockWatch:
    """Holds a machine's clock against the seconds that have passed."""

    def __init__(self, now: datetime, passed: float) -> None:
        """Begin with both as they are."""
        self._now, self._passed = now, passed
        self._set_by = 0.0
        self._set_at = passed - EVEN_SECONDS

    def look(self, now: datetime, passed: float) -> float:
        """Tell by how many seconds the clock was set since it was last found so, or 0."""
        by = (now - self._now).total_seconds() - (passed - self._passed)
        if abs(by) < SET_SECONDS:
            return 0.0
        self._now, self._passed = now, passed
        self._set_by, self._set_at = by, passed
        return by

    def uneven(self, passed: float) -> str:
        """Say that the clock was set less than a minute ago; empty where it was not."""
        if passed - self._set_at >= EVEN_SECONDS:
            return ""
        way = "forward" if self._set_by > 0 else "back"
        return (
            f"this machine's clock was set {way} by {abs(self._set_by):.0f} s; "
            f"look at what keeps it in step. Ready again when it has run evenly for a minute"
        )
