"""The canary: a build with a fault in one of a hundred seeds, which must turn red.

Who never sees red cannot tell a good build from a broken alarm.
"""

from __future__ import annotations

from collections.abc import Callable

from crossdock.simulators.chance import share
from crossdock.testing.simulation.defences import switched_off
from crossdock.testing.simulation.options import Options
from crossdock.testing.simulation.runs import Stage
from crossdock.testing.simulation.world import Outcome

SHARE = 0.01
PLANTED = "portal_gate"


def is_planted(seed: int) -> bool:
    """Tell whether the fault is in the build of this seed."""
    return share(seed, "canary") < SHARE


class CanaryStage(Stage):
    """A stage whose house has lost one defence, in one of a hundred seeds."""

    def run(self, options: Options, line: Callable[[str], None] | None = None) -> Outcome:
        """Run once, with the fault where it is planted."""
        lost = (PLANTED,) if is_planted(options.seed) else ()
        with switched_off(*lost):
            return super().run(options, line)
