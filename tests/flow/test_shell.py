"""The machine in earnest: tasks, futures, threads."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import pytest

from crossdock.faults import NotNow
from crossdock.flow.audit_chain import Verdict, verify
from crossdock.flow.deliverer import Leased
from crossdock.flow.machine import Machine
from crossdock.flow.shell import CLOCK_SECONDS, ROOM_SECONDS, Busy, Shell
from crossdock.flow.writer import Writer
from crossdock.ports import Call, EffectClass, Exchange
from crossdock.ports.space import Space
from crossdock.ports.store import AttemptRow, Store, StoreFull, Unit
from crossdock.store.memory import MemoryStore
from crossdock.telemetry.metrics import Metrics
from tests.flow.kit import MINUTE, NOON, Chatty, Line, answered, effects, house, lines, queue, told


class WallClock:
    """The time of day."""

    def now(self) -> datetime:
        """Tell it."""
        return datetime.now(UTC)


class Slow:
    """A partner that says yes after a while, and remembers the calls."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.calls: list[tuple[str, str]] = []

    async def exchange(self, call: Call) -> Exchange:
        """Say yes, in time."""
        self.calls.append((call.method, call.url))
        await asyncio.sleep(self.seconds)
        return answered()


class Gated(Slow):
    """A partner that says nothing before its gate is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()

    async def exchange(self, call: Call) -> Exchange:
        """Say yes when the gate is open."""
        self.calls.append((call.method, call.url))
        await self.gate.wait()
        return answered()


def shell_of(
    machine: Machine, partner: Slow, *, threaded: bool = False, waiting_max: int = 5000
) -> Shell:
    return Shell(
        machine,
        clock=WallClock(),
        transports={"tms": partner},
        threaded=threaded,
        waiting_max=waiting_max,
    )


def live(shell: Shell, story: Callable[[Shell], Awaitable[None]], grace: float = 5.0) -> None:
    """Start the shell, live through a story, and stop."""

    async def whole() -> None:
        await shell.start()
        try:
            await story(shell)
        finally:
            await shell.stop(grace)

    asyncio.run(whole())


async def until(true: Callable[[], bool]) -> None:
    """Wait for something to come true."""
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - the store does not announce what it holds
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("threaded", [False, True])
def test_a_document_goes_all_the_way_to_the_partner_and_back(
    store: Store, *, threaded: bool
) -> None:
    machine, partner = house(store), Slow()

    async def story(shell: Shell) -> None:
        receipt = await shell.take(lines(Line(id="e1", reason="ask")))
        assert receipt.accepted == 1
        await until(lambda: len(told(machine)) == 2)

    live(shell_of(machine, partner, threaded=threaded), story)

    assert told(machine) == ("1 ask", "1 APPLIED DOC-1")
    assert partner.calls == [("POST", "/SO-1/1")]


class Sleepy(Machine):
    """A machine whose process is put to sleep between a lease and its call, once."""

    wakes_at: datetime | None = None

    def lease(self, endpoint: str, now: datetime) -> Leased:
        """Take the calls to make, and fall asleep."""
        leased = super().lease(endpoint, now)
        if leased.works and self.wakes_at is None:
            self.wakes_at = now + 10 * MINUTE
        return leased


class LaterClock:
    """The time of day, as whoever has slept finds it."""

    def __init__(self, machine: Sleepy) -> None:
        self.machine = machine

    def now(self) -> datetime:
        """Tell it."""
        return max(datetime.now(UTC), self.machine.wakes_at or datetime.now(UTC))


def test_a_call_that_was_slept_over_does_not_leave_any_more(store: Store) -> None:
    awake, partner = house(store), Slow()
    machine = Sleepy(store=store, roster=awake.roster)
    shell = Shell(machine, clock=LaterClock(machine), transports={"tms": partner}, threaded=False)

    def attempts() -> list[AttemptRow]:
        rows = effects(machine)
        with store.read() as reader:
            return [each for row in rows for each in reader.attempts("main", row.id)]

    async def story(shell: Shell) -> None:
        await shell.take(lines(Line(id="e1", reason="ask")))
        await until(lambda: any(each.outcome for each in attempts()))
        assert (attempts()[0].outcome, partner.calls) == ("not_applied", [])

    live(shell, story)


class SetClock(WallClock):
    """The time of day, until somebody sets it."""

    off = timedelta()

    def now(self) -> datetime:
        """Tell it."""
        return super().now() + self.off


@pytest.mark.parametrize(("hours", "way"), [(2, "forward"), (-2, "back")])
def test_a_clock_that_was_set_is_not_ready_for_a_while_and_partners_are_served_as_before(
    store: Store, hours: int, way: str
) -> None:
    machine, partner, clock = house(store, rate_per_second=2.0), Slow(), SetClock()
    shell = Shell(machine, clock=clock, transports={"tms": partner}, threaded=False)

    async def story(shell: Shell) -> None:
        for number in range(4):
            await shell.take(lines(Line(id=f"e{number}", order=f"SO-{number}", reason="ask")))
        await until(lambda: len(partner.calls) == 4)
        assert shell.not_ready() == {}
        clock.off = timedelta(hours=hours)
        await until(lambda: bool(shell.not_ready()))
        assert list(shell.not_ready()) == ["clock"]
        assert f"set {way} by 7200 s" in shell.not_ready()["clock"]
        for number in range(4, 8):
            await shell.take(lines(Line(id=f"e{number}", order=f"SO-{number}", reason="ask")))
        await until(lambda: len(partner.calls) == 8)

    live(shell, story)


def test_a_days_clock_that_somebody_conducts_is_nobodys_fault(store: Store) -> None:
    clock = SetClock()
    machine = Machine(store=store, roster=house(store).roster, pace=600.0)
    shell = Shell(machine, clock=clock, transports={"tms": Slow()}, threaded=False)

    async def story(shell: Shell) -> None:
        clock.off = timedelta(hours=2)
        await asyncio.sleep(3 * CLOCK_SECONDS)
        assert shell.not_ready() == {}

    live(shell, story)


class Patient(Shell):
    """A shell that looks for a timer nobody announced only when it is woken."""

    def _until(self, due_at: datetime | None) -> float:
        return 600.0 if due_at is None else super()._until(due_at)


def test_a_timer_wakes_the_one_who_rings_it_though_he_would_not_look_by_himself(
    store: Store,
) -> None:
    machine = house(store)
    shell = Patient(machine, clock=WallClock(), transports={})

    async def story(shell: Shell) -> None:
        await asyncio.sleep(0.05)  # whoever rings has looked, and found nothing to wait for
        await shell.take(lines(Line(id="e1", reason="wake")))
        await until(lambda: len(told(machine)) == 2)

    live(shell, story)

    assert told(machine) == ("1 wake", "woken by nap")


def test_a_turn_tells_when_the_earliest_timer_it_set_is_due(store: Store) -> None:
    machine = house(store)

    alarms = [
        machine.receive_and_turn([lines(Line(id=reason, reason=reason))], NOON)[1].alarm
        for reason in ("wake", "sleep", "tell")
    ]

    assert alarms == [NOON + MINUTE, None, None]


def test_documents_that_wait_are_taken_together(store: Store) -> None:
    machine = house(store)
    shell = shell_of(machine, Slow())

    async def story(shell: Shell) -> None:
        arrivals = [shell.take(lines(Line(id=f"e{n}", order=f"SO-{n}"))) for n in range(200)]
        receipts = await asyncio.gather(*arrivals)
        assert [each.accepted for each in receipts] == [1] * 200

    live(shell, story)

    commits = machine.metrics.registry.get_sample_value("crossdock_commit_seconds_count")
    assert commits is not None
    assert commits < 30


@pytest.mark.parametrize("threaded", [False, True])
def test_whoever_is_at_the_door_is_answered_before_it_stops(store: Store, threaded: bool) -> None:  # noqa: FBT001 - both ways
    shell = shell_of(house(store), Slow(), threaded=threaded)

    async def story() -> list[int]:
        await shell.start()
        waiting = asyncio.gather(
            *(shell.take(lines(Line(id=f"e{n}", order=f"SO-{n}"))) for n in range(50))
        )
        await asyncio.sleep(0)
        await shell.stop()
        return [each.accepted for each in await waiting]

    assert asyncio.run(asyncio.wait_for(story(), 20)) == [1] * 50


def test_a_full_door_says_when_to_come_again(store: Store) -> None:
    async def story(shell: Shell) -> None:
        with pytest.raises(Busy) as full:
            await shell.take_all([lines(Line(id=f"e{n}")) for n in range(11)])
        assert full.value.seen == {"retry_after": "2"}

    live(shell_of(house(store), Slow(), waiting_max=10), story)


def test_calls_are_made_side_by_side_but_no_more_than_wanted(store: Store) -> None:
    machine, partner = house(store, in_flight_max=4), Gated()

    async def story(shell: Shell) -> None:
        said = [Line(id=f"e{n}", order=f"SO-{n}", reason="ask") for n in range(8)]
        await shell.take(lines(*said))
        await until(lambda: len(partner.calls) == 4)
        await asyncio.sleep(0.1)
        assert len(partner.calls) == 4
        partner.gate.set()
        await until(lambda: all(len(told(machine, f"SO-{n}")) == 2 for n in range(8)))

    live(shell_of(machine, partner), story)

    assert len(partner.calls) == 8


def test_a_stop_waits_for_the_calls_on_their_way(store: Store) -> None:
    machine, partner = house(store), Slow(0.2)

    async def story(shell: Shell) -> None:
        await shell.take(lines(Line(id="e1", reason="ask")))
        await until(lambda: len(partner.calls) == 1)

    live(shell_of(machine, partner), story)

    with store.read() as reader:
        assert reader.outbox_counts("main") == {("tms", "tms.cancel", "applied"): 1}
    assert house(store).careful == 0


def test_a_call_that_outlasts_the_stop_is_found_out_later(store: Store) -> None:
    machine, partner = house(store, Chatty(EffectClass.LOOKUP)), Slow(60)

    async def story(shell: Shell) -> None:
        await shell.take(lines(Line(id="e1", reason="ask")))
        await until(lambda: len(partner.calls) == 1)

    live(shell_of(machine, partner), story, grace=0.05)

    with store.read() as reader:
        assert reader.outbox_counts("main") == {("tms", "tms.cancel", "leased"): 1}


def test_a_decision_is_carried_out_at_once(store: Store) -> None:
    machine = house(store)
    machine.stop()  # in order: steps are taken with their documents after it

    async def story(shell: Shell) -> None:
        await shell.take(lines(Line(id="e1", reason="complain")))
        with store.read() as reader:
            (row,) = reader.exceptions("main")
        said = await shell.decide("retry", row.id, by="ada", reason="so")
        assert said == "The process is asked to try again"
        await until(lambda: len(told(machine)) == 2)

    live(shell_of(machine, Slow()), story)

    assert told(machine) == ("1 complain", "retried STUCK")
    assert queue(machine) == []


def test_a_stopped_shell_takes_nothing(store: Store) -> None:
    async def whole() -> None:
        shell = shell_of(house(store), Slow())
        await shell.start()
        ready = shell.not_ready()
        await shell.stop()
        with pytest.raises(Busy):
            await shell.take(lines(Line(id="e1")))
        assert (ready, list(shell.not_ready())) == ({}, ["intake"])

    asyncio.run(whole())


class Full:
    """A store on a disk that is sometimes full."""

    def __init__(self, inner: Store, *, full: bool = False) -> None:
        self.inner = inner
        self.full = full
        self.read = inner.read
        self.close = inner.close

    def write(self) -> AbstractContextManager[Unit]:
        """Open a transaction, where there is room."""
        if self.full:
            raise NotNow("The disk of the store is full")
        return self.inner.write()


def test_a_full_disk_is_told_to_the_sender_and_nothing_is_lost(store: Store) -> None:
    disk = Full(store)
    machine = house(disk)

    async def story(shell: Shell) -> None:
        disk.full = True
        with pytest.raises(NotNow, match="disk of the store is full"):
            await shell.take(lines(Line(id="e1")))
        disk.full = False
        receipt = await shell.take(lines(Line(id="e1")))
        assert (receipt.accepted, receipt.duplicates) == (1, 0)

    live(shell_of(machine, Slow()), story)


def test_a_store_that_cannot_be_written_is_not_ready_until_it_can(store: Store) -> None:
    disk = Full(store)
    machine = house(disk)

    async def story(shell: Shell) -> None:
        disk.full = True
        with pytest.raises(NotNow, match="disk of the store is full"):
            await shell.take(lines(Line(id="e1")))
        assert shell.not_ready() == {"store": "The disk of the store is full"}
        await asyncio.sleep(2 * ROOM_SECONDS)  # it is tried meanwhile, and nothing has changed
        assert shell.not_ready() == {"store": "The disk of the store is full"}
        disk.full = False
        await until(lambda: not shell.not_ready())

    live(shell_of(machine, Slow()), story)


def turns_of(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str, str]]:
    """What the log tells of a store that goes and comes, and of loops that fail."""
    return [
        (each.levelname, each.message, vars(each)["fields"].get("said", ""))
        for each in caplog.records
        if each.message in {"store.turned", "loop.failed"}
    ]


def test_that_a_store_is_away_is_told_once_not_by_each_loop_again_and_again(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "crossdock")
    disk = Full(store)

    async def story(shell: Shell) -> None:
        disk.full = True
        await until(lambda: bool(shell.not_ready()))
        await asyncio.sleep(3 * ROOM_SECONDS)  # every loop has failed, more than once
        disk.full = False
        await until(lambda: not shell.not_ready())

    live(shell_of(house(disk), Slow()), story)

    assert turns_of(caplog) == [
        ("ERROR", "store.turned", "The disk of the store is full"),
        ("INFO", "store.turned", ""),
    ]


class Impatient(Writer):
    """A writer to whom every moment is long enough to tell it once more."""

    again_seconds = 0.0


def test_a_store_that_stays_away_is_told_of_now_and_then(caplog: pytest.LogCaptureFixture) -> None:
    async def failing(writer: Writer) -> None:
        for _ in range(2):
            with pytest.raises(NotNow):
                await writer.run(Full(MemoryStore(), full=True).write)

    asyncio.run(failing(Writer(Metrics(), threaded=False)))
    asyncio.run(failing(Impatient(Metrics(), threaded=False)))

    assert turns_of(caplog) == 3 * [("ERROR", "store.turned", "The disk of the store is full")]


def test_what_a_person_decides_is_sealed_soon(store: Store) -> None:
    machine = house(store)
    machine.receive([lines(Line(id="e1", reason="complain"))], NOON)
    machine.run_to_quiescence(NOON)

    async def story(shell: Shell) -> None:
        with store.read() as reader:
            (row,) = reader.exceptions("main")
        await shell.decide("waive", row.id, by="ada", reason="so")
        await until(lambda: verdict().waiting == 0)

    def verdict() -> Verdict:
        with store.read() as reader:
            return verify(reader, "main")

    live(Hasty(machine, clock=WallClock(), transports={}, threaded=False), story)

    assert (verdict().rows, verdict().head.partition(":")[0], verdict().wrong) == (1, "1", ())


class Hasty(Shell):
    """A shell that seals all the time."""

    seal_seconds = 0.01


def test_what_nobody_announced_is_found_all_the_same(store: Store) -> None:
    machine, partner = house(store), Slow()
    beside = Machine(store=store, roster=machine.roster)
    beside.careful = 9  # it takes in, and leaves the steps to others

    async def story(_shell: Shell) -> None:
        await asyncio.sleep(0.2)  # everybody sleeps, and no bell rings
        beside.receive([lines(Line(id="e1", reason="ask"))], datetime.now(UTC))
        await until(lambda: told(machine) == ("1 ask", "1 APPLIED DOC-1"))

    live(shell_of(machine, partner), story)

    assert partner.calls == [("POST", "/SO-1/1")]


class Shrinking(MemoryStore):
    """A store on a disk that has less and less room."""

    said = ""

    def space(self) -> Space:
        """Tell how much."""
        return Space(free_bytes=4711, scarce=self.said)


def test_a_scarce_disk_shuts_the_door_asks_a_person_and_opens_it_again_by_itself() -> None:
    disk = Shrinking()
    machine = house(disk)

    async def story(shell: Shell) -> None:
        disk.said = "The disk is nearly full"
        await until(lambda: queue(machine) == [("store", "STORE_FULL", "INTEGRATION")])
        with pytest.raises(StoreFull, match="nearly full") as turned_away:
            await shell.take(lines(Line(id="e1")))
        assert turned_away.value.seen == {"retry_after": "30"}
        assert shell.not_ready() == {"store": "The disk is nearly full"}
        disk.said = ""
        await until(lambda: queue(machine) == [])
        assert (shell.not_ready(), (await shell.take(lines(Line(id="e1")))).accepted) == ({}, 1)

    live(shell_of(machine, Slow()), story)


class Leisurely(MemoryStore):
    """A store that takes its time."""

    def measure_flush(self) -> float:
        """Tell how long."""
        return 0.02


def test_a_slow_store_is_written_in_a_thread_of_its_own() -> None:
    shells = [
        Shell(house(store), clock=WallClock(), transports={})
        for store in (MemoryStore(), Leisurely())
    ]

    assert [shell.threaded for shell in shells] == [False, True]


def test_a_transaction_that_does_not_end_is_told(store: Store) -> None:
    ends = threading.Event()

    def hang(_body: object) -> None:
        ends.wait(10)

    machine = house(store, watch=hang)
    shell = Shell(machine, clock=WallClock(), transports={}, threaded=True, hung_seconds=0.5)

    async def story(shell: Shell) -> None:
        taking = asyncio.create_task(shell.take(lines(Line(id="e1"))))
        await until(lambda: bool(shell.not_ready()))
        hung = shell.not_ready()
        ends.set()
        await taking
        await until(lambda: not shell.not_ready())
        assert list(hung) == ["writer"]

    live(shell, story)


def test_what_waits_too_long_at_the_door_keeps_others_out(store: Store) -> None:
    ends = threading.Event()

    def hang(_body: object) -> None:
        ends.wait(10)

    machine = house(store, watch=hang)
    shell = Shell(machine, clock=WallClock(), transports={}, threaded=True, wait_seconds_max=0.1)

    async def story(shell: Shell) -> None:
        first = asyncio.create_task(shell.take(lines(Line(id="e1"))))
        await asyncio.sleep(0.2)
        second = asyncio.create_task(shell.take(lines(Line(id="e2"))))
        await asyncio.sleep(0.2)
        with pytest.raises(Busy) as full:
            await shell.take(lines(Line(id="e3")))
        ends.set()
        assert full.value.seen == {"retry_after": "2"}
        assert [each.accepted for each in await asyncio.gather(first, second)] == [1, 1]

    live(shell, story)
