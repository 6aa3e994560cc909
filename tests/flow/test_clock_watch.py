"""A clock that somebody sets is told from one that runs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crossdock.flow.clock_watch import EVEN_SECONDS, ClockWatch
from tests.flow.kit import NOON

SECOND = timedelta(seconds=1)


def test_a_clock_that_runs_is_not_one_that_was_set() -> None:
    watch = ClockWatch(NOON, 100.0)

    looks = [watch.look(NOON + each * SECOND, 100.0 + each) for each in (0.5, 60, 86400)]

    assert (looks, watch.uneven(100.0 + 86400)) == ([0.0, 0.0, 0.0], "")


def test_a_clock_that_is_kept_in_step_is_not_one_that_was_set() -> None:
    watch = ClockWatch(NOON, 100.0)

    assert watch.look(NOON + 60.5 * SECOND, 160.0) == 0.0


@pytest.mark.parametrize(("by", "way"), [(7200, "forward"), (-7200, "back")])
def test_a_clock_that_was_set_is_waited_for_a_minute(by: int, way: str) -> None:
    watch = ClockWatch(NOON, 100.0)

    found = watch.look(NOON + (10 + by) * SECOND, 110.0)
    again = watch.look(NOON + (11 + by) * SECOND, 111.0)

    assert (found, again) == (by, 0.0)
    assert f"set {way} by 7200 s" in watch.uneven(110.0)
    assert watch.uneven(110.0 + EVEN_SECONDS - 1)
    assert watch.uneven(110.0 + EVEN_SECONDS) == ""


def test_a_clock_that_runs_too_fast_is_never_waited_for_long_enough() -> None:
    watch = ClockWatch(NOON, 0.0)

    uneven = []
    for passed in range(1, 300):
        watch.look(NOON + 1.5 * passed * SECOND, float(passed))
        uneven.append(bool(watch.uneven(float(passed))))

    assert uneven == [False, *[True] * 298]
