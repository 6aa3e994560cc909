"""Closes a ledger's day: which statements are due, each numbered and said to differ or not.

By night those of the dates that changed since their last statement; when asked, of every date.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import msgspec

from crossdock.simulators.ledger import Ledger, Told
from crossdock.simulators.mischief import Mischief
from crossdock.simulators.statements import Day, Line, by_day, event, held

STATEMENT = "statement"


def due_statements(
    ledger: Ledger, mischief: Mischief, at: datetime, *, every: bool
) -> Iterator[tuple[Told, tuple[Line, ...]]]:
    """Draw the statements that are due, and note that they are drawn.

    What is told holds the event and, for an audit, what clerks did; the lines stand beside it.
    """
    days = by_day(held(ledger.entries(kind="received"), mischief))
    drawn = {date.fromisoformat(name): body for name, body in ledger.kept_of(STATEMENT)}
    for day in sorted({*days, *drawn}):
        found = days.get(day, Day())
        digest = hashlib.sha256(msgspec.json.encode(found)).hexdigest()
        before = drawn.get(day, {"number": 0, "digest": ""})
        if not every and before["digest"] == digest:
            continue
        number = before["number"] + 1
        ledger.keep(STATEMENT, day.isoformat(), {"number": number, "digest": digest})
        told = event(day, (), at, number)
        content = {"event": told, "number": number, "planted": found.planted}
        yield Told(verb=STATEMENT, content_key=told["event_id"], content=content), found.lines


def midnight_after(at: datetime) -> datetime:
    """Tell when the day is over, in UTC."""
    return at.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
