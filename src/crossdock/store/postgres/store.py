"""The store itself: one connection that writes for this process, readers beside it."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import Connection, errors
from psycopg.rows import TupleRow

from crossdock.faults import Misconfigured, NotNow
from crossdock.ports.store import Reader, TookTooLong, Unit
from crossdock.store.migrations import is_ready
from crossdock.store.postgres import locks
from crossdock.store.postgres.connections import (
    READING,
    SETTINGS,
    SILENCE_SECONDS_MAX,
    connect,
    shown,
    told,
)
from crossdock.store.postgres.migrations import check, migrate, shipped
from crossdock.store.postgres.session import Session, open_session
from crossdock.store.postgres.sql import PostgresSql
from crossdock.store.postgres.unit import PostgresReader, PostgresUnit

BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED"
SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
IDLE_READERS_MAX = 4
CHANGING = {"lock_timeout": "2s"}
PATIENCE_SECONDS, REST_SECONDS = 120.0, 1.0  # how long a change is tried, and the pause between


class PostgresStore:
    """A message store in a PostgreSQL database that any number of processes may write.

    This one takes every step and every effect, as if it were alone: at most one such process may
    work at a time. `shared` has those that work beside each other.
    """

    settings = SETTINGS
    silence_seconds_max = SILENCE_SECONDS_MAX

    def __init__(self, address: str) -> None:
        """Take the address, and hold the database's tables against this release.

        Raises Misconfigured where the database does not let us in or is not up to this release,
        and NotNow where it cannot be reached.
        """
        self.address = address
        self._readers = ReadingPool(address)
        self._turn = threading.Lock()
        self._writing: int | None = None
        self._writer = self._open()

    def _open(self) -> Session:
        connection = connect(self.address, self.settings)
        try:
            refuse_other_tables(connection, self.address)
            number = count_apart(connection, self.address)
            session = Session(connection)
            self._begin(session, number)
        except BaseException:
            connection.close()
            raise
        return session

    def _begin(self, session: Session, number: int) -> None:
        """Do what begins with a session; `number` is its writer's."""

    def _unit(self, sql: PostgresSql) -> PostgresUnit:
        return PostgresUnit(sql)

    def _committed(self, unit: PostgresUnit) -> None:
        """Do what follows a commit."""

    @contextmanager
    def write(self) -> Iterator[Unit]:
        """Open the one transaction of this process; other threads wait for their turn.

        Raises RuntimeError inside another `write` of the same thread; Stale where another process
        was in the way, NotNow where the server is gone or full, and TookTooLong where the server
        ended the session because it had heard nothing for too long: then nothing is written, but
        where the connection ends during the commit, when nobody can tell.
        """
        if self._writing == threading.get_ident():
            raise RuntimeError("A transaction is open in this thread; one step writes at a time")
        with self._turn:
            self._writing = threading.get_ident()
            try:
                with self._connected() as session, self._transaction(session):
                    unit = self._unit(PostgresSql(session))
                    yield unit
                self._committed(unit)
            finally:
                self._writing = None

    @contextmanager
    def _connected(self) -> Iterator[Session]:
        """Give the session that writes, a new one where it was lost."""
        if self._writer.closed:
            self._writer.close()
            self._writer = self._open()
        with told(self._writer.connection, self.address):
            yield self._writer

    @contextmanager
    def _transaction(self, session: Session) -> Iterator[None]:
        """Run a transaction, and tell one that outlasted its session from a server that is gone."""
        try:
            with session.transaction(BEGIN):
                yield
        except psycopg.Error as error:
            if session.closed and session.silence_seconds >= self.silence_seconds_max:
                raise TookTooLong(f"silent for {session.silence_seconds:.1f} s") from error
            raise

    @contextmanager
    def read(self) -> Iterator[Reader]:
        """Open a snapshot of what is committed.

        Raises RuntimeError inside a `write` of the same thread: the unit answers there; NotNow
        where the server is gone.
        """
        if self._writing == threading.get_ident():
            raise RuntimeError("A transaction is open in this thread; ask it, it sees its own work")
        with snapshot(self._readers, self.address) as reader:
            yield reader

    def measure_flush(self) -> float:
        """Tell how long a commit may take, in seconds: with a network between, any time."""
        return math.inf

    def close(self) -> None:
        """Close the connections."""
        self._readers.close()
        self._writer.close()


class ReadingStore:
    """A store that others may be writing; here it is only read."""

    def __init__(self, address: str) -> None:
        """Open the database for reading. Raises Misconfigured and NotNow as `PostgresStore`."""
        self._address = address
        self._readers = ReadingPool(address)
        with connect(address, READING) as connection:
            refuse_other_tables(connection, address)

    @contextmanager
    def read(self) -> Iterator[Reader]:
        """Open a snapshot of what is committed. Raises NotNow where the server is gone."""
        with snapshot(self._readers, self._address) as reader:
            yield reader

    def close(self) -> None:
        """Close the connections."""
        self._readers.close()


def count_apart(connection: Connection[TupleRow], address: str) -> int:
    """Take a writer's number that no other session has: it counts in rows of its own.

    Raises NotNow where all are taken.
    """
    asked = (locks.first_of(locks.WRITER), locks.WRITERS_MAX)
    found = connection.execute(locks.TAKE_WRITER, asked).fetchone()
    if found is None:
        raise NotNow(
            "Too many processes write this store; end some of them",
            store=shown(address),
            most=locks.WRITERS_MAX,
        )
    number = int(found[0])
    connection.execute("SELECT set_config('crossdock.writer', $1, false)", (str(number),))
    return number


@contextmanager
def snapshot(readers: ReadingPool, address: str) -> Iterator[Reader]:
    """Read in one transaction, and end it whatever happens: an open one holds up the cleaning."""
    session = readers.take()
    try:
        with told(session.connection, address), session.snapshot(SNAPSHOT):
            yield PostgresReader(PostgresSql(session))
    finally:
        readers.give_back(session)


class ReadingPool:
    """Sessions for reading: as many as are asked for at once, a few kept for the next time."""

    def __init__(self, address: str) -> None:
        """Begin with none."""
        self._address = address
        self._idle: deque[Session] = deque()

    def take(self) -> Session:
        """Take an idle session that is still good, or a new one."""
        while self._idle:
            session = self._idle.pop()
            if not session.closed:
                return session
        return open_session(self._address, READING)

    def give_back(self, session: Session) -> None:
        """Keep the session for the next reader, or close it where enough are kept."""
        if len(self._idle) < IDLE_READERS_MAX and not session.closed:
            self._idle.append(session)
        else:
            session.close()

    def close(self) -> None:
        """Close the idle sessions."""
        while self._idle:
            self._idle.pop().close()


def refuse_other_tables(connection: Connection[TupleRow], address: str) -> None:
    """Refuse a database that is not up to this release. Raises Misconfigured."""
    applied = check(connection, shipped())
    if not is_ready(applied, shipped()):
        raise Misconfigured(
            "The database is not up to this release; run `crossdock migrate` once",
            store=shown(address),
            applied=applied,
            needed=len(shipped()),
        )


def migrate_postgres(
    address: str, *, post: bool = True, patience_seconds: float = PATIENCE_SECONDS
) -> list[str]:
    """Bring the database up to this release; answer the names of the changes.

    Without `post` only what workers of the release before can live with. A change waits for a table
    only for a moment, since whoever comes behind it would wait as well, and is tried again; nothing
    is changed where it never gets it. Raises Misconfigured and NotNow as `PostgresStore`.
    """
    ends = time.monotonic() + patience_seconds
    with connect(address, CHANGING) as connection:
        while True:
            try:
                with told(connection, address):
                    return migrate(connection, shipped(), post=post)
            except NotNow as later:
                if not isinstance(later.__cause__, errors.LockNotAvailable):
                    raise
                if time.monotonic() > ends:
                    raise NotNow(
                        "Others use the tables that are to be changed, such as a backup or a long "
                        "question; nothing is changed: let them end, and do this again",
                        store=shown(address),
                    ) from later
            time.sleep(REST_SECONDS)


def open_postgres(address: str) -> PostgresStore:
    """Open the store at this address for writing and reading. Raises Misconfigured and NotNow."""
    return PostgresStore(address)


def open_reader(address: str) -> ReadingStore:
    """Open the store at this address for reading alone. Raises Misconfigured and NotNow."""
    return ReadingStore(address)
