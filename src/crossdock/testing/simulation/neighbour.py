"""A second tenant who moves into the store of a run and lives an order under its own name.

Whatever the first was told of an order in published words, the neighbour is told too: the same
orders, shipments and numbers from partners of the same names, with a mark of its own in every free
text. It moves into the store as that stands in the middle of the day or when all is over, and what
it does there is forgotten, so the run itself is unchanged.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from crossdock.app.roster import PROCESSES
from crossdock.flow.deliverer import Result
from crossdock.flow.machine import Machine
from crossdock.flow.reading import Arrival
from crossdock.flow.roster import Roster
from crossdock.flow.settling import Work
from crossdock.ports import Exchange, Stage
from crossdock.testing.simulation.house import METRICS
from crossdock.testing.simulation.memory import MemoryFile
from crossdock.testing.simulation.rosters import Numbers
from crossdock.testing.simulation.witness import elements

HOST, NEIGHBOUR = "main", "acme"
MARK = "MARKED-ACME"
TURNS_MAX = 2_000
ROUNDS, PAUSE = 12, timedelta(minutes=5)  # of its effects, from the last word it was told
APPLIED = Exchange(
    stage=Stage.ANSWERED, status=201, body=b'{"document_id": "ACME-1", "status": "done"}'
)
TOLD = "SELECT id FROM raw_document WHERE status IN ('translated', 'partial') ORDER BY rowid"


class Letter(Struct, frozen=True, kw_only=True):
    """What the host was told in one document, in published words."""

    partner: str
    document: str
    events: list[dict[str, Any]]


class Town:
    """A store with both tenants in it; each has a machine of its own, without defects."""

    def __init__(self, store: MemoryFile, roster: Roster, now: datetime) -> None:
        """Take the store; the neighbour is not in yet."""
        self.store = store
        self._now = now
        mended = replace(roster, subscribers=PROCESSES, ids=Numbers(NEIGHBOUR))
        self._machines = {
            tenant: Machine(
                store=self.store, roster=replace(mended, tenant=tenant), metrics=METRICS
            )
            for tenant in (HOST, NEIGHBOUR)
        }

    def told(self) -> Iterator[Letter]:
        """Read what the host was told in published words."""
        rows = self.store.connection.execute(TOLD).fetchall()
        with self.store.read() as reader:
            documents = [reader.document(HOST, str(id_)) for (id_,) in rows]
        for document in documents:
            events = elements(document.content) if document is not None else None
            if document is not None and events is not None:
                name = document.document
                yield Letter(partner=document.endpoint, document=name, events=events)

    def move_in(self, letters: list[Letter], names: set[str]) -> set[str]:
        """Tell the neighbour of master data, and what names one of these; answer the host's marks.

        Its mark is written into the letters.
        """
        marks: set[str] = set()
        arrivals: list[Arrival] = []
        for letter in letters:
            events = [each for each in letter.events if "record" in each or _names(each, names)]
            for event in events:
                mark(event, marks)
            if events:
                arrivals.append(_written(letter, events))
        self._machines[NEIGHBOUR].receive(arrivals, self._now)
        self._turn(NEIGHBOUR)
        return marks

    def _turn(self, tenant: str) -> None:
        for _ in range(TURNS_MAX):
            done = self._machines[tenant].turn(self._now)
            if not (done.taken or done.parked or done.stumbled):
                return

    def leave(self, tenant: str) -> Iterator[Work]:
        """Let the effects of a tenant leave that may, from its own machine; the neighbour's work.

        What the host sends is never answered: its day ends here, when it has heard of what it gives
        up as it sends.
        """
        machine = self._machines[tenant]
        for endpoint in sorted(machine.roster.endpoints):
            works = machine.lease(endpoint, self._now).works
            yield from works
            results = [Result(work=work, exchange=APPLIED, ended_at=self._now) for work in works]
            if results and tenant == NEIGHBOUR:
                machine.record(endpoint, results, self._now)
        self._turn(tenant)

    def live(self) -> Iterator[Work]:
        """Let the neighbour's effects leave, round after round, and its processes hear of them."""
        for _ in range(ROUNDS):
            self._now += PAUSE
            yield from self.leave(NEIGHBOUR)


def _written(letter: Letter, events: list[dict[str, Any]]) -> Arrival:
    return Arrival(
        tenant=NEIGHBOUR,
        partner=letter.partner,
        document=letter.document,
        content=msgspec.json.encode(events),
        content_type="application/json",
    )


def _names(event: dict[str, Any], names: set[str]) -> bool:
    text = msgspec.json.encode(event).decode()
    return any(each in text for each in names)


def mark(event: dict[str, Any], marks: set[str]) -> None:
    """Write the neighbour's mark into an event's free texts, and note what the host's were."""
    order = event.get("order")
    if isinstance(order, dict) and event["event_type"] != "order.cancelled":
        if order.get("customer_reference"):
            marks.add(order["customer_reference"])
        order["customer_reference"] = MARK
    elif event["event_type"] == "tracking":
        event["note"] = MARK
