"""Connections to the file: how they are set up, and the few that are kept for reading."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from crossdock.faults import Misconfigured, NotNow
from crossdock.ports.store import StoreFull

OLDEST_SQLITE = (3, 51, 3)  # older ones can damage a file when the write-ahead log is reset

BUSY_MS = 5_000
CACHED_STATEMENTS = 128
JOURNAL_BYTES_MAX = 64 << 20
CACHE_KIB = 64 << 10
CHECKPOINT_PAGES = 12_000
IDLE_READERS_MAX = 4

# Whoever holds a connection has it alone: it needs no lock at every value it is given.
ALONE = apsw.SQLITE_OPEN_NOMUTEX
TO_WRITE = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | ALONE
TO_READ = apsw.SQLITE_OPEN_READONLY | ALONE

WRITER = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    f"PRAGMA journal_size_limit = {JOURNAL_BYTES_MAX}",
    f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}",
    f"PRAGMA cache_size = -{CACHE_KIB}",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA foreign_keys = ON",
)


BROKEN = (apsw.CorruptError, apsw.NotADBError)
AWAY = (apsw.IOError, apsw.ReadOnlyError, apsw.CantOpenError, apsw.BusyError)


@contextmanager
def told(file: str | Path) -> Iterator[None]:
    """Turn what SQLite raises of its file into what it means for the work at hand.

    Raises StoreFull where the disk is full, and NotNow where it fails, or the file is damaged: no
    step is to blame for that, and the same work can be done again.
    """
    try:
        yield
    except apsw.FullError as error:
        raise StoreFull(
            "The disk of the store is full; make room on it, then go on", file=file
        ) from error
    except BROKEN as error:
        raise NotNow(
            "The store's file is damaged; end this process, and restore a backup",
            file=file,
            found=str(error),
        ) from error
    except AWAY as error:
        raise NotNow(
            "The store's file cannot be read or written; look at its disk, then go on",
            file=file,
            because=f"{type(error).__name__}: {error}",
        ) from error


def refuse_old_sqlite(version: str) -> None:
    """Refuse a SQLite that can lose what it was given. Raises Misconfigured."""
    if tuple(int(part) for part in version.split(".")) < OLDEST_SQLITE:
        raise Misconfigured(
            "This SQLite can damage a store; install the apsw wheel, which brings a newer one",
            found=version,
            needed=".".join(map(str, OLDEST_SQLITE)),
        )


def plan_once(connection: apsw.Connection) -> None:
    """Let a statement keep its plan, whatever values it is run with.

    Without, SQLite plans a statement anew each time where its LIMIT, or a value beside a partial
    index, is bound: a claim that finds nothing took 67 microseconds, and takes 3 (measured).
    """
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)


def open_writer(path: Path) -> apsw.Connection:
    """Open the one connection that writes; the file is made where there is none.

    Raises Misconfigured where the file is no SQLite database or its folder is missing.
    """
    refuse_old_sqlite(apsw.sqlite_lib_version())
    try:
        connection = apsw.Connection(
            str(path), flags=TO_WRITE, statementcachesize=CACHED_STATEMENTS
        )
        plan_once(connection)
        connection.set_busy_timeout(BUSY_MS)
        for pragma in WRITER:
            connection.execute(pragma)
    except (apsw.CantOpenError, apsw.NotADBError, apsw.ReadOnlyError) as error:
        raise Misconfigured(
            "The store's file cannot be opened for writing; check its path and its rights",
            file=path,
        ) from error
    except apsw.CorruptError as error:
        raise Misconfigured("The file is damaged", file=path, found=str(error)) from error
    return connection


def open_for_reading(path: Path) -> apsw.Connection:
    """Open a connection that only reads. Raises Misconfigured where there is no such store."""
    refuse_old_sqlite(apsw.sqlite_lib_version())
    try:
        connection = apsw.Connection(str(path), flags=TO_READ, statementcachesize=CACHED_STATEMENTS)
        plan_once(connection)
        connection.set_busy_timeout(BUSY_MS)
        connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall()
    except (apsw.CantOpenError, apsw.NotADBError) as error:
        raise Misconfigured(
            "There is no store to read at this path; check it, or start `crossdock up` once",
            file=path,
        ) from error
    except apsw.CorruptError as error:
        raise Misconfigured("The file is damaged", file=path, found=str(error)) from error
    return connection


class ReadingPool:
    """Connections for reading: as many as are asked for at once, a few kept for the next time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: deque[apsw.Connection] = deque()

    def take(self) -> apsw.Connection:
        """Take an idle connection, or a new one."""
        try:
            return self._idle.pop()
        except IndexError:
            return open_for_reading(self._path)

    def give_back(self, connection: apsw.Connection) -> None:
        """Keep the connection for the next reader, or close it where enough are kept."""
        if len(self._idle) < IDLE_READERS_MAX:
            self._idle.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().close()
