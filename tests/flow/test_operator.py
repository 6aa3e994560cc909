"""What people decide: retry, edit, waive, each with a reason."""

from datetime import timedelta

import pytest

from crossdock.faults import Fault
from crossdock.flow.decisions import (
    AlreadyClosed,
    Decided,
    Decision,
    NeedsReason,
    NotFound,
    Undecidable,
)
from crossdock.flow.machine import Machine
from crossdock.messages.envelope import Key
from crossdock.ports import EffectClass
from crossdock.ports.store import AuditRow, ExceptionStatus, Store
from tests.flow.kit import (
    LOCKED,
    LOST,
    MINUTE,
    NOON,
    REFUSAL,
    Chatty,
    Line,
    answered,
    ask,
    attempt,
    effects,
    house,
    lines,
    queue,
    read_badly,
    read_lines,
    standing,
    told,
)

LATER = NOON + timedelta(hours=2)


def decided(machine: Machine, verb: str, content: bytes = b"", at: timedelta = MINUTE) -> Decided:
    """Let Ada decide about the one open exception."""
    with machine.store.read() as reader:
        (row,) = reader.exceptions("main")
    decision = Decision(
        verb=verb, exception_id=row.id, by="ada", reason="I looked", content=content
    )
    answer = machine.decide(decision, NOON + at)
    machine.run_to_quiescence(NOON + at)
    return answer


def closed(machine: Machine) -> list[tuple[str, str, str]]:
    """Tell the exceptions that were closed: code, how, by whom."""
    with machine.store.read() as reader:
        rows = reader.exceptions("main", status=None)
    return [
        (row.code, row.status.value, row.closed_by)
        for row in rows
        if row.status is not ExceptionStatus.OPEN
    ]


def test_a_document_is_read_again_with_today_s_connector(store: Store) -> None:
    before = house(store, Chatty(read=read_badly))
    before.receive([lines(Line(id="e1"))], NOON)
    machine = house(store)

    decided(machine, "retry")

    assert told(machine) == ("1",)
    assert queue(machine) == []
    assert closed(machine) == [("READING_FAILED", "resolved", "ada")]


def test_teaching_a_code_amends_what_was_said_before(store: Store) -> None:
    house(store).receive([lines(Line(id="t1", tracking=True, code="ZZZ"))], NOON)
    taught = Chatty(read=lambda content, _: read_lines(content.replace(b"ZZZ", b""), None))
    machine = house(store, taught)

    decided(machine, "retry")
    decided_again = machine.receive(
        [lines(Line(id="t1", tracking=True, code="ZZZ"))], NOON + MINUTE
    )

    assert queue(machine) == []
    with store.read() as reader:
        first, second = [
            row
            for doc in reversed(reader.documents("main"))
            for row in reader.messages_caused_by("main", [doc.id])
        ]
    assert (first.amends, second.amends) == ("", first.id)
    assert (decided_again[0].duplicates, decided_again[0].conflicts) == (1, 0)


def test_a_code_nobody_has_taught_stays_with_carrier_relations(store: Store) -> None:
    machine = house(store)
    machine.receive([lines(Line(id="t1", tracking=True, code="ZZZ"))], NOON)

    said = decided(machine, "retry")

    assert "0 new or amended, 1 as before" in said.said
    assert queue(machine) == [("document", "UNKNOWN_STATUS_CODE", "CARRIER_RELATIONS")]


def test_a_document_is_mended_and_linked_to_the_first(store: Store) -> None:
    machine = house(store)
    (receipt,) = machine.receive([lines(Line(id="e1", order="LOST"), Line(id="e2"))], NOON)

    decided(machine, "edit", lines(Line(id="e1", version=2), Line(id="e2")).content)

    assert told(machine) == ("1", "2")
    with store.read() as reader:
        newest = reader.documents("main")[0]
    assert (newest.parent_id, newest.status.value) == (receipt.document_id, "translated")


def test_a_reused_id_can_be_taken_in_the_first_one_s_place(store: Store) -> None:
    machine = house(store)
    machine.receive([lines(Line(id="e1"))], NOON)
    machine.receive([lines(Line(id="e1", version=9))], NOON)

    decided(machine, "retry")

    assert told(machine) == ("1", "9")
    assert queue(machine) == []


def test_a_waived_document_is_kept(store: Store) -> None:
    machine = house(store)
    machine.receive([lines(Line(id="e1", order="LOST"))], NOON)

    decided(machine, "waive")

    assert closed(machine) == [("ROUTING_FAILED", "waived", "ada")]


@pytest.mark.parametrize(("verb", "word"), [("retry", "retried"), ("waive", "waived")])
def test_a_process_hears_what_was_decided(store: Store, verb: str, word: str) -> None:
    machine = house(store)
    machine.receive([lines(Line(id="e1", reason="complain"))], NOON)

    decided(machine, verb)

    assert told(machine) == ("1 complain", f"{word} STUCK")
    assert queue(machine) == []


def test_an_edited_report_amends_the_one_that_caused_trouble(store: Store) -> None:
    machine = house(store)
    machine.receive([lines(Line(id="e1", reason="complain"))], NOON)

    decided(machine, "edit", b'{"reason": null, "version": 7}')

    assert told(machine) == ("1 complain", "7")
    with store.read() as reader:
        first, second = reader.handled("main", "counter", Key("order", "SO-1"))
    assert second.step.message.amends == first.step.message.id
    assert second.step.message.origin == "partner:tms"


def test_an_edit_that_makes_no_message_is_refused_and_changes_nothing(store: Store) -> None:
    machine = house(store)
    machine.receive([lines(Line(id="e1", reason="complain"))], NOON)

    with pytest.raises(Undecidable, match="makes no OrderCancelled"):
        decided(machine, "edit", b'{"version": "seven"}')

    assert queue(machine) == [("process", "STUCK", "TRANSPORTATION")]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (b'{"reason": "complain"}', "The edit changes nothing of the OrderCancelled"),
        (b"{}", "The edit changes nothing of the OrderCancelled"),
        (b'{"raeson": "typed wrong"}', "An OrderCancelled has no `raeson`"),
        (b'{"reason": null, "raeson": "typed wrong"}', "An OrderCancelled has no `raeson`"),
    ],
)
def test_an_edit_that_would_change_nothing_leaves_the_exception_open(
    store: Store, change: bytes, said: str
) -> None:
    machine = house(store)
    machine.receive([lines(Line(id="e1", reason="complain"))], NOON)

    with pytest.raises(Undecidable) as refused:
        decided(machine, "edit", change)

    assert refused.value.said == said
    assert queue(machine) == [("process", "STUCK", "TRANSPORTATION")]


def stuck_step(store: Store) -> Machine:
    machine = house(store)
    said = [Line(id="a", reason="fail"), Line(id="b", version=2)]
    machine.receive([lines(*said)], NOON)
    return machine


def test_a_mended_process_takes_the_failed_step_again(store: Store) -> None:
    stuck_step(store)
    mended = house(store, mended=True)

    decided(mended, "retry")

    assert told(mended) == ("1 fail", "2")
    assert queue(mended) == []


def test_a_step_that_fails_again_is_shown_again(store: Store) -> None:
    machine = stuck_step(store)

    decided(machine, "retry")

    assert told(machine) == ()
    assert queue(machine) == [("step", "STEP_FAILED", "INTEGRATION")]


def test_a_waived_step_is_skipped_and_the_rest_goes_on(store: Store) -> None:
    machine = stuck_step(store)

    decided(machine, "waive")

    assert told(machine) == ("2",)
    assert closed(machine) == [("STEP_FAILED", "waived", "ada")]


def test_an_edited_step_takes_its_turn_as_mended(store: Store) -> None:
    machine = stuck_step(store)

    decided(machine, "edit", b'{"reason": "mended"}')

    assert told(machine) == ("2", "1 mended")


def test_a_refused_effect_is_sent_again_under_its_key(store: Store) -> None:
    machine = house(store)
    ask(machine, 1)
    attempt(machine, NOON, REFUSAL)
    (before,) = effects(machine)

    said = decided(machine, "retry")
    attempt(machine, NOON + MINUTE, answered())

    assert said.endpoints == {"tms"}
    assert [row.idempotency_key for row in effects(machine)] == [before.idempotency_key]
    assert told(machine) == ("1 ask", "1 REFUSED", "1 APPLIED DOC-1")
    assert queue(machine) == []


def test_an_unresolved_effect_is_found_out_first(store: Store) -> None:
    machine = house(store, Chatty(EffectClass.LOOKUP), attempts_max=1, breaker_failures=99)
    ask(machine, 1)
    attempt(machine, NOON, LOST)
    attempt(machine, LATER, LOST)

    decided(machine, "retry", at=LATER - NOON)

    assert attempt(machine, LATER, answered()) == ["look_up"]
    assert told(machine) == ("1 ask", "1 UNRESOLVED", "1 APPLIED DOC-1")


def test_where_nothing_protects_the_operator_s_word_is_taken(store: Store) -> None:
    machine = house(store, Chatty(EffectClass.NEITHER))
    ask(machine, 1)
    attempt(machine, NOON, LOST)

    decided(machine, "retry")

    assert attempt(machine, NOON + MINUTE, answered()) == ["send"]


def test_a_waived_effect_is_never_sent_and_its_line_goes_on(store: Store) -> None:
    machine = house(store)
    ask(machine, 1, 2)
    attempt(machine, NOON, REFUSAL)

    decided(machine, "waive")
    attempt(machine, NOON + MINUTE, answered())

    assert [each[0] for each in standing(machine)] == ["waived", "applied"]
    assert told(machine)[2:] == ("1 REFUSED", "1 WAIVED", "2 APPLIED DOC-1")


def test_a_process_hears_that_what_was_waived_may_have_been_done(store: Store) -> None:
    machine = house(store, Chatty(EffectClass.NEITHER))
    ask(machine, 1)
    attempt(machine, NOON, LOST)

    decided(machine, "waive")

    assert told(machine)[1:] == ("1 UNRESOLVED", "1 WAIVED doubted")


def test_an_edited_effect_takes_the_refused_one_s_place(store: Store) -> None:
    machine = house(store)
    ask(machine, 1)
    attempt(machine, NOON, REFUSAL)

    decided(machine, "edit", b'{"reason": "as agreed"}')
    attempt(machine, NOON + MINUTE, answered())

    assert [(row.version, row.status.value) for row in effects(machine)] == [
        ("1", "superseded"),
        ("1.e1", "applied"),
    ]
    assert b"as agreed" not in effects(machine)[0].request
    assert told(machine) == ("1 ask", "1 REFUSED", "1 APPLIED DOC-1")


def test_what_may_have_been_done_is_never_edited(store: Store) -> None:
    machine = house(store, Chatty(EffectClass.NEITHER))
    ask(machine, 1)
    attempt(machine, NOON, LOST)

    with pytest.raises(Undecidable, match="Nobody knows whether this was done"):
        decided(machine, "edit", b'{"reason": "again"}')


def test_an_edit_may_not_turn_an_effect_to_something_else(store: Store) -> None:
    machine = house(store)
    ask(machine, 1)
    attempt(machine, NOON, REFUSAL)

    with pytest.raises(Undecidable, match="something else"):
        decided(machine, "edit", b'{"order_id": "SO-2"}')


def test_what_could_not_be_written_is_written_when_mended(store: Store) -> None:
    machine = house(store)
    machine.receive([lines(Line(id="e1", reason="refuse"))], NOON)
    machine.run_to_quiescence(NOON)

    with pytest.raises(Undecidable, match="still cannot be written"):
        decided(machine, "retry")
    decided(machine, "edit", b'{"order_version": 5}')

    assert [row.status.value for row in effects(machine)] == ["superseded", "waiting"]
    assert queue(machine) == []


def test_a_locked_out_endpoint_waits_for_new_credentials(store: Store) -> None:
    machine = house(store)
    ask(machine, 1)
    attempt(machine, NOON, LOCKED)
    opened = queue(machine)
    waiting = attempt(machine, LATER)

    decided(machine, "retry", at=LATER - NOON)
    attempt(machine, LATER, answered())

    assert (opened, waiting) == ([("endpoint", "ENDPOINT_LOCKED_OUT", "INTEGRATION")], [])
    assert standing(machine) == [("applied", 1, NOON)]
    assert queue(machine) == []


def test_a_locked_out_endpoint_cannot_be_waived_as_nobody_would_call_it_again(
    store: Store,
) -> None:
    machine = house(store)
    ask(machine, 1)
    attempt(machine, NOON, LOCKED)

    with pytest.raises(Undecidable, match="until somebody retries"):
        decided(machine, "waive")

    assert queue(machine) == [("endpoint", "ENDPOINT_LOCKED_OUT", "INTEGRATION")]


def test_every_decision_is_audited(store: Store) -> None:
    machine = house(store)
    machine.receive([lines(Line(id="e1", reason="complain"))], NOON)

    decided(machine, "waive")
    machine.looked_at("DOC-1", "bob", NOON)

    with store.read() as reader:
        rows: list[AuditRow] = reader.audit("main")
    assert [(row.actor, row.action, row.reason) for row in rows] == [
        ("bob", "document.looked_at", ""),
        ("ada", "exception.waive", "I looked"),
    ]


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"reason": " "}, NeedsReason),
        ({"by": ""}, NeedsReason),
        ({"exception_id": "nothing"}, NotFound),
        ({"verb": "shout"}, Undecidable),
    ],
)
def test_a_decision_without_its_parts_is_none(
    store: Store, wrong: dict[str, str], fault: type[Fault]
) -> None:
    machine = house(store)
    machine.receive([lines(Line(id="e1", reason="complain"))], NOON)
    with store.read() as reader:
        (row,) = reader.exceptions("main")
    whole = {"verb": "retry", "exception_id": row.id, "by": "ada", "reason": "so", **wrong}

    with pytest.raises(fault):
        machine.decide(Decision(**whole), NOON)  # type: ignore[arg-type] # texts alone


def test_nobody_decides_twice(store: Store) -> None:
    machine = house(store)
    machine.receive([lines(Line(id="e1", reason="complain"))], NOON)
    with store.read() as reader:
        (row,) = reader.exceptions("main")
    decision = Decision(verb="waive", exception_id=row.id, by="ada", reason="so")
    machine.decide(decision, NOON)

    with pytest.raises(AlreadyClosed, match="This is waived already, by ada: so"):
        machine.decide(decision, NOON)
