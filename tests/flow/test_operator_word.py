"""What a person says to one process, besides the three verbs."""

from typing import Any

import msgspec
import pytest

from crossdock.flow.decisions import NeedsReason, NotFound, Undecidable
from crossdock.flow.machine import Machine
from crossdock.flow.operator_word import Heard, Word
from crossdock.messages.envelope import Key
from crossdock.messages.flow import ExceptionRetried
from crossdock.ports.store import AuditRow, Store
from tests.flow.kit import COUNTER, LISTENER, NOON, Line, house, lines, told

HEARING = msgspec.structs.replace(COUNTER, receives=(*COUNTER.receives, ExceptionRetried))
ASKED = ExceptionRetried(code="STUCK", by="ann", reason="agreed")
WORD = Word(
    subscriber="counter",
    key=Key("order", "SO-1"),
    body=ASKED,
    by="ann",
    reason="agreed",
    action="counter.retry",
    detail="all of it",
    ground="1",
)


def counting(store: Store) -> Machine:
    """A house whose counter has heard of order SO-1, and is asked again by people."""
    roster = msgspec.structs.replace(house(store).roster, subscribers=(HEARING, LISTENER))
    machine = Machine(store=store, roster=roster)
    machine.start()
    machine.receive([lines(Line(id="a", order="SO-1"))], NOON)
    machine.run_to_quiescence(NOON)
    return machine


def audited(store: Store) -> list[AuditRow]:
    with store.read() as reader:
        return reader.audit("main", WORD.subject)


def test_a_word_reaches_its_process_and_the_audit_log(store: Store) -> None:
    machine = counting(store)

    heard = machine.say(WORD, NOON)
    machine.run_to_quiescence(NOON)

    assert told(machine)[1:] == ("retried STUCK",)
    (row,) = audited(store)
    assert (heard.is_new, row.actor, row.action, row.reason, row.detail) == (
        True,
        "ann",
        "counter.retry",
        "agreed",
        "all of it",
    )


def test_the_same_word_on_the_same_ground_is_said_once(store: Store) -> None:
    machine = counting(store)

    first = machine.say(WORD, NOON)
    again = machine.say(WORD, NOON)
    machine.run_to_quiescence(NOON)

    assert again == Heard(message_id=first.message_id, is_new=False)
    assert (told(machine)[1:], len(audited(store))) == (("retried STUCK",), 1)


@pytest.mark.parametrize("change", [{"by": "ben"}, {"ground": "2"}])
def test_another_person_or_another_ground_makes_it_another_word(
    store: Store, change: dict[str, Any]
) -> None:
    machine = counting(store)

    machine.say(WORD, NOON)
    machine.say(msgspec.structs.replace(WORD, **change), NOON)
    machine.run_to_quiescence(NOON)

    assert told(machine)[1:] == ("retried STUCK", "retried STUCK")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"reason": " "}, NeedsReason),
        ({"by": ""}, NeedsReason),
        ({"key": Key("order", "SO-9")}, NotFound),
        ({"subscriber": "listener"}, Undecidable),
        ({"subscriber": "nobody"}, Undecidable),
    ],
)
def test_a_word_that_cannot_be_said_changes_nothing(
    store: Store, change: dict[str, Any], fault: type[Exception]
) -> None:
    machine = counting(store)

    with pytest.raises(fault):
        machine.say(msgspec.structs.replace(WORD, **change), NOON)

    assert (told(machine)[1:], audited(store)) == ((), [])
