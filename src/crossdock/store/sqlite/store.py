"""The store itself: one writer, readers beside it, and the file they share."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from crossdock.faults import Misconfigured
from crossdock.ports.space import Space
from crossdock.ports.store import Reader, StoreFull, Unit
from crossdock.store.migrations import Migration, is_ready
from crossdock.store.sqlite.ballast import Ballast, Reserve
from crossdock.store.sqlite.checkpoints import Checkpoints
from crossdock.store.sqlite.connections import ReadingPool, open_writer, told
from crossdock.store.sqlite.lock import WriterLock
from crossdock.store.sqlite.migrations import check, migrate, shipped
from crossdock.store.sqlite.sql import SqliteSql
from crossdock.store.sqlite.unit import SqliteReader, SqliteUnit

FLUSHES = 9
NO_RESERVE = Reserve()
FIX = "SELECT 1 FROM migration LIMIT 1"  # the first read is what fixes a snapshot


class SqliteStore:
    """A message store in one SQLite file, written by this process alone."""

    def __init__(
        self,
        path: Path,
        migrations: Sequence[Migration] | None = None,
        reserve: Reserve = NO_RESERVE,
        *,
        threads: bool = False,
    ) -> None:
        """Open the file, make it where there is none, and bring its tables up to this release.

        `reserve` is the room held back on its disk; `migrations` are another release's, for stories
        of upgrades. With `threads` checkpoints are made beside the writer; without, all that
        happens to the file happens in the calls made here. Raises Misconfigured where another
        process writes it, where it cannot be opened, and where its tables are not ours to change
        (see `migrations`); NotNow where its disk fails.
        """
        self._lock = WriterLock(path)
        try:
            self._ballast = Ballast(path, reserve)
            self._writer = open_writer(path)
            with told(path):
                migrate(self._writer, shipped() if migrations is None else migrations)
            self._checkpoints = Checkpoints(path, self._writer) if threads else None
        except BaseException:
            self._lock.release()
            raise
        self._readers = ReadingPool(path)
        self._turn = threading.Lock()
        self._writing: int | None = None

    @contextmanager
    def write(self) -> Iterator[Unit]:
        """Open the one transaction there is; other threads wait for their turn.

        Raises RuntimeError inside another `write` of the same thread, StoreFull when the disk is
        full, and NotNow when it fails; then nothing is written. A full disk drops the ballast: the
        next one may fit.
        """
        if self._writing == threading.get_ident():
            raise RuntimeError("A transaction is open in this thread; one step writes at a time")
        with self._turn:
            self._writing = threading.get_ident()
            try:
                with told(self._writer.filename), self._transaction() as unit:
                    yield unit
            except StoreFull:
                self._ballast.drop()
                raise
            finally:
                self._writing = None

    @contextmanager
    def _transaction(self) -> Iterator[Unit]:
        self._writer.execute("BEGIN IMMEDIATE")
        cursor = self._writer.cursor()
        try:
            yield SqliteUnit(SqliteSql(cursor))
            cursor.execute("COMMIT")
        finally:
            cursor.close(force=True)
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")

    @contextmanager
    def read(self) -> Iterator[Reader]:
        """Open a snapshot of what is committed.

        Raises RuntimeError inside a `write` of the same thread: the unit answers there; NotNow
        where the disk fails.
        """
        if self._writing == threading.get_ident():
            raise RuntimeError("A transaction is open in this thread; ask it, it sees its own work")
        with told(self._writer.filename), snapshot(self._readers) as reader:
            yield reader

    def space(self) -> Space:
        """Look how much room the disk has, and hold the ballast again where it has come back."""
        return self._ballast.look()

    def measure_flush(self) -> float:
        """Tell how long a small durable commit takes on this file: the median, in seconds."""
        taken = []
        for number in range(FLUSHES):
            begun = time.perf_counter()
            with self.write() as unit:
                unit.set_mark("measure_flush", str(number))
            taken.append(time.perf_counter() - begun)
        return statistics.median(taken)

    def close(self) -> None:
        """Close the file and let another process write it."""
        self._readers.close()
        if self._checkpoints is not None:
            self._checkpoints.close()
        self._writer.close()
        self._lock.release()


class ReadingStore:
    """A store that another process may be writing; here it is only read."""

    def __init__(self, path: Path) -> None:
        """Open the file for reading. Raises Misconfigured where it is no store of this release."""
        self._path = path
        self._readers = ReadingPool(path)
        connection = self._readers.take()
        applied = check(connection, shipped())
        self._readers.give_back(connection)
        if not is_ready(applied, shipped()):
            self._readers.close()
            raise Misconfigured(
                "The store is not up to this release; start `crossdock up` once to bring it there",
                file=path,
                applied=applied,
                needed=len(shipped()),
            )

    @contextmanager
    def read(self) -> Iterator[Reader]:
        """Open a snapshot of what is committed. Raises NotNow where the disk fails."""
        with told(self._path), snapshot(self._readers) as reader:
            yield reader

    def close(self) -> None:
        """Close the file."""
        self._readers.close()


@contextmanager
def snapshot(readers: ReadingPool) -> Iterator[Reader]:
    """Read in one transaction, and end it whatever happens: an open one holds up the log."""
    connection = readers.take()
    connection.execute("BEGIN")
    connection.execute(FIX)
    cursor = connection.cursor()
    try:
        yield SqliteReader(SqliteSql(cursor))
    finally:
        cursor.close(force=True)
        connection.execute("ROLLBACK")
        readers.give_back(connection)


def open_sqlite(path: Path, reserve: Reserve = NO_RESERVE, *, threads: bool = False) -> SqliteStore:
    """Open the store in this file for writing and reading. Raises Misconfigured."""
    return SqliteStore(path, reserve=reserve, threads=threads)


def open_reader(path: Path) -> ReadingStore:
    """Open the store in this file for reading alone. Raises Misconfigured."""
    return ReadingStore(path)
