"""The store in memory: for tests, simulations and a first look; it forgets when it ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from crossdock.ports.store import Reader, Unit
from crossdock.store.memory.effects import ReadEffects, WriteEffects
from crossdock.store.memory.history import ReadHistory, WriteHistory
from crossdock.store.memory.steps import ReadSteps, WriteSteps
from crossdock.store.memory.tables import Tables
from crossdock.store.memory.views import ReadViews, WriteViews


class MemoryReader(ReadHistory, ReadSteps, ReadEffects, ReadViews):
    """A snapshot of the store."""


class MemoryUnit(WriteHistory, WriteSteps, WriteEffects, WriteViews):
    """One transaction on the store."""


class MemoryStore:
    """A message store that keeps its promises but one: it is gone when the process ends."""

    def __init__(self) -> None:
        self._tables = Tables()
        self._turn = threading.Lock()
        self._writing: int | None = None
        self._readers = 0

    @contextmanager
    def write(self) -> Iterator[Unit]:
        """Open the one transaction there is; other threads wait for their turn.

        Raises RuntimeError inside another `write` of the same thread.
        """
        self._refuse_inside_a_write()
        with self._turn:
            self._writing = threading.get_ident()
            # Whoever reads goes on seeing what was there: the transaction takes a copy.
            tables = self._tables.copy() if self._readers else self._tables
            unit = MemoryUnit(tables)
            try:
                yield unit
                self._tables = tables
                tables.journal.clear()
            finally:
                while tables.journal:
                    tables.journal.pop()()
                del unit._tables  # noqa: SLF001 - a unit ends with its transaction
                self._writing = None

    @contextmanager
    def read(self) -> Iterator[Reader]:
        """Open a snapshot of what is committed.

        Raises RuntimeError inside a `write` of the same thread: the unit answers there.
        """
        self._refuse_inside_a_write()
        with self._turn:
            self._readers += 1
            reader = MemoryReader(self._tables)
        try:
            yield reader
        finally:
            with self._turn:
                self._readers -= 1
            del reader._tables  # noqa: SLF001 - a reader ends with its snapshot

    def _refuse_inside_a_write(self) -> None:
        if self._writing == threading.get_ident():
            raise RuntimeError("A transaction is open in this thread; use it")

    def close(self) -> None:
        """Let go of nothing: there are no files."""
