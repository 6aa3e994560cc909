"""What every table has: the cursor of the one transaction it works in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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


class Cursor(Protocol):
    """A cursor, as far as tables use it."""

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
