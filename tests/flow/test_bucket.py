"""A token bucket gives what has flowed in, and no more."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from crossdock.flow.bucket import available, full, kept, next_token, paused, taken
from tests.flow.kit import NOON

SECOND = timedelta(seconds=1)


def test_a_bucket_holds_a_second_s_worth() -> None:
    bucket = taken(full(10, NOON), NOON, 10)

    assert [available(bucket, NOON + SECOND * each) for each in (0, 0.55, 1, 60)] == [0, 5, 10, 10]


def test_a_slow_bucket_still_holds_one_token() -> None:
    bucket = taken(full(0.5, NOON), NOON, 1)

    assert (next_token(bucket, NOON), available(bucket, NOON + 2 * SECOND)) == (2.0, 1)


def test_a_paused_bucket_gives_nothing_and_then_begins_with_one() -> None:
    bucket = paused(paused(full(10, NOON), NOON + 5 * SECOND), NOON + SECOND)

    assert available(bucket, NOON + 4 * SECOND) == 0
    assert next_token(bucket, NOON + 4 * SECOND) == 1.0
    assert [available(bucket, NOON + each * SECOND) for each in (5, 5.2, 6)] == [1, 3, 10]


def test_a_clock_that_goes_back_adds_nothing() -> None:
    bucket = taken(full(10, NOON), NOON, 10)

    assert available(bucket, NOON - 60 * SECOND) == 0


def test_a_clock_that_was_set_back_fills_from_there() -> None:
    bucket = taken(full(10, NOON), NOON, 10)

    earlier = NOON - 7200 * SECOND
    touched = kept(bucket, earlier)

    assert [available(touched, earlier + each * SECOND) for each in (0, 0.5, 60)] == [0, 5, 10]


def test_a_pause_is_kept_under_a_clock_that_was_set_back() -> None:
    bucket = paused(full(10, NOON), NOON + 5 * SECOND)

    touched = kept(bucket, NOON - 60 * SECOND)

    assert touched == bucket


@given(
    rate=st.floats(0.1, 100),
    waits=st.lists(st.floats(0, 3), min_size=1, max_size=40),
)
def test_no_more_flows_out_than_in(rate: float, waits: list[float]) -> None:
    bucket, now, given_out = full(rate, NOON), NOON, 0
    for wait in waits:
        now += wait * SECOND
        number = available(bucket, now)
        bucket = taken(bucket, now, number)
        given_out += number

    assert given_out <= max(1.0, rate) + rate * (now - NOON).total_seconds() + 1e-6
