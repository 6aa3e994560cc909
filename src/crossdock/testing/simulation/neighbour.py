"""A second tenant who moves into the store of a run and lives the same day under its own name.

Whatever the first was told in published words, the neighbour is told too: the same orders,
shipments and numbers from partners of the same names, with a mark of its own in every free text.
It moves into a copy of the store as it stands when the run is over, so the run itself is unchanged.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace

from crossdock.flow.deliverer import Result
from crossdock.flow.machine import Machine
from crossdock.flow.reading import Arrival
from crossdock.flow.roster import Roster
from crossdock.flow.settling import Work
from crossdock.ports import Exchange, Stage
from crossdock.testing.simulation.memory import MemoryFile
from crossdock.testing.simulation.witness import elements

HOST, NEIGHBOUR = "main", "acme"
MARK = "MARKED-ACME"
TURNS_MAX = 2_000
ROUNDS, PAUSE = 12, timedelta(minutes=5)  # of its effects, from the last word it was told
APPLIED = Exchange(
    stage=Stage.ANSWERED, status=201, body=b'{"document_id": "ACME-1", "status": "done"}'
)
TOLD = "SELECT id FROM raw_document WHERE status IN ('translated', 'partial') ORDER BY rowid"


class Town:
    """A copy of a store with both tenants in it; each has a machine of its own."""

    def __init__(self, file: bytes, roster: Roster, now: datetime) -> None:
        """Open the copy; the neighbour is not in yet."""
        self.store = MemoryFile(file)
        self._now = now
        self._machines = {
            tenant: Machine(store=self.store, roster=replace(roster, tenant=tenant))
            for tenant in (HOST, NEIGHBOUR)
        }

    def move_in(self) -> set[str]:
        """Tell the neighbour all that the host was told; answer the host's marks."""
        marks: set[str] = set()
        arrivals = list(self._marked(marks))
        for arrival in arrivals:
            self._machines[NEIGHBOUR].receive([arrival], self._now)
            self._turn()
        return marks

    def _turn(self) -> None:
        for _ in range(TURNS_MAX):
            done = self._machines[NEIGHBOUR].turn(self._now)
            if not (done.taken or done.parked or done.stumbled):
                return

    def live(self) -> Iterator[tuple[str, Work]]:
        """Let the effects of both tenants leave, each from its own machine, and be applied.

        Gives each with the tenant it left for.
        """
        for _ in range(ROUNDS):
            self._now += PAUSE
            for tenant, machine in self._machines.items():
                for endpoint in sorted(machine.roster.endpoints):
                    works = machine.lease(endpoint, self._now).works
                    yield from ((tenant, work) for work in works)
                    results = [
                        Result(work=work, exchange=APPLIED, ended_at=self._now) for work in works
                    ]
                    if results and tenant == NEIGHBOUR:
                        machine.record(endpoint, results, self._now)
            self._turn()

    def _marked(self, marks: set[str]) -> Iterator[Arrival]:
        rows = self.store.connection.execute(TOLD).fetchall()
        with self.store.read() as reader:
            documents = [reader.document(HOST, str(id_)) for (id_,) in rows]
        for document in documents:
            told = elements(document.content) if document is not None else None
            if document is None or told is None:
                continue
            for event in told:
                mark(event, marks)
            yield Arrival(
                tenant=NEIGHBOUR,
                partner=document.endpoint,
                document=document.document,
                content=msgspec.json.encode(told),
                content_type="application/json",
            )


def mark(event: dict[str, Any], marks: set[str]) -> None:
    """Write the neighbour's mark into an event's free texts, and note what the host's were."""
    order = event.get("order")
    if isinstance(order, dict) and event["event_type"] != "order.cancelled":
        if order.get("customer_reference"):
            marks.add(order["customer_reference"])
        order["customer_reference"] = MARK
    elif event["event_type"] == "tracking":
        event["note"] = MARK
