"""What is taken in one transaction is bounded by time, so that nobody waits for a long one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime
from itertools import accumulate

import pytest

from crossdock.flow.dispatcher import Dispatched
from crossdock.flow.machine import Machine
from crossdock.flow.portions import Portion
from crossdock.flow.reading import Arrival
from crossdock.flow.receiver import Receipt
from crossdock.flow.shell import Shell
from crossdock.store.memory import MemoryStore
from tests.flow.kit import Line, house, lines
from tests.flow.test_shell import Slow, live, shell_of

SLOW_SECONDS = 0.02  # of a step: five of them are a tenth of a second


@pytest.mark.parametrize(
    ("pieces", "seconds", "size"),
    [(500, 0.05, 500), (500, 0.5, 100), (10, 0.02, 50), (1, 3.0, 1), (0, 3.0, 500), (7, 0.0, 500)],
)
def test_a_portion_is_as_much_as_takes_a_tenth_of_a_second(
    pieces: int, seconds: float, size: int
) -> None:
    ticks = iter([0.0, seconds])
    portion = Portion(500, lambda: next(ticks))

    portion.timed(lambda done: done, lambda: pieces)

    assert portion.size == size


def test_a_portion_grows_again_when_things_are_quick() -> None:
    ticks = accumulate([0.0, 2.0, 1.0, 0.001, 1.0, 0.1])
    portion, sizes = Portion(500, lambda: next(ticks)), []
    for _ in range(3):
        portion.timed(lambda done: done, lambda: min(portion.size, 50))
        sizes.append(portion.size)

    assert sizes == [2, 200, 50]


class Watched:
    """What happened, in order: how many documents were taken together, and who was answered."""

    def __init__(self, machine: Machine) -> None:
        self.told: list[int | str] = []
        self._receive = machine.receive_and_turn
        machine.receive_and_turn = self.receive  # type: ignore[method-assign] # it is watched

    def receive(
        self, arrivals: Sequence[Arrival], now: datetime
    ) -> tuple[list[Receipt], Dispatched]:
        """Take documents, and note how many."""
        self.told.append(len(arrivals))
        return self._receive(arrivals, now)

    async def bring(self, shell: Shell, number: int) -> None:
        """Bring a document, and note that its sender was answered."""
        await shell.take(lines(Line(id=f"e{number}", order=f"SO-{number}")))
        self.told.append("answered")


def test_slow_documents_are_taken_in_small_portions_and_answered_before_the_next() -> None:
    machine = house(MemoryStore(), watch=lambda _: time.sleep(SLOW_SECONDS))
    machine.stop()  # in order: steps are taken with their documents after it
    watched = Watched(machine)

    async def story(shell: Shell) -> None:
        for first in (0, 12):
            numbers = range(first, first + 12)
            await asyncio.gather(*(watched.bring(shell, each) for each in numbers))

    live(shell_of(machine, Slow()), story)

    whole, rest = watched.told[:13], watched.told[13:]
    assert whole == [12, *["answered"] * 12]
    sizes = [each for each in rest if isinstance(each, int)]
    assert (sum(sizes), max(sizes) <= 5) == (12, True)
    assert rest == [said for size in sizes for said in (size, *["answered"] * size)]
