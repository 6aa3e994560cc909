"""The store itself: one connection that writes for this process, readers beside it."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import Connection
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow

from crossdock.faults import Misconfigured, NotNow
from crossdock.ports.store import Reader, Unit
from crossdock.store.migrations import is_ready
from crossdock.store.postgres.connections import SETTINGS, ReadingPool, connect, shown, told
from crossdock.store.postgres.locks import TAKE_WRITER, WRITER, WRITERS_MAX
from crossdock.store.postgres.migrations import check, migrate, shipped
from crossdock.store.postgres.sql import PostgresSql
from crossdock.store.postgres.unit import PostgresReader, PostgresUnit

BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED"
SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
FIX = "SELECT 1"  # the first question is what fixes a snapshot


class PostgresStore:
    """A message store in a PostgreSQL database, written by any number of processes."""

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

    def _open(self) -> Connection[TupleRow]:
        connection = connect(self.address, SETTINGS)
        try:
            refuse_other_tables(connection, self.address)
            count_apart(connection, self.address)
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def write(self) -> Iterator[Unit]:
        """Open the one transaction of this process; other threads wait for their turn.

        Raises RuntimeError inside another `write` of the same thread; Stale where another process
        was in the way and NotNow where the server is gone or full: then nothing is written, but
        where the connection ends during the commit, when nobody can tell.
        """
        if self._writing == threading.get_ident():
            raise RuntimeError("A transaction is open in this thread; one step writes at a time")
        with self._turn:
            self._writing = threading.get_ident()
            try:
                if self._writer.closed:
                    self._writer = self._open()
                with told(self._writer, self.address), transaction(self._writer, BEGIN) as sql:
                    yield PostgresUnit(sql)
            finally:
                self._writing = None

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
        connection = self._readers.take()
        try:
            refuse_other_tables(connection, address)
        finally:
            self._readers.give_back(connection)

    @contextmanager
    def read(self) -> Iterator[Reader]:
        """Open a snapshot of what is committed. Raises NotNow where the server is gone."""
        with snapshot(self._readers, self._address) as reader:
            yield reader

    def close(self) -> None:
        """Close the connections."""
        self._readers.close()


def count_apart(connection: Connection[TupleRow], address: str) -> None:
    """Take a writer's number that no other session has: it counts in rows of its own.

    Raises NotNow where all are taken.
    """
    found = connection.execute(TAKE_WRITER, (WRITER, WRITERS_MAX)).fetchone()
    if found is None:
        raise NotNow(
            "Too many processes write this store; end some of them",
            store=shown(address),
            most=WRITERS_MAX,
        )
    connection.execute("SELECT set_config('crossdock.writer', $1, false)", (str(found[0]),))


@contextmanager
def transaction(connection: Connection[TupleRow], begin: str) -> Iterator[PostgresSql]:
    """Run what is sent between BEGIN and COMMIT, or take all of it back.

    Statements without an answer travel together with the next that has one.
    """
    try:
        with connection.pipeline() as pipeline:
            connection.execute(begin)
            yield PostgresSql(connection, pipeline)
            connection.execute("COMMIT")
    finally:
        if not connection.closed and connection.info.transaction_status != TransactionStatus.IDLE:
            take_back(connection)


def take_back(connection: Connection[TupleRow]) -> None:
    """Roll back what is open; a connection that cannot do even that is closed."""
    try:
        connection.execute("ROLLBACK")
    except psycopg.Error:
        connection.close()


@contextmanager
def snapshot(readers: ReadingPool, address: str) -> Iterator[Reader]:
    """Read in one transaction, and end it whatever happens: an open one holds up the cleaning."""
    connection = readers.take()
    try:
        with told(connection, address), transaction(connection, SNAPSHOT) as sql:
            connection.execute(FIX).fetchall()
            yield PostgresReader(sql)
    finally:
        readers.give_back(connection)


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


def migrate_postgres(address: str, *, post: bool = True) -> list[str]:
    """Bring the database up to this release; answer the names of the changes.

    Without `post` only what workers of the release before can live with. Raises Misconfigured and
    NotNow as `PostgresStore`.
    """
    connection = connect(address, {})
    with connection, told(connection, address):
        return migrate(connection, shipped(), post=post)


def open_postgres(address: str) -> PostgresStore:
    """Open the store at this address for writing and reading. Raises Misconfigured and NotNow."""
    return PostgresStore(address)


def open_reader(address: str) -> ReadingStore:
    """Open the store at this address for reading alone. Raises Misconfigured and NotNow."""
    return ReadingStore(address)
