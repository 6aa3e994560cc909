"""A step is one transaction: whoever dies right after its commit has lost nothing of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crossdock.flow.names import emitted_id
from crossdock.messages.envelope import Key
from crossdock.messages.flow import WakeUp
from crossdock.messages.registry import decode
from crossdock.ports.store import Store
from crossdock.testing.simulation.house import Crashed, CrashingStore
from tests.flow.kit import MINUTE, NOON, Line, effects, house, lines, told

ORDER = Key("order", "SO-1")


def take_and_die(store: Store, reason: str) -> None:
    """Take one step in a house whose worker dies after the next commit."""
    doomed: list[str] = []

    def point(name: str) -> None:
        if name in doomed:
            raise Crashed(name)

    intake = house(store)
    intake.careful = 1  # it takes documents in, and no step with them
    intake.receive([lines(Line(id="e1", reason=reason))], NOON)
    intake.stop()
    machine = house(CrashingStore(store, point, lambda: False))
    doomed.append("crash_after_commit")
    with pytest.raises(Crashed):
        machine.turn(NOON)


def test_the_step_is_marked_as_handled(store: Store) -> None:
    take_and_die(store, "ask")

    with store.read() as reader:
        assert (told(house(store)), reader.pending()) == (("1 ask",), 0)


def test_the_effect_it_asked_for_is_there(store: Store) -> None:
    take_and_die(store, "ask")

    assert (told(house(store)), [row.verb for row in effects(house(store))]) == (
        ("1 ask",),
        ["tms.cancel"],
    )


def test_the_timer_it_set_is_there(store: Store) -> None:
    take_and_die(store, "wake")

    with store.read() as reader:
        timers = [(row.name, row.due_at) for row in reader.timers("main", "counter", ORDER)]
    assert (told(house(store)), timers) == (("1 wake",), [("nap", NOON + MINUTE)])


def test_what_it_says_has_an_id_made_of_its_cause(store: Store) -> None:
    machine = house(store)
    machine.receive_and_turn([lines(Line(id="e1", reason="tell"))], NOON)
    machine.run_to_quiescence(NOON)

    with store.read() as reader:
        (step,) = reader.handled("main", "counter", ORDER)
        cause = step.step.message.id
        said = [row.id for row in reader.messages_caused_by("main", [cause])]
    assert said == [emitted_id("main", cause, "counter", ORDER, 0)]


def test_a_timer_that_rings_late_says_when_it_was_due(store: Store) -> None:
    machine = house(store)
    machine.receive_and_turn([lines(Line(id="e1", reason="wake"))], NOON)
    late = NOON + MINUTE + timedelta(hours=3)
    machine.run_to_quiescence(late)

    with store.read() as reader:
        rung = reader.handled("main", "counter", ORDER)[-1].step.message
    assert decode(rung.type, rung.schema, rung.body) == WakeUp(
        timer="nap", due_at=NOON + MINUTE, fired_at=late
    )
