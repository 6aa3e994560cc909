"""`counter`: what is counted as it happens."""

from __future__ import annotations

from collections.abc import Mapping

from crossdock.store.tables.table import Table


class ReadCounters(Table):
    """Questions about counters."""

    def counters(self, tenant: str) -> dict[str, int]:
        return dict(self._sql.ask("counter.list", (tenant,)))


class WriteCounters(ReadCounters):
    """Counters, raised."""

    def bump(self, tenant: str, counts: Mapping[str, int]) -> None:
        raised = [(tenant, name, count) for name, count in counts.items()]
        self._sql.tell_each("counter.bump", raised)
