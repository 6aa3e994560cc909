"""What a backup says of itself, the same for every store."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Backup(Struct, frozen=True, kw_only=True):
    """What is in a backup, or in a store as it stands.

    `taken_at` is the machine's time, None for a store that is no backup; `as_of` is when the newest
    message was received, on the business clock, None where there is none. `size` in bytes.
    `control_floor` is what control numbers had been raised above by an earlier restore.
    """

    file: str
    size: int
    taken_at: datetime | None
    as_of: datetime | None
    messages: int
    control_floor: int = 0
