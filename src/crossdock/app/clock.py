"""Time and identity in earnest."""

from __future__ import annotations

import secrets
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
        head, count = self._last >> 12, self._last & 0xFFF
        tail = secrets.randbits(62) | (1 << 63)
        number = (head << 80) | (0x7 << 76) | (count << 64) | tail
        text = f"{number:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
