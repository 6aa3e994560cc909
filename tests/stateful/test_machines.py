"""The machines, a short while each; `make properties` lets them run long."""

from __future__ import annotations

import pytest
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from tests.stateful.counted import profile
from tests.stateful.machines import MACHINES


@pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)
def test_whatever_happens_it_stays_as_the_model_says(machine: type[RuleBasedStateMachine]) -> None:
    run_state_machine_as_test(machine, settings=profile())
