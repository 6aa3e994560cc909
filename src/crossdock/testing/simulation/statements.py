"""Partners that tell what their ledgers hold of freight, date by date, with what clerks did to it.

They draw their statements as in the demo; which differences are in one stands beside it in the
partner's ledger, and only the invariant (INV-38) looks there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime

from msgspec import Struct

from crossdock.simulators.closing import STATEMENT
from crossdock.simulators.ledger import Entry
from crossdock.simulators.partner import Partner

TELLERS = ("erp", "legacy", "tms")


class Drawn(Struct, frozen=True, kw_only=True):
    """A ledger's last statement of a date; `planted` names what differs in it, and how."""

    at: datetime
    planted: tuple[tuple[str, str], ...]


def draw(partners: Mapping[str, Partner]) -> str | None:
    """Let every ledger tell all that it holds, date by date."""
    drawn = {name: partners[name].draw_statements(every=True) for name in TELLERS}
    told = [f"{name} tells {dates} dates" for name, dates in drawn.items() if dates]
    return "; ".join(told) or None


def drawn_by(entries: Iterator[Entry]) -> dict[date, Drawn]:
    """Read a ledger's statements, the last that was drawn of each date."""
    found: dict[date, Drawn] = {}
    for entry in entries:
        if entry.kind != "sent" or entry.verb != STATEMENT:
            continue
        event = entry.content["event"]
        day = date.fromisoformat(event["business_date"])
        at = datetime.fromisoformat(event["occurred_at"])
        if day not in found or found[day].at < at:
            planted = tuple((name, kind) for name, kind in entry.content["planted"])
            found[day] = Drawn(at=at, planted=planted)
    return found
