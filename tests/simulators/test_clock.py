"""One clock for many processes."""

from datetime import UTC, datetime, timedelta

import pytest

from crossdock.faults import Misconfigured
from crossdock.simulators.clock import AcceleratedClock, parse

MIDNIGHT = datetime(2026, 3, 29, tzinfo=UTC)


def test_two_processes_given_the_same_text_agree() -> None:
    clock = AcceleratedClock(
        real_epoch=datetime.now(UTC) - timedelta(seconds=10), simulated_epoch=MIDNIGHT, factor=3600
    )

    other = parse(str(clock))

    assert other == clock
    assert timedelta(hours=10) <= other.now() - MIDNIGHT < timedelta(hours=11)


def test_a_clock_without_words_is_the_wall() -> None:
    assert abs(parse("").now() - datetime.now(UTC)) < timedelta(seconds=1)


def test_a_simulated_hour_is_short() -> None:
    clock = AcceleratedClock(real_epoch=MIDNIGHT, simulated_epoch=MIDNIGHT, factor=3600)

    assert clock.real_seconds(timedelta(hours=1)) == 1
    assert clock.real_seconds(timedelta(hours=-1)) == 0


@pytest.mark.parametrize("text", ["now", "a,b,c", "2026-03-29,2026-03-29,0", "2026-03-29,1"])
def test_what_is_no_clock_is_misconfigured(text: str) -> None:
    with pytest.raises(Misconfigured):
        parse(text)
