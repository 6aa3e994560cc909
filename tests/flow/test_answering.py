"""What a partner is owed for a document: one answer, stored with what it states."""

import msgspec

from crossdock.flow.answering import StoredVerdict
from crossdock.flow.decisions import Decision
from crossdock.flow.machine import Machine
from crossdock.messages.acknowledgement import Environment
from crossdock.messages.envelope import Key
from crossdock.ports.store import Store
from tests.flow.kit import NOON, Chatty, answered, attempt, queue, told
from tests.flow.numbered_kit import answers, numbered_house, on_channel, parcel


def verdicts(machine: Machine, *identities: str) -> list[str]:
    """Tell the verdicts that are stored."""
    with machine.store.read() as reader:
        rows = [reader.seen("main", "tms", each) for each in identities]
    return [msgspec.json.decode(row.answer, type=StoredVerdict).verdict for row in rows if row]


def identities(machine: Machine) -> list[str]:
    with machine.store.read() as reader:
        keys = [row.business_key for row in reader.outbox_of("main", "", Key("partner", "tms"))]
    return [f"answer {each}" for each in dict.fromkeys(keys)]


def test_a_document_is_answered_as_it_is_stored(store: Store) -> None:
    machine = numbered_house(store)

    machine.receive([parcel(7, "SO-1")], NOON)

    assert told(machine) == ("1",)
    assert answers(machine) == [("waiting", b"1/1 12:00 7 is accepted")]
    assert verdicts(machine, *identities(machine)) == ["accepted"]


def test_an_answer_is_delivered_like_any_effect_and_tells_no_process(store: Store) -> None:
    machine = numbered_house(store)
    machine.receive([parcel(7)], NOON)

    attempt(machine, NOON, answered())

    assert answers(machine) == [("applied", b"1/1 12:00 7 is accepted")]
    assert queue(machine) == []


def test_the_same_again_gets_the_same_bytes_again(store: Store) -> None:
    machine = numbered_house(store)
    machine.receive([parcel(7, "SO-1")], NOON)
    attempt(machine, NOON, answered())

    machine.receive([parcel(7, "SO-1")], NOON)

    assert told(machine) == ("1",)
    assert answers(machine) == [
        ("applied", b"1/1 12:00 7 is accepted"),
        ("waiting", b"1/1 12:00 7 is accepted"),
    ]


def test_the_same_number_with_other_bytes_gets_an_answer_of_its_own(store: Store) -> None:
    machine = numbered_house(store)

    machine.receive([parcel(7, "SO-1"), parcel(7, "SO-2")], NOON)

    assert [body for _, body in answers(machine)] == [
        b"1/1 12:00 7 is accepted",
        b"2/2 12:00 7 is accepted",
    ]


def test_nothing_is_answered_where_nothing_is_owed(store: Store) -> None:
    machine = numbered_house(store)

    machine.receive([parcel(7, "SO-1", silent=True)], NOON)

    assert (told(machine), answers(machine)) == (("1",), [])


def test_an_answer_may_ride_in_the_response(store: Store) -> None:
    machine = numbered_house(store)

    first, again = (
        machine.receive([parcel(7, "SO-1", in_response=True)], NOON)[0] for _ in range(2)
    )

    assert (first.answer, again.answer) == (b"1/1 12:00 7 is accepted",) * 2
    assert [status for status, _ in answers(machine)] == ["applied", "applied"]
    assert machine.lease("tms", NOON).works == ()


def test_a_test_document_is_kept_refused_and_answered_so(store: Store) -> None:
    machine = numbered_house(store)

    (receipt,) = machine.receive([parcel(7, "SO-1", test=True)], NOON)

    assert (receipt.status, receipt.accepted, told(machine)) == ("fenced", 0, ())
    assert queue(machine) == [("document", "TEST_PRODUCTION_FENCE", "INTEGRATION")]
    assert answers(machine) == [("waiting", b"1/1 12:00 7 is rejected")]
    assert verdicts(machine, *identities(machine)) == ["rejected"]


def test_the_exception_names_which_of_the_three_disagrees(store: Store) -> None:
    machine = numbered_house(store)
    tried = numbered_house(store, inbound=on_channel(machine, Environment.TEST))

    machine.receive([parcel(1, credentials=Environment.TEST)], NOON)
    tried.receive([parcel(2, credentials=Environment.PRODUCTION)], NOON)
    tried.receive([parcel(3, test=True, credentials=Environment.TEST)], NOON)

    with store.read() as reader:
        causes = [row.cause for row in reader.exceptions("main")]
    assert sorted(
        each.partition("production, and ")[2].partition(" says")[0] for each in causes
    ) == [
        "its channel (test)",
        "its credentials (test)",
        "its envelope (test) and its channel (test) and its credentials (test)",
    ]


def test_a_house_for_tests_takes_what_is_for_tests(store: Store) -> None:
    machine = numbered_house(store)
    trying = numbered_house(
        store,
        inbound=on_channel(machine, Environment.TEST),
        environment=Environment.TEST,
    )

    (receipt,) = trying.receive([parcel(7, "SO-1", test=True)], NOON)

    assert (receipt.status, told(trying)) == ("translated", ("1",))


def test_a_partner_that_takes_no_answers_is_a_matter_for_people(store: Store) -> None:
    machine = numbered_house(store, endpoints={})

    machine.receive([parcel(7, "SO-1")], NOON)

    assert told(machine) == ("1",)
    assert queue(machine) == [("document", "UNANSWERED", "INTEGRATION")]


def test_reading_a_document_again_asks_for_no_second_answer(store: Store) -> None:
    machine = numbered_house(store)
    machine.receive([parcel(7, "SO-1", test=True)], NOON)
    with store.read() as reader:
        (row,) = reader.exceptions("main")

    machine.decide(Decision(verb="retry", exception_id=row.id, by="ann", reason="try"), NOON)

    assert [body for _, body in answers(machine)] == [b"1/1 12:00 7 is rejected"]


def test_what_nobody_could_read_at_first_is_answered_when_it_is_read(store: Store) -> None:
    stranger = numbered_house(store, Chatty())
    stranger.receive([parcel(7, "SO-1")], NOON)
    stranger.stop()
    machine = numbered_house(store)
    with store.read() as reader:
        (row,) = reader.exceptions("main")

    machine.decide(Decision(verb="retry", exception_id=row.id, by="ann", reason="taught"), NOON)
    machine.run_to_quiescence(NOON)

    assert (row.code, told(machine)) == ("UNASSIGNED", ("1",))
    assert answers(machine) == [("waiting", b"1/1 12:00 7 is accepted")]
