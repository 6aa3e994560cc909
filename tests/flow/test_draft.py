"""Documents decided on a snapshot and written afterwards, while others go on writing."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from crossdock.flow import draft as drafts
from crossdock.flow.draft import Draft
from crossdock.flow.machine import Machine
from crossdock.flow.reading import Arrival
from crossdock.flow.roster import Directory
from crossdock.messages.envelope import Key
from crossdock.messages.order_release import OrderCancelled
from crossdock.ports.store import DocumentStatus, Stale, Store
from crossdock.store.memory import MemoryStore
from tests.flow.kit import NOON, Line, effects, house, lines, queue, told
from tests.flow.test_evolution import LOOKING, rebuilt

REASONS = ("", "ask", "refuse", "wake", "complain", "tell", "bind", "fail", "ignore")


def drafted(machine: Machine, *arrivals: Arrival) -> Draft:
    """Decide as a helper does, and send it over the pipe."""
    order = drafts.decode_order(drafts.encode(machine.order(arrivals, NOON)))
    with machine.store.read() as reader:
        draft = drafts.draft(Directory(machine.roster), reader, order)
    return drafts.decode(drafts.encode(draft))


def leave(machine: Machine, *said: Line) -> None:
    """Take documents in, and no step with them."""
    machine.careful = 1
    machine.receive([lines(*said)], NOON)
    machine.careful = 0


def looks(machine: Machine) -> dict[str, Any]:
    """Tell all that a document brings about, but for names made by chance."""
    key = Key("order", "SO-1")
    with machine.store.read() as reader:
        timers = [(row.name, row.due_at) for row in reader.timers("main", "counter", key)]
        return {
            "told": told(machine),
            "heard": told(machine, "I-1", "listener"),
            "effects": [(row.id, row.status, row.request) for row in effects(machine)],
            "timers": timers,
            "troubles": sorted(queue(machine)),
            "numbers": [
                row.reference for row in reader.references_of("main", Key("shipment", "S-1"))
            ],
            "shown": list(reader.projections("main", "wanted", ["I-1"])),
            "history": reader.count_messages("main"),
            "documents": [(each.status, each.content) for each in reader.documents("main")],
            "parked": reader.parked("main"),
            "waiting": reader.pending(),
            "counters": reader.counters("main"),
        }


@pytest.mark.parametrize("reason", REASONS)
def test_what_is_drafted_and_written_is_what_receiving_brings_about(
    store: Store, reason: str
) -> None:
    document = lines(Line(id="e1", reason=reason), Line(id="e2", version=2), Line(id="e1"))
    plain, machine = house(MemoryStore()), house(store)

    expected, ours = plain.receive_and_turn([document], NOON)
    receipts, theirs = machine.write(drafted(machine, document))

    assert looks(machine) == looks(plain)
    assert [replace(each, document_id="") for each in receipts] == [
        replace(each, document_id="") for each in expected
    ]
    assert theirs == ours


def test_a_document_that_nobody_can_read_is_kept(store: Store) -> None:
    machine = house(store)

    ((receipt,), _) = machine.write(drafted(machine, replace(lines(), content=b"{")))

    assert receipt.status is DocumentStatus.UNREADABLE
    assert queue(machine) == [("document", "UNREADABLE", "INTEGRATION")]


def test_a_process_that_moved_meanwhile_leaves_nothing_of_the_draft(store: Store) -> None:
    machine = house(store)
    draft = drafted(machine, lines(Line(id="e1", reason="ask")))
    machine.receive([lines(Line(id="e2", version=2))], NOON)
    before = looks(machine)

    with pytest.raises(Stale):
        machine.write(draft)

    assert looks(machine) == before


def test_a_process_that_moved_meanwhile_is_noticed_where_the_draft_left_it_as_it_was(
    store: Store,
) -> None:
    machine = house(store)
    machine.receive([lines(Line(id="e1"))], NOON)
    draft = drafted(machine, lines(Line(id="e2", reason="ignore")))
    machine.receive([lines(Line(id="e3"))], NOON)

    with pytest.raises(Stale):
        machine.write(draft)


def test_what_was_said_meanwhile_is_not_new(store: Store) -> None:
    machine, document = house(store), lines(Line(id="e1", reason="ask"))
    draft = drafted(machine, document)
    leave(machine, Line(id="e1", reason="ask"))

    with pytest.raises(Stale):
        machine.write(draft)
    (receipt,) = machine.receive([document], NOON)

    assert (receipt.accepted, receipt.duplicates) == (0, 1)
    assert told(machine) == ("1 ask",)


def test_a_step_that_came_to_wait_meanwhile_is_not_overtaken(store: Store) -> None:
    machine = house(store)
    draft = drafted(machine, lines(Line(id="e2", version=2)))
    leave(machine, Line(id="e1"))

    with pytest.raises(Stale):
        machine.write(draft)


def test_a_step_that_waits_already_goes_first(store: Store) -> None:
    machine = house(store)
    leave(machine, Line(id="e1"))

    _, dispatched = machine.write(
        drafted(machine, lines(Line(id="e2", version=2), Line(id="e3", order="SO-2")))
    )

    assert (dispatched.taken, dispatched.more) == (1, True)
    assert (told(machine), told(machine, "SO-2")) == ((), ("1",))
    machine.turn(NOON)
    assert told(machine) == ("1", "2")


def test_where_too_many_steps_wait_documents_are_only_taken_in(store: Store) -> None:
    machine = house(store, batch=1)
    leave(machine, Line(id="e1"))

    _, dispatched = machine.write(drafted(machine, lines(Line(id="e2", order="SO-2"))))

    assert (dispatched.taken, dispatched.more) == (0, True)
    machine.run_to_quiescence(NOON)
    assert (told(machine), told(machine, "SO-2")) == (("1",), ("1",))


def test_a_key_that_was_parked_meanwhile_waits(store: Store) -> None:
    machine = house(store)
    draft = drafted(machine, lines(Line(id="e1")))
    with store.write() as unit:
        unit.park("main", "counter", Key("order", "SO-1"), "somebody looks at it", NOON)

    with pytest.raises(Stale):
        machine.write(draft)


def test_a_record_that_was_changed_meanwhile_is_looked_at_again(store: Store) -> None:
    machine = rebuilt(house(store), LOOKING)
    draft = drafted(machine, lines(Line(id="e1", order="SO-2")))
    machine.receive([lines(Line(id="e2", reason="tell"))], NOON)

    with pytest.raises(Stale):
        machine.write(draft)


@given(st.data())
def test_drafts_written_between_other_transactions_lose_and_repeat_nothing(
    data: st.DataObject,
) -> None:
    machine = house(MemoryStore())
    waiting: list[tuple[Draft, Arrival]] = []
    said: dict[str, list[int]] = {"SO-1": [], "SO-2": []}
    for number in range(1, data.draw(st.integers(4, 14), label="documents")):
        order = data.draw(st.sampled_from(sorted(said)), label="order")
        said[order].append(number)
        line = Line(
            id=f"e{number}",
            order=order,
            version=number,
            reason=data.draw(st.sampled_from(["", "ask", "tell", "ignore"]), label="reason"),
        )
        match data.draw(st.sampled_from(["draft", "receive", "leave"]), label="how"):
            case "draft":
                waiting.append((drafted(machine, lines(line)), lines(line)))
            case "receive":
                machine.receive([lines(line)], NOON)
            case _:
                leave(machine, line)
        while bool(waiting) and data.draw(st.booleans(), label="write"):
            at = data.draw(st.integers(0, len(waiting) - 1), label="which")
            write(machine, *waiting.pop(at))
    for each in waiting:
        write(machine, *each)
    machine.run_to_quiescence(NOON)

    for order, numbers in said.items():
        assert sorted(taken(machine, order)) == numbers


def write(machine: Machine, draft: Draft, arrival: Arrival) -> None:
    """Write a draft, or do what it was for where somebody was faster."""
    try:
        machine.write(draft)
    except Stale:
        machine.receive([arrival], NOON)


def taken(machine: Machine, order: str) -> list[int]:
    """Tell which versions an order's counter has taken a step for."""
    with machine.store.read() as reader:
        steps = reader.handled("main", "counter", Key("order", order))
    bodies = [each.step.message.body for each in steps]
    return [msgspec.json.decode(body, type=OrderCancelled).version for body in bodies]
