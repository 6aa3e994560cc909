"""All tables of the database together, with what PostgreSQL does in a way of its own."""

from __future__ import annotations

from collections.abc import Sequence

from crossdock.ports.store import ExceptionRow
from crossdock.store.tables.exception import opened
from crossdock.store.tables.unit import TablesReader, TablesUnit


class PostgresReader(TablesReader):
    """A snapshot of the store."""


class PostgresUnit(TablesUnit):
    """One transaction on the store."""

    def open_exceptions(self, rows: Sequence[ExceptionRow]) -> None:
        """Write the rows first: that locks them, so that no other transaction notes numbers too."""
        self._sql.tell_each("exception.open", map(opened, rows))
        last = {(row.tenant, row.id): row for row in rows}
        self._sql.tell_each("exception.forget_about", last)
        numbers = [(row.tenant, number, row.id) for row in last.values() for number in row.about]
        self._sql.tell_each("exception.note_about", numbers)
