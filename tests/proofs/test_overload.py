"""A short flood: what is acknowledged is stored, and what is refused is told when to come again."""

from __future__ import annotations

from pathlib import Path

from tests.proofs.overload import serving, stored
from tests.proofs.sending import ACCEPTED, TOO_MANY

RATE, SECONDS = 400.0, 1.5


def test_nothing_acknowledged_is_lost_in_a_flood(tmp_path: Path) -> None:
    with serving(tmp_path) as sender:
        flood = sender.flood(RATE, SECONDS)

    assert set(flood.acknowledged) == stored(tmp_path)
    assert set(flood.statuses) <= {ACCEPTED, TOO_MANY}
    assert len(flood.acknowledged) == flood.statuses[ACCEPTED] > 0
    assert flood.retry_after == flood.statuses.get(TOO_MANY, 0)
