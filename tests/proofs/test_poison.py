"""A message that kills its worker is set aside, its key waits, and everybody else goes on."""

from __future__ import annotations

from pathlib import Path

from tests.proofs.poison import GOOD, Ward, poison


def test_poison_is_set_aside_and_the_others_go_on(tmp_path: Path) -> None:
    ward = Ward(tmp_path)
    kinds = {
        "segfault": "STEP_POISON",
        "exhaust": "STEP_FAILED",
        "nest": "STEP_FAILED",
        "fail": "STEP_FAILED",
    }

    try:
        outcome = poison(ward, tuple(kinds))
        told = ward.command("trace", "SO-segfault")
    finally:
        ward.end()

    assert outcome.aside == {f"SO-{kind}": code for kind, code in kinds.items()}
    assert outcome.good == list(GOOD)
    assert outcome.waiting == {f"SO-{kind}": 2 for kind in kinds}
    assert outcome.deaths == 3
    assert "has stopped the worker 2 times" in str(told)
