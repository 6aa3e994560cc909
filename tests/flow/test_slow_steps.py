"""Steps and documents that take longer than PostgreSQL waits for a sign of life."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from crossdock.flow.machine import Machine
from crossdock.ports import Reading
from crossdock.store.postgres.connections import WORKING
from crossdock.store.postgres.shared import WorkingStore
from tests.flow.kit import NOON, Chatty, Line, at_ease, house, lines, queue, read_lines, told

SHORT, LONG = 0.3, 0.7  # seconds: what the server waits, and more than that
Watch = Callable[[object], None]


class Impatient(WorkingStore):
    """A worker's store on a server that waits less long than it does in earnest."""

    settings = WORKING | {"idle_in_transaction_session_timeout": f"{SHORT * 1000:.0f}ms"}
    silence_seconds_max = SHORT


@pytest.fixture
def worker(database: str) -> Iterator[Callable[..., Machine]]:
    """Builds workers over one database; all are closed at the end."""
    with ExitStack() as opened:

        def build(watch: Watch = at_ease, connector: Chatty | None = None) -> Machine:
            store = Impatient(database, "main")
            opened.callback(store.close)
            return house(store, connector, watch)

        yield build


def work(*machines: Machine, turns: int = 8) -> None:
    """Let workers take their parts and their steps, in turn; one that lost its part takes it up."""
    for _ in range(turns):
        for machine in machines:
            machine.balance()
            machine.run_to_quiescence(NOON)


class Dawdler:
    """Takes its time over messages whose reason is `dawdle`, and counts how often."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.seen: Counter[str] = Counter()

    def __call__(self, body: object) -> None:
        """Look at a message."""
        reason = getattr(body, "reason", "")
        self.seen[reason] += 1
        if reason == "dawdle":
            time.sleep(self.seconds)


def test_a_step_longer_than_the_store_waits_is_set_aside_and_the_others_go_on(
    worker: Callable[..., Machine],
) -> None:
    dawdler = Dawdler(LONG)
    first, second = worker(dawdler), worker(dawdler)
    said = [Line(id="a"), Line(id="b", version=2, reason="dawdle"), Line(id="c", order="SO-2")]
    work(first, second, turns=2)

    first.receive([lines(*said)], NOON)
    work(first, second)

    assert (told(first, "SO-1"), told(first, "SO-2")) == (("1",), ("1",))
    assert queue(first) == [("step", "STEP_POISON", "INTEGRATION")]
    assert 2 <= dawdler.seen["dawdle"] <= 4  # in a batch perhaps, then twice alone
    with first.store.read() as reader:
        (trouble,) = reader.exceptions("main")
    assert trouble.cause == (
        "OrderCancelled for order SO-1 has stopped the worker 2 times in counter: it died, or "
        "took longer than the store waits"
    )


def test_many_steps_that_are_long_together_are_all_taken(worker: Callable[..., Machine]) -> None:
    machine = worker(Dawdler(SHORT / 4))
    said = [Line(id=f"e{n}", version=n, reason="dawdle") for n in range(1, 9)]
    work(machine, turns=1)

    machine.receive([lines(*said)], NOON)
    work(machine)

    assert told(machine) == tuple(f"{n} dawdle" for n in range(1, 9))
    assert queue(machine) == []


def test_a_document_that_takes_long_to_read_is_taken_in(worker: Callable[..., Machine]) -> None:
    def read_slowly(content: bytes, settings: object) -> Reading:
        time.sleep(LONG)
        return read_lines(content, settings)

    machine = worker(connector=Chatty(read=read_slowly))
    work(machine, turns=1)

    (receipt,) = machine.receive([lines(Line(id="a"))], NOON)

    assert (receipt.accepted, told(machine)) == (1, ("1",))
