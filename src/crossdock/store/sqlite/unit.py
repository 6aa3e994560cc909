"""All tables of the file together, with what SQLite does in a way of its own."""

from __future__ import annotations

from collections.abc import Sequence

from crossdock.ports.store import CaseName, InboxRow
from crossdock.store.tables.unit import TablesReader, TablesUnit


class SqliteReader(TablesReader):
    """A snapshot of the store."""


class SqliteUnit(TablesUnit):
    """One transaction on the store."""

    def enqueue(self, rows: Sequence[InboxRow]) -> None:
        ((last, any_parked),) = self._sql.ask("inbox.before_enqueue")
        super().enqueue(rows)
        if any_parked:
            self._sql.tell("inbox.park_newcomers", (last,))

    def held_back(self, rows: Sequence[InboxRow]) -> frozenset[CaseName]:
        any_parked = self._sql.ask("inbox.any_parked")
        return super().held_back(rows) if any_parked else frozenset()
