"""A store that several processes share: what is whose to do.

Steps have lanes, and every lane and every endpoint is one worker's at a time. A worker holds them
by the very connection that runs its transactions: with the connection they go, and nothing that a
worker without them still tries can be committed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Protocol, runtime_checkable

from msgspec import Struct

Wake = Callable[[frozenset[str]], None]


class Part(Struct, frozen=True, kw_only=True):
    """What is this worker's now. `unclean`: some of it was left by a worker that did not stop."""

    lanes: frozenset[int] = frozenset()
    endpoints: frozenset[str] = frozenset()
    unclean: bool = False


@runtime_checkable
class Shared(Protocol):
    """A store with other workers beside this one."""

    def balance(self, endpoints: Collection[str], busy: Collection[str]) -> Part:
        """Take a fair part of the lanes and of these endpoints, and give back what is more.

        Called every second or so: it also tells the server that this worker is alive. An endpoint
        to be given back that is `busy` is held until it is not, and is not in the part any more.
        Raises NotNow where the server is away.
        """
        ...

    def listen(self, wake: Wake) -> None:
        """Call `wake`, from another thread, when others have left work: the endpoints it is for."""
        ...

    def leave(self) -> None:
        """Give everything back, as a worker does that stops."""
        ...
