"""What grows is found by its trend, and a house that leaks is found out under a short load."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.proofs.leaking import LEAKS
from tests.proofs.soaking import Plan, soak
from tests.proofs.steady import (
    BOUNDS,
    Bound,
    Reading,
    TooFew,
    growing,
    judged,
    second_half,
    slope,
    trends,
)

BESIDE = {"connections", "locks"}  # of PostgreSQL


def readings(*values: float) -> list[Reading]:
    return [(10.0 * place, value) for place, value in enumerate(values)]


def test_a_house_that_leaks_is_found_out(tmp_path: Path) -> None:
    plan = Plan(warm=4, flows=80, readings=20, folder=tmp_path, program="tests.proofs.leaking")

    run = soak(plan)

    found = trends(run.series)
    assert set(growing(found)) >= set(LEAKS)
    assert (run.flows, run.lost, run.doubled) == (84, 0, 0)


def test_a_house_as_it_is_is_read_in_every_resource_and_loses_nothing(tmp_path: Path) -> None:
    run = soak(Plan(warm=4, flows=80, readings=20, folder=tmp_path))

    found = trends(run.series)
    assert set(found) == set(BOUNDS) - BESIDE
    assert (run.flows, run.lost, run.doubled) == (84, 0, 0)
    assert found["threads"].steady


def test_what_rises_and_then_stays_is_steady() -> None:
    filled = [min(20.0 * place, 150.0) for place in range(20)]

    trend = judged(readings(*filled), Bound(least=1))

    assert (trend.usual, trend.added, trend.steady) == (150.0, 0.0, True)


def test_what_rises_and_falls_again_and_again_is_steady() -> None:
    teeth = [float(place % 5) for place in range(40)]

    assert judged(readings(*teeth), Bound(least=2)).steady


def test_what_rises_slowly_under_much_noise_is_not_steady() -> None:
    noisy = [place + 40.0 * (place % 2) for place in range(40)]

    trend = judged(readings(*noisy), Bound(least=10))

    assert trend.added == pytest.approx(19)
    assert not trend.steady


def test_a_third_of_the_readings_may_be_off() -> None:
    off = [900.0 if place % 4 == 0 else 5.0 for place in range(40)]

    assert judged(readings(*off), Bound(least=1)).steady


def test_a_bound_may_be_a_share_of_what_is_usual() -> None:
    rising = [1000.0 + place for place in range(40)]

    assert judged(readings(*rising), Bound(least=1, share=0.1)).steady
    assert not judged(readings(*rising), Bound(least=1, share=0.01)).steady


@pytest.mark.parametrize("number", [0, 1, 4])
def test_too_few_readings_are_no_trend(number: int) -> None:
    with pytest.raises(TooFew, match="no trend"):
        judged(readings(*[1.0] * number), Bound(least=1))


@given(st.floats(-1e3, 1e3), st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=12))
def test_a_trend_that_is_added_is_told(rise: float, noise: list[float]) -> None:
    flat = readings(*noise)

    risen = [(work, value + rise * work) for work, value in flat]

    assert slope(risen) == pytest.approx(slope(flat) + rise, abs=1e-6)


def test_the_second_half_is_half_of_the_work_and_not_of_the_readings() -> None:
    crowded = [(0.0, 1.0), (1.0, 2.0), (2.0, 3.0), (3.0, 4.0), (100.0, 5.0)]

    assert second_half(crowded) == [(100.0, 5.0)]
