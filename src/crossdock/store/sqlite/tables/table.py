"""What every table has: the cursor of the one transaction it works in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, Protocol

Row = tuple[Any, ...]


class Rows(Protocol):
    """What a statement answers; what the columns are is the statement's word."""

    def __iter__(self) -> Iterator[Row]:
        """Step through the rows; another statement on the cursor ends it."""
        ...

    def fetchall(self) -> list[Row]:
        """Take all rows at once."""
        ...


class Connection(Protocol):
    """A connection, as far as tables use it."""

    def total_changes(self) -> int:
        """Tell how many rows were ever written through it."""
        ...


class Cursor(Protocol):
    """A cursor, as far as tables use it."""

    @property
    def connection(self) -> Connection:
        """The connection it belongs to."""
        ...

    def execute(self, statement: str, bindings: Row = (), /) -> Rows:
        """Run a statement once."""
        ...

    def executemany(self, statement: str, bindings: Iterable[Row], /) -> Rows:
        """Run a statement for each of the bindings, in their order."""
        ...


class Table:
    """The tables as one transaction sees them."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def _insert(self, statement: str, rows: Iterable[Row]) -> list[bool]:
        """Insert rows that may be there already; answer for each whether it was new.

        The next row is asked for when the one before is written, so the change count tells them
        apart: a RETURNING clause would double the time of the insert (measured).
        """
        total_changes = self._cursor.connection.total_changes
        counts: list[int] = []

        def one_by_one() -> Iterator[Row]:
            for row in rows:
                counts.append(total_changes())
                yield row

        self._cursor.executemany(statement, one_by_one())
        counts.append(total_changes())
        return [before < after for before, after in pairwise(counts)]
