"""The shell: tasks, futures and the clock around the machine; it decides nothing.

Documents that wait are taken together, one transaction and one flush for all; their senders hear
of it after the flush. Each endpoint has one task that leases, calls and records. A timekeeper rings
what is due. Whatever fails is told in the log and begun anew: what counts is in the store.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from crossdock.faults import NotNow
from crossdock.flow.clock_watch import ClockWatch
from crossdock.flow.courier import Courier
from crossdock.flow.decisions import Decided, Decision
from crossdock.flow.dispatcher import BATCH, Dispatched
from crossdock.flow.entrance import Entrance, Watch
from crossdock.flow.exceptions import Closing, Trouble
from crossdock.flow.machine import Machine
from crossdock.flow.operator_word import Word
from crossdock.flow.portions import Portion
from crossdock.flow.reading import Arrival
from crossdock.flow.receiver import Receipt
from crossdock.flow.replayer import Choice
from crossdock.flow.room import disk_of, news_of_room
from crossdock.flow.writer import Writer, is_slow
from crossdock.ports import Clock, Transport
from crossdock.ports.shared import Wake
from crossdock.ports.store import StoreFull
from crossdock.telemetry.events import LogEvent, tell

WAITING_MAX = 5000  # documents at the door
TAKEN_MAX = 500  # of them in one transaction
BYTES_MAX = 32 * 1024 * 1024  # of them in one transaction
IDLE_SECONDS = 1.0  # how often what nobody announced is looked for
STUMBLE_SECONDS = 0.05
RESTART_SECONDS = 0.5
SHUT_SECONDS = 5.0  # how often an entrance that fails is tried
GRACE_SECONDS = 10.0
GAUGE_SECONDS = 10.0
SEAL_SECONDS = 10.0
WAIT_SECONDS_MAX = 5.0  # at the door; whoever sends webhooks gives up soon after
HUNG_SECONDS = 30.0  # a transaction of this length will not end
ROOM_SECONDS = 0.5  # how often the room on the store's disk is looked at
CLOCK_SECONDS = 0.5  # how often the clock is held against what has passed
FULL_SECONDS = 30  # when to come again where there is none
BALANCE_SECONDS = 1.0  # how soon what a worker has left moves on


class Busy(NotNow):
    """There is no room at the door; `seen["retry_after"]` says when to come again, in seconds."""

    remedy = "send it again later"


class Shell:
    """Drives a machine in earnest: `start`, then `take` and `decide`, at last `stop`.

    `transports` are by endpoint; an endpoint without one is not delivered to. `threaded` None
    measures the store's flush and chooses.
    """

    seal_seconds = SEAL_SECONDS

    def __init__(  # noqa: PLR0913 - how it is driven has this many parts
        self,
        machine: Machine,
        *,
        clock: Clock,
        transports: Mapping[str, Transport],
        threaded: bool | None = None,
        waiting_max: int = WAITING_MAX,
        works: bool = True,
        wait_seconds_max: float = WAIT_SECONDS_MAX,
        hung_seconds: float = HUNG_SECONDS,
    ) -> None:
        """Take the machine, the business clock and the ways to the partners.

        Where the store is shared, this worker does its part of the work; `works` False takes in and
        decides only.
        """
        self.machine = machine
        self._clock = clock
        self._waiting_max = waiting_max
        self._wait_seconds_max = wait_seconds_max
        self._hung_seconds = hung_seconds
        threads = is_slow(machine.store) if threaded is None else threaded
        self._writer = Writer(machine.metrics, threaded=threads)
        self._documents, self._steps = Portion(TAKEN_MAX), Portion(BATCH)
        self._waiting: deque[tuple[Arrival, asyncio.Future[Receipt], float]] = deque()
        self._pump = asyncio.Event()
        self._ring = asyncio.Event()
        self._awaited: datetime | None = None  # the timer that is waited for, where it is known
        self._open = False
        self._disk = disk_of(machine.store)
        self._scarce = ""  # why nothing more is taken in
        self._untold = True  # whether the exception of a scarce disk must be opened or closed
        self._taking = False  # documents are taken whose senders have not been answered
        self._tasks: list[asyncio.Task[None]] = []
        self._couriers = {
            name: Courier(machine, endpoint, transports[name], clock, self._writer, self._heed)
            for name, endpoint in machine.roster.endpoints.items()
            if works and name in transports
        }
        self._works = works
        self._lanes: frozenset[int] = frozenset()

    @property
    def threaded(self) -> bool:
        """Tell whether transactions run in a thread of their own."""
        return self._writer.threaded

    async def start(self) -> None:
        """Start the machine and every task."""
        await self._writer.run(self.machine.start)
        await self._writer.run(partial(self.machine.assign, self._clock.now()))
        self._watch = ClockWatch(self._clock.now(), time.monotonic())
        self._open = True
        loops = [
            ("dispatcher", self._dispatch),
            ("gauge", self._gauge),
            ("room", self._keep_room),
        ]
        if self.machine.pace == 1.0:  # this machine's clock; any other goes as somebody lets it
            loops.append(("clock", self._keep_clock))
        if self._works:
            loops += [("timekeeper", self._keep_time), ("sealer", self._seal)]
            loops += [(f"courier {name}", each.run) for name, each in self._couriers.items()]
            if await self._balance_once():
                loops += [("balance", self._balance)]
                self.machine.listen(self._heard(asyncio.get_running_loop()))
        for name, loop in loops:
            self._run(name, loop)
        self._pump.set()

    def _run(
        self,
        name: str,
        loop: Callable[[], Awaitable[None]],
        pause_seconds: float = RESTART_SECONDS,
    ) -> None:
        endless = self._forever(name, loop, pause_seconds)
        self._tasks.append(asyncio.create_task(endless, name=f"crossdock {name}"))

    async def _forever(
        self, name: str, loop: Callable[[], Awaitable[None]], pause_seconds: float
    ) -> None:
        """Run a loop's body again and again; what fails is told and begun anew after a pause.

        A store that is away is told by the writer, once for all loops.
        """
        while True:
            try:
                await loop()
            except Exception as error:
                if not (isinstance(error, NotNow) and self._writer.away):
                    tell(LogEvent.LOOP_FAILED, level=logging.ERROR, loop=name, error=repr(error))
                await asyncio.sleep(pause_seconds)

    async def stop(self, grace_seconds: float = GRACE_SECONDS) -> None:
        """Close the door, finish what is on its way within the grace, and set the clean mark.

        A call that does not end in time is looked up or asked about at the next start.
        """
        self._open = False
        ends = [each.finish(grace_seconds) for each in self._couriers.values()]
        await asyncio.gather(*ends)
        while self._waiting or self._taking:
            self._pump.set()
            await asyncio.sleep(0.01)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._writer.run(self.machine.stop)
        self._writer.close()

    # What is asked of the shell from outside.

    async def take(self, arrival: Arrival) -> Receipt:
        """Take a document in; its receipt comes after the flush.

        Raises Busy where no room is, StoreFull where the store's disk has none, and NotNow where
        the store cannot take anything.
        """
        (future,) = self._put(arrival)
        return await future

    async def take_all(self, arrivals: Sequence[Arrival]) -> list[Receipt]:
        """Take several documents in, all or none; their receipts come after the flush.

        Raises Busy, StoreFull and NotNow as `take`.
        """
        return list(await asyncio.gather(*self._put(*arrivals)))

    def _put(self, *arrivals: Arrival) -> list[asyncio.Future[Receipt]]:
        """Put documents at the door. Raises Busy and StoreFull."""
        if not self._open:
            raise Busy("crossdock is stopping; send it again", retry_after=5)
        if self._scarce:
            raise StoreFull(self._scarce, retry_after=FULL_SECONDS)
        if len(self._waiting) + len(arrivals) > self._waiting_max:
            raise Busy("There is no room for this now; send it again", retry_after=2)
        loop = asyncio.get_running_loop()
        now = loop.time()
        if self._waiting and now - self._waiting[0][2] > self._wait_seconds_max:
            raise Busy("What waits at the door waits too long already", retry_after=2)
        futures: list[asyncio.Future[Receipt]] = [loop.create_future() for _ in arrivals]
        self._waiting.extend(
            (each, future, now) for each, future in zip(arrivals, futures, strict=True)
        )
        self.machine.metrics.level("intake", len(self._waiting))
        self._pump.set()
        return futures

    async def decide(
        self, verb: str, exception_id: str, *, by: str, reason: str, content: bytes = b""
    ) -> str:
        """Carry out what a person decided; answer one sentence on what happens now.

        Raises a Fault where the exception is not open to this decision.
        """
        decision = Decision(
            verb=verb, exception_id=exception_id, by=by, reason=reason, content=content
        )
        call = partial(self.machine.decide, decision, self._clock.now())
        decided: Decided = await self._writer.run(call)
        self._told(decided.endpoints)
        return decided.said

    async def say(self, word: Word) -> str:
        """Send a person's word to one process on its way; answer its message's id.

        Raises NeedsReason, NotFound or Undecidable, and then changes nothing.
        """
        heard = await self._writer.run(partial(self.machine.say, word, self._clock.now()))
        self._told()
        return heard.message_id

    async def replay(self, choice: Choice) -> None:
        """Ask for chosen new effects of a replay. Raises NeedsReason or Undecidable."""
        call = partial(self.machine.replay, choice, self._clock.now())
        self._told(await self._writer.run(call))

    async def recover(self, verb: str, *, by: str, reason: str) -> str:
        """Carry out what a person decided after a restore; answer what happens now.

        Raises Undecidable where no restore is open to it.
        """
        call = partial(self.machine.recover, verb, by, reason, self._clock.now())
        said: str = await self._writer.run(call)
        self._told(frozenset(self._couriers))
        self._ring.set()
        return said

    async def tell_of(self, news: Sequence[Trouble | Closing]) -> None:
        """Open or close exceptions about the house itself. Raises NotNow where that cannot be."""
        await self._writer.run(partial(self.machine.tell_of, news, self._clock.now()))

    def watch(self, entrance: Entrance, pause_seconds: float = SHUT_SECONDS) -> None:
        """Look into a way in, again and again until `stop`; where it fails a person is asked."""
        watch = Watch(entrance, self.machine.roster.tenant, self.tell_of)
        self._run(entrance.name, watch.once, pause_seconds)

    async def offer(self, arrival: Arrival) -> bool:
        """Take in a document that can wait; False: not now, and the log tells why."""
        try:
            await self.take(arrival)
        except Exception:  # what is not for want of room is in the log
            return False
        return True

    async def looked_at(self, document_id: str, *, by: str) -> None:
        """Note in the audit log that somebody read a document's content."""
        now = self._clock.now()
        await self._writer.run(partial(self.machine.looked_at, document_id, by, now))

    def not_ready(self) -> dict[str, str]:
        """Name what keeps crossdock from working, each with a sentence; empty where nothing."""
        if not self._open:
            return {"intake": "crossdock is starting or stopping"}
        away = self._scarce or self._writer.away
        scarce = {"store": away} if away else {}
        if uneven := self._watch.uneven(time.monotonic()):
            scarce["clock"] = uneven
        if self._writer.busy_seconds > self._hung_seconds:
            scarce |= {"writer": "a transaction does not end; kill this process and start it again"}
        return scarce | {
            task.get_name(): "this part has ended and does not come back"
            for task in self._tasks
            if task.done()
        }

    def held(self) -> dict[str, str]:
        """Name what waits though all works, each with a sentence; empty where nothing does."""
        lanes = len(self.machine.released)
        if not lanes:
            return {}
        return {"lanes": f"{lanes} lane(s) hold what only a newer release can go on with"}

    # The loops.

    def _told(self, endpoints: frozenset[str] = frozenset()) -> None:
        """Wake whoever has new work: the dispatcher always, couriers by name."""
        self._pump.set()
        self._wake(endpoints)

    def _wake(self, endpoints: frozenset[str]) -> None:
        for name in endpoints:
            if name in self._couriers:
                self._couriers[name].wake()

    def _heed(self, dispatched: Dispatched) -> bool:
        """Wake whoever a turn has left work for; tell whether that is the dispatcher, too."""
        self._wake(dispatched.endpoints)
        alarm = dispatched.alarm
        if alarm is not None and (self._awaited is None or alarm < self._awaited):
            self._ring.set()
        more = dispatched.more or bool(dispatched.newer) or dispatched.stumbled
        if more:
            self._pump.set()
        return more

    async def _dispatch(self) -> None:
        """Take what waits at the door, and every step there is."""
        await _wait_for(self._pump, seconds=IDLE_SECONDS)
        busy = True
        while busy:
            self._pump.clear()
            if self._waiting:
                dispatched = await self._take_waiting()
            else:
                dispatched = await self._turn_once()
            busy = self._heed(dispatched) or bool(self._waiting)
            if dispatched.stumbled:
                await asyncio.sleep(STUMBLE_SECONDS)
            await asyncio.sleep(0)  # an inline writer lets the others have their turn

    async def _take_waiting(self) -> Dispatched:
        taken: list[tuple[Arrival, asyncio.Future[Receipt]]] = []
        size = 0
        while self._waiting and len(taken) < self._documents.size and size < BYTES_MAX:
            arrival, future, _ = self._waiting.popleft()
            taken.append((arrival, future))
            size += len(arrival.content)
        self.machine.metrics.level("intake", len(self._waiting))
        self._look_for_room()  # what comes after this batch hears of it at once
        self._taking = True
        try:
            return await self._answer(taken)
        finally:
            self._taking = False

    async def _answer(self, taken: Sequence[tuple[Arrival, asyncio.Future[Receipt]]]) -> Dispatched:
        arrivals = [arrival for arrival, _ in taken]
        now = self._clock.now()
        call = partial(self.machine.receive_and_turn, arrivals, now)
        timed = partial(self._documents.timed, lambda _: len(arrivals), call)
        try:
            receipts, dispatched = await self._writer.run(timed)
        except NotNow as full:
            for _, future in taken:
                _fail(future, full)
            return Dispatched()
        except Exception:
            return await self._take_each(taken)
        for (_, future), receipt in zip(taken, receipts, strict=True):
            if not future.done():
                future.set_result(receipt)
        self._wake(dispatched.endpoints)
        return dispatched

    async def _take_each(
        self, taken: Sequence[tuple[Arrival, asyncio.Future[Receipt]]]
    ) -> Dispatched:
        """Take documents one by one, so that one that breaks costs only its own sender."""
        for arrival, future in taken:
            now = self._clock.now()
            call = partial(self.machine.receive_and_turn, [arrival], now)
            try:
                (receipt,), dispatched = await self._writer.run(call)
            except Exception as error:
                said, whose = repr(error), arrival.partner
                tell(LogEvent.LOOP_FAILED, level=logging.ERROR, partner=whose, error=said)
                _fail(future, error)
            else:
                self._heed(dispatched)
                if not future.done():
                    future.set_result(receipt)
        return await self._turn_once()

    async def _turn_once(self) -> Dispatched:
        call = partial(self.machine.turn, self._clock.now(), self._steps.size)
        return await self._writer.run(partial(self._steps.timed, lambda done: done.taken, call))

    async def _keep_time(self) -> None:
        """Ring what is due, a portion at a time, and sleep until the next."""
        rung = await self._writer.run(lambda: self.machine.timers(self._clock.now()))
        if rung.rung:
            self._heed(rung.dispatched)
        if rung.more:
            await asyncio.sleep(0)
            return
        self._ring.clear()
        self._awaited = None  # whatever is set while it is looked up wakes us
        self._awaited = await self._writer.look(self.machine.next_timer)
        await _wait_for(self._ring, seconds=self._until(self._awaited))

    async def _balance(self) -> None:
        """Keep to the part of the work that is fair, every second."""
        await asyncio.sleep(BALANCE_SECONDS)
        await self._balance_once()

    async def _balance_once(self) -> bool:
        """Take and give back; answer whether there can be other workers at all."""
        busy = {name for name, each in self._couriers.items() if each.is_busy}
        part = await self._writer.look(partial(self.machine.balance, busy))
        if part is None:
            return False
        for name, courier in self._couriers.items():
            if courier.is_mine != (name in part.endpoints):
                courier.is_mine = not courier.is_mine
                courier.wake()
        if part.lanes - self._lanes:
            self._pump.set()
        self._lanes = part.lanes
        return True

    def _heard(self, loop: asyncio.AbstractEventLoop) -> Wake:
        """Give what another thread calls when other processes have left work here."""

        def heard(endpoints: frozenset[str]) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended, and the worker with it
                loop.call_soon_threadsafe(self._told, endpoints)

        return heard

    async def _gauge(self) -> None:
        """Show how much waits, now and then."""
        for name, count in (await self._writer.look(self.machine.levels)).items():
            self.machine.metrics.level(name, count)
        await asyncio.sleep(GAUGE_SECONDS)

    async def _seal(self) -> None:
        """Seal the audit log, and tell the new head of its chain to whoever keeps the log."""
        if head := await self._writer.look(self.machine.seal_audit):
            tell(LogEvent.AUDIT_SEALED, tenant=self.machine.roster.tenant, head=head)
        await asyncio.sleep(self.seal_seconds)

    async def _keep_clock(self) -> None:
        """See whether the clock was set."""
        by = self._watch.look(self._clock.now(), time.monotonic())
        if by:
            tell(LogEvent.CLOCK_SET, level=logging.WARNING, seconds=round(by, 1))
        await asyncio.sleep(CLOCK_SECONDS)

    async def _keep_room(self) -> None:
        """Look how much room the disk has, and tell people where that has changed."""
        self._look_for_room()
        if self._untold:
            self._untold = False
            try:
                await self.tell_of([news_of_room(self.machine.roster.tenant, self._scarce)])
            except NotNow:
                self._untold = True  # not even that fits; the log has it
        if self._writer.away:
            await self._writer.look(self.machine.try_to_write)
            self._writer.is_back()
        await asyncio.sleep(ROOM_SECONDS)

    def _look_for_room(self) -> None:
        space = self._disk.space()
        self.machine.metrics.level("free", space.free_bytes)
        turned = bool(space.scarce) != bool(self._scarce)
        self._scarce = space.scarce
        if turned:
            self._untold = True
            level = logging.ERROR if space.scarce else logging.INFO
            tell(LogEvent.ROOM_TURNED, level=level, free=space.free_bytes, said=space.scarce)

    def _until(self, due_at: datetime | None) -> float:
        if due_at is None:
            return IDLE_SECONDS
        wait: timedelta = due_at - self._clock.now()
        return min(max(wait.total_seconds() / self.machine.pace, 0.005), IDLE_SECONDS)


def _fail(future: asyncio.Future[Receipt], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)


async def _wait_for(event: asyncio.Event, *, seconds: float) -> None:
    """Wait for an event, but no longer than this."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
