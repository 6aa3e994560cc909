"""What is whose: a worker's fair part of lanes and endpoints, read from the locks that are held.

There is no register of workers and no heartbeat: who is there is who holds a worker's lock, and a
lane is free when nobody holds its lock. Each takes by its rank among those who are there, so the
parts add up to the whole without anybody dividing it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from msgspec import Struct

from crossdock.ports.shared import Part
from crossdock.store.postgres import locks
from crossdock.store.postgres.session import Session
from crossdock.store.postgres.values import Bigints, Texts

LANES = range(64)
FROZEN_SECONDS = 12
OPEN, CLEAN = "open", "clean"

MARKED = "SELECT name FROM mark WHERE name = ANY ($1::text[]) AND value = $2"
MARK = """
INSERT INTO mark (name, value) SELECT name, $2 FROM unnest($1::text[]) AS name
ON CONFLICT (name) DO UPDATE SET value = excluded.value
"""


class Held(Struct, frozen=True):
    """The locks of one kind: all that are held, and those that are ours."""

    all: frozenset[int]
    ours: frozenset[int]


def fair(total: int, workers: int, rank: int) -> int:
    """Tell how many of `total` the worker of this rank takes; the parts of all add up to it."""
    return total // workers + (rank < total % workers)


def to_move(wanted: int, all_of_it: Iterable[int], held: Held) -> tuple[list[int], list[int]]:
    """Choose what to take of what is free, and what to give back; one of them is empty."""
    missing = wanted - len(held.ours)
    if missing < 0:
        return [], sorted(held.ours)[missing:]
    return sorted(set(all_of_it) - held.all)[:missing], []


class Share:
    """The part of one session; it begins with nothing, and ends with its connection."""

    def __init__(self, session: Session, number: int, tenant: str) -> None:
        """Let others see that a worker of this number is there."""
        self._session = session
        self._number = number
        self._tenant = tenant
        self.lanes: frozenset[int] = frozenset()
        self.endpoints: frozenset[str] = frozenset()
        self._take(locks.WORKER, [number])

    def balance(self, endpoints: Collection[str], busy: Collection[str]) -> Part:
        """Take and give back until the part is fair."""
        self._session.tell(locks.END_FROZEN, (locks.WRITER, FROZEN_SECONDS))
        held = self._held()
        if not held[locks.WORKER].ours:  # given back before
            self._take(locks.WORKER, [self._number])
            held = self._held()
        workers = sorted(held[locks.WORKER].all)
        rank, count = workers.index(self._number), len(workers)
        unclean = self._balance_lanes(held[locks.LANE], fair(len(LANES), count, rank))
        self._balance_endpoints(held[locks.ENDPOINT], endpoints, busy, (count, count - 1 - rank))
        return Part(lanes=self.lanes, endpoints=self.endpoints, unclean=unclean)

    def _held(self) -> dict[int, Held]:
        asked = (locks.WORKER, locks.ENDPOINT)
        found = self._session.ask(locks.HELD, asked)
        return {
            kind: Held(
                frozenset(number for each, number, _ in found if each == kind),
                frozenset(number for each, number, is_ours in found if each == kind and is_ours),
            )
            for kind in (locks.WORKER, locks.LANE, locks.ENDPOINT)
        }

    def _balance_lanes(self, held: Held, wanted: int) -> bool:
        free, more = to_move(wanted, LANES, held)
        self.lanes = held.ours - frozenset(more)
        self._mark(more, CLEAN)
        self._give_back(locks.LANE, more)
        taken = self._take(locks.LANE, free)
        names = Texts(map(mark_of, taken))
        left_open = self._session.ask(MARKED, (names, OPEN)) if taken else []
        self._mark(taken, OPEN)
        self.lanes |= frozenset(taken)
        return bool(left_open)

    def _balance_endpoints(
        self, held: Held, names: Collection[str], busy: Collection[str], place: tuple[int, int]
    ) -> None:
        """As lanes; one to give back is not delivered to any more, and goes when nothing is out."""
        numbers = {locks.number_of(self._tenant, name): name for name in names}
        ours = Held(held.all, held.ours & frozenset(numbers))
        free, more = to_move(fair(len(numbers), *place), numbers, ours)
        self._give_back(locks.ENDPOINT, [each for each in more if numbers[each] not in busy])
        mine = (ours.ours - frozenset(more)) | frozenset(self._take(locks.ENDPOINT, free))
        self.endpoints = frozenset(numbers[each] for each in mine)

    def leave(self) -> None:
        """Give everything back; whoever takes it finds it left in order."""
        held = self._held()
        self.lanes, self.endpoints = frozenset(), frozenset()
        self._mark(sorted(held[locks.LANE].ours), CLEAN)
        for kind, those in held.items():
            self._give_back(kind, sorted(those.ours))

    def _take(self, kind: int, numbers: Collection[int]) -> list[int]:
        if not numbers:
            return []
        asked = (locks.first_of(kind), Bigints(numbers))
        return [number for (number,) in self._session.ask(locks.TAKE, asked)]

    def _give_back(self, kind: int, numbers: Collection[int]) -> None:
        if numbers:
            asked: tuple[Any, ...] = (locks.first_of(kind), Bigints(numbers))
            self._session.tell(locks.GIVE_BACK, asked)

    def _mark(self, lanes: Iterable[int], value: str) -> None:
        names = Texts(map(mark_of, lanes))
        if names:
            self._session.tell(MARK, (names, value))


def mark_of(lane: int) -> str:
    """Name the mark that tells how a lane was left."""
    return f"lane/{lane}"
