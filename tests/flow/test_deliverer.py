"""Effects: each once, or exactly one exception."""

from datetime import timedelta

import pytest

from crossdock.ports import EffectClass, Exchange, Stage
from crossdock.ports.store import Store
from tests.flow.kit import (
    BUSY,
    LOST,
    MINUTE,
    NOON,
    NOT_KNOWN,
    REFUSAL,
    THROTTLE,
    UNREACHED,
    Chatty,
    answered,
    ask,
    attempt,
    effects,
    house,
    queue,
    standing,
    told,
)

SECOND = timedelta(seconds=1)
LATER_ON = timedelta(hours=3)
LATER = NOON + timedelta(hours=2)


PAUSES = [3, 9, 17, 24, 0, 81]  # full jitter, made of the effect's key and the attempt alone


def test_what_is_applied_is_answered_with_the_partner_s_number(store: Store) -> None:
    machine = house(store)
    ask(machine, 1)

    attempt(machine, NOON, answered())

    assert standing(machine) == [("applied", 1, NOON)]
    assert told(machine) == ("1 ask", "1 APPLIED DOC-1")
    assert queue(machine) == []


def test_a_finished_effect_is_never_sent_again(store: Store) -> None:
    machine = house(store)
    ask(machine, 1)
    attempt(machine, NOON, answered())

    assert attempt(machine, LATER) == []


def test_a_refusal_is_final_and_the_owner_hears_of_it(store: Store) -> None:
    machine = house(store)
    ask(machine, 1)

    attempt(machine, NOON, REFUSAL)

    assert standing(machine) == [("refused", 1, NOON)]
    assert told(machine) == ("1 ask", "1 REFUSED")
    assert queue(machine) == [("effect", "EFFECT_REFUSED", "TRANSPORTATION")]


def test_what_never_left_is_tried_again_later(store: Store) -> None:
    machine = house(store)
    ask(machine, 1)

    attempt(machine, NOON, UNREACHED)
    ((status, attempts, due_at),) = standing(machine)
    attempt(machine, due_at, answered())

    assert (status, attempts) == ("waiting", 1)
    assert timedelta() <= due_at - NOON <= 5 * SECOND
    assert [each[0:2] for each in standing(machine)] == [("applied", 2)]


def test_the_pause_grows_and_is_the_same_each_time(store: Store) -> None:
    machine = house(store, breaker_failures=99)
    ask(machine, 1)
    pauses, now = [], NOON
    for _ in PAUSES:
        attempt(machine, now, UNREACHED)
        ((_, _, due_at),) = standing(machine)
        pauses.append((due_at - now).total_seconds())
        now = due_at

    assert all(pause <= min(3600, 5 * 2**n) for n, pause in enumerate(pauses))
    assert [round(pause) for pause in pauses] == PAUSES


def test_throttling_costs_no_attempt_and_honours_the_partner_s_wish(store: Store) -> None:
    machine = house(store)
    ask(machine, 1)
    ask(machine, 1, order="SO-2")

    attempt(machine, NOON, THROTTLE, THROTTLE)
    early = attempt(machine, NOON + 89 * SECOND)
    attempt(machine, NOON + 90 * SECOND, answered())

    assert early == []
    assert standing(machine) == [("applied", 1, NOON + 90 * SECOND)]
    assert standing(machine, "SO-2") == [("waiting", 0, NOON + 90 * SECOND)]


@pytest.mark.parametrize(("asked", "waits"), [(0, 1), (1e9, 3600), (None, 5)])
def test_a_partner_s_wish_is_kept_within_reason(
    store: Store, asked: float | None, waits: int
) -> None:
    machine = house(store)
    ask(machine, 1)

    attempt(machine, NOON, answered(429, retry_after=asked))

    assert standing(machine) == [("waiting", 0, NOON + waits * SECOND)]


@pytest.mark.parametrize("effect", [EffectClass.IDEMPOTENT, EffectClass.NATURAL])
def test_an_unknown_outcome_is_sent_again_where_that_is_harmless(
    store: Store, effect: EffectClass
) -> None:
    machine = house(store, Chatty(effect))
    ask(machine, 1)

    attempt(machine, NOON, LOST)
    ((status, _, _),) = standing(machine)
    purposes = attempt(machine, LATER, answered())

    assert (status, purposes) == ("unknown", ["send"])
    assert told(machine) == ("1 ask", "1 APPLIED DOC-1")


def test_an_unknown_outcome_is_looked_up_before_anything_else(store: Store) -> None:
    machine = house(store, Chatty(EffectClass.LOOKUP))
    ask(machine, 1)

    attempt(machine, NOON, LOST)
    purposes = attempt(machine, LATER, answered(document="DOC-7"))

    assert purposes == ["look_up"]
    assert told(machine) == ("1 ask", "1 APPLIED DOC-7")


def test_nobody_asks_sooner_than_a_partner_may_have_done_it(store: Store) -> None:
    machine = house(store, Chatty(EffectClass.LOOKUP))
    orders = [f"SO-{number}" for number in range(5)]
    for order in orders:
        ask(machine, 1, order=order)

    attempt(machine, NOON, *5 * [LOST])

    ((status, _, due_at),) = {standing(machine, order)[0] for order in orders}
    assert (status, due_at - NOON) == ("unknown", 5 * SECOND)


def test_what_the_look_up_does_not_find_is_sent_with_the_same_bytes(store: Store) -> None:
    machine = house(store, Chatty(EffectClass.LOOKUP))
    ask(machine, 1)
    (before,) = effects(machine)

    attempt(machine, NOON, LOST)
    looked = attempt(machine, LATER, NOT_KNOWN)
    sent = attempt(machine, LATER, answered())

    (after,) = effects(machine)
    assert (looked, sent) == (["look_up"], ["send"])
    assert (after.request, after.idempotency_key) == (before.request, before.idempotency_key)


def test_a_look_up_that_fails_is_repeated_and_nothing_sent(store: Store) -> None:
    machine = house(store, Chatty(EffectClass.LOOKUP), breaker_failures=99)
    ask(machine, 1)

    attempt(machine, NOON, LOST)
    purposes = [attempt(machine, LATER + n * LATER_ON, UNREACHED) for n in range(3)]

    assert purposes == [["look_up"]] * 3
    assert [each[:2] for each in standing(machine)] == [("unknown", 4)]


def test_nobody_sends_twice_what_nothing_protects(store: Store) -> None:
    machine = house(store, Chatty(EffectClass.NEITHER))
    ask(machine, 1)

    attempt(machine, NOON, LOST)

    assert attempt(machine, LATER) == []
    assert standing(machine) == [("unresolved", 1, NOON)]
    assert told(machine) == ("1 ask", "1 UNRESOLVED")
    assert queue(machine) == [("effect", "EFFECT_UNRESOLVED", "TRANSPORTATION")]


def test_what_a_partner_never_took_is_given_up(store: Store) -> None:
    machine = house(store, attempts_max=3, breaker_failures=99)
    ask(machine, 1)
    for n in range(3):
        attempt(machine, NOON + n * LATER_ON, UNREACHED)

    assert [each[:2] for each in standing(machine)] == [("refused", 3)]
    assert told(machine) == ("1 ask", "1 REFUSED")
    assert queue(machine) == [("effect", "EFFECT_GAVE_UP", "TRANSPORTATION")]


def test_what_may_have_been_done_once_is_never_given_up_as_not_done(store: Store) -> None:
    machine = house(store, attempts_max=3, breaker_failures=99)
    ask(machine, 1)
    for n, exchange in enumerate((LOST, UNREACHED, UNREACHED)):
        attempt(machine, NOON + n * LATER_ON, exchange)

    assert [each[:2] for each in standing(machine)] == [("unresolved", 3)]
    assert told(machine) == ("1 ask", "1 UNRESOLVED")


def test_busy_means_what_the_partner_s_contract_says(store: Store) -> None:
    machine = house(store, Chatty(EffectClass.NEITHER, busy_means="not_applied"))
    ask(machine, 1)

    attempt(machine, NOON, BUSY)
    attempt(machine, LATER, answered())

    assert told(machine) == ("1 ask", "1 APPLIED DOC-1")


def test_an_answer_that_is_not_understood_leaves_it_unknown(store: Store) -> None:
    machine = house(store, Chatty(EffectClass.LOOKUP))
    ask(machine, 1)

    attempt(machine, NOON, Exchange(stage=Stage.ANSWERED, status=200, body=b"<html>"))

    assert [each[:2] for each in standing(machine)] == [("unknown", 1)]


def test_effects_of_one_line_go_in_order(store: Store) -> None:
    machine = house(store)
    ask(machine, 1, 2)

    first = attempt(machine, NOON, UNREACHED)
    held_back = attempt(machine, NOON)
    attempt(machine, NOON + MINUTE, answered())
    attempt(machine, NOON + MINUTE, answered())

    assert (first, held_back) == (["send"], [])
    assert [each[0] for each in standing(machine)] == ["applied", "applied"]


def test_no_more_calls_are_on_their_way_than_the_partner_wants(store: Store) -> None:
    machine = house(store, in_flight_max=3)
    for n in range(5):
        ask(machine, 1, order=f"SO-{n}")

    leased = [len(machine.lease("tms", NOON).works) for _ in range(2)]

    assert leased == [3, 0]


def test_the_rate_a_partner_wants_is_kept(store: Store) -> None:
    machine = house(store, rate_per_second=2.0)
    for n in range(5):
        ask(machine, 1, order=f"SO-{n}")

    leased = [len(machine.lease("tms", NOON + n * SECOND).works) for n in range(3)]

    assert leased == [2, 2, 1]
