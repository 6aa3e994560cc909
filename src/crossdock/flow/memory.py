"""The states that were written last, as they were decided: whoever reads one back has it already.

A stored state is read anew by every step, and most steps come soon after the one before. A state is
given back only for the very bytes it was written as, so it does not matter what became of the
transaction that wrote it, or who has written since.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from crossdock.ports.store import CaseName

BYTES_MAX = 16 << 20  # as they are counted; in memory they take two to four times that
BESIDE_BYTES = 256  # counted for a state beside what was written: 74 bytes take 1,129 (measured)


class Memory:
    """States by their case, the one written longest ago forgotten first."""

    def __init__(self, bytes_max: int = BYTES_MAX) -> None:
        """Begin with none."""
        self._kept: OrderedDict[CaseName, tuple[int, bytes, Any]] = OrderedDict()
        self._bytes = 0
        self._bytes_max = bytes_max

    def recall(self, name: CaseName, schema: int, raw: bytes) -> Any | None:
        """Give the state that was written as these bytes; None where it is not remembered."""
        kept = self._kept.get(name)
        return None if kept is None or kept[:2] != (schema, raw) else kept[2]

    def keep(self, name: CaseName, schema: int, raw: bytes, state: object) -> None:
        """Remember a state in place of what its case was before."""
        before = self._kept.pop(name, None)
        self._kept[name] = schema, raw, state
        self._bytes += counted(raw) - (0 if before is None else counted(before[1]))
        while self._bytes > self._bytes_max:
            _, (_, oldest, _) = self._kept.popitem(last=False)
            self._bytes -= counted(oldest)


def counted(raw: bytes) -> int:
    """Count a state that was written as these bytes, with what is held beside them."""
    return len(raw) + BESIDE_BYTES
