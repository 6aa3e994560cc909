"""The seeds that every change must pass, and what they must have reached."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from crossdock.simulators import chance
from crossdock.testing.simulation import coverage
from crossdock.testing.simulation.faults import Dice, Level
from crossdock.testing.simulation.options import Options, draw, narrowed
from crossdock.testing.simulation.runs import Summary, run_many, stage

SEEDS = 240
FIRST = 1


@pytest.fixture(scope="module")
def summary() -> Summary:
    """The seeds, run once for all stories."""
    return run_many(FIRST, SEEDS, processes=2)


def test_no_seed_finds_anything(summary: Summary) -> None:
    found = [f"{each.options.command}: {each.violation}" for each in summary.failed]

    assert (summary.seeds, found) == (SEEDS, [])


def test_the_seeds_reach_every_fault_message_outcome_state_and_exception(summary: Summary) -> None:
    assert list(coverage.missing(summary.struck, summary.reached)) == []


def history(seed: int, hash_seed: str) -> bytes:
    """Run a seed in an interpreter of its own, whose sets and hashes fall as `hash_seed` says."""
    command = [sys.executable, "-m", "crossdock.testing.simulation", "--seed", str(seed)]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(command, env=environment, capture_output=True, check=True, timeout=300)
    return done.stdout


def test_the_same_seed_is_the_same_history_line_by_line_in_any_interpreter() -> None:
    first, second = history(9, "1"), history(9, "2")

    assert first == second
    assert len(first.splitlines()) > 100


def test_a_seed_is_the_same_history_whatever_was_run_before_it() -> None:
    with stage() as here:
        first, _, again = [here.run(draw(seed)) for seed in (9, 4, 9)]

    assert again == first


def test_every_run_of_a_seed_draws_the_same_options() -> None:
    assert draw(4) == draw(4)
    assert {draw(seed).orders for seed in range(40)} == {1, 2, 3}


def test_switching_a_fault_off_changes_nothing_about_the_others() -> None:
    levels = {"busy": Level.HIGH, "not_sent": Level.HIGH}
    both, one = Dice(3, levels), Dice(3, {"busy": Level.HIGH})

    for number in range(50):
        both.strikes("not_sent", number)
    drawn = [both.strikes("busy", number) for number in range(50)]

    assert drawn == [one.strikes("busy", number) for number in range(50)]
    assert drawn == [chance.share(3, "busy", number) < 0.3 for number in range(50)]


def test_a_world_without_faults_delivers_everything() -> None:
    with stage() as here:
        outcomes = [here.run(calm(seed)) for seed in range(1, 6)]

    assert [each.violation for each in outcomes] == [None] * 5
    assert [each.struck for each in outcomes] == [{}] * 5
    assert all(each.reached["stage order_release delivered"] for each in outcomes)


def calm(seed: int) -> Options:
    """Draw a seed's options without its faults."""
    options = draw(seed)
    return narrowed(options, off=tuple(options.levels))
