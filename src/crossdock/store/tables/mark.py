"""`mark`: what the store notes about itself."""

from __future__ import annotations

from crossdock.store.tables.table import Table


class ReadMarks(Table):
    """Questions about marks."""

    def mark(self, name: str) -> str:
        found = self._sql.ask("mark.find", (name,))
        return str(found[0][0]) if found else ""


class WriteMarks(ReadMarks):
    """Marks, set."""

    def set_mark(self, name: str, value: str) -> None:
        self._sql.tell("mark.set", (name, value))
