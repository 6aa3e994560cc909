"""Partners that are ill, and partners that get well again."""

from datetime import timedelta
from typing import Any

from crossdock.flow.deliverer import Result
from crossdock.flow.machine import Machine
from crossdock.ports import Exchange, Stage
from crossdock.ports.store import BreakerState, Store
from tests.flow.kit import (
    LOCKED,
    NOON,
    REFUSAL,
    THROTTLE,
    UNREACHED,
    answered,
    ask,
    attempt,
    house,
    queue,
    standing,
)

SECOND = timedelta(seconds=1)
ILL = Exchange(stage=Stage.ANSWERED, status=500)


def busy(store: Store, orders: int = 20, **wishes: Any) -> Machine:
    """Let many orders ask for an effect each."""
    machine = house(store, **wishes)
    for n in range(orders):
        ask(machine, 1, order=f"SO-{n}")
    return machine


def state(machine: Machine) -> BreakerState:
    with machine.store.read() as reader:
        return reader.breaker("main", "tms").state


def opened(store: Store) -> Machine:
    machine = busy(store, in_flight_max=5)
    attempt(machine, NOON, *[UNREACHED] * 5)
    return machine


def attempts_of(machine: Machine) -> list[int]:
    return [each[1] for n in range(20) for each in standing(machine, f"SO-{n}")]


def test_a_partner_that_fails_five_times_is_left_alone(store: Store) -> None:
    machine = opened(store)

    resting = attempt(machine, NOON + 29 * SECOND)

    assert (state(machine), resting) == (BreakerState.OPEN, [])


def test_waiting_for_a_partner_costs_no_attempts(store: Store) -> None:
    machine = opened(store)

    attempt(machine, NOON + 29 * SECOND)

    assert [each[:2] for each in standing(machine, "SO-9")] == [("waiting", 0)]


def test_one_probe_tries_the_partner_and_then_its_pace_grows(store: Store) -> None:
    machine, now = opened(store), NOON + 30 * SECOND

    probe = attempt(machine, now, answered())
    rounds = [len(attempt(machine, now, *[answered()] * n)) for n in (1, 2, 4, 5)]

    assert (len(probe), state(machine), rounds) == (1, BreakerState.CLOSED, [1, 2, 4, 5])


def test_a_probe_that_fails_lets_the_partner_rest_again(store: Store) -> None:
    machine = opened(store)

    probe = attempt(machine, NOON + 30 * SECOND, UNREACHED)
    resting = attempt(machine, NOON + 59 * SECOND)
    again = attempt(machine, NOON + 60 * SECOND, answered())

    assert [len(each) for each in (probe, resting, again)] == [1, 0, 1]


def test_a_probe_that_finds_nobody_costs_its_effect_no_attempt(store: Store) -> None:
    machine = opened(store)
    before = attempts_of(machine)

    for number in range(1, 19):
        attempt(machine, NOON + 90 * number * SECOND, UNREACHED)

    assert attempts_of(machine) == before


def test_a_late_success_of_the_old_era_does_not_close_it(store: Store) -> None:
    machine = busy(store, in_flight_max=6)
    works = machine.lease("tms", NOON).works
    results = [Result(work=work, exchange=UNREACHED, ended_at=NOON) for work in works[:5]]
    machine.record("tms", results, NOON)
    late = Result(work=works[5], exchange=answered(), ended_at=NOON)

    recorded = machine.record("tms", [late], NOON)

    assert (recorded.ended[0].counted, state(machine)) == (True, BreakerState.OPEN)


def test_refusals_and_throttling_never_open_it(store: Store) -> None:
    machine = busy(store, in_flight_max=20, breaker_failures=1)

    attempt(machine, NOON, *[REFUSAL] * 10, *[THROTTLE] * 10)

    assert state(machine) is BreakerState.CLOSED


def test_a_quarter_of_an_hour_of_silence_is_an_exception_that_closes_by_itself(
    store: Store,
) -> None:
    machine, now = opened(store), NOON
    for minutes in (5, 10, 14.8):
        now = NOON + timedelta(minutes=minutes)
        attempt(machine, now, UNREACHED)
    early = queue(machine)
    for minutes in (15, 15.2, 15.4):
        attempt(machine, NOON + timedelta(minutes=minutes))
    late = queue(machine)
    attempt(machine, NOON + timedelta(hours=2), answered())

    down = [("endpoint", "ENDPOINT_DOWN", "INTEGRATION")]
    assert (early, late, queue(machine)) == ([], down, [])


def test_many_lock_outs_are_one_exception(store: Store) -> None:
    machine = busy(store, in_flight_max=5)

    attempt(machine, NOON, *[LOCKED] * 5)

    assert queue(machine) == [("endpoint", "ENDPOINT_LOCKED_OUT", "INTEGRATION")]
    assert machine.next_lease("tms", NOON) is None


def test_the_next_call_is_announced_for_when_it_may_be_made(store: Store) -> None:
    machine = opened(store)

    assert machine.next_lease("tms", NOON) == NOON + 30 * SECOND
    assert house(store).next_lease("erp", NOON) is None


def test_pauses_are_real_seconds_where_the_business_clock_runs_fast(store: Store) -> None:
    machine = house(store)
    fast = Machine(store=store, roster=machine.roster, pace=600)
    fast.start()
    ask(fast, 1)
    fast.run_to_quiescence(NOON)

    attempt(fast, NOON, THROTTLE)

    assert standing(fast) == [("waiting", 0, NOON + 90 * 600 * SECOND)]


def test_a_broken_reader_of_answers_leaves_the_outcome_unknown(store: Store) -> None:
    machine = busy(store, orders=1)

    attempt(machine, NOON, Exchange(stage=Stage.ANSWERED, status=200, body=b"\xff"))

    assert [each[0] for each in standing(machine, "SO-0")] == ["unknown"]


def test_failures_of_a_partner_leave_what_was_sent_unknown(store: Store) -> None:
    machine = busy(store, orders=1)

    attempt(machine, NOON, ILL)

    assert [each[:2] for each in standing(machine, "SO-0")] == [("unknown", 1)]
