"""Whoever watches a customer's view: a process of its own, as a customer's browser is.

It asks for all views it waits for in one question, again and again, and takes no time of the
house's.
"""

from __future__ import annotations

import itertools
import time
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec
from msgspec import Struct

from benchmarks import flows
from crossdock.projections.shipment_visibility import KIND, view_key
from crossdock.store.postgres import open_reader as open_postgres
from crossdock.store.sqlite import open_reader as open_sqlite

TENANT = "main"
MILLISECONDS = 1_000
LOOK_SECONDS = 0.001

# How the carrier of `flows` spells the milestones (the published tracking event's status codes).
CODE_OF = {
    "PICKED_UP": "PUP",
    "DEPARTED": "DEP",
    "ARRIVED": "ARR",
    "OUT_FOR_DELIVERY": "OFD",
    "DELIVERED": "DLV",
    "POD_AVAILABLE": "POD",
}


class Schedule(Struct, frozen=True, kw_only=True):
    """When each event is due: `pace` a second from `began` on, in seconds of the epoch.

    Every flow has its first milestone before any has its next.
    """

    began: float
    pace: float
    events: int

    @property
    def flows(self) -> int:
        """Tell how many flows have so many milestones."""
        return -(-self.events // len(flows.CODES))

    def due(self, place: int) -> float:
        """Tell when an event is due."""
        return self.began + place / self.pace

    def told(self) -> list[tuple[int, str]]:
        """List the events: a flow's number and a milestone's code each."""
        every = itertools.product(flows.CODES, range(self.flows))
        return [(number, code) for code, number in itertools.islice(every, self.events)]


class Told(Struct, frozen=True):
    """A milestone of a view."""

    milestone: str


class Picture(Struct, frozen=True):
    """What is watched of a view's picture."""

    milestones: tuple[Told, ...]


class View(Struct, frozen=True):
    """What is watched of a view: the rest is passed over, so that watching takes little."""

    picture: Picture


_view = msgspec.json.Decoder(View)


def codes_in(view: bytes) -> set[str]:
    """Read the milestones a customer's view shows."""
    return {CODE_OF[each.milestone] for each in _view.decode(view).picture.milestones}


def watch(address: str, asked: Connection) -> None:
    """Say that we are ready, hear the schedule, and answer each event's delay in milliseconds.

    `address` is a PostgreSQL's, or a file of SQLite.
    """
    is_shared = address.startswith("postgresql:")
    store = open_postgres(address) if is_shared else open_sqlite(Path(address))
    asked.send("ready")
    schedule: Schedule = asked.recv()
    told = schedule.told()
    keys = [view_key(f"SH-{number}", "C-1") for number, _ in told]
    delays = [0.0] * len(told)
    waited: list[int] = []
    due = 0
    while due < len(told) or waited:
        time.sleep(LOOK_SECONDS)
        while due < len(told) and schedule.due(due) <= time.time():
            waited.append(due)
            due += 1
        with store.read() as reader:
            found = reader.projections(TENANT, KIND, list({keys[each] for each in waited}))
        seen_at = time.time()
        shown = {key: codes_in(row.body) for key, row in found.items()}
        done = [each for each in waited if told[each][1] in shown.get(keys[each], ())]
        for each in done:
            delays[each] = MILLISECONDS * (seen_at - schedule.due(each))
        waited = [each for each in waited if not delays[each]]
    store.close()
    asked.send(delays)
