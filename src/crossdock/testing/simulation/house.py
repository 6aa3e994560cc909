"""The house under test: the real machine over the real store; it crashes and starts again."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar

from crossdock.app.folders import document_of
from crossdock.channels.file_drop import FileDrop
from crossdock.faults import NotNow
from crossdock.flow.deliverer import Result
from crossdock.flow.dispatcher import Dispatched
from crossdock.flow.machine import Machine
from crossdock.flow.reading import Arrival
from crossdock.flow.roster import Roster
from crossdock.flow.settling import Work
from crossdock.flow.shell import SEAL_SECONDS
from crossdock.ports import Exchange
from crossdock.ports.store import Reader, Store, Unit
from crossdock.simulators.chance import between
from crossdock.store.instants import instant
from crossdock.testing.simulation.faults import Dice
from crossdock.testing.simulation.post import ACCEPTED, Answered
from crossdock.testing.simulation.timeline import Timeline
from crossdock.testing.simulation.unread import Unread
from crossdock.testing.simulation.wire import Wire
from crossdock.testing.simulation.witness import Witness

T = TypeVar("T")

FULL = 507
TOGETHER_SECONDS = 0.02  # documents that come within this time are taken in one transaction
STEP_SECONDS, IDLE_SECONDS = 0.003, 1.0
NOTHING_SECONDS = 300.0  # where nothing could be leased, for all that is due
RESTART_SECONDS = (2.0, 600.0)
FROZEN_SECONDS = (20.0, 400.0)
# Whether there is anything to ask the machine for: what it would find out in a transaction.
PENDING = "SELECT 1 FROM inbox INDEXED BY inbox_pending WHERE place = 0 LIMIT 1"
WAITED_FOR = (
    "SELECT endpoint, min(ready_at) FROM outbox WHERE ready_at IS NOT NULL"
    " GROUP BY endpoint ORDER BY endpoint"
)

METRICS = Unread()  # one for all lives of all houses

# What a defence that is switched off leaves for a second transaction; see `defences`.
SECOND_THOUGHTS: list[Callable[[Unit], None]] = []


def nobody(_status: int) -> None:
    """Hear an answer for a sender that has had one."""


class Crashed(BaseException):
    """The worker is gone: nothing may catch this but the world."""

    def __init__(self, point: str) -> None:
        """Say where."""
        super().__init__(point)
        self.point = point


class CrashingStore:
    """The real store; its worker may die before or after a commit, and its disk may be full."""

    def __init__(
        self, store: Store, point: Callable[[str], None], full: Callable[[], bool]
    ) -> None:
        """Wrap a store."""
        self._store = store
        self._point = point
        self._full = full
        self.commits = 0

    @contextmanager
    def write(self) -> Iterator[Unit]:
        """Open a transaction; one that its worker does not survive is rolled back."""
        SECOND_THOUGHTS.clear()
        if self._full():
            raise NotNow("The disk of the store is full; free some space, then go on")
        with self._store.write() as unit:
            yield unit
            self._point("crash_before_commit")
        self.commits += 1
        later, SECOND_THOUGHTS[:] = list(SECOND_THOUGHTS), []
        self._point("crash_after_commit")
        if later:
            with self._store.write() as unit:
                for each in later:
                    each(unit)

    def read(self) -> AbstractContextManager[Reader]:
        """Open a snapshot."""
        return self._store.read()

    def close(self) -> None:
        """Leave the store open: it belongs to the world."""


class Worker:
    """One life of the machine; what it has under way dies with it, unless it is left behind."""

    def __init__(self, machine: Machine) -> None:
        """Begin with nothing under way."""
        self.machine = machine
        self.alive = True
        self.back: dict[str, list[Result]] = {}


class House:
    """The machine and all that wakes it; `act` is the only way in, so that a crash ends a life."""

    def __init__(  # noqa: PLR0913, PLR0917 - the house joins all of these
        self,
        store: Store,
        roster: Callable[[int], Roster],
        timeline: Timeline,
        dice: Dice,
        wire: Wire,
        witness: Witness,
        *,
        batch: int,
        drop: FileDrop,
        look: Callable[[str], list[tuple[Any, ...]]],
        machines: Callable[..., Machine] = Machine,
    ) -> None:
        """Take the store; nothing runs before `start`. `roster` is by release number."""
        self.store = CrashingStore(store, self._point, self._is_full)
        self._machines = machines
        self._roster = roster
        self._timeline = timeline
        self._dice = dice
        self._wire = wire
        self._witness = witness
        self._batch = batch
        self._drop = drop
        self._look = look
        self._door: deque[tuple[Arrival, Answered]] = deque()
        self._planned: dict[str, datetime] = {}
        self._transactions = 0
        self._sealings = 0
        self._chance: tuple[str | int, ...] = ()  # of what is under way
        self._restarts = 0
        self.release = 0
        self.skew = timedelta()
        self.worker: Worker | None = None
        self.calm = False

    @property
    def now(self) -> datetime:
        """Tell the house's own time."""
        return self._timeline.now + self.skew

    def start(self) -> str:
        """Begin a life of the machine."""
        machine = self._machines(
            store=self.store,
            roster=self._roster(self.release),
            batch=self._batch,
            metrics=METRICS,
        )
        clean = self.act(machine.start)
        if clean is None:
            return self._die_soon()
        self.worker = Worker(machine)
        self._planned.clear()
        self._plan("turn", self._timeline.now, self._turn)
        self._look_ahead()
        self._seal_soon()
        return f"started release {self.release}, {'clean' if clean else 'unclean'}"

    def stop(self) -> str:
        """End a life of the machine cleanly; the next begins with the next release."""
        worker = self.worker
        if worker is None:
            return "is down already"
        self.act(worker.machine.stop)
        if self.worker is worker:
            self._end_life("stopped")
        self.release += 1
        return "stopped cleanly"

    def offer(self, arrival: Arrival, answered: Answered) -> None:
        """Bring a document to the door; nobody answers while the house is down."""
        if self.worker is None:
            return
        self._door.append((arrival, answered))
        self._plan("door", self._timeline.now + timedelta(seconds=TOGETHER_SECONDS), self._take_in)

    def watch_folder(self) -> str | None:
        """Look into the old ERP's folder; a file is put away once it is stored."""
        worker = self.worker
        if worker is None:
            return None
        files = self._drop.poll().files
        documents = worker.machine.roster.inbound["legacy"].connector.documents
        for place, file in enumerate(files):
            arrival = Arrival(
                tenant="main",
                partner="legacy",
                document=document_of(documents, file.name),
                content=file.content,
                content_type="application/octet-stream",
            )
            if self._receive(worker, [arrival]) is None:
                for left in files[place:]:  # the next worker finds them all where they lie
                    self._drop.give_back(left)
                return "not taken"
            self._drop.archive(file)
        return f"{len(files)} files" if files else None

    def stir(self) -> None:
        """Look for what a person's decision has brought about."""
        if self.worker is not None:
            self._plan("turn", self._soon(), self._turn)
            self._look_ahead()
            self._seal_soon()

    def act(self, call: Callable[[], T], old: Worker | None = None) -> T | None:
        """Let the machine act; None where the worker died of it or the disk was full.

        `old` is a worker that was left behind, where it is that one who acts.
        """
        self._transactions += 1
        return self._act(call, old, self._transactions)

    def _act(self, call: Callable[[], T], old: Worker | None, *chance: str | int) -> T | None:
        self._chance = chance
        try:
            return call()
        except Crashed as crash:
            if old is not None and old is not self.worker:
                old.alive = False
            else:
                self._end_life(crash.point)
            return None
        except NotNow:
            return None

    def _point(self, name: str) -> None:
        if self._dice.strikes(name, *self._chance):
            raise Crashed(name)

    def _is_full(self) -> bool:
        return self._dice.strikes("disk_full", *self._chance)

    def _end_life(self, why: str) -> None:
        """Let the worker be gone; what waited at the door hears nothing."""
        worker = self.worker
        if worker is None:
            return
        self._restarts += 1
        left = self._dice.strikes("left_behind", self._restarts)
        worker.alive = left
        self.worker = None
        self._door.clear()
        self._planned.clear()
        self._witness.note(f"the worker is gone: {why}")
        self._die_soon()

    def _die_soon(self) -> str:
        seconds = between(*RESTART_SECONDS, self._dice.seed, "restart", self._transactions)
        self._timeline.after(2.0 if self.calm else seconds, "house", "start", self.start_again)
        return "died while starting"

    def _is_up(self, worker: Worker) -> bool:
        return worker.alive and self.worker is not None

    def start_again(self) -> str | None:
        """Begin a life where none is."""
        return self.start() if self.worker is None else None

    def _plan(self, what: str, at: datetime, act: Callable[[], str | None]) -> None:
        """Plan something once: an earlier plan of the same stands."""
        known = self._planned.get(what)
        if known is not None and known <= at:
            return
        self._planned[what] = at

        def happen() -> str | None:
            if self._planned.get(what) != at:
                return None
            del self._planned[what]
            return act() if self.worker is not None else None

        self._timeline.at(at, "house", what, happen)

    def _take_in(self) -> str | None:
        worker = self.worker
        if worker is None or not self._door:
            return None
        waiting = list(self._door)
        self._door.clear()
        said = self._receive(worker, [arrival for arrival, _ in waiting])
        if self.worker is not worker:
            return "died"
        for _, answered in waiting:
            answered(FULL if said is None else ACCEPTED)
        return said or "no room"

    def _receive(self, worker: Worker, arrivals: list[Arrival]) -> str | None:
        before = self.store.commits
        taken = self.act(lambda: worker.machine.receive_and_turn(arrivals, self.now))
        if self.store.commits > before:  # it is stored, whether or not anybody is left to say so
            self._witness.received(arrivals, None if taken is None else taken[0], self.now)
        if taken is None:
            return None
        receipts, dispatched = taken
        self._plan("turn", self._soon(), self._turn)
        self._look_ahead()
        counted = [(each.accepted, each.duplicates, each.conflicts) for each in receipts]
        said = " ".join(f"{new} new {again} again {other} other" for new, again, other in counted)
        return f"{said}, {dispatched.taken} steps"

    def _soon(self) -> datetime:
        return self._timeline.now + timedelta(seconds=STEP_SECONDS)

    def _turn(self) -> str | None:
        worker = self.worker
        if worker is None or not self._look(PENDING):
            return None
        dispatched: Dispatched | None = self.act(lambda: worker.machine.turn(self.now))
        if dispatched is None:
            self._plan("turn", self._timeline.now + timedelta(seconds=IDLE_SECONDS), self._turn)
            return "died" if self.worker is None else "no room"
        if dispatched.taken or dispatched.parked or dispatched.stumbled:
            self._plan("turn", self._soon(), self._turn)
            self._look_ahead()
            parked = f", {len(dispatched.parked)} parked" if dispatched.parked else ""
            return f"{dispatched.taken} steps{parked}"
        return None

    def _look_ahead(self) -> None:
        """Plan to ring and to lease when something is due."""
        worker = self.worker
        if worker is None:
            return
        with self.store.read() as reader:
            ring = reader.next_timer()
        if ring is not None:
            self._plan("ring", ring - self.skew, self._ring)
        for endpoint, ready in self._look(WAITED_FOR):
            planned = self._planned.get(f"lease {endpoint}")
            if planned is not None and planned <= instant(ready) - self.skew:
                continue  # nothing of it can be leased before
            if endpoint not in worker.machine.roster.endpoints:
                continue
            due = worker.machine.next_lease(endpoint, self.now)
            if due is not None:
                self._plan(f"lease {endpoint}", due - self.skew, self._leasing(endpoint))

    def _ring(self) -> str | None:
        worker = self.worker
        if worker is None:
            return None
        rung = self.act(lambda: worker.machine.timers(self.now))
        if rung is None:
            self._plan("ring", self._timeline.now + timedelta(seconds=IDLE_SECONDS), self._ring)
            return "died" if self.worker is None else "no room"
        self._plan("turn", self._soon(), self._turn)
        self._look_ahead()
        return f"{rung.rung} timers"

    def _seal_soon(self, seconds: float = SEAL_SECONDS) -> None:
        self._plan("seal", self._timeline.now + timedelta(seconds=seconds), self._seal)

    def _seal(self) -> str | None:
        """Seal what was noted in the audit log, and tell the head of its chain."""
        worker = self.worker
        if worker is None:
            return None
        self._sealings += 1
        head = self._act(worker.machine.seal_audit, None, "seal", self._sealings)
        if head is None:
            self._seal_soon()
            return "died" if self.worker is None else "no room"
        if not head:
            return None
        self._witness.sealed(head)
        return f"the audit log up to {head.partition(':')[0]}"

    def _leasing(self, endpoint: str) -> Callable[[], str | None]:
        return lambda: self._lease(endpoint)

    def _lease(self, endpoint: str) -> str | None:
        worker = self.worker
        if worker is None:
            return None
        leased = self.act(lambda: worker.machine.lease(endpoint, self.now))
        idle = self._timeline.now + timedelta(seconds=IDLE_SECONDS)
        if leased is None:
            self._plan(f"lease {endpoint}", idle, self._leasing(endpoint))
            return "died" if self.worker is None else "no room"
        self._witness.leased(leased.works)
        said = [self._send(worker, endpoint, work) for work in leased.works]
        if leased.woken:
            self._plan("turn", self._soon(), self._turn)
        pause = STEP_SECONDS if leased.works else NOTHING_SECONDS
        again = self._timeline.now + timedelta(seconds=pause)
        if self.worker is worker:
            due = worker.machine.next_lease(endpoint, self.now)
            if due is not None:
                self._plan(
                    f"lease {endpoint}", max(due - self.skew, again), self._leasing(endpoint)
                )
        return "; ".join(said) if said else None

    def _send(self, worker: Worker, endpoint: str, work: Work) -> str:
        if not worker.alive or self.worker is not worker:
            return "never sent"
        name = f"{work.purpose} {work.row.verb} {work.row.business_key} {work.row.version}"
        words = (work.row.id, work.row.fence)
        if self._dice.strikes("crash_before_send", *words):
            self._end_life("crash_before_send")
            return f"{name}: died before"
        target = worker.machine.roster.endpoints[endpoint]

        def back(exchange: Exchange) -> str | None:
            return self._back(worker, endpoint, work, exchange)

        self._witness.sending(endpoint, work, self.now, self._restarts)
        said = self._wire.make(target, work, back)
        if self._dice.strikes("crash_after_send", *words):
            self._end_life("crash_after_send")
            return f"{name}: {said}, died after"
        return f"{name}: {said}"

    def _back(self, worker: Worker, endpoint: str, work: Work, exchange: Exchange) -> str | None:
        if not worker.alive:
            return "nobody is there to hear it"
        result = Result(work=work, exchange=exchange, ended_at=self.now)
        words = (work.row.id, work.row.fence)
        seconds = STEP_SECONDS
        if self._dice.strikes("frozen", *words):
            seconds = between(*FROZEN_SECONDS, self._dice.seed, "thaws", *words)
        if self.worker is not worker:
            seconds = between(*FROZEN_SECONDS, self._dice.seed, "late", *words)
        self._timeline.after(
            seconds, "house", f"record {endpoint}", lambda: self._record(worker, endpoint, result)
        )
        return None

    def _record(self, worker: Worker, endpoint: str, result: Result) -> str | None:
        if not worker.alive:
            return "nobody is there to record it"
        before = self.store.commits
        recorded = self.act(lambda: worker.machine.record(endpoint, [result], self.now), worker)
        if recorded is None:
            if self.store.commits > before:
                self._witness.unheard(result)
            if self._is_up(worker):
                self._timeline.after(
                    IDLE_SECONDS,
                    "house",
                    f"record {endpoint}",
                    lambda: self._record(worker, endpoint, result),
                )
            return "died" if self.worker is None else "no room"
        life = self._restarts if worker is self.worker else -1
        self._witness.recorded(endpoint, result, recorded, self.now, life)
        (ended,) = recorded.ended
        if self.worker is not None:
            self._plan("turn", self._soon(), self._turn)
            self._look_ahead()
        counted = "" if ended.counted else ", too late to count"
        return f"{ended.row.verb} {ended.row.business_key}: {ended.outcome}{counted}"
