"""A day is lost after its backup, and comes back whole: each effect once, nothing missing."""

from pathlib import Path

import pytest

from crossdock.cli.demonstration.stage import Plan
from crossdock.testing.postgres import NotInstalled
from tests.journeys.days import clock_soon
from tests.journeys.restored import FACTOR, Lived, happened_once, lose_database, lose_files


def day(folder: Path) -> Plan:
    return Plan(folder=folder / "world", clock=clock_soon(FACTOR), orders=24, seed=11)


def was_a_loss(lived: Lived) -> bool:
    """Tell whether there was something to lose, and something to be told again."""
    return min(lived.undone, lived.again, lived.new, lived.known, lived.files) > 0


def test_what_happened_after_a_backup_happens_once(tmp_path: Path) -> None:
    lived = lose_files(day(tmp_path))

    judged = happened_once(lived)

    assert judged == dict.fromkeys(judged, 0), lived
    assert was_a_loss(lived)


def test_several_workers_over_a_restored_database_do_each_thing_once(tmp_path: Path) -> None:
    try:
        lived = lose_database(day(tmp_path))
    except NotInstalled as missing:
        pytest.skip(str(missing))

    judged = happened_once(lived)

    assert judged == dict.fromkeys(judged, 0), lived
    assert was_a_loss(lived)
    assert lived.numbers_left_out > 1_000_000
