"""A circuit breaker many workers share."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.flow.breaker import Wishes, admit, is_held, let_go, locked, note, returned
from crossdock.flow.outcomes import Vote
from crossdock.ports.store import BreakerRow, BreakerState, Store
from tests.flow.kit import NOON

SECOND = timedelta(seconds=1)
WISHES = Wishes(failures_max=3, open_for=30 * SECOND, probe_for=35 * SECOND)
CLOSED = BreakerRow(tenant="main", endpoint="tms")


def opened() -> BreakerRow:
    row = CLOSED
    for _ in range(3):
        row = note(row, row.generation, Vote.ILL, NOON, WISHES)
    return row


def probing(at: datetime) -> BreakerRow:
    claimed = admit(opened(), at, WISHES).claimed
    assert claimed is not None
    return claimed


def test_failures_in_a_row_open_it() -> None:
    row = opened()

    assert (row.state, row.generation, row.open_until) == (
        BreakerState.OPEN,
        1,
        NOON + 30 * SECOND,
    )
    assert admit(row, NOON + 29 * SECOND, WISHES).permits == 0


def test_a_success_between_failures_keeps_it_closed() -> None:
    row = CLOSED
    for each in (Vote.ILL, Vote.ILL, Vote.WELL, Vote.ILL, Vote.ILL):
        row = note(row, 0, each, NOON, WISHES)

    assert (row.state, row.failures) == (BreakerState.CLOSED, 2)


def test_throttling_moves_nothing() -> None:
    assert note(opened(), 1, Vote.NEITHER, NOON, WISHES) == opened()
    assert note(CLOSED, 0, Vote.NEITHER, NOON, WISHES) == CLOSED


def test_fifty_callers_at_half_open_get_one_probe(store: Store) -> None:
    with store.write() as unit:
        unit.save_breaker(opened(), 0)
    granted = 0
    for _ in range(50):
        with store.write() as unit:
            admission = admit(opened(), NOON + 30 * SECOND, WISHES)
            granted += admission.claimed is not None and unit.save_breaker(admission.claimed, 1)

    assert granted == 1


def test_a_late_success_of_an_older_generation_leaves_it_open() -> None:
    assert note(opened(), 0, Vote.WELL, NOON, WISHES) == opened()


def test_a_late_success_does_not_close_it_under_a_probe() -> None:
    row = probing(NOON + 30 * SECOND)

    assert note(row, 0, Vote.WELL, NOON, WISHES) == row


def test_a_probe_that_succeeds_closes_it() -> None:
    row = note(probing(NOON + 30 * SECOND), 2, Vote.WELL, NOON + 31 * SECOND, WISHES)

    assert (row.state, row.generation, row.failures) == (BreakerState.CLOSED, 3, 0)


@pytest.mark.parametrize(
    ("minutes", "pause"), [(1, 30), (10, 30), (20, 60), (120, 360), (320, 960), (6000, 960)]
)
def test_a_partner_that_is_away_for_long_is_asked_less_often(minutes: int, pause: int) -> None:
    now = NOON + 60 * minutes * SECOND
    claimed = probing(now)

    row = note(claimed, claimed.generation, Vote.ILL, now, WISHES)

    assert (row.open_until, row.changed_at) == (now + pause * SECOND, NOON)


def test_a_prober_that_dies_frees_the_probe() -> None:
    row = probing(NOON + 30 * SECOND)

    early = admit(row, NOON + 64 * SECOND, WISHES)
    late = admit(row, NOON + 65 * SECOND, WISHES)

    assert (early.permits, late.permits, late.generation) == (0, 1, 3)


@pytest.mark.parametrize("skew", [timedelta(minutes=-5), timedelta(minutes=5)])
def test_workers_with_skewed_clocks_share_one_probe(skew: timedelta) -> None:
    row = probing(NOON + 30 * SECOND)

    skewed = admit(row, NOON + 31 * SECOND + skew, WISHES)

    # A clock that runs ahead takes the probe over: the other's outcome does not count any more.
    assert (skewed.permits, skewed.generation) == ((1, 3) if skew > timedelta() else (0, 2))
    assert note(skewed.claimed or row, 2, Vote.ILL, NOON, WISHES).generation == 3


def test_a_probe_without_a_call_is_given_back() -> None:
    row = returned(probing(NOON + 30 * SECOND), NOON + 30 * SECOND)

    assert admit(row, NOON + 30 * SECOND, WISHES).permits == 1


def test_a_locked_out_endpoint_waits_for_an_operator() -> None:
    row = locked(CLOSED, 0, NOON)

    assert (is_held(row), admit(row, NOON + timedelta(days=9), WISHES).permits) == (True, 0)
    assert admit(let_go(row, NOON), NOON, WISHES).permits == 1


def test_a_lock_out_of_an_older_generation_holds_nothing() -> None:
    freed = let_go(locked(CLOSED, 0, NOON), NOON)

    assert locked(freed, 0, NOON) == freed


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(Vote), st.integers(0, 100))))
def test_the_generation_rises_with_every_change_and_never_falls(
    calls: list[tuple[int, Vote, int]],
) -> None:
    row, now = CLOSED, NOON
    for back, each, seconds in calls:
        now += seconds * SECOND
        admission = admit(row, now, WISHES)
        before, row = row, admission.claimed or row
        row = note(row, max(0, admission.generation - back), each, now, WISHES)

        assert row.generation >= before.generation
        assert (row.state is before.state) or row.generation > before.generation
