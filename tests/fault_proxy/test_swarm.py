"""Everything goes wrong at once, by seed: each effect is done once, or a person is asked."""

from __future__ import annotations

import pytest

from crossdock.ports import EffectClass
from tests.proofs.fault_proxy import swarm


@pytest.mark.parametrize(
    "effect", [EffectClass.IDEMPOTENT, EffectClass.LOOKUP, EffectClass.NEITHER]
)
def test_a_swarm_of_faults_doubles_nothing_and_loses_nothing(effect: EffectClass) -> None:
    fight = swarm(effect, seed=7, orders=30)

    assert (fight.doubled, fight.lost, fight.open) == ([], [], [])
    assert sum(fight.struck.values()) > 10
