"""Patience: how long a client may take to say what it wants.

One that says nothing, or a byte now and then, holds a connection and maybe a place at the door.
"""

from __future__ import annotations

from msgspec import Struct


class Patience(Struct, frozen=True, kw_only=True):
    """How long is waited for the rest of a request.

    For its head so many seconds. For its body `body_seconds`, and one more for each
    `bytes_a_second` of it that came. Time is counted in looks, `look_seconds` apart, so a house
    that stood still itself ends nobody.
    """

    head_seconds: float = 10.0
    body_seconds: float = 60.0
    bytes_a_second: int = 1000
    look_seconds: float = 1.0

    def body_seconds_for(self, came: int) -> float:
        """Tell how long a body may take of which this many bytes came."""
        return self.body_seconds + came / self.bytes_a_second
