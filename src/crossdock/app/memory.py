"""Memory: how often cyclic garbage is looked for."""

from __future__ import annotations

import gc

# Of containers, beyond what was let go. Python's own 700 costs a tenth of the time of a busy house;
# at 10,000 a full door (512 requests of 47 each) was gone through twice with every transaction.
ALLOCATIONS = 50_000


def collect_seldom() -> None:
    """Look for garbage less often, and never again among what is there from the start.

    For the whole process, so only for whoever owns it. A step's messages and states make no
    cycles: they are gone when the step is.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(ALLOCATIONS, 10, 10)
