"""One worker is killed, one frozen, the database too, and nobody but their logs can tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from crossdock.testing.postgres import NotInstalled, programs
from tests.journeys.machines import live


def test_nothing_is_lost_or_doubled_on_machines_that_die(tmp_path: Path) -> None:
    try:
        programs()
    except NotInstalled as missing:
        pytest.skip(str(missing))

    day = live(tmp_path / "world", seed=7, orders=40)

    assert (day.lost, day.doubled, day.portal_ahead_of_erp) == (0, 0, 0)
    assert day.acknowledged > 0
