"""A store in the middle of its work, made by the real machine.

It has open effects, calls on their way, timers, parked keys and thousands of messages; `earlier`
writes the same as an earlier release would have left it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import count

from msgspec.structs import replace

from benchmarks import flows
from benchmarks.setting import roster
from crossdock.app.roster import PROCESSES
from crossdock.flow.machine import Machine
from crossdock.messages.envelope import Key
from crossdock.ports.store import Reader, Store
from crossdock.testing.in_process import InProcess, arrival
from crossdock.testing.plain_partner import PlainPartner

TENANT = "main"
EARLY, LATE = flows.CODES[:3], flows.CODES[3:]
PARKED = tuple(Key("shipment", f"SH-{number}") for number in range(5))
ON_THEIR_WAY = 7  # calls whose worker is gone
END = flows.BEGIN + timedelta(hours=24)


class Counting:
    """Ids that count, so that twins of a story have the same."""

    def __init__(self, phase: int) -> None:
        self._numbers = count(1)
        self._phase = phase

    def new(self) -> str:
        """Count one further."""
        return f"{self._phase}-{next(self._numbers):09}"


def town(store: Store, partner: PlainPartner, phase: int, *names: str) -> InProcess:
    """Open the real machine over a store; only the partners named answer."""
    machine = Machine(store=store, roster=replace(roster(), ids=Counting(phase)))
    return InProcess(machine, dict.fromkeys(names, partner), flows.BEGIN)


def tell(place: InProcess, partner: str, document: str, contents: Iterator[bytes]) -> None:
    """Bring documents in, one after the other."""
    for content in contents:
        place.receive(arrival(partner, document, content))


def grow(store: Store, partner: PlainPartner, orders: int) -> None:
    """Work until the middle of the day, and stop with calls on their way."""
    place = town(store, partner, 1, "tms")
    place.receive(arrival("erp", "master_data", flows.master_data()))
    tell(place, "erp", "orders", flows.arrays(flows.orders(orders)))
    place.settle()
    tell(place, "tms", "plans", flows.arrays(flows.plans(orders)))
    place.settle()
    with store.write() as unit:
        for key in PARKED:
            unit.park(TENANT, "shipment_visibility", key, "its step failed", flows.BEGIN)
    for code in EARLY:
        place.jump_to(flows.told_at(code))
        tell(place, "road", "tracking", flows.arrays(flows.tracking(orders, code)))
    place.settle()
    with store.write() as unit:
        unit.lease(TENANT, "erp", place.at, place.at + timedelta(minutes=1), ON_THEIR_WAY)
    place.close()


def finish(store: Store, partner: PlainPartner, orders: int) -> None:
    """Go on to the end of the day: release what is parked, tell the rest, deliver everything."""
    place = town(store, partner, 2, "erp", "tms")
    place.jump_to(flows.told_at(EARLY[-1]) + timedelta(minutes=5))
    with store.write() as unit:
        for key in PARKED:
            unit.release(TENANT, "shipment_visibility", key)
    place.settle()
    for code in LATE:
        place.jump_to(max(place.at, flows.told_at(code)))
        tell(place, "road", "tracking", flows.arrays(flows.tracking(orders, code)))
    place.jump_to(END)
    place.close()


def answers(reader: Reader) -> list[object]:
    """Ask a store everything there is about its work."""
    names = sorted(each.name for each in PROCESSES)
    cases = [reader.list_processes(TENANT, name, None, "", 100_000) for name in names]
    rows = [row for each in cases for row in each]
    keys = sorted({(row.subscriber, row.key) for row in rows})
    found: list[object] = [
        cases,
        reader.count_messages(TENANT),
        reader.pending(TENANT),
        reader.parked(TENANT),
        reader.stages(TENANT),
        reader.outbox_counts(TENANT),
        reader.exceptions(TENANT, status=None, limit=100_000),
        reader.counters(TENANT),
        reader.rules(TENANT),
        reader.last_heard(TENANT),
        reader.find(TENANT, "shipment_view", {}, limit=100_000),
        reader.search(TENANT, "700000003"),
        [each.sha256 for each in reader.documents(TENANT, limit=100_000)],
    ]
    for subscriber, key in keys:
        found += [
            reader.outbox_of(TENANT, subscriber, key),
            reader.timers(TENANT, subscriber, key),
            reader.handled(TENANT, subscriber, key),
            reader.unhandled(TENANT, subscriber, key),
        ]
    return found
