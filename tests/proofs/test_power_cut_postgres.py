"""A power cut under PostgreSQL, in short: see `tests.proofs.power_cut_postgres`."""

import subprocess
import sys

import msgspec
import pytest

from tests.proofs.power_cut_postgres import SKIPPED


def test_a_power_cut_takes_nothing_from_postgres_that_it_has_committed() -> None:
    command = [sys.executable, "-m", "tests.proofs.power_cut_postgres", "--cuts", "1"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode == SKIPPED:
        pytest.skip(run.stdout)

    found = msgspec.json.decode(run.stdout.splitlines()[-1])
    assert (run.returncode, found["lost"]) == (0, 0), run.stdout + run.stderr
    assert found["acknowledged_rows"] > 0
    assert found["acknowledged_documents"] > 0
    assert found["control_lost"] > 0
