"""Steps that fail, and steps that kill their worker, until a mended release is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from crossdock.flow.roster import Roster
from crossdock.ports import Emission, Received, Subscriber
from crossdock.testing.simulation.faults import Dice


class Defect(Exception):
    """A step that fails as a bug would."""


class Defects:
    """Which messages today's release cannot take: by process, type and key, drawn once."""

    def __init__(
        self,
        dice: Dice,
        kill: Callable[[str], BaseException],
        died: Callable[[str, str], None],
    ) -> None:
        """Begin with an unmended release; `kill` makes what takes a worker down."""
        self._dice = dice
        self._died = died
        self._kill = kill
        self.mended = False

    def plant(self, roster: Roster) -> Roster:
        """Give the roster with these defects in its processes."""
        subscribers = tuple(self._planted(each) for each in roster.subscribers)
        return msgspec.structs.replace(roster, subscribers=subscribers)

    def _planted(self, subscriber: Subscriber[Any, Any]) -> Subscriber[Any, Any]:
        def decide(
            state: Any, received: Received[Any], rules: Any
        ) -> tuple[Any, tuple[Emission, ...]]:
            if not self.mended:
                self._strike(subscriber.name, received)
            return subscriber.decide(state, received, rules)

        return msgspec.structs.replace(subscriber, decide=decide)

    def _strike(self, name: str, received: Received[Any]) -> None:
        words = (name, type(received.body).__name__, received.key.id)
        if self._dice.strikes("deadly_step", *words):
            self._died(name, received.key.id)
            raise self._kill("deadly_step")
        if self._dice.strikes("failing_step", *words):
            raise Defect(" ".join(words))
