"""A session with the server, always in pipeline mode.

What is sent leaves with the next `sync`, which waits until all of it is answered. Statements are
prepared once, and go by libpq's own calls: psycopg's cursors took four times as long for each, and
a small transaction has twenty (measured).
Every answer is waited for with a Sync and never with a Flush: after a Flush the server takes us to
be busy, and neither `idle_in_transaction_session_timeout` nor `idle_session_timeout` would end the
session of a process that froze. So the mode is never left: leaving it ends with a Flush.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg import Connection, generators
from psycopg.abc import PQGen
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGresult
from psycopg.rows import TupleRow

from crossdock.store.postgres.connections import connect
from crossdock.store.postgres.locks import GIVE_ALL_BACK
from crossdock.store.postgres.values import Oids, written

# A plan made while a table was small takes any index that begins with the tenant for as good as
# another, and may walk all of the tenant's rows for each one asked: so plans are made again after
# so many transactions, while the tables grow.
PLANNED_AGAIN = frozenset(4**power for power in range(1, 12))

Row = tuple[Any, ...]
Prepared = tuple[str, Oids]  # with values of other types the same text is another statement


class Answer:
    """What the server answers to a statement: `rows`, once it was waited for."""

    __slots__ = ("_session", "known")

    def __init__(self, session: Session) -> None:
        self._session = session
        self.known: list[Row] | None = None

    @property
    def rows(self) -> list[Row]:
        """The rows; the server is waited for where they are not known yet."""
        if self.known is None:
            self._session.sync()
        return self.known or []


class Session:
    """One connection."""

    def __init__(self, connection: Connection[TupleRow]) -> None:
        """Take a connection that does nothing yet."""
        self.connection = connection
        self.silence_seconds = 0.0  # the longest in the last transaction
        self._heard_at = time.monotonic()
        self._server = connection.pgconn
        self._names: dict[Prepared, bytes] = {}
        self._count = 0  # of statements prepared
        self._transactions = 0
        self._awaited: deque[Answer | Prepared | None] = deque()  # None is a Sync
        self._loader = Transformer(connection)
        self._server.enter_pipeline_mode()

    @property
    def closed(self) -> bool:
        """Tell whether the connection is gone."""
        return self.connection.closed

    def send(self, text: str, values: Sequence[Any] = ()) -> Answer:
        """Let a statement leave with the next `sync`; its rows are there after it."""
        self.silence_seconds = max(self.silence_seconds, time.monotonic() - self._heard_at)
        oids, parameters = written(values)
        name = self._names.get((text, oids)) or self._prepare(text, oids)
        formats = [Format.BINARY] * len(oids)
        self._server.send_query_prepared(name, parameters, formats, Format.BINARY)
        answer = Answer(self)
        self._awaited.append(answer)
        return answer

    def _prepare(self, text: str, oids: Oids) -> bytes:
        self._count += 1
        name = b"s%d" % self._count
        self._server.send_prepare(name, text.encode(), oids)
        self._awaited.append((text, oids))
        self._names[text, oids] = name
        return name

    def _leave(self) -> None:
        """Let all that was sent leave."""
        self._server.pipeline_sync()
        self._awaited.append(None)
        if self._server.flush():  # the server takes no more at the moment
            self.connection.wait(generators.send(self._server))

    def sync(self) -> None:
        """Send all that is to leave, and wait for the answers. Raises what the server said."""
        self._server.pipeline_sync()
        self._awaited.append(None)
        failure = self.connection.wait(self._exchange())
        self._heard_at = time.monotonic()
        if failure is not None:
            raise failure

    def _exchange(self) -> PQGen[psycopg.Error | None]:
        """Send, and give everybody their answer; tell the first failure."""
        yield from generators.send(self._server)
        failure: psycopg.Error | None = None
        while self._awaited:
            results = yield from generators.fetch_many(self._server)
            if not results:
                return failure or psycopg.OperationalError("the server has ended the connection")
            result, waiting = results[0], self._awaited.popleft()
            if result.status == ExecStatus.FATAL_ERROR and failure is None:
                failure = error_from_result(result)
            match waiting:
                case Answer():
                    self._answer(waiting, result)
                case (_, _) if result.status != ExecStatus.COMMAND_OK:
                    del self._names[waiting]
        return failure

    def _answer(self, waiting: Answer, result: PGresult) -> None:
        if result.status == ExecStatus.TUPLES_OK:
            self._loader.set_pgresult(result)
            waiting.known = self._loader.load_rows(0, result.ntuples, tuple)
        elif result.status == ExecStatus.COMMAND_OK:
            waiting.known = []

    def ask(self, text: str, values: Sequence[Any] = ()) -> list[Row]:
        """Send a statement, with all that is to leave, and wait for its rows."""
        return self.send(text, values).rows

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
            self._transactions += 1
            if self._transactions in PLANNED_AGAIN:
                self.send("DISCARD PLANS")
            yield
            self.tell("COMMIT")
        except BaseException:
            self._end()
            raise

    @contextmanager
    def snapshot(self, begin: str) -> Iterator[None]:
        """Run what is asked between BEGIN and COMMIT, and wait for neither.

        BEGIN leaves with the first question. The COMMIT, which has nothing to tell where nothing
        was written, leaves at once, and its answer is taken with the next there is.
        """
        try:
            self.send(begin)
            yield
            self.send("COMMIT")
            self._leave()
        except BaseException:
            self._end()
            raise

    def _end(self) -> None:
        """Leave no transaction open; a connection that cannot do even that is closed."""
        try:
            with suppress(psycopg.Error):
                self.sync()  # what the failure left behind
            if self._server.transaction_status != TransactionStatus.IDLE:
                self.tell("ROLLBACK")
        except psycopg.Error:
            self.connection.close()

    def end(self) -> None:
        """Leave the mode; the connection can be used as any other then."""
        self.sync()
        self._server.exit_pipeline_mode()

    def close(self) -> None:
        """Close the connection, and let its locks be free when this returns."""
        if self._server.transaction_status == TransactionStatus.IDLE and not self._awaited:
            with suppress(psycopg.Error):
                self.ask(GIVE_ALL_BACK)
        self.connection.close()


def open_session(address: str, settings: Mapping[str, str]) -> Session:
    """Open a session. Raises Misconfigured and NotNow as `connect`."""
    return Session(connect(address, settings))
