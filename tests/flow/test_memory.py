"""States that were just written: handed on as they are, and only where they still stand."""

from typing import Any

from msgspec.structs import replace

from crossdock.flow.machine import Machine
from crossdock.flow.memory import BESIDE_BYTES, Memory
from crossdock.messages.envelope import Key
from crossdock.ports import Emission, Received
from crossdock.ports.store import Store
from tests.flow.kit import COUNTER, LISTENER, NOON, Counter, Line, house, lines, told

FIRST = ("main", "counter", Key("order", "SO-1"))
SECOND = ("main", "counter", Key("order", "SO-2"))


def test_a_state_is_given_back_for_the_very_bytes_it_was_written_as() -> None:
    memory = Memory()
    memory.keep(FIRST, 1, b"old", "an old state")
    memory.keep(FIRST, 1, b"new", "a state")

    asked = [(FIRST, 1, b"new"), (FIRST, 1, b"old"), (FIRST, 2, b"new"), (SECOND, 1, b"new")]

    assert [memory.recall(*each) for each in asked] == ["a state", None, None, None]


def test_what_was_written_longest_ago_is_forgotten_first() -> None:
    memory = Memory(bytes_max=2 * BESIDE_BYTES + 8)
    memory.keep(FIRST, 1, b"1234", "first")
    memory.keep(SECOND, 1, b"1234", "second")
    memory.keep(FIRST, 1, b"12345", "first again")

    found = [memory.recall(SECOND, 1, b"1234"), memory.recall(FIRST, 1, b"12345")]

    assert found == [None, "first again"]


def test_states_of_which_little_is_said_are_bounded_as_well() -> None:
    memory = Memory(bytes_max=2 * BESIDE_BYTES)
    names = [("main", "counter", Key("order", f"SO-{number}")) for number in range(3)]
    for name in names:
        memory.keep(name, 1, b"", "nothing")

    assert [memory.recall(name, 1, b"") for name in names] == [None, "nothing", "nothing"]


def test_the_next_step_gets_the_state_that_the_last_one_left(store: Store) -> None:
    met: list[tuple[Counter, Counter]] = []

    def decide(
        state: Counter, received: Received[Any], rules: Any
    ) -> tuple[Counter, tuple[Emission, ...]]:
        after, emissions = COUNTER.decide(state, received, rules)
        met.append((state, after))
        return after, emissions

    roster = replace(house(store).roster, subscribers=(replace(COUNTER, decide=decide), LISTENER))
    machine = Machine(store=store, roster=roster)
    machine.start()
    machine.careful = 0
    for number in (1, 2):
        machine.receive([lines(Line(id=f"e{number}", version=number))], NOON)

    assert (met[1][0] is met[0][1], told(machine)) == (True, ("1", "2"))


def test_what_another_has_written_meanwhile_is_read(store: Store) -> None:
    one, other = house(store), house(store)
    for number, machine in enumerate((one, other, one), start=1):
        machine.receive([lines(Line(id=f"e{number}", version=number))], NOON)
        machine.run_to_quiescence(NOON)

    assert told(one) == ("1", "2", "3")
