"""The courier of one endpoint: leases calls, makes them side by side, records what came back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from crossdock.flow.deliverer import Result
from crossdock.flow.dispatcher import Dispatched
from crossdock.flow.machine import Machine
from crossdock.flow.settling import SEND, Work
from crossdock.flow.writer import Writer
from crossdock.ports import Clock, Endpoint, Exchange, Stage, Transport

IDLE_SECONDS = 1.0
SHORTEST_SECONDS = 0.005
RECORD_TRIES = 400  # while stopping; what is not recorded is found out at the next start
LATE_SECONDS = 5.0  # past its deadline a transport that does not end is ended


class Courier:
    """Delivers to one endpoint; `told` is called with what that has brought about in the house."""

    def __init__(  # noqa: PLR0913, PLR0917 - a courier needs all of these to work
        self,
        machine: Machine,
        endpoint: Endpoint,
        via: Transport,
        clock: Clock,
        writer: Writer,
        told: Callable[[Dispatched], object],
    ) -> None:
        """Begin with nothing on the way."""
        self._machine = machine
        self._endpoint = endpoint
        self._via = via
        self._clock = clock
        self._writer = writer
        self._told = told
        self._woken = asyncio.Event()
        self._back: list[Result] = []
        self._calls: set[asyncio.Task[None]] = set()
        self._leasing = True
        self.is_mine = True  # whether this worker delivers to the endpoint

    @property
    def is_busy(self) -> bool:
        """Tell whether a call is on its way, or an answer not recorded yet."""
        return bool(self._calls or self._back)

    def wake(self) -> None:
        """Say that there is new work."""
        self._woken.set()

    async def run(self) -> None:
        """Record what came back, lease what may go, and sleep until there is more to do."""
        self._woken.clear()
        if self._back:
            await self._record()
        made = await self._lease() if self._leasing and self.is_mine else 0
        if not made and not self._back:
            await self._sleep()

    async def finish(self, grace_seconds: float) -> None:
        """Lease no more, wait for the calls on their way, and record them."""
        self._leasing = False
        if self._calls:
            _, late = await asyncio.wait(self._calls, timeout=grace_seconds)
            for call in late:
                call.cancel()
        for _ in range(RECORD_TRIES):
            if not self._back:
                return
            self.wake()
            await asyncio.sleep(SHORTEST_SECONDS)

    async def _lease(self) -> int:
        begun = asyncio.get_running_loop().time()
        call = partial(self._machine.lease, self._endpoint.name, self._clock.now())
        leased = await self._writer.run(call)
        for work in leased.works:
            task = asyncio.create_task(self._make(work, begun))
            self._calls.add(task)
            task.add_done_callback(self._calls.discard)
        if leased.woken:
            self._told(Dispatched(more=True))
        return len(leased.works)

    async def _make(self, work: Work, begun: float) -> None:
        exchange = await self._exchange(work, begun)
        self._back.append(Result(work=work, exchange=exchange, ended_at=self._clock.now()))
        self._woken.set()

    async def _exchange(self, work: Work, begun: float) -> Exchange:
        """Make the call, unless this process has slept since it was leased, at `begun`.

        Another worker may have looked it up by then, found nothing, and sent it itself.
        """
        connector, settings = self._endpoint.connector, self._endpoint.settings
        make = connector.send if work.purpose == SEND else connector.look_up
        longest = work.operation.deadline_seconds + LATE_SECONDS
        by_the_clock = (self._clock.now() - work.started_at).total_seconds() / self._machine.pace
        if max(by_the_clock, asyncio.get_running_loop().time() - begun) >= longest:
            return Exchange(stage=Stage.NOT_SENT, said="this process slept until it was too late")
        try:
            async with asyncio.timeout_at(begun + longest):
                return await make(work.request, work.row.idempotency_key, settings, self._via)
        except TimeoutError:
            return Exchange(stage=Stage.NO_ANSWER, said="the call did not end in time")
        except Exception as error:
            # A client that breaks may have sent: only the partner knows.
            return Exchange(stage=Stage.NO_ANSWER, said=f"the client failed: {error!r}")

    async def _record(self) -> None:
        results = list(self._back)
        call = partial(self._machine.record, self._endpoint.name, results, self._clock.now())
        recorded = await self._writer.run(call)
        del self._back[: len(results)]
        self._told(recorded.dispatched)

    async def _sleep(self) -> None:
        if not self.is_mine:
            await self._wait(IDLE_SECONDS)
            return
        now = self._clock.now()
        look = partial(self._machine.next_lease, self._endpoint.name, now)
        next_at = await self._writer.look(look)
        seconds = IDLE_SECONDS
        if next_at is not None and next_at > now:
            seconds = (next_at - now).total_seconds() / self._machine.pace
        await self._wait(min(max(seconds, SHORTEST_SECONDS), IDLE_SECONDS))

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return
