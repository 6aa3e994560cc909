"""The stores the machines run over; a further store is one line here."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from crossdock.ports.store import Store
from crossdock.store.memory import MemoryStore
from crossdock.store.sqlite import open_sqlite
from tests.stateful.counted import Counting


class Died(Exception):
    """The worker stopped in the middle of its transaction."""


def die_if(dies: bool) -> None:  # noqa: FBT001 - drawn
    """Stop in the middle. Raises Died."""
    if dies:
        raise Died


Opening = Callable[[ExitStack], Store]


def memory(_end: ExitStack) -> Store:
    """Open a store in memory."""
    return MemoryStore()


def sqlite(end: ExitStack) -> Store:
    """Open a store in a file of its own."""
    opened = open_sqlite(Path(end.enter_context(TemporaryDirectory())) / "crossdock.db")
    end.callback(opened.close)
    return opened


STORES: dict[str, Opening] = {"memory": memory, "sqlite": sqlite}


class OverStore(Counting):
    """A machine over a store of its own, closed with the run."""

    opening: Opening

    def __init__(self) -> None:
        """Open the store."""
        super().__init__()
        self._end = ExitStack()
        self.store = type(self).opening(self._end)

    def teardown(self) -> None:
        """Close it."""
        self._end.close()


def over_every_store(machine: type[OverStore]) -> dict[str, type[OverStore]]:
    """Give the machine once for each store."""
    return {
        f"{machine.__name__} over {name}": type(
            f"{machine.__name__}_{name}", (machine,), {"opening": staticmethod(opening)}
        )
        for name, opening in STORES.items()
    }
