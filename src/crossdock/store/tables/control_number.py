"""`control_number`: the numbers of interchanges, groups and messages, never used twice."""

from __future__ import annotations

from crossdock.ports.store import CONTROL_FLOOR
from crossdock.store.tables.mark import WriteMarks


class WriteControlNumbers(WriteMarks):
    """Control numbers, taken."""

    def next_control_number(self, tenant: str, endpoint: str, level: str) -> int:
        wanted = (tenant, endpoint, level, self._control_floor())
        ((taken,),) = self._sql.ask("control_number.take", wanted)
        return int(taken)

    def raise_control_floor(self, floor: int) -> int:
        ((taken,),) = self._sql.ask("control_number.highest")
        highest = max(floor, self._control_floor(), int(taken))
        self.set_mark(CONTROL_FLOOR, str(highest))
        return highest

    def _control_floor(self) -> int:
        return int(self.mark(CONTROL_FLOOR) or 0)
