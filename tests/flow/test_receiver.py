"""Documents at the door."""

import msgspec

from crossdock.flow.machine import Machine
from crossdock.flow.reading import Arrival
from crossdock.flow.receiver import Receipt
from crossdock.messages.envelope import Key
from crossdock.ports.store import DocumentStatus, Store
from tests.flow.kit import NOON, Chatty, Line, house, lines, queue, read_lines, told


def counts(receipt: Receipt) -> tuple[int, int, int, str]:
    return receipt.accepted, receipt.duplicates, receipt.conflicts, receipt.status


def test_a_document_is_kept_and_its_reports_go_on_their_way(store: Store) -> None:
    machine = house(store)

    (receipt,) = machine.receive([lines(Line(id="e1"), Line(id="e2", version=2))], NOON)

    assert counts(receipt) == (2, 0, 0, "translated")
    assert told(machine) == ("1", "2")
    with store.read() as reader:
        kept = reader.document("main", receipt.document_id)
    assert kept is not None
    assert kept.content == lines(Line(id="e1"), Line(id="e2", version=2)).content


def test_the_same_thing_said_again_is_a_duplicate_for_ever(store: Store) -> None:
    machine = house(store)
    machine.receive([lines(Line(id="e1"))], NOON)

    again = machine.receive([lines(Line(id="e1"), Line(id="e1")), lines(Line(id="e1"))], NOON)

    assert [counts(each) for each in again] == [(0, 2, 0, "translated"), (0, 1, 0, "translated")]
    assert told(machine) == ("1",)
    assert queue(machine) == []


def test_other_content_under_a_known_identity_is_an_exception(store: Store) -> None:
    machine = house(store)
    machine.receive([lines(Line(id="e1"))], NOON)

    (receipt,) = machine.receive([lines(Line(id="e1", version=9), Line(id="e2"))], NOON)

    assert counts(receipt) == (1, 0, 1, "partial")
    assert told(machine) == ("1", "1")
    assert queue(machine) == [("document", "ID_REUSED", "INTEGRATION")]


def test_a_taught_reader_is_no_conflict_when_the_partner_sends_again(store: Store) -> None:
    house(store).receive([lines(Line(id="e1"))], NOON)
    old, new = b'"reason":""', b'"reason":"ok"'
    taught = Chatty(read=lambda content, _: read_lines(content.replace(old, new), None))
    machine = house(store, taught)

    (receipt,) = machine.receive([lines(Line(id="e1"))], NOON)

    assert counts(receipt) == (0, 1, 0, "translated")
    assert queue(machine) == []


def test_what_cannot_be_read_is_kept_and_shown_to_integration(store: Store) -> None:
    machine = house(store)
    cut = Arrival(tenant="main", partner="tms", document="lines", content=b'[{"id"')

    (receipt,) = machine.receive([cut], NOON)

    assert counts(receipt) == (0, 0, 0, "unreadable")
    assert queue(machine) == [("document", "UNREADABLE", "INTEGRATION")]


def test_a_connector_that_breaks_loses_no_document(store: Store) -> None:
    machine = house(store)
    broken = Arrival(tenant="main", partner="tms", document="broken", content=b"?")

    receipts = machine.receive([broken, lines(Line(id="e1"))], NOON)

    assert [each.status for each in receipts] == ["unreadable", "translated"]
    assert queue(machine) == [("document", "READING_FAILED", "INTEGRATION")]
    assert told(machine) == ("1",)


def test_a_stranger_s_document_waits_to_be_assigned(store: Store) -> None:
    machine = house(store)
    stranger = Arrival(tenant="main", partner="nobody", document="lines", content=b"[]")
    unknown = Arrival(tenant="main", partner="tms", document="poems", content=b"[]")

    receipts = machine.receive([stranger, unknown], NOON)

    assert {each.status for each in receipts} == {DocumentStatus.UNASSIGNED}
    assert queue(machine) == [("document", "UNASSIGNED", "INTEGRATION")] * 2


def test_an_unknown_code_is_work_for_carrier_relations_and_names_the_code(store: Store) -> None:
    machine = house(store)

    (receipt,) = machine.receive([lines(Line(id="e1", tracking=True, code="ZZZ"))], NOON)

    assert counts(receipt) == (1, 0, 0, "partial")
    with store.read() as reader:
        (row,) = reader.exceptions("main")
    assert (row.team, row.cause) == ("CARRIER_RELATIONS", "tms lines: A code is not known")
    assert (row.about, row.subject) == (("ZZZ", "4711"), receipt.document_id)


def test_an_unknown_code_said_again_is_not_asked_again(store: Store) -> None:
    machine = house(store)
    said = lines(Line(id="e1", tracking=True, code="ZZZ"))
    machine.receive([said], NOON)

    machine.receive([said], NOON)

    with store.read() as reader:
        assert [row.count for row in reader.exceptions("main")] == [1]


def test_a_known_number_leads_to_its_shipment_and_its_story(store: Store) -> None:
    machine = house(store)
    machine.receive([lines(Line(id="e1", reason="bind"))], NOON)

    machine.receive([lines(Line(id="t1", tracking=True))], NOON)

    with store.read() as reader:
        (first,) = reader.handled("main", "counter", Key("order", "SO-1"))
        (second,) = reader.handled("main", "counter", Key("shipment", "S-1"))
    assert second.step.message.bound == Key("shipment", "S-1")
    assert second.step.message.correlation_id == first.step.message.correlation_id


def test_two_documents_about_one_order_share_its_story(store: Store) -> None:
    machine = house(store)

    machine.receive([lines(Line(id="e1")), lines(Line(id="e2"))], NOON)

    with store.read() as reader:
        steps = reader.handled("main", "counter", Key("order", "SO-1"))
    assert len({each.step.message.correlation_id for each in steps}) == 1


def test_a_report_nobody_can_place_costs_only_itself(store: Store) -> None:
    machine = house(store)

    (receipt,) = machine.receive([lines(Line(id="e1", order="LOST"), Line(id="e2"))], NOON)

    assert counts(receipt) == (1, 0, 0, "partial")
    assert queue(machine) == [("document", "ROUTING_FAILED", "INTEGRATION")]


def test_what_a_partner_sent_is_counted(store: Store) -> None:
    machine: Machine = house(store)

    machine.receive([lines(Line(id="e1"), Line(id="e1"))], NOON)

    with store.read() as reader:
        counters = reader.counters("main")
    assert msgspec.json.encode(counters, order="sorted") == (
        b'{"documents/tms/lines/translated":1,"reports/tms/lines/accepted":1,'
        b'"reports/tms/lines/duplicate":1,"steps/counter/taken":1}'
    )


def test_a_name_with_a_nul_in_it_is_refused_and_the_rest_is_taken(store: Store) -> None:
    machine = house(store)
    document = lines(Line(id="e1", order="SO\x001"), Line(id="e\x002"), Line(id="e3", version=3))

    (receipt,) = machine.receive([document], NOON)

    with store.read() as reader:
        asked = [each.cause for each in reader.exceptions("main")]
    assert counts(receipt) == (1, 0, 0, "partial")
    assert told(machine) == ("3",)
    assert queue(machine) == [("document", "UNREADABLE", "INTEGRATION")]
    assert asked == [
        "tms lines: A name has a NUL character in it, by which nothing is found",
    ]
