"""The store of a run: the real tables and statements of SQLite, in memory, on one connection.

A run is one thread, and what a simulated crash takes away is a transaction or the answer to it:
files, their log and their locks have proofs of their own. So a commit costs no call to the system,
and what was just written is still at hand for the next who reads. Around all of a run there is one
transaction that is never committed: the next run begins with the same store, and with statements
that were planned before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

import apsw

from crossdock.ports.store import ProcessRow, Reader, Unit
from crossdock.store.sqlite.connections import TO_WRITE, plan_once
from crossdock.store.sqlite.sql import SqliteSql
from crossdock.store.sqlite.unit import SqliteReader, SqliteUnit

# The most that apsw keeps. Each use of any statement lets the one used longest ago fall out,
# however few there are: with the 128 of a house every fourteenth was planned anew.
KEPT_STATEMENTS = 512
VERSIONS = slice(18, 20)  # in the header of a file: 2 2 where it has a write-ahead log, 1 1 if not


class NotingUnit(SqliteUnit):
    """A transaction that notes at which stages it leaves processes."""

    def __init__(self, sql: SqliteSql) -> None:
        """Begin with none."""
        super().__init__(sql)
        self.left_at: set[tuple[str, str]] = set()  # subscriber and stage

    def save(self, rows: Sequence[ProcessRow]) -> None:
        """Save states."""
        super().save(rows)
        self.left_at.update((row.subscriber, row.stage) for row in rows)


class MemoryFile:
    """A SQLite store that begins with the bytes of a file and never touches one."""

    def __init__(self, file: bytes) -> None:
        """Open it."""
        self.connection = apsw.Connection(
            ":memory:", flags=TO_WRITE, statementcachesize=KEPT_STATEMENTS
        )
        plan_once(self.connection)
        _fill(self.connection, file)
        self.connection.execute("PRAGMA foreign_keys = ON")
        self._writing = False
        self.stages: set[tuple[str, str]] = set()  # what was committed: subscriber and stage
        # An answer is read to its end before the next question, so one cursor is enough.
        self._sql = self.connection.cursor()
        self._reading = nullcontext(SqliteReader(SqliteSql(self._sql)))
        self._sql.execute("BEGIN")

    @contextmanager
    def write(self) -> Iterator[Unit]:
        """Open the one transaction there is. Raises RuntimeError inside another."""
        self._refuse_inside()
        self._writing = True
        self._sql.execute("SAVEPOINT step")
        unit = NotingUnit(SqliteSql(self._sql))
        try:
            yield unit
            self.stages |= unit.left_at
        except BaseException:
            self._sql.execute("ROLLBACK TO step")
            raise
        finally:
            self._writing = False
            self._sql.execute("RELEASE step")

    def read(self) -> AbstractContextManager[Reader]:
        """Read what is committed. Raises RuntimeError inside a transaction."""
        self._refuse_inside()
        return self._reading

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Let something happen that is forgotten afterwards, as if it had been in a copy."""
        self._refuse_inside()
        stages = set(self.stages)
        self._sql.execute("SAVEPOINT aside")
        try:
            yield
        finally:
            self._sql.execute("ROLLBACK TO aside")
            self._sql.execute("RELEASE aside")
            self.stages = stages

    def _refuse_inside(self) -> None:
        if self._writing:
            raise RuntimeError("A transaction is open; what is in it is asked there")

    def begin_again(self) -> None:
        """Forget what was written, and be the bytes it began with."""
        self._sql.execute("ROLLBACK")
        self._sql.execute("BEGIN")
        self.stages.clear()

    def close(self) -> None:
        """Forget it all."""
        self.connection.close()


def _fill(connection: apsw.Connection, file: bytes) -> None:
    """Copy a file's tables: in a copy pages are at hand, in bytes each is fetched."""
    without_log = bytearray(file)
    without_log[VERSIONS] = b"\1\1"
    source = apsw.Connection(":memory:")
    source.deserialize("main", bytes(without_log))
    with connection.backup("main", source, "main") as copy:
        copy.step()
    source.close()
