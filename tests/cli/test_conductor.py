"""The day's clock goes on only as far as what was due has been done."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from crossdock.cli.demonstration.conductor import (
    AHEAD,
    BEHIND_MAX,
    CREEP,
    Conductor,
    leashed,
)

MORNING = datetime(2026, 3, 27, 5, 0, tzinfo=UTC)
LATER = timedelta(minutes=1)


def let_go(path: Path, *due: datetime) -> timedelta:
    """Tell how far a clock that stands may go on."""
    clock, leash = leashed(MORNING, 9000.0, path / "clock")
    Conductor(clock, leash).let_go(due)
    return leash.stretch().until - MORNING


def test_where_nothing_is_due_the_clock_goes_on(tmp_path: Path) -> None:
    assert let_go(tmp_path) == AHEAD


def test_what_is_due_later_does_not_hold_the_clock(tmp_path: Path) -> None:
    assert let_go(tmp_path, MORNING + timedelta(days=1)) == AHEAD


def test_what_is_due_since_not_too_long_does_not_hold_it(tmp_path: Path) -> None:
    assert let_go(tmp_path, MORNING, MORNING - BEHIND_MAX) == AHEAD


def test_what_is_due_for_too_long_lets_it_only_creep(tmp_path: Path) -> None:
    assert let_go(tmp_path, MORNING, MORNING - BEHIND_MAX - LATER) == CREEP


def test_a_clock_that_was_held_goes_on_once_the_work_is_done(tmp_path: Path) -> None:
    clock, leash = leashed(MORNING, 1e9, tmp_path / "clock")
    conductor = Conductor(clock, leash)
    conductor.let_go([MORNING - BEHIND_MAX - LATER])
    while clock.now() < MORNING + CREEP:
        continue

    conductor.let_go([])

    assert leash.stretch().until == MORNING + CREEP + AHEAD
    assert conductor.held_seconds > 0


def test_a_day_that_is_over_stands(tmp_path: Path) -> None:
    clock, leash = leashed(MORNING, 1e9, tmp_path / "clock")
    over = asyncio.Event()
    over.set()

    asyncio.run(Conductor(clock, leash).conduct([], over))

    assert clock.now() == MORNING
