"""`crossdock up`, `api`, `worker` and `migrate` with a leak of each kind, for the soak to find.

python -m tests.proofs.leaking up --config crossdock.toml

Every order that is released leaves something behind: memory, an open file, a thread and a timer;
and the first one a reader that never ends, which keeps SQLite's log from being used again.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from crossdock.app import roster
from crossdock.cli.__main__ import main
from crossdock.messages.order_release import OrderReleased
from crossdock.policies.rules import Rules
from crossdock.ports import Emission, Received, SetTimer, Subscriber
from crossdock.store.sqlite import open_reader

LEAKED_BYTES = 512 << 10
LEAKS = ("memory_mib", "files", "threads", "timers", "log_mib")  # what the soak must find
DEFAULT_FILE = "crossdock.db"

_kept: list[object] = []


def leak(file: Path) -> None:
    """Leave something of each kind behind, and the first time a reader that never ends."""
    if not _kept and file.exists():
        held = ExitStack()
        held.enter_context(open_reader(file).read()).pending()
        _kept.append(held)
    _kept.append(b"\x01" * LEAKED_BYTES)
    _kept.append(os.open(os.devnull, os.O_RDONLY))
    threading.Thread(target=threading.Event().wait, daemon=True).start()


def leaking(subscriber: Subscriber[Any, Any], file: Path) -> Subscriber[Any, Any]:
    """Let each order that is released leave something behind."""

    def decide(
        state: Any, received: Received[Any], rules: Rules
    ) -> tuple[Any, tuple[Emission, ...]]:
        decided: tuple[Any, tuple[Emission, ...]] = subscriber.decide(state, received, rules)
        if not isinstance(received.body, OrderReleased):
            return decided
        leak(file)
        due_at = received.at + timedelta(days=365)
        return decided[0], (*decided[1], SetTimer(name="leak", due_at=due_at))

    return replace(subscriber, decide=decide)


if __name__ == "__main__":
    folder = Path(sys.argv[sys.argv.index("--config") + 1]).parent
    order_release, *others = roster.PROCESSES
    roster.PROCESSES = (leaking(order_release, folder / DEFAULT_FILE), *others)  # type: ignore[assignment] # one state less known
    sys.exit(main(sys.argv[1:]))
