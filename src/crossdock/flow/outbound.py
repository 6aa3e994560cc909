"""Whether effects may leave the house, and whether each may have been done before.

Both are marks of the store, read in the transaction that goes by them; `recovery` sets them.
"""

from __future__ import annotations

from enum import StrEnum

from crossdock.ports.store import Reader

MARK = "outbound"
DOUBT = "a backup was restored: it may have been done after the backup was taken"


class Outbound(StrEnum):
    """How effects leave."""

    OPEN = ""
    HELD = "held"  # nothing is sent, and no timer rings
    DOUBTED = "doubted"  # each is found out about first, where its class does not protect it


def outbound(reader: Reader) -> Outbound:
    """Tell how effects leave."""
    return Outbound(reader.mark(MARK))


def is_held(reader: Reader) -> bool:
    """Tell whether nothing may leave, and no timer ring."""
    return outbound(reader) is Outbound.HELD


def is_doubted(reader: Reader) -> bool:
    """Tell whether an effect that is asked for may have been done before."""
    return outbound(reader) is not Outbound.OPEN
