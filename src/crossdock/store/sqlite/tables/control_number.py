"""`control_number`: the numbers of interchanges, groups and messages, never used twice."""

from __future__ import annotations

from crossdock.store.sqlite.queries import named
from crossdock.store.sqlite.tables.table import Table

SQL = named("control_number")


class WriteControlNumbers(Table):
    """Control numbers, taken."""

    def next_control_number(self, tenant: str, endpoint: str, level: str) -> int:
        ((taken,),) = self._cursor.execute(SQL["take"], (tenant, endpoint, level)).fetchall()
        return int(taken)
