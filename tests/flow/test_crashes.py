"""Workers that die, at every point where it hurts."""

from datetime import timedelta

import pytest

from crossdock.flow.deliverer import Result
from crossdock.flow.machine import Machine
from crossdock.flow.settling import Work
from crossdock.messages.envelope import Key
from crossdock.ports import EffectClass, Exchange
from crossdock.ports.store import Store
from tests.flow.kit import (
    LOST,
    MINUTE,
    NOON,
    NOT_KNOWN,
    Chatty,
    Line,
    answered,
    ask,
    attempt,
    house,
    lines,
    queue,
    standing,
    told,
)


def leave(machine: Machine, work: Work, exchange: Exchange, at: timedelta = MINUTE) -> bool:
    """Bring a result back; tell whether it counted."""
    result = Result(work=work, exchange=exchange, ended_at=NOON + at)
    recorded = machine.record("tms", [result], NOON + at)
    machine.run_to_quiescence(NOON + at)
    return recorded.ended[0].counted


@pytest.mark.parametrize("effect", [EffectClass.IDEMPOTENT, EffectClass.NATURAL])
def test_a_worker_that_dies_during_a_call_leaves_it_to_be_sent_again(
    store: Store, effect: EffectClass
) -> None:
    ask(house(store, Chatty(effect)), 1)
    house(store, Chatty(effect)).lease("tms", NOON)

    after = house(store, Chatty(effect))
    early = attempt(after, NOON + timedelta(seconds=34))
    purposes = attempt(after, NOON + timedelta(seconds=35), answered())

    assert (early, purposes) == ([], ["send"])
    assert told(after) == ("1 ask", "1 APPLIED DOC-1")


def test_a_worker_that_dies_after_the_send_leaves_it_to_be_looked_up(store: Store) -> None:
    ask(house(store, Chatty(EffectClass.LOOKUP)), 1)
    house(store, Chatty(EffectClass.LOOKUP)).lease("tms", NOON)

    after = house(store, Chatty(EffectClass.LOOKUP))
    purposes = attempt(after, NOON + MINUTE, answered(document="DOC-9"))

    assert purposes == ["look_up"]
    assert told(after) == ("1 ask", "1 APPLIED DOC-9")


def test_a_worker_that_dies_before_the_send_has_it_sent_after_the_look_up(store: Store) -> None:
    ask(house(store, Chatty(EffectClass.LOOKUP)), 1)
    house(store, Chatty(EffectClass.LOOKUP)).lease("tms", NOON)

    after = house(store, Chatty(EffectClass.LOOKUP))
    looked = attempt(after, NOON + MINUTE, NOT_KNOWN)
    sent = attempt(after, NOON + MINUTE, answered())

    assert (looked, sent) == (["look_up"], ["send"])
    assert [each[0] for each in standing(after)] == ["applied"]


def test_where_nothing_protects_a_dead_worker_leaves_one_exception(store: Store) -> None:
    ask(house(store, Chatty(EffectClass.NEITHER)), 1)
    house(store, Chatty(EffectClass.NEITHER)).lease("tms", NOON)

    after = house(store, Chatty(EffectClass.NEITHER))
    calls = [attempt(after, NOON + n * MINUTE) for n in (1, 2)]

    assert calls == [[], []]
    assert queue(after) == [("effect", "EFFECT_UNRESOLVED", "TRANSPORTATION")]
    assert told(after) == ("1 ask", "1 UNRESOLVED")


@pytest.mark.parametrize("late", [answered(document="LATE"), LOST])
def test_a_frozen_worker_that_wakes_up_changes_nothing(store: Store, late: Exchange) -> None:
    frozen = house(store)
    ask(frozen, 1)
    (work,) = frozen.lease("tms", NOON).works
    other = house(store)
    attempt(other, NOON + MINUTE, answered())

    counted = leave(frozen, work, late, 2 * MINUTE)

    assert counted is False
    assert told(other) == ("1 ask", "1 APPLIED DOC-1")
    with store.read() as reader:
        attempts = reader.attempts("main", work.row.id)
    assert [each.finished_at for each in attempts] == [NOON + 2 * MINUTE, NOON + MINUTE]


@pytest.mark.parametrize("effect", [EffectClass.LOOKUP, EffectClass.NEITHER])
def test_a_clock_set_forward_asks_nobody_about_a_call_on_its_way(
    store: Store, effect: EffectClass
) -> None:
    machine = house(store, Chatty(effect))
    ask(machine, 1)
    (work,) = machine.lease("tms", NOON).works
    set_forward = NOON + timedelta(hours=2)

    asked = machine.lease("tms", set_forward).works

    assert (work.purpose, asked, queue(machine)) == ("send", (), [])
    again = machine.lease("tms", set_forward + timedelta(hours=1)).works
    assert [each.purpose for each in again] == (["look_up"] if effect is EffectClass.LOOKUP else [])


def test_the_attempt_is_written_down_before_the_call(store: Store) -> None:
    machine = house(store)
    ask(machine, 1)

    (work,) = machine.lease("tms", NOON).works

    with store.read() as reader:
        (row,) = reader.attempts("main", work.row.id)
    assert (row.purpose, row.started_at, row.finished_at) == ("send", NOON, None)


class Killed(BaseException):
    """The worker is gone: nothing may catch this."""


def deadly(machine: Machine, deaths: int) -> Machine:
    """Kill the worker that many times at the step `die` of SO-1, each time in a new machine."""
    for _ in range(deaths):
        with pytest.raises(Killed):
            machine.run_to_quiescence(NOON)
        machine = house(machine.store, watch=die)
    return machine


def die(body: object) -> None:
    """Take the worker down at the message `die`."""
    if getattr(body, "reason", "") == "die":
        raise Killed


def test_a_step_that_kills_its_worker_twice_is_set_aside_and_the_others_go_on(
    store: Store,
) -> None:
    machine = house(store, watch=die)
    machine.careful = 500
    said = [Line(id="a"), Line(id="b", version=2, reason="die"), Line(id="c", order="SO-2")]
    machine.receive([lines(*said)], NOON)

    after = deadly(machine, 2)
    after.run_to_quiescence(NOON)

    assert (told(after, "SO-1"), told(after, "SO-2")) == (("1",), ("1",))
    assert queue(after) == [("step", "STEP_POISON", "INTEGRATION")]
    with store.read() as reader:
        assert reader.parked("main") == [("counter", Key("order", "SO-1"))]


def test_a_clean_stop_needs_no_care(store: Store) -> None:
    before = house(store)
    before.stop()

    assert house(store).careful == 0
    assert house(store).careful == 500
