"""A short fight against real processes, without what costs a lease of most of a minute to heal."""

from __future__ import annotations

from pathlib import Path

import pytest

from crossdock.cli.commands import COMMANDS
from crossdock.testing.postgres import PostgresServer
from tests.under_fire.run import Plan, run


def test_what_was_acknowledged_under_fire_is_there_once_and_in_order(tmp_path: Path) -> None:
    verdict, one = run(Plan(folder=tmp_path, seconds=4, clients=5, kills=False, freeze_seconds=0.5))

    assert (verdict.violations, verdict.too_few) == (0, False), verdict
    assert len(one.complete) > 5
    assert one.looks
    assert sum(each.counts["lost"] for each in (*one.doors, *one.ways)) > 0


@pytest.mark.skipif("worker" not in COMMANDS, reason="there is no `crossdock worker` yet")
def test_several_workers_and_doors_on_one_database_keep_the_same_promise(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    database = postgres.empty_database()

    verdict, one = run(
        Plan(folder=tmp_path, seconds=5, clients=5, kills=False, cuts=False, database=database)
    )

    assert (verdict.violations, verdict.too_few) == (0, False), verdict
    assert len(one.complete) > 5
