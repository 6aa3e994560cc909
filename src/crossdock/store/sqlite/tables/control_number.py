"""`control_number`: the numbers of interchanges, groups and messages, never used twice."""

from __future__ import annotations

from crossdock.ports.store import CONTROL_FLOOR
from crossdock.store.sqlite.queries import named
from crossdock.store.sqlite.tables.mark import WriteMarks

SQL = named("control_number")


class WriteControlNumbers(WriteMarks):
    """Control numbers, taken."""

    def next_control_number(self, tenant: str, endpoint: str, level: str) -> int:
        wanted = (tenant, endpoint, level, self._control_floor())
        ((taken,),) = self._cursor.execute(SQL["take"], wanted).fetchall()
        return int(taken)

    def raise_control_floor(self, floor: int) -> int:
        ((taken,),) = self._cursor.execute(SQL["highest"]).fetchall()
        highest = max(floor, self._control_floor(), int(taken))
        self.set_mark(CONTROL_FLOOR, str(highest))
        return highest

    def _control_floor(self) -> int:
        return int(self.mark(CONTROL_FLOOR) or 0)
