"""The one way to the store's pen: calls on the machine go one after the other.

Where a flush takes under a millisecond the call runs inline, on the event loop; where it takes
longer it runs in a thread of its own, so that the loop goes on answering. That the store is away
is found out here, and told here: once for everybody who needs it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar, runtime_checkable

from crossdock.faults import NotNow
from crossdock.ports.store import Store
from crossdock.telemetry.events import LogEvent, tell
from crossdock.telemetry.metrics import Metrics

T = TypeVar("T")

INLINE_SECONDS_MAX = 0.001
AGAIN_SECONDS = 300.0  # how often it is told that a store is still away


@runtime_checkable
class Measured(Protocol):
    """A store that can tell how long a flush takes."""

    def measure_flush(self) -> float:
        """Tell how long a small durable commit takes, in seconds."""
        ...


def is_slow(store: Store) -> bool:
    """Tell whether a flush is too slow for the event loop; a store that cannot tell is fast."""
    return isinstance(store, Measured) and store.measure_flush() >= INLINE_SECONDS_MAX


class Writer:
    """Runs one call at a time, inline or in its thread.

    `away` is why the store does not serve, until `is_back` is said; empty where it does.
    """

    again_seconds = AGAIN_SECONDS

    def __init__(self, metrics: Metrics, *, threaded: bool) -> None:
        """Choose where calls run."""
        self._metrics = metrics
        self._turn = asyncio.Lock()
        self._begun: float | None = None
        self.away = ""
        self._told_at = 0.0
        self._pool = (
            ThreadPoolExecutor(max_workers=1, thread_name_prefix="crossdock-writer")
            if threaded
            else None
        )

    @property
    def threaded(self) -> bool:
        """Tell whether calls run in a thread of their own."""
        return self._pool is not None

    async def run(self, call: Callable[[], T]) -> T:
        """Run a call when it is its turn; raises what it raises."""
        begun = time.perf_counter()
        try:
            return await self.look(call)
        finally:
            self._metrics.committed(time.perf_counter() - begun)

    async def look(self, call: Callable[[], T]) -> T:
        """Run a call that writes nothing, when it is its turn; raises what it raises."""
        try:
            return await self._in_turn(call)
        except NotNow as error:
            self._is_away(error.said)
            raise

    def _is_away(self, said: str) -> None:
        now = time.monotonic()
        if not self.away or now - self._told_at >= self.again_seconds:
            tell(LogEvent.STORE_TURNED, level=logging.ERROR, said=said)
            self._told_at = now
        self.away = said

    def is_back(self) -> None:
        """Say that the store serves again."""
        tell(LogEvent.STORE_TURNED, said="")
        self.away = ""

    async def _in_turn(self, call: Callable[[], T]) -> T:
        async with self._turn:
            if self._pool is None:
                return call()
            loop = asyncio.get_running_loop()
            # A caller that is cancelled does not cut the transaction: it runs to its end.
            return await asyncio.shield(loop.run_in_executor(self._pool, self._timed(call)))

    def _timed(self, call: Callable[[], T]) -> Callable[[], T]:
        def timed() -> T:
            self._begun = time.monotonic()
            try:
                return call()
            finally:
                self._begun = None

        return timed

    @property
    def busy_seconds(self) -> float:
        """Tell for how long the call in the thread has run; 0 where there is none."""
        begun = self._begun
        return 0.0 if begun is None else time.monotonic() - begun

    def close(self) -> None:
        """Let go of the thread, when its last call has ended."""
        if self._pool is not None:
            self._pool.shutdown(wait=True)
