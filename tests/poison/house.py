"""`crossdock up` with an order process that a word in the customer's reference poisons.

python -m tests.poison.house up --config crossdock.toml
"""

from __future__ import annotations

import ctypes
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from crossdock.app import roster
from crossdock.cli.__main__ import main
from crossdock.messages.order_release import OrderReleased
from crossdock.policies.rules import Rules
from crossdock.ports import Emission, Received, Subscriber

MEMORY_BYTES_MAX = 3 * 2**30


def segfault() -> None:
    """Touch what nobody may touch: the kernel ends the process."""
    ctypes.string_at(0)


def hang() -> None:
    """Never come back."""
    while True:
        time.sleep(1)


def exhaust() -> None:
    """Ask for more memory than the process may have."""
    bytearray(2 * MEMORY_BYTES_MAX)


def nest() -> None:
    """Go down without an end."""
    nest()


def fail() -> None:
    """Break."""
    raise RuntimeError("the process is broken")


POISONS: dict[str, Callable[[], None]] = {
    each.__name__: each for each in (segfault, hang, exhaust, nest, fail)
}


def poisoned(subscriber: Subscriber[Any, Any]) -> Subscriber[Any, Any]:
    """Let each message be looked at first."""

    def decide(
        state: Any, received: Received[Any], rules: Rules
    ) -> tuple[Any, tuple[Emission, ...]]:
        if isinstance(received.body, OrderReleased):
            poison = POISONS.get(received.body.draft.customer_reference or "")
            if poison is not None:
                poison()
        decided: tuple[Any, tuple[Emission, ...]] = subscriber.decide(state, received, rules)
        return decided

    return replace(subscriber, decide=decide)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    order_release, *others = roster.PROCESSES
    roster.PROCESSES = (poisoned(order_release), *others)  # type: ignore[assignment] # one state less known
    sys.exit(main(sys.argv[1:]))
