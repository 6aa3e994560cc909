"""Every defence of the house, and how the simulation alone takes it away.

A defence is switched off by replacing what carries it for the length of a run: a method of the
store, a function of flow or of a process. The product has no switch for any of this. `held_by`
names a test that holds the defence by itself, for those that another may mask: it fails where that
defence alone is away, which `make ablation` tries.

    flow        of the machine and its store
    processes   of what is decided
    exchanges   of answers and control numbers
    customers   of what is answered and told to customers
    money       of what is claimed, agreed, posted, billed and reconciled
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from crossdock.testing.simulation.defences import customers, exchanges, flow, money, processes
from crossdock.testing.simulation.defences.base import Defence

DEFENCES: dict[str, Defence] = {
    **flow.DEFENCES,
    **processes.DEFENCES,
    **exchanges.DEFENCES,
    **customers.DEFENCES,
    **money.DEFENCES,
}


@contextmanager
def switched_off(*names: str) -> Iterator[None]:
    """Take defences away until the block is left."""
    with ExitStack() as back:
        for name in names:
            for each in DEFENCES[name].patches:
                original = getattr(each.owner, each.name)
                back.callback(setattr, each.owner, each.name, original)
                setattr(each.owner, each.name, each.make(original))
        yield
