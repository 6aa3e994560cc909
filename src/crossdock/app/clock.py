"""Time and identity in earnest."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime


class SystemClock:
    """The machine's wall clock."""

    def now(self) -> datetime:
        """Tell the time, in UTC."""
        return datetime.now(UTC)


class TimeOrderedIds:
    """UUIDv7 (RFC 9562, section 5.7): 48 bits of milliseconds, then chance.

    Ids minted within one millisecond count up in their 12 `rand_a` bits, so that ids of one
    process sort in the order they were minted.
    """

    def __init__(self) -> None:
        """Start counting."""
        self._last = 0

    def new(self) -> str:
        """Mint an id."""
        stamp = (time.time_ns() // 1_000_000) << 12
        self._last = max(self._last + 1, stamp)
        head, count = f"{self._last >> 12:012x}", self._last & 0xFFF
        chance = f"{int.from_bytes(os.urandom(8), 'big') >> 2 | 1 << 63:016x}"
        return f"{head[:8]}-{head[8:]}-7{count:03x}-{chance[:4]}-{chance[4:]}"
