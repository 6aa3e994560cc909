"""Hands that decide beside the shell: asked in a crowd, and never leaned on."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

from msgspec.structs import replace

from crossdock.flow import draft as drafts
from crossdock.flow.crew import Lost
from crossdock.flow.draft import Draft, Order
from crossdock.flow.machine import Machine
from crossdock.flow.reading import Arrival
from crossdock.flow.roster import Directory
from crossdock.flow.shell import Shell
from crossdock.ports.store import Store
from tests.flow.kit import Line, effects, house, lines, told
from tests.flow.test_shell import Slow, WallClock, live, until

Mood = Callable[[int], None]  # told the number of the order; what it raises comes of the order


def willing(_number: int) -> None:
    """Draft every order."""


class Beside:
    """A hand in this very process; what it is asked for it drafts, unless in no mood for it."""

    def __init__(self, machine: Machine, mood: Mood = willing) -> None:
        self._machine = machine
        self._mood = mood
        self.said = Counter[str]()

    async def start(self) -> None:
        """Be there."""
        self.said["start"] += 1

    async def draft(self, order: Order) -> Draft:
        """Draft, or do what the mood says."""
        self.said["draft"] += 1
        await asyncio.sleep(0)
        self._mood(self.said["draft"])
        with self._machine.store.read() as reader:
            return drafts.draft(Directory(self._machine.roster), reader, order)

    def close(self) -> None:
        """Go."""
        self.said["close"] += 1


def large(line: Line) -> Arrival:
    """Write a document of which nine are a crowd: JSON may end in as many blanks as one likes."""
    small = lines(line)
    return replace(small, content=small.content + b" " * 4096)


def shell_with(machine: Machine, hand: Beside) -> Shell:
    clock, partner = WallClock(), Slow()
    return Shell(machine, clock=clock, transports={"tms": partner}, threaded=False, hands=[hand])


def calm(shell: Shell) -> None:
    """Forget that the house was not stopped before: it is careful else, and asks nobody."""
    shell.machine.careful = 0


async def crowd(shell: Shell, first: int, count: int = 12) -> None:
    """Bring documents to the door, all at once, each from a sender of its own."""
    numbers = range(first, first + count)
    receipts = await asyncio.gather(
        *(shell.take(large(Line(id=f"e{n}", order=f"SO-{n}", reason="ask"))) for n in numbers)
    )
    assert [each.accepted for each in receipts] == [1] * count


def once(machine: Machine, orders: range) -> bool:
    """Tell whether each order was taken in, asked for its effect and heard of it, all once."""
    return all(
        told(machine, f"SO-{n}") == ("1 ask", "1 APPLIED DOC-1")
        and len(effects(machine, f"SO-{n}")) == 1
        for n in orders
    )


def lived(machine: Machine, hand: Beside) -> None:
    """Live through three crowds."""

    async def story(shell: Shell) -> None:
        calm(shell)
        for number in range(3):
            await crowd(shell, 1 + 12 * number)
        await until(lambda: once(machine, range(1, 37)))

    live(shell_with(machine, hand), story)


def test_hands_are_started_by_the_first_crowd_and_share_in_the_work(store: Store) -> None:
    machine = house(store)
    hand = Beside(machine)

    lived(machine, hand)

    assert (hand.said["start"], hand.said["close"]) == (1, 1)
    assert 0 < hand.said["draft"] < 36


def test_where_little_waits_nobody_is_asked(store: Store) -> None:
    machine = house(store)
    hand = Beside(machine)

    async def story(shell: Shell) -> None:
        calm(shell)
        for number in range(1, 5):
            await crowd(shell, number, 1)
        await until(lambda: once(machine, range(1, 5)))

    live(shell_with(machine, hand), story)

    assert hand.said == {"close": 1}


def test_what_a_lost_hand_was_asked_for_is_done_here_and_the_hand_comes_back(
    store: Store,
) -> None:
    machine = house(store)

    def mortal(number: int) -> None:
        if number == 1:
            raise Lost("killed")

    hand = Beside(machine, mortal)
    careful: list[int] = []

    async def story(shell: Shell) -> None:
        calm(shell)
        await crowd(shell, 1)
        await until(lambda: hand.said["start"] == 1)
        await crowd(shell, 13)
        careful.append(machine.careful)
        calm(shell)  # as after so many steps
        await until(lambda: hand.said["start"] == 2)
        await crowd(shell, 25)
        await until(lambda: once(machine, range(1, 37)))

    live(shell_with(machine, hand), story)

    assert careful[0] > 0
    assert hand.said["draft"] > 1


def test_what_a_hand_cannot_draft_is_done_here(store: Store) -> None:
    machine = house(store)

    def unable(_number: int) -> None:
        raise ValueError("no idea")

    hand = Beside(machine, unable)

    lived(machine, hand)

    assert (hand.said["start"], machine.careful) == (1, 0)


def test_what_somebody_else_was_faster_with_is_done_here(store: Store) -> None:
    machine = house(store)
    hand = Beside(machine)
    receive = machine.receive

    async def slow(order: Order) -> Draft:
        draft = await Beside.draft(hand, order)
        receive(order.arrivals, order.now)  # the same documents, by another way
        return draft

    hand.draft = slow  # type: ignore[method-assign]

    async def story(shell: Shell) -> None:
        calm(shell)
        await crowd(shell, 1)
        receipts = await asyncio.gather(
            *(shell.take(large(Line(id=f"e{n}", order=f"SO-{n}"))) for n in range(13, 25))
        )
        assert {each.accepted + each.duplicates for each in receipts} == {1}

    live(shell_with(machine, hand), story)

    assert [told(machine, f"SO-{n}") for n in range(13, 25)] == [("1",)] * 12


def test_a_hand_that_does_not_start_is_done_without(store: Store) -> None:
    machine = house(store)
    hand = Beside(machine)

    async def start() -> None:
        raise Lost("no room")

    hand.start = start  # type: ignore[method-assign]

    lived(machine, hand)

    assert hand.said == {"close": 1}
