"""Ways in that fail: what people are asked, and what a waiver of it ends."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from crossdock.faults import NotNow
from crossdock.flow.entrance import Watch
from crossdock.flow.exceptions import Closing, Trouble
from crossdock.flow.machine import Machine
from crossdock.ports.store import Store
from tests.flow.kit import NOON, house
from tests.flow.test_operator import decided


class Door:
    """A way in, watched for a machine, that fails as it is told."""

    name = "the folder of legacy"

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.error: Exception | None = None
        self.watch = Watch(self, "main", self.tell)

    async def look(self) -> None:
        """Look, or say why not."""
        if self.error is not None:
            raise self.error

    async def tell(self, news: Sequence[Trouble | Closing]) -> None:
        """Tell people through the machine."""
        self.machine.tell_of(news, NOON)

    def stands(self, error: Exception | None) -> tuple[str, int, str]:
        """Look once, and tell what stands in the queue then: how, how often, and why."""
        self.error = error
        with contextlib.suppress(OSError, NotNow):
            asyncio.run(self.watch.once())
        with self.machine.store.read() as reader:
            (row,) = reader.exceptions("main", status=None)
        return row.status.value, row.count, row.cause.partition("legacy: ")[2]


def test_what_is_asked_says_why_it_is_shut_today(store: Store) -> None:
    door = Door(house(store))

    looks = [
        door.stands(OSError("no such folder")),
        door.stands(OSError("no such folder")),
        door.stands(OSError("permission denied")),
        door.stands(None),
        door.stands(OSError("permission denied")),
    ]

    assert looks == [
        ("open", 1, "no such folder"),
        ("open", 1, "no such folder"),
        ("open", 2, "permission denied"),
        ("resolved", 2, "permission denied"),
        ("open", 1, "permission denied"),
    ]


def test_a_waiver_ends_the_question_until_there_is_another_reason(store: Store) -> None:
    machine = house(store)
    door = Door(machine)
    door.stands(OSError("no such folder"))

    answer = decided(machine, "waive")
    looks = [
        door.stands(OSError("no such folder")),
        door.stands(OSError("permission denied")),
    ]

    assert looks == [("waived", 1, "no such folder"), ("open", 1, "permission denied")]
    assert answer.said == (
        "It is tried all the time, and nothing comes in until it works; "
        "somebody is asked again where it fails for another reason, or after it has worked"
    )


def test_the_facts_of_a_fault_are_no_other_reason(store: Store) -> None:
    door = Door(house(store))

    looks = [
        door.stands(NotNow("The broker does not answer", why="refused")),
        door.stands(NotNow("The broker does not answer", why="timed out")),
    ]

    assert looks == 2 * [("open", 1, "The broker does not answer (why=refused)")]
