"""What every table has: the statements of its store, run in the one transaction it works in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

Row = tuple[Any, ...]


class Sql(Protocol):
    """The statements of one store, each by its table and name: `timer.find`.

    What the values and columns of a statement are is the same in every store; how it is written is
    the store's own. `..._each` runs a statement for each of the rows, in their order.
    """

    def ask(self, name: str, values: Row = (), /) -> list[Row]:
        """Run a statement; answer its rows."""
        ...

    def ask_each(self, name: str, rows: Iterable[Row], /) -> list[Row]:
        """Run a statement for each; answer the rows of all."""
        ...

    def tell(self, name: str, values: Row = (), /) -> None:
        """Run a statement that has no answer."""
        ...

    def tell_each(self, name: str, rows: Iterable[Row], /) -> None:
        """Run a statement that has no answer for each."""
        ...

    def write(self, name: str, rows: Iterable[Row], /) -> Sequence[bool]:
        """Write rows that may be there already, or overtaken; answer for each whether it was."""
        ...

    def change(self, name: str, rows: Iterable[Row], /) -> None:
        """Run a statement for each.

        Raises Stale where one wrote no row, at the latest with the commit.
        """
        ...


class Table:
    """The tables as one transaction sees them."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql
