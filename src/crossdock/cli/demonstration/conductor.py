"""The conductor: the day's clock goes on only as far as what was due has been done.

A simulated hour is less than half a second. A busy machine needs longer for an hour's work, and a
clock that does not wait for it lets deadlines pass that nobody in the day has missed. So that the
day is the same on every machine, and only lasts longer on some.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from crossdock.app.stores import open_to_look
from crossdock.cli.demonstration.stage import ROLES, Stage
from crossdock.cli.demonstration.summary import TENANT
from crossdock.ports.store import Reader
from crossdock.simulators.clock import AcceleratedClock, Leash, Stretch
from crossdock.simulators.ledger import Ledger

LOOK_SECONDS = 0.05
LOOK_SHARE = 10  # so many times as long as a look took nobody looks
AHEAD = timedelta(minutes=30)  # how far the clock may go until it is looked at again
BEHIND_MAX = timedelta(minutes=30)  # what is due for longer holds the clock
# What looks due may wait for a time of its own, so that the clock never stands for good.
CREEP = timedelta(seconds=10)

# Tells of a part of a world when what it has to do next is due: of each that has anything.
Due = Callable[[], Sequence[datetime]]


def leashed(begin: datetime, factor: float, path: Path) -> tuple[AcceleratedClock, Leash]:
    """Give a clock that stands at `begin` until it is let go on, and its leash: a file there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)
    leash = Leash(path)
    leash.let_out(Stretch(real=now, simulated=begin, until=begin))
    clock = AcceleratedClock(real_epoch=now, simulated_epoch=begin, factor=factor, leash=leash)
    return clock, leash


class Conductor:
    """Holds the leash of a day's clock, by what is due; `held_seconds` is how long it stood."""

    def __init__(self, clock: AcceleratedClock, leash: Leash) -> None:
        """Know the clock and its leash; it stands."""
        self._clock = clock
        self._leash = leash
        self.held_seconds = 0.0

    async def conduct(self, parts: Sequence[Due], over: asyncio.Event) -> None:
        """Let the clock go on until the day is over; then it stands."""
        self._leash.let_out(replace(self._leash.stretch(), real=datetime.now(UTC)))
        while not over.is_set():
            began = time.monotonic()
            self.let_go([due for part in parts for due in part()])
            # Looking must not be what keeps a busy machine from the work.
            await asyncio.sleep(max(LOOK_SECONDS, LOOK_SHARE * (time.monotonic() - began)))

    def let_go(self, due: Sequence[datetime]) -> None:
        """Let the clock go on for a while, where nothing is due for too long."""
        now, stretch = self._clock.now(), self._leash.stretch()
        if now >= stretch.until:
            stretch = self._standing_since(stretch)
        if now - min(due, default=now) <= BEHIND_MAX:
            self._leash.let_out(replace(stretch, until=now + AHEAD))
        elif stretch.until == now:
            self._leash.let_out(replace(stretch, until=now + CREEP))

    def _standing_since(self, stretch: Stretch) -> Stretch:
        """Count how long the clock has stood, and begin a stretch where it stands."""
        real = datetime.now(UTC)
        stood = real - stretch.real - (stretch.until - stretch.simulated) / self._clock.factor
        self.held_seconds += stood.total_seconds()
        return Stretch(real=real, simulated=stretch.until, until=stretch.until)


class Partners:
    """What the partners of a world have to tell, by their own ledgers."""

    def __init__(self, stage: Stage) -> None:
        """Open the ledgers of partners that are up."""
        self._ledgers = [Ledger(stage.ledger(role.name)) for role in ROLES]

    def due(self) -> list[datetime]:
        """Tell when the next is due to be told, by each that has any."""
        return [due for each in self._ledgers if (due := each.next_due()) is not None]


class House:
    """What crossdock has to do in a world, by its store and by the files that lie before it."""

    def __init__(self, stage: Stage, stack: ExitStack) -> None:
        """Look into the store of a house that is up."""
        self._stage = stage
        self._store = open_to_look(stage.config)
        stack.callback(self._store.close)
        self._files: dict[Path, datetime] = {}

    def due(self) -> list[datetime]:
        """Tell when its next timer, its next effect for each partner and each file are due."""
        with self._store.read() as reader:
            due = [reader.next_timer(), *(_next_call(reader, role.name) for role in ROLES)]
        return [*(each for each in due if each is not None), *self._files_since()]

    def _files_since(self) -> Sequence[datetime]:
        """Tell since when each file lies there."""
        now = self._stage.plan.clock.now()
        self._files = {each: self._files.get(each, now) for each in self._stage.dropped()}
        return list(self._files.values())


def _next_call(reader: Reader, endpoint: str) -> datetime | None:
    """Tell when a partner is to be called next: not before its breaker lets a call pass."""
    due = reader.next_effect(TENANT, endpoint)
    shut = reader.breaker(TENANT, endpoint).open_until
    return due if due is None or shut is None else max(due, shut)
