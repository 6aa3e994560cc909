"""Partners that tell what their ledgers hold of freight, date by date, with what clerks did to it.

Each statement is drawn from the partner's own entries; which differences are in it is noted beside
it, and nobody but the invariant (INV-38) knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from crossdock.simulators import statements
from crossdock.simulators.ledger import Told
from crossdock.simulators.partner import Partner
from crossdock.testing.simulation.timeline import Timeline
from crossdock.testing.simulation.witness import Drawn, Witness

TELLERS = ("erp",)  # who tells statements
DOCUMENT = "statement"


class Statements:
    """Draws statements; `drawn` of each date are counted, so that each has a name of its own."""

    def __init__(
        self, partners: Mapping[str, Partner], timeline: Timeline, witness: Witness
    ) -> None:
        """Begin with nothing told."""
        self._partners = {name: partners[name] for name in TELLERS}
        self._timeline = timeline
        self._witness = witness
        self._numbers: dict[tuple[str, date], int] = {}

    def draw(self) -> str | None:
        """Let every ledger tell all that it holds, and tell dates of which it holds no more."""
        told = [self._draw(name, partner) for name, partner in self._partners.items()]
        return "; ".join(filter(None, told)) or None

    def _draw(self, name: str, partner: Partner) -> str:
        now = self._timeline.now
        days = statements.by_day(statements.held(partner.ledger.entries(), partner.mischief))
        before = {day for ledger, day in self._numbers if ledger == name}
        for day in sorted({*days, *before}):
            number = self._numbers[name, day] = self._numbers.get((name, day), 0) + 1
            held = days.get(day, statements.Day())
            event = statements.event(day, held.lines, now, number)
            told = Told(verb=DOCUMENT, content_key=event["event_id"], content=event)
            partner.tell(DOCUMENT, f"{DOCUMENT}/{day}", told, now)
            self._witness.drawn[name, day] = Drawn(
                at=now, event_id=event["event_id"], planted=dict(held.planted)
            )
        return f"{name} tells {len(days)} dates" if days else ""
