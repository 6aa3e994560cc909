"""How much is done in one transaction: as much as takes about a tenth of a second.

What arrives meanwhile waits for the end of it, however little it is; and a portion of that length
costs hardly more a piece than the largest.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PORTION_SECONDS = 0.1


class Portion:
    """How many pieces are taken together: as the last ones took, and never more than `most`."""

    def __init__(self, most: int, clock: Callable[[], float] = time.perf_counter) -> None:
        """Begin with the most; `clock` tells seconds."""
        self._most = most
        self._clock = clock
        self.size = most

    def timed(self, pieces: Callable[[T], int], call: Callable[[], T]) -> T:
        """Do a portion, and learn from how long it took; `pieces` counts them in what it gave."""
        began = self._clock()
        done = call()
        self._took(pieces(done), self._clock() - began)
        return done

    def _took(self, pieces: int, seconds: float) -> None:
        if pieces and seconds > 0:
            self.size = min(max(int(pieces * PORTION_SECONDS / seconds), 1), self._most)
