"""The room on a store's disk."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from msgspec import Struct


class Space(Struct, frozen=True, kw_only=True):
    """How much room the store's disk has.

    `scarce` is a sentence on why nothing more should be taken in; empty while there is room.
    """

    free_bytes: int
    scarce: str = ""


@runtime_checkable
class Measurable(Protocol):
    """A store that knows the disk it lies on."""

    def space(self) -> Space:
        """Look how much room there is, and keep some in reserve."""
        ...
