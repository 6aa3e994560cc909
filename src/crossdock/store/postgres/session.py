"""A session with the server, always in pipeline mode.

What is sent leaves with the next `sync`, which waits until all of it is answered.
Every answer is waited for with a Sync and never with a Flush: after a Flush the server takes us to
be busy, and neither `idle_in_transaction_session_timeout` nor `idle_session_timeout` would end the
session of a process that froze. So the mode is never left: leaving it ends with a Flush.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import psycopg
from psycopg import Connection, Pipeline, RawCursor
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow

from crossdock.store.postgres.connections import connect

Row = tuple[Any, ...]


class Together(Pipeline):
    """A pipeline whose statements leave together, with the question that waits for them.

    psycopg's own sends each by itself and looks at the socket for it twice, which took half of the
    time of a small transaction (measured). What is more than libpq's buffer leaves at once.
    """

    def _communicate_gen(self) -> PQGen[None]:
        while self.command_queue:
            self.command_queue.popleft()()
        if self.result_queue and self.result_queue[-1] is None:  # a Sync, which is waited for
            yield from super()._communicate_gen()


class Session:
    """One connection."""

    def __init__(self, connection: Connection[TupleRow]) -> None:
        """Take a connection that does nothing yet."""
        self.connection = connection
        self.silence_seconds = 0.0  # the longest in the last transaction
        self._heard_at = time.monotonic()
        self._mode = ExitStack()
        connection._pipeline = Together(connection)  # noqa: SLF001 - `pipeline` takes it from there
        self._pipeline = self._mode.enter_context(connection.pipeline())

    @property
    def closed(self) -> bool:
        """Tell whether the connection is gone."""
        return self.connection.closed

    def send(self, text: str, values: Sequence[Any] = ()) -> RawCursor[TupleRow]:
        """Let a statement leave with the next `sync`; its rows are there after it."""
        self.silence_seconds = max(self.silence_seconds, time.monotonic() - self._heard_at)
        cursor = RawCursor(self.connection)
        return cursor.execute(text, values, prepare=True, binary=True)

    def sync(self) -> None:
        """Send all that is to leave, and wait for the answers. Raises what the server said."""
        self._pipeline.sync()
        self._heard_at = time.monotonic()

    def ask(self, text: str, values: Sequence[Any] = ()) -> list[Row]:
        """Send a statement, with all that is to leave, and wait for its rows."""
        cursor = self.send(text, values)
        self.sync()
        return cursor.fetchall()

    def tell(self, text: str, values: Sequence[Any] = ()) -> None:
        """Send a statement without rows, and wait until it is done."""
        self.send(text, values)
        self.sync()

    @contextmanager
    def transaction(self, begin: str) -> Iterator[None]:
        """Run what is sent between BEGIN and COMMIT, or take all of it back."""
        try:
            self.silence_seconds, self._heard_at = 0.0, time.monotonic()
            self.send(begin)
            yield
            self.tell("COMMIT")
        except BaseException:
            self._end()
            raise

    def _end(self) -> None:
        """Leave no transaction open; a connection that cannot do even that is closed."""
        try:
            with suppress(psycopg.Error):
                self.sync()  # what the failure left behind
            if self._status() != TransactionStatus.IDLE:
                self.tell("ROLLBACK")
                # psycopg forgets what is prepared after a ROLLBACK, and tells the server so with
                # the next statement: nothing that is prepared by then may be lost with it.
                self.connection.execute("SELECT 1", prepare=False)
                self.sync()
        except psycopg.Error:
            self.close()

    def _status(self) -> TransactionStatus:
        return TransactionStatus(self.connection.pgconn.transaction_status)

    def end(self) -> None:
        """Leave the mode; the connection can be used as any other then."""
        self._mode.close()

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()
        with suppress(psycopg.Error):
            self.end()


def open_session(address: str, settings: Mapping[str, str]) -> Session:
    """Open a session. Raises Misconfigured and NotNow as `connect`."""
    return Session(connect(address, settings))
