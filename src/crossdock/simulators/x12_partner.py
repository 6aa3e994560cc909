"""A partner's desk for X12: what it tells goes out in interchanges, what comes is acknowledged.

What is told gets its control number when it is first told, and keeps it: told again, it is the same
interchange. An interchange that came before, by its sender's control number, changes nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
from aiohttp import web

from crossdock.formats.x12.envelope import Group, Interchange, read
from crossdock.simulators import x12_speech as speech
from crossdock.simulators.chance import between
from crossdock.simulators.ledger import Telling, Told
from crossdock.simulators.partner import CROSSDOCK, Partner, json_answer

SHIPPER = "SHIPPERCO"
CONTENT_TYPE = "application/edi-x12"
DOCUMENT = "interchange"
ACKNOWLEDGED_AFTER_MINUTES = (1, 15)
TOO_LATE = timedelta(days=3)
CUT = "/cut"


class X12Partner(Partner):
    """A partner that speaks X12 under a name of its own."""

    names: speech.Names

    def dressed(self, telling: Telling) -> tuple[bytes, str]:
        """Write what is told as an interchange, under the number it has or gets now."""
        if telling.target != CROSSDOCK:
            return telling.body, "application/json"
        kept = self.numbered(telling.webhook_id)
        body = msgspec.json.decode(telling.body)
        at = datetime.fromisoformat(kept["at"])
        content = speech.interchange(self.names, body["group"], body["lines"], kept["number"], at)
        if telling.webhook_id.endswith(CUT):
            content = content[: len(content) * 2 // 3]
        return content, CONTENT_TYPE

    def numbered(self, name: str) -> dict[str, Any]:
        """Give the control number of what is told, and when it was given: now, where it is new."""
        kept = self.ledger.kept("interchange", name)
        if kept is None:
            last = self.ledger.kept("counter", "interchange") or 0
            kept = {"number": last + 1, "at": self.clock.now()}
            with self.ledger.together():
                self.ledger.keep("counter", "interchange", last + 1)
                self.ledger.keep("interchange", name, kept)
            kept = self.ledger.kept("interchange", name)
        return dict(kept)

    def tell_lines(
        self,
        group: str,
        lines: list[speech.Line],
        subject: str,
        event: Told,
        due: datetime,
    ) -> None:
        """Promise crossdock a set, with the faults that strike it on the way."""
        body = {"group": group, "lines": lines}
        if self.mischief.strikes("corrupt", event.content_key):
            self.sender.post(
                Telling(
                    due=due - timedelta(minutes=1),
                    target=CROSSDOCK,
                    document=DOCUMENT,
                    subject=subject,
                    webhook_id=event.content_key + CUT,
                    body=msgspec.json.encode(body),
                    tells=(),
                )
            )
        self.tell(DOCUMENT, subject, event, due, body=body)

    def acknowledge(self, found: Interchange) -> None:
        """Acknowledge every group that came but acknowledgements, as the faults have it."""
        for group in found.groups:
            if not group.is_acknowledgement or self._acknowledges_all(found):
                self._acknowledge(found, group)

    def _acknowledges_all(self, found: Interchange) -> bool:
        return self.mischief.strikes("ack_acked", f"{self.names.scac}/{found.control}")

    def _acknowledge(self, found: Interchange, group: Group) -> None:
        name = f"acknowledgement/{self.names.scac}/{found.control}/{group.control}"
        if self.mischief.strikes("no_ack", name):
            return
        seed = self.setup.seed
        minutes = between(*ACKNOWLEDGED_AFTER_MINUTES, seed, "acknowledged", name)
        due = self.clock.now() + timedelta(minutes=minutes)
        if self.mischief.strikes("late_ack", name):
            due += TOO_LATE
        verdict = "R" if self.mischief.strikes("rejecting_ack", name) else "A"
        said = speech.acknowledged(group, verdict)
        event = Told(verb="acknowledgement", content_key=name, content=said)
        lines = speech.acknowledgement(said)
        self.tell_lines(speech.GROUPS["acknowledgement"], lines, name, event, due)


async def interchange_in(request: web.Request) -> Interchange | web.Response:
    """Read the one interchange that came, or give the answer to what is none."""
    found = read(await request.read()).interchanges
    return found[0] if len(found) == 1 else json_answer({"error": "unreadable"}, 422)
