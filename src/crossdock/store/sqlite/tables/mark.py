"""`mark`: what the store notes about itself."""

from __future__ import annotations

from crossdock.store.sqlite.queries import named
from crossdock.store.sqlite.tables.table import Table

SQL = named("mark")


class ReadMarks(Table):
    """Questions about marks."""

    def mark(self, name: str) -> str:
        found = self._cursor.execute(SQL["find"], (name,)).fetchall()
        return str(found[0][0]) if found else ""


class WriteMarks(ReadMarks):
    """Marks, set."""

    def set_mark(self, name: str, value: str) -> None:
        self._cursor.execute(SQL["set"], (name, value))
