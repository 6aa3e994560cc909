"""What all machines have in common: their steps are counted, and a profile says how many."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant

from crossdock.testing.store_conformance.rows import NOON

COUNTED: Counter[str] = Counter()
SMALL_EXAMPLES, STEPS = 10, 30
SECOND = timedelta(seconds=1)


def profile(examples: int = SMALL_EXAMPLES) -> settings:
    """Choose how long the machines run; short in the suite."""
    return settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )


class Counting(RuleBasedStateMachine):
    """A machine whose runs and steps are counted under its name; its clock starts at noon."""

    def __init__(self) -> None:
        """Begin a run."""
        super().__init__()
        self.now = NOON
        COUNTED["runs"] += 1

    @invariant()
    def counted(self) -> None:
        """Count the step."""
        COUNTED["steps"] += 1
