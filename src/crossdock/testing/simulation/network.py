"""Which partners are away, and which lines are cut, until when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import Struct

from crossdock.simulators.chance import between
from crossdock.testing.simulation.faults import Dice
from crossdock.testing.simulation.timeline import Timeline

HOURS = 30  # of the safety phase in which windows may begin
AWAY_MINUTES, CUT_MINUTES = (60.0, 360.0), (10.0, 90.0)
FIRST_MINUTES = 5.0


class Window(Struct, frozen=True, kw_only=True):
    """A time in which a partner cannot be reached; `begin` and `end` in seconds of the run."""

    begin: float
    end: float


class Network:
    """The lines to all partners. Windows are drawn when the run begins; `heal` ends them."""

    def __init__(self, timeline: Timeline, dice: Dice, partners: Iterable[str]) -> None:
        """Draw the windows."""
        self._timeline = timeline
        self._away: dict[str, Window] = {}
        self._cut: dict[str, Window] = {}
        for name in partners:
            for fault, minutes, windows in (
                ("down", AWAY_MINUTES, self._away),
                ("cut_off", CUT_MINUTES, self._cut),
            ):
                if dice.strikes(fault, name):
                    begin = between(FIRST_MINUTES, HOURS * 60, dice.seed, fault, "begin", name)
                    begin *= between(
                        0, 1, dice.seed, fault, "early", name
                    )  # mostly while it is busy
                    length = between(*minutes, dice.seed, fault, "length", name)
                    windows[name] = Window(begin=begin * 60, end=(begin + length) * 60)

    def is_away(self, partner: str) -> bool:
        """Tell whether a partner is down."""
        return self._is_in(self._away, partner)

    def is_cut(self, partner: str) -> bool:
        """Tell whether the line to a partner is cut."""
        return self._is_in(self._cut, partner)

    def back_at(self, partner: str) -> datetime | None:
        """Tell when a partner that is down is back; None where it is not down."""
        if not self.is_away(partner):
            return None
        return self._timeline.begin + timedelta(seconds=self._away[partner].end)

    def heal(self) -> None:
        """Let everybody be reached from now on."""
        self._away.clear()
        self._cut.clear()

    def _is_in(self, windows: dict[str, Window], partner: str) -> bool:
        window = windows.get(partner)
        if window is None:
            return False
        seconds = (self._timeline.now - self._timeline.begin).total_seconds()
        return window.begin <= seconds < window.end
