"""Hands as real processes: killed, hung, orphaned, or with another configuration."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest
from msgspec.structs import replace

from crossdock.app.config import Config, load_config
from crossdock.app.hands import Desk, HandProcess, furnish, hands_of, sign_of
from crossdock.app.roster import roster
from crossdock.connectors import discover
from crossdock.flow import draft as drafts
from crossdock.flow.crew import Lost
from crossdock.flow.draft import Draft, Order
from crossdock.flow.machine import Machine
from crossdock.flow.shell import Shell
from crossdock.governance.load import load_rules
from crossdock.messages.envelope import Key
from crossdock.ports.store import Reader, Store
from crossdock.store.memory import MemoryStore
from crossdock.store.sqlite import open_sqlite
from crossdock.testing.in_process import arrival
from tests.app.test_streams import released

CONFIG = """
[[partners]]
name = "erp"
connector = "reference_erp"
[partners.settings]
base_url = "http://127.0.0.1:9"
"""
NOON = datetime(2026, 3, 27, 12, tzinfo=UTC)
DOCUMENTS, ORDERS = 6, 20  # in each wave, and in each document
WAVES = 12  # at most: as many as it takes until the hand was killed twice
CAREFUL_STEPS = 30  # after a hand was lost
PATIENCE_SECONDS = 60.0


Kind = TypeVar("Kind", bound=HandProcess)


class StoppedClock:
    """It is noon."""

    def now(self) -> datetime:
        """Tell it."""
        return NOON


def furnish_slowly(file: Path) -> Desk:
    """Furnish a hand that decides as any, but takes its time."""
    desk = furnish(file)

    def slowly(decide: Callable[..., Any]) -> Callable[..., Any]:
        def decide_slowly(*given: Any) -> Any:
            time.sleep(0.002)
            return decide(*given)

        return decide_slowly

    slow = tuple(replace(each, decide=slowly(each.decide)) for each in desk.roster.subscribers)
    return replace(desk, roster=replace(desk.roster, subscribers=slow))


def furnish_for_ever(file: Path) -> Desk:
    """Furnish a hand that comes to no end with anything."""
    desk = furnish(file)

    def decide_for_ever(*_given: Any) -> Any:
        while True:
            time.sleep(1)

    stuck = tuple(replace(each, decide=decide_for_ever) for each in desk.roster.subscribers)
    return replace(desk, roster=replace(desk.roster, subscribers=stuck))


class Impatient(HandProcess):
    """A hand that is soon given up."""

    def __init__(self, furnish: Callable[[], Desk], sign: str) -> None:
        super().__init__(furnish, sign, patience_seconds=0.5)


class Mortal(HandProcess):
    """A hand that is killed in the middle of its first order, and again after two good ones."""

    def __init__(self, furnish: Callable[[], Desk], sign: str) -> None:
        super().__init__(furnish, sign)
        self.killed = 0
        self.drafted = 0

    async def draft(self, order: Order) -> Draft:
        """Draft, or die of it."""
        asking = asyncio.create_task(super().draft(order))
        if self.drafted == 2 * self.killed < 4:
            self.killed += 1
            await asyncio.sleep(0.05)
            assert self.pid is not None
            os.kill(self.pid, signal.SIGKILL)
        draft = await asking
        self.drafted += 1
        return draft


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A house with one ERP."""
    file = tmp_path / "crossdock.toml"
    file.write_text(CONFIG, "utf-8")
    return load_config(file, discover())


def machine_of(config: Config, store: Store) -> Machine:
    rules = load_rules(config.policies)
    return Machine(store=store, roster=roster(config, rules), batch=CAREFUL_STEPS)


def prepared(kind: type[Kind], how: Callable[[Path], Desk], config: Config) -> Kind:
    return kind(partial(how, config.file), sign_of(config, load_rules(config.policies)))


def document(number: int) -> bytes:
    """Write an array of orders that no other document has."""
    first = number * ORDERS
    return b"[" + b",".join(released(each) for each in range(first, first + ORDERS)) + b"]"


async def wave(shell: Shell, first: int) -> None:
    """Bring documents to the door at once, each by a sender of its own."""
    numbers = range(first, first + DOCUMENTS)
    receipts = await asyncio.gather(
        *(shell.take(arrival("erp", "orders", document(number))) for number in numbers)
    )
    assert [(each.accepted, each.duplicates) for each in receipts] == [(ORDERS, 0)] * DOCUMENTS


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not true():  # noqa: ASYNC110 - nobody announces it
            await asyncio.sleep(0.01)


def brought_about(reader: Reader) -> dict[str, Any]:
    """Tell what a house has made of the documents, but for names made by chance."""
    keys = [Key("order", f"SO-{number}") for number in range(WAVES * DOCUMENTS * ORDERS)]
    cases = reader.processes([("main", "order_release", key) for key in keys])
    return {
        "history": reader.count_messages("main"),
        "cases": {key: (row.stage, row.revision) for (_, _, key), row in cases.items()},
        "steps": {key: len(reader.handled("main", "order_release", key)) for key in keys},
        "effects": reader.outbox_counts("main"),
        "troubles": reader.exception_counts("main"),
        "waiting": reader.pending(),
    }


def test_a_hand_killed_in_the_middle_of_its_work_loses_nothing_and_does_nothing_twice(
    config: Config,
) -> None:
    store = open_sqlite(config.store, threads=True)
    machine = machine_of(config, store)
    hand = prepared(Mortal, furnish_slowly, config)
    shell = Shell(machine, clock=StoppedClock(), transports={}, hands=[hand])

    async def story() -> None:
        await shell.start()
        while hand.killed < 2 and taken_in(store) < WAVES * DOCUMENTS:
            await wave(shell, taken_in(store))
            machine.careful = 0  # as after so many steps: it asks for help again
            await until(lambda: shell.hands_ready == 1)
        await until(lambda: brought_about_of(store)["waiting"] == 0)
        await shell.stop()

    asyncio.run(story())
    with store.read() as reader:
        found = brought_about(reader)
    documents = taken_in(store)
    store.close()

    assert hand.killed == 2
    assert hand.drafted >= 2
    assert found == alone(config, documents)


def brought_about_of(store: Store) -> dict[str, Any]:
    with store.read() as reader:
        return brought_about(reader)


def taken_in(store: Store) -> int:
    """Count the documents that were taken in."""
    with store.read() as reader:
        return len(reader.documents("main", limit=1000))


def alone(config: Config, documents: int) -> dict[str, Any]:
    """Tell what the same documents bring about in a house without hands."""
    store = MemoryStore()
    machine = machine_of(config, store)
    machine.start()
    for number in range(documents):
        machine.receive([arrival("erp", "orders", document(number))], NOON)
    machine.run_to_quiescence(NOON)
    return brought_about_of(store)


def order_of(config: Config) -> Order:
    return machine_of(config, MemoryStore()).order([arrival("erp", "orders", document(1))], NOON)


def test_a_hand_that_hangs_is_ended(config: Config) -> None:
    open_sqlite(config.store).close()
    hand = prepared(Impatient, furnish_for_ever, config)

    async def story() -> None:
        await hand.start()
        with pytest.raises(Lost):
            await hand.draft(order_of(config))

    asyncio.run(story())
    pid = hand.pid
    hand.close()

    assert not is_alive(pid)


def is_alive(pid: int | None) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


ORPHAN = """
import asyncio, sys
from pathlib import Path
from tests.app.test_hands import furnish_for_ever, prepared, order_of, HandProcess
from crossdock.app.config import load_config
from crossdock.connectors import discover

async def main():
    config = load_config(Path(sys.argv[1]), discover())
    hand = prepared(HandProcess, furnish_for_ever, config)
    await hand.start()
    asking = asyncio.create_task(hand.draft(order_of(config)))
    await asyncio.sleep(0.2)
    print(hand.pid, flush=True)
    await asking

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_a_hand_ends_with_its_house_whatever_it_is_doing(config: Config, tmp_path: Path) -> None:
    open_sqlite(config.store).close()
    script = tmp_path / "orphan.py"
    script.write_text(ORPHAN, "utf-8")
    command = [sys.executable, str(script), str(config.file)]
    paths = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=paths) as house:
        assert house.stdout is not None
        pid = int(house.stdout.readline())
        assert is_alive(pid)

        house.kill()

    asyncio.run(until(lambda: not is_alive(pid)))


def test_a_hand_with_another_configuration_is_of_no_use(config: Config) -> None:
    open_sqlite(config.store).close()
    hand = prepared(HandProcess, furnish, config)
    config.file.write_text(CONFIG + "\n# changed\n", "utf-8")

    with pytest.raises(Lost, match="the configuration has changed"):
        asyncio.run(hand.start())

    assert not is_alive(hand.pid)


@pytest.mark.parametrize(
    ("wished", "cores", "prepared_"), [(1, 1, 0), (1, 2, 1), (0, 4, 0), (3, 2, 1), (2, 4, 2)]
)
def test_there_are_no_more_hands_than_other_cores(
    config: Config, wished: int, cores: int, prepared_: int
) -> None:
    found = hands_of(replace(config, hands=wished), load_rules(config.policies), cores)

    assert len(found) == prepared_


def test_what_a_hand_drafts_from_the_file_can_be_written(config: Config) -> None:
    store = open_sqlite(config.store)
    machine = machine_of(config, store)
    machine.start()
    hand = prepared(HandProcess, furnish, config)

    async def story() -> Draft:
        await hand.start()
        return await hand.draft(order_of(config))

    draft = asyncio.run(story())
    hand.close()
    (receipt,), _ = machine.write(draft)
    store.close()

    assert receipt.accepted == ORDERS
    assert drafts.decode(drafts.encode(draft)) == draft
