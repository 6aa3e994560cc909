"""One clock for many processes."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crossdock.faults import Misconfigured
from crossdock.simulators.clock import AcceleratedClock, Leash, Stretch, parse

MIDNIGHT = datetime(2026, 3, 29, tzinfo=UTC)
HOUR = timedelta(hours=1)


def leashed(tmp_path: Path) -> tuple[AcceleratedClock, Leash]:
    """Give a clock that runs an hour in no time, and its leash."""
    leash = Leash(tmp_path / "clock")
    begin = datetime.now(UTC) - timedelta(seconds=10)
    clock = AcceleratedClock(real_epoch=begin, simulated_epoch=MIDNIGHT, factor=1e6, leash=leash)
    return clock, leash


def stretch(hours: int) -> Stretch:
    """Let a clock go on from midnight for this long."""
    begin = datetime.now(UTC) - timedelta(seconds=10)
    return Stretch(real=begin, simulated=MIDNIGHT, until=MIDNIGHT + hours * HOUR)


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


def test_a_clock_on_a_leash_stands_where_that_ends(tmp_path: Path) -> None:
    clock, leash = leashed(tmp_path)
    leash.let_out(stretch(hours=2))

    assert clock.now() == MIDNIGHT + 2 * HOUR


def test_a_clock_that_has_not_come_to_the_end_of_its_leash_goes_as_fast_as_ever(
    tmp_path: Path,
) -> None:
    clock, leash = leashed(tmp_path)
    leash.let_out(stretch(hours=24 * 365))

    gone = clock.now() - MIDNIGHT

    assert timedelta(seconds=10) * clock.factor <= gone < timedelta(days=365)


def test_whoever_is_given_the_leash_sees_it_let_out(tmp_path: Path) -> None:
    clock, leash = leashed(tmp_path)
    leash.let_out(stretch(hours=1))
    other = parse(str(clock))
    shown = [other.now()]

    leash.let_out(stretch(hours=2))
    while other.now() == shown[-1]:
        continue

    assert [*shown, other.now()] == [MIDNIGHT + HOUR, MIDNIGHT + 2 * HOUR]


def test_who_sleeps_by_a_clock_that_stands_sleeps_until_it_goes_on(tmp_path: Path) -> None:
    clock, leash = leashed(tmp_path)
    leash.let_out(stretch(hours=1))

    async def slept() -> tuple[bool, datetime]:
        sleeper = asyncio.create_task(clock.sleep(HOUR))
        done, _ = await asyncio.wait([sleeper], timeout=0.1)
        leash.let_out(stretch(hours=2))
        await sleeper
        return bool(done), clock.now()

    assert asyncio.run(slept()) == (False, MIDNIGHT + 2 * HOUR)


@pytest.mark.parametrize("text", ["now", "a,b,c", "2026-03-29,2026-03-29,0", "2026-03-29,1"])
def test_what_is_no_clock_is_misconfigured(text: str) -> None:
    with pytest.raises(Misconfigured):
        parse(text)
