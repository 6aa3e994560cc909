"""After a restore nothing is lost, nothing is done twice, and nobody decides by our own silence."""

from datetime import timedelta

import msgspec
import pytest
from msgspec.structs import replace

from crossdock.flow import recovery, timekeeper
from crossdock.flow.decisions import Decision, NeedsReason, Undecidable
from crossdock.flow.deliverer import Deliverer
from crossdock.flow.machine import Machine
from crossdock.flow.outbound import DOUBT, Outbound
from crossdock.flow.recovery import Partner, Restored
from crossdock.flow.roster import Directory
from crossdock.ports import EffectClass, Request
from crossdock.ports.backup import Backup
from crossdock.ports.store import OutboxStatus, Store
from tests.flow.kit import (
    LOST,
    MINUTE,
    NOON,
    NOT_KNOWN,
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
    told,
)
from tests.flow.numbered_kit import numbered_house

LATER = NOON + timedelta(days=1)
BACKUP = Backup(file="monday.db", size=4096, taken_at=NOON, as_of=NOON, messages=7)


def restored(machine: Machine) -> Restored:
    """Turn the store into one that was restored from a backup of itself."""
    with machine.store.write() as unit:
        return recovery.begin(unit, "main", BACKUP, at=LATER, by="ann", reason="the disk broke")


def released(machine: Machine) -> None:
    machine.recover("release", "ann", "all was sent again", LATER)


def stood(machine: Machine, *orders: str) -> list[tuple[str, str]]:
    rows = [row for order in orders or ("SO-1",) for row in effects(machine, order)]
    return [(row.status.value, row.said) for row in rows]


def test_nothing_is_sent_until_it_is_released(store: Store) -> None:
    machine = house(store)
    ask(machine, 1)
    restored(machine)
    ask(machine, 2, order="SO-2")

    held = [machine.lease("tms", LATER).works, machine.next_lease("tms", LATER)]
    released(machine)

    assert held == [(), None]
    assert attempt(machine, LATER, answered(), answered()) == ["send", "send"]


def test_what_waited_is_doubted_and_what_ended_is_not(store: Store) -> None:
    machine = house(store)
    ask(machine, 1)
    attempt(machine, NOON, answered())
    ask(machine, 1, order="SO-2")
    machine.lease("tms", NOON)
    ask(machine, 1, order="SO-3")

    restored(machine)

    doubted = ("unknown", DOUBT)
    assert stood(machine, "SO-1", "SO-2", "SO-3") == [("applied", ""), doubted, doubted]


def test_a_call_that_was_on_its_way_counts_no_more(store: Store) -> None:
    machine = house(store)
    ask(machine, 1)
    (leased,) = machine.lease("tms", NOON).works
    restored(machine)

    with store.write() as unit:
        counted = unit.settle([replace(leased.row, status=OutboxStatus.APPLIED)])

    assert (counted, stood(machine)) == ([False], [("unknown", DOUBT)])


def test_what_can_be_looked_up_is_looked_up_first(store: Store) -> None:
    machine = house(store, Chatty(EffectClass.LOOKUP))
    ask(machine, 1)
    restored(machine)
    ask(machine, 2, order="SO-2")
    released(machine)

    asked = attempt(machine, LATER, answered(document="DOC-7"), NOT_KNOWN)
    sent = attempt(machine, LATER, answered(document="DOC-8"))

    assert (asked, sent) == (["look_up", "look_up"], ["send"])
    done = [*effects(machine), *effects(machine, "SO-2")]
    assert [row.document for row in done] == ["DOC-7", "DOC-8"]


@pytest.mark.parametrize("effect", [EffectClass.IDEMPOTENT, EffectClass.NATURAL])
def test_what_is_harmless_is_repeated_under_its_key(store: Store, effect: EffectClass) -> None:
    machine = house(store, Chatty(effect))
    ask(machine, 1)
    (before,) = effects(machine)
    restored(machine)
    released(machine)

    (work,) = machine.lease("tms", LATER).works

    stored = msgspec.json.decode(before.request, type=Request)
    assert (work.purpose, work.request.body) == ("send", stored.body)
    assert work.row.idempotency_key == before.idempotency_key


def test_what_nothing_protects_becomes_one_exception(store: Store) -> None:
    machine = house(store, Chatty(EffectClass.NEITHER))
    ask(machine, 1)
    restored(machine)
    ask(machine, 2, order="SO-2")
    released(machine)

    calls = [attempt(machine, LATER) for _ in range(2)]

    assert calls == [[], []]
    assert queue(machine) == [("effect", "EFFECT_UNRESOLVED", "TRANSPORTATION")] * 2
    heard = [told(machine, each)[-1] for each in ("SO-1", "SO-2")]
    assert heard == ["1 UNRESOLVED", "2 UNRESOLVED"]


def test_what_was_refused_before_may_have_been_done_since(store: Store) -> None:
    machine = house(store, Chatty(EffectClass.LOOKUP))
    ask(machine, 1)
    attempt(machine, NOON, REFUSAL)
    restored(machine)
    machine.receive([lines(Line(id="again", version=1, reason="ask"))], LATER)
    released(machine)

    assert attempt(machine, LATER, answered()) == ["look_up"]


def test_no_timer_rings_while_answers_may_be_missing(store: Store) -> None:
    machine = house(store)
    machine.receive([lines(Line(id="a", reason="wake"))], NOON)
    restored(machine)

    machine.run_to_quiescence(LATER)
    held = told(machine), machine.next_timer()
    machine.receive([lines(Line(id="b", version=2))], LATER)
    released(machine)
    machine.run_to_quiescence(LATER)

    assert held == (("1 wake",), None)
    assert told(machine) == ("1 wake", "2", "woken by nap")


def test_each_way_out_is_held_by_itself(store: Store) -> None:
    machine = house(store)
    machine.receive([lines(Line(id="e1", reason="wake"))], NOON)
    ask(machine, 1, order="SO-2")
    restored(machine)
    directory = Directory(machine.roster)

    with store.write() as unit:
        due_at = unit.next_timer()
        leased = Deliverer(directory).lease(unit, "tms", LATER)
        rung, batch = timekeeper.ring(directory, unit, LATER)

    assert due_at is not None
    assert due_at < LATER
    assert (leased.works, rung.rung, batch.messages) == ((), 0, [])


def test_what_is_said_again_is_known_or_new(store: Store) -> None:
    machine = house(store)
    machine.receive([lines(Line(id="a"), Line(id="b"))], NOON)
    restored(machine)
    machine.receive([lines(Line(id="b"), Line(id="c"))], LATER)

    with store.read() as reader:
        found = recovery.recovery(reader, "main")

    assert found is not None
    assert found.partners == (Partner(name="tms", heard_before=NOON, new=1, known=1),)
    assert (found.outbound, found.unfinished) == (Outbound.HELD, 0)


def test_control_numbers_go_on_above_all_that_can_have_been_used(store: Store) -> None:
    machine = house(store)
    with store.write() as unit:
        for _ in range(3):
            unit.next_control_number("main", "tms", "ISA")

    first, second = restored(machine), restored(machine)
    with store.write() as unit:
        numbers = [unit.next_control_number("main", "tms", each) for each in ("ISA", "GS")]

    assert first.control_floor == recovery.first_number(LATER) + recovery.NUMBERS_LEFT_OUT
    assert second.control_floor == first.control_floor + recovery.NUMBERS_LEFT_OUT
    assert numbers == [second.control_floor + 1] * 2


def test_two_restores_of_the_same_backup_never_share_a_number() -> None:
    moments = [LATER + each * timedelta(seconds=2) for each in range(5)]

    floors = [recovery.first_number(each) for each in moments]

    assert floors == sorted(set(floors))
    assert floors[0] > 0


def test_a_store_with_more_numbers_than_the_clock_allows_goes_on_above_them(store: Store) -> None:
    machine = house(store)
    with store.write() as unit:
        unit.raise_control_floor(800_000_000)

    assert restored(machine).control_floor == 801_000_000


def test_a_finished_restore_doubts_nothing_more(store: Store) -> None:
    machine = house(store, Chatty(EffectClass.NEITHER))
    restored(machine)
    released(machine)

    machine.recover("finish", "ann", "nothing is missing", LATER)
    ask(machine, 1)

    assert attempt(machine, LATER, answered()) == ["send"]
    with store.read() as reader:
        assert recovery.recovery(reader, "main") is None
        kept = recovery.last_restore(reader)
    assert kept is not None
    assert (kept.by, kept.backup) == ("ann", BACKUP)


def test_every_decision_after_a_restore_is_audited(store: Store) -> None:
    machine = house(store)
    restored(machine)
    released(machine)
    machine.recover("finish", "bob", "nothing is missing", LATER + MINUTE)

    with store.read() as reader:
        found = [(row.action, row.actor, row.reason) for row in reader.audit("main", "store")]

    assert found == [
        ("restore.finished", "bob", "nothing is missing"),
        ("outbound.released", "ann", "all was sent again"),
        ("store.restored", "ann", "the disk broke"),
    ]


def test_what_is_not_open_cannot_be_decided(store: Store) -> None:
    machine = house(store)

    for verb in ("release", "finish", "begin"):
        with pytest.raises(Undecidable):
            machine.recover(verb, "ann", "why not", NOON)
    restored(machine)
    with pytest.raises(Undecidable, match="release it first"):
        machine.recover("finish", "ann", "why not", NOON)
    with pytest.raises(NeedsReason):
        machine.recover("release", "ann", " ", NOON)


def test_an_answer_that_is_lost_again_is_found_out_again(store: Store) -> None:
    machine = house(store, Chatty(EffectClass.LOOKUP))
    ask(machine, 1)
    restored(machine)
    released(machine)

    purposes = [attempt(machine, LATER, LOST), attempt(machine, LATER + MINUTE, answered())]

    assert purposes == [["look_up"], ["look_up"]]


def test_an_exchange_that_would_get_another_number_is_a_person_s(store: Store) -> None:
    machine = numbered_house(store)
    ask(machine, 1)
    restored(machine)
    ask(machine, 1, order="SO-2")
    released(machine)

    machine.run_to_quiescence(LATER)
    (work,) = machine.lease("tms", LATER).works

    assert (work.purpose, work.row.key.id) == ("send", "SO-1")  # its number is in its bytes
    assert queue(machine) == [("effect", "EFFECT_UNRESOLVED", "TRANSPORTATION")]
    assert told(machine, "SO-2") == ("1 ask", "1 UNRESOLVED")


def test_a_person_decides_about_an_exchange_that_was_numbered_anew(store: Store) -> None:
    machine = numbered_house(store)
    restored(machine)
    ask(machine, 1)
    released(machine)
    with store.read() as reader:
        (row,) = reader.exceptions("main")

    retried = Decision(verb="retry", exception_id=row.id, by="ann", reason="they know nothing")
    machine.decide(retried, LATER)

    assert attempt(machine, LATER, answered()) == ["send"]
    assert (stood(machine), queue(machine)) == ([("applied", "")], [])


def test_what_was_refused_is_asked_anew_under_another_number_by_a_person(store: Store) -> None:
    machine = numbered_house(store)
    ask(machine, 1)
    attempt(machine, NOON, REFUSAL)
    restored(machine)

    machine.receive([lines(Line(id="again", version=1, reason="ask"))], LATER)

    assert queue(machine) == [("effect", "EFFECT_UNRESOLVED", "TRANSPORTATION")]
    assert stood(machine) == [("unresolved", DOUBT)]
