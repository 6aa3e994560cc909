"""Tell a process its messages one after the other, and hear all it says.

A `Story` is one process of one key without store, flow or clock: it folds messages into state,
gives the facts the process asks for, keeps its timers and fires them when time passes. After every
step the state goes through JSON and back, as a store would do it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct

from crossdock.messages.envelope import Body, Key
from crossdock.messages.flow import WakeUp
from crossdock.ports import (
    CancelTimer,
    CloseException,
    Emission,
    Fact,
    OpenException,
    Put,
    Received,
    Rows,
    SetTimer,
    Subscriber,
)

S = TypeVar("S")
R = TypeVar("R")


class Story(Generic[S, R]):
    """One process of one key, and everything it was told and has said.

    `said` is all it said so far, timers and exceptions included; `timers` those still to come,
    by name; `exceptions` those open, by code; `at` is the time of the story, which never moves
    by itself.
    """

    def __init__(
        self,
        subscriber: Subscriber[S, R],
        key: Key,
        *,
        rules: R,
        at: datetime,
        facts: Mapping[Key, Struct] | None = None,
    ) -> None:
        """Begin before the first message; `facts` are the records a step may look at."""
        self.subscriber = subscriber
        self.key = key
        self.rules = rules
        self.at = at
        self.facts = dict(facts or {})
        self.index: dict[Key, tuple[tuple[str, str], ...]] = {}
        self.state = subscriber.start(key)
        self.said: list[Emission] = []
        self.timers: dict[str, datetime] = {}
        self.exceptions: dict[str, OpenException] = {}
        self.told = 0

    @property
    def stage(self) -> str:
        """The word operators see on the board."""
        return self.subscriber.stage(self.state)

    def tell(
        self,
        *bodies: Body,
        amends: str = "",
        origin: str = "partner:test",
        document_id: str = "",
        taken_at: datetime | None = None,
    ) -> list[Emission]:
        """Tell messages at the story's time, in order; answer what was said to them.

        `taken_at` is when their steps are taken, where that is later.
        """
        return [
            emission
            for body in bodies
            for emission in self._step(body, amends, origin, document_id, taken_at)
        ]

    def show(self, *puts: Put) -> None:
        """Put rows of a read model where steps look at them, by key or by index."""
        for put in puts:
            key = Key(put.kind, put.key)
            self.facts.pop(key, None)
            self.index[key] = put.index
            if put.body is not None:
                self.facts[key] = put.body

    def wait_until(self, at: datetime) -> list[Emission]:
        """Let time pass, firing each timer when it is due; answer what was said meanwhile."""
        said: list[Emission] = []
        while alarms := sorted((due, name) for name, due in self.timers.items() if due <= at):
            due_at, name = alarms[0]
            del self.timers[name]
            self.at = max(self.at, due_at)
            said += self._step(WakeUp(timer=name, due_at=due_at, fired_at=self.at), "", "flow", "")
        self.at = max(self.at, at)
        return said

    def _step(
        self,
        body: Body,
        amends: str,
        origin: str,
        document_id: str,
        taken_at: datetime | None = None,
    ) -> list[Emission]:
        self.told += 1
        wanted = self.subscriber.facts(self.state, body)
        keys = dict.fromkeys(key for each in wanted for key in self._found(each))
        received: Received[Any] = Received(
            body=body,
            at=self.at,
            taken_at=taken_at or self.at,
            id=f"m{self.told}",
            key=self.key,
            origin=origin,
            document_id=document_id,
            amends=amends,
            facts=tuple(Fact(key=key, body=self._record(key)) for key in keys),
        )
        state, said = self.subscriber.decide(self.state, received, self.rules)
        kept = msgspec.json.encode(state, order="deterministic")
        self.state = msgspec.json.decode(kept, type=self.subscriber.state)
        for emission in said:
            self._note(emission)
        self.said += said
        return list(said)

    def _found(self, wanted: Key | Rows) -> list[Key]:
        if isinstance(wanted, Key):
            return [wanted]
        return sorted(
            key
            for key in self.facts
            if key.kind == wanted.kind and set(wanted.index) <= set(self.index.get(key, ()))
        )

    def _record(self, key: Key) -> bytes | None:
        record = self.facts.get(key)
        return None if record is None else msgspec.json.encode(record, order="deterministic")

    def _note(self, emission: Emission) -> None:
        match emission:
            case SetTimer():
                self.timers[emission.name] = emission.due_at
            case CancelTimer():
                self.timers.pop(emission.name, None)
            case OpenException():
                self.exceptions[emission.code] = emission
            case CloseException():
                self.exceptions.pop(emission.code, None)
            case _:  # the rest is for others; a story only listens
                pass
