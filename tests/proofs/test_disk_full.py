"""A full disk under `crossdock up`, in short: see `tests.proofs.disk_full`."""

from pathlib import Path

import pytest

from tests.proofs.disk_full import go_round
from tests.proofs.small_disk import NoMount


@pytest.mark.parametrize("low_water_mib", [4, 0])
def test_a_full_disk_costs_nothing_that_was_acknowledged_and_mends_itself(
    tmp_path: Path, low_water_mib: int
) -> None:
    try:
        found = go_round(tmp_path, low_water_mib)
    except NoMount as why:
        pytest.skip(str(why))

    assert (found.lost, found.broken, set(found.answers)) == (0, (), {"202", "507"})
    assert (found.retry_after, found.problem) == ("30", "/problems/store-full")
    assert (found.pages_served, found.settled_by_itself) == (True, True)
    assert found.ballast_dropped == (low_water_mib == 0)
