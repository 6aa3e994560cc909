"""The same day told over any store ends alike: same inboxes in the same order, same states."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from crossdock.app.roster import PROCESSES
from crossdock.messages.envelope import Key
from crossdock.ports.store import HandledStep, OutboxRow, Reader, Store
from crossdock.store.memory import MemoryStore
from crossdock.store.postgres import open_postgres
from crossdock.store.sqlite import open_sqlite
from tests.histories.day import Day
from tests.histories.scenarios import SCENARIOS

TENANT = "main"
VIEWS = ("customer", "customer_view", "item", "shipment_visibility", "ship_to")


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store that lasts."""
    opened: Store = (
        open_sqlite(tmp_path / "day.db")
        if request.param == "sqlite"
        else open_postgres(request.getfixturevalue("database"))
    )
    yield opened
    opened.close()


def without_places(step: HandledStep) -> HandledStep:
    """A step of the past: its place in the list says when, its number is the store's own."""
    taken = step.step
    return replace(step, step=replace(taken, row=replace(taken.row, seq=0)))


def effects(reader: Reader, subscriber: str, key: Key) -> list[OutboxRow]:
    """What a process asked for, in its order."""
    return [replace(row, seq=0) for row in reader.outbox_of(TENANT, subscriber, key)]


def ended(store: Store) -> list[object]:
    """Tell all that a day leaves behind."""
    with store.read() as reader:
        cases = [
            row
            for each in PROCESSES
            for row in reader.list_processes(TENANT, each.name, None, "", 1000)
        ]
        taken = {
            (row.subscriber, row.key): [
                without_places(each) for each in reader.handled(TENANT, row.subscriber, row.key)
            ]
            for row in cases
        }
        asked = {
            (row.subscriber, row.key): effects(reader, row.subscriber, row.key) for row in cases
        }
        seen = [reader.find(TENANT, kind, {}, limit=1000) for kind in VIEWS]
        return [
            cases,
            taken,
            asked,
            seen,
            reader.exceptions(TENANT, status=None, limit=1000),
            reader.count_messages(TENANT),
            reader.counters(TENANT),
            reader.pending(),
            reader.next_timer(),
        ]


def told(scenario: str, store: Store) -> list[object]:
    """Tell a day over a store; answer what is left."""
    day = Day(SCENARIOS[scenario].rules, store)
    SCENARIOS[scenario].tell(day)
    return ended(store)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_day_ends_as_it_does_in_memory(scenario: str, store: Store) -> None:
    assert told(scenario, store) == told(scenario, MemoryStore())
