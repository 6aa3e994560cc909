"""Without its defences the house is not what it was, and the simulation tells."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crossdock.store.sqlite.unit import SqliteUnit
from crossdock.testing.simulation.ablation import try_without
from crossdock.testing.simulation.canary import CanaryStage, is_planted
from crossdock.testing.simulation.defences import DEFENCES, switched_off
from crossdock.testing.simulation.faults import FAULTS
from crossdock.testing.simulation.options import draw
from crossdock.testing.simulation.runs import Stage, shrink, stage
from tests.proofs.without import HELD, fails_without, held_by
from tools.floorplan import ROOT

# Held by no test of their own, so that nothing else would tell.
SEEN_BY_SEEDS = tuple(name for name, each in DEFENCES.items() if not each.held_by)
# Held by a test as well, and seen soon by what judges stock, mending and money.
SEEN_AS_WELL = (
    "stock_given_back",
    "stock_by_version",
    "only_refused_is_mended",
    "tolerance",
    "dated_once",
    "freight_certain",
    "waived_is_nowhere",
    "rules_kept",
    "newest_offer",
    "no_yes_too_late",
    "carriage_called_off",
    "told_as_news",
    "taken_back_told",
    "milestones_told",
)
SEEDS = 25


@pytest.fixture(scope="module")
def here() -> Iterator[Stage]:
    """A stage for all stories."""
    with stage() as made:
        yield made


@pytest.mark.parametrize("name", SEEN_BY_SEEDS + SEEN_AS_WELL)
def test_a_house_without_this_defence_is_found_out(here: Stage, name: str) -> None:
    trial = try_without(here, (name,), SEEDS)

    assert trial.violation is not None
    assert 0 < trial.seeds <= SEEDS


def test_two_defences_taken_away_are_both_back_afterwards() -> None:
    before = SqliteUnit.remember

    with switched_off("inbox_dedup", "conflict_check"):
        during = SqliteUnit.remember

    assert (during is before, SqliteUnit.remember is before) == (False, True)


def test_every_test_that_holds_a_defence_fails_without_it() -> None:
    assert len(HELD) > 40
    assert fails_without() == dict.fromkeys(HELD, True)


def test_a_defence_that_no_test_holds_is_not_looked_for_among_the_tests() -> None:
    with pytest.raises(ValueError, match="No test holds inbox_dedup"):
        held_by(("inbox_dedup",))


def test_the_canary_turns_red_where_it_is_planted_and_shrinks_to_a_short_history() -> None:
    planted = [seed for seed in range(1, 1000) if is_planted(seed)]
    with stage(CanaryStage) as here:
        runs = (here.run(draw(seed)) for seed in planted)  # not every world has what it breaks
        found = next(each for each in runs if each.violation is not None)
        seed = found.options.seed
        before = here.run(draw(seed - 1))
        smaller = shrink(here, found)

    assert before.violation is None
    assert found.violation is not None
    assert smaller.violation is not None
    assert smaller.violation.number == found.violation.number == "INV-24"
    assert (smaller.options.orders, smaller.options.levels) == (1, {})
    assert smaller.events <= found.events
    assert smaller.options.command.split(" ")[:5] == [
        "python",
        "-m",
        "crossdock.testing.simulation",
        "--seed",
        str(seed),
    ]


def test_one_seed_in_a_hundred_has_the_canary() -> None:
    planted = [seed for seed in range(10_000) if is_planted(seed)]

    assert 70 <= len(planted) <= 130


def test_the_how_to_names_the_places_to_extend() -> None:
    text = (ROOT / "docs" / "how-to" / "simulate-a-world.md").read_text("utf-8")
    folder = ROOT / "src" / "crossdock" / "testing" / "simulation"

    named = [Path(word).name for word in text.split("`") if word.endswith(".py")]

    assert named
    assert [name for name in named if not any(folder.rglob(name))] == []
    assert len(FAULTS) > 30
