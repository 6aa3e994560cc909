"""The unassigned inbox: kept, shown, and read when a partner matches."""

from crossdock.flow.machine import Machine
from crossdock.ports.store import Store
from tests.flow.kit import NOON, Chatty, queue, told
from tests.flow.numbered_kit import Numbered, answers, numbered_house, parcel


def reopened(store: Store, connector: Chatty) -> Machine:
    """Start a house over the same store."""
    machine = numbered_house(store, connector)
    machine.run_to_quiescence(NOON)
    return machine


def test_a_document_that_has_a_partner_now_is_read_at_the_start(store: Store) -> None:
    stranger = numbered_house(store, Chatty())
    stranger.receive([parcel(7, "SO-1"), parcel(8, "SO-2")], NOON)
    stranger.stop()
    machine = reopened(store, Numbered())

    endpoints = machine.assign(NOON)
    machine.run_to_quiescence(NOON)

    assert (told(machine), told(machine, "SO-2")) == (("1",), ("1",))
    assert queue(machine) == []
    assert endpoints == {"tms"}
    assert {body.partition(b"12:00 ")[2] for _, body in answers(machine)} == {
        b"7 is accepted",
        b"8 is accepted",
    }


def test_what_still_has_no_partner_waits_on_and_is_not_touched(store: Store) -> None:
    machine = numbered_house(store, Chatty())
    machine.receive([parcel(7, "SO-1")], NOON)

    for _ in range(3):
        machine.assign(NOON)

    with store.read() as reader:
        assert len(reader.documents("main")) == 1
    assert queue(machine) == [("document", "UNASSIGNED", "INTEGRATION")]


def test_who_assigned_it_is_in_the_audit_log(store: Store) -> None:
    stranger = numbered_house(store, Chatty())
    stranger.receive([parcel(7, "SO-1")], NOON)
    stranger.stop()
    machine = reopened(store, Numbered())

    machine.assign(NOON)

    with store.read() as reader:
        (row,) = reader.audit("main")
    assert (row.actor, row.action, row.reason) == (
        "flow",
        "exception.retry",
        "a partner matches now",
    )
