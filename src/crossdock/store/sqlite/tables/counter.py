"""`counter`: what is counted as it happens."""

from __future__ import annotations

from collections.abc import Mapping

from crossdock.store.sqlite.queries import named
from crossdock.store.sqlite.tables.table import Table

SQL = named("counter")


class ReadCounters(Table):
    """Questions about counters."""

    def counters(self, tenant: str) -> dict[str, int]:
        return dict(self._cursor.execute(SQL["list"], (tenant,)).fetchall())


class WriteCounters(ReadCounters):
    """Counters, raised."""

    def bump(self, tenant: str, counts: Mapping[str, int]) -> None:
        raised = [(tenant, name, count) for name, count in counts.items()]
        self._cursor.executemany(SQL["bump"], raised)
