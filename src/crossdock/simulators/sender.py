"""How a partner tells: signed webhooks, at least once, tried again until the receiver says 2xx.

Signed as Standard Webhooks 1.0.0 says. The timestamp is wall time: it belongs to the wire, not to
the business, and receivers hold it against their own clock.
"""

from __future__ import annotations

import asyncio
import heapq
import time
import zlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import aiohttp

from crossdock.channels import webhook
from crossdock.simulators.clock import AcceleratedClock
from crossdock.simulators.ledger import Entry, Ledger, Telling
from crossdock.simulators.mischief import Mischief

LANES = 8
CALL_SECONDS = 30.0
PAUSES_MINUTES = (0.5, 1, 2, 5, 10, 20, 30, 60)  # simulated; the last one repeats
PAUSE_SECONDS_MIN = 0.1  # wall time: an accelerated day must not hammer a receiver that restarts
REFUSALS_MAX = 8  # a 4xx this often is a receiver who means it; its sender gives up
ASK_AGAIN_SOON = frozenset({401, 403, 408, 425, 429})  # 4xx that say nothing about the content


# What goes over the wire for a telling, and of what type it is; the same each time it is tried.
Dress = Callable[[Telling], tuple[bytes, str]]


class Sender:
    """Makes the calls of a ledger when they are due, and notes what the receiver said.

    `targets` maps a target's name to the address that `/{document}` is appended to; tellings to a
    target without an address are closed as if never meant. Tellings about one subject go one after
    the other while all is well; one that fails lets the others pass. `dress` writes a telling in
    the words of the wire.
    """

    def __init__(
        self,
        ledger: Ledger,
        clock: AcceleratedClock,
        targets: Mapping[str, str],
        *,
        secret: str = "",
    ) -> None:
        """Know where to tell what; `secret` empty: nothing is signed."""
        self._ledger = ledger
        self._clock = clock
        self._targets = targets
        self._secret = secret
        self.dress: Dress = plain
        self._lanes: tuple[list[tuple[float, int]], ...] = tuple([] for _ in range(LANES))
        self._news = tuple(asyncio.Event() for _ in range(LANES))
        self.mischief = Mischief(seed=0)

    def post(self, telling: Telling) -> None:
        """Promise to tell; durable once the ledger's transaction is."""
        number = self._ledger.post(telling)
        self._queue(telling.due.timestamp(), number, telling.subject)

    def tell_again(self, target: str, since: datetime) -> int:
        """Tell a target once more what it acknowledged since; answer how much that is."""
        before = {number for _, number, _ in self._ledger.waiting()}
        self._ledger.wait_again(target, since)
        again = [each for each in self._ledger.waiting() if each[1] not in before]
        for due, number, subject in again:
            self._queue(due, number, subject)
        return len(again)

    def _queue(self, due: float, number: int, subject: str) -> None:
        lane = zlib.crc32(subject.encode()) % LANES
        heapq.heappush(self._lanes[lane], (due, number))
        self._news[lane].set()

    async def run(self) -> None:
        """Tell what is due, for ever; begins with what an earlier life left."""
        for due, number, subject in self._ledger.waiting():
            self._queue(due, number, subject)
        timeout = aiohttp.ClientTimeout(total=CALL_SECONDS)
        async with (
            aiohttp.ClientSession(timeout=timeout, raise_for_status=False) as session,
            asyncio.TaskGroup() as lanes,
        ):
            for lane in range(LANES):
                lanes.create_task(self._work(lane, session))

    async def _work(self, lane: int, session: aiohttp.ClientSession) -> None:
        queue, news = self._lanes[lane], self._news[lane]
        while True:
            news.clear()
            wait = self._until_due(queue)
            if wait is None or wait > 0:
                await _either(news, wait)
                continue
            _, number = heapq.heappop(queue)
            telling = self._ledger.telling(number)
            if telling is not None:
                await self._tell(telling, session)

    def _until_due(self, queue: list[tuple[float, int]]) -> float | None:
        if not queue:
            return None
        due = datetime.fromtimestamp(queue[0][0], UTC)
        return self._clock.real_seconds(due - self._clock.now())

    async def _tell(self, telling: Telling, session: aiohttp.ClientSession) -> None:
        back = self.mischief.away_until(self._clock.now())
        if back is not None:
            self._postpone(telling, back, tried=False)
            return
        if telling.target not in self._targets:
            self._ledger.close(telling.number, "acknowledged")
            return
        if telling.tries == 0:
            self._note("sent", telling)
        status = await self._call(telling, session)
        if 200 <= status < 300:  # noqa: PLR2004 - the class of the status code
            with self._ledger.together():
                self._note("acknowledged", telling)
                self._ledger.taken(telling.number, self._clock.now())
        elif _means_no(status) and telling.tries + 1 >= REFUSALS_MAX:
            with self._ledger.together():
                self._note("given_up", telling)
                self._ledger.close(telling.number, "given_up")
        else:
            self._postpone(telling, self._clock.now() + self._pause(telling), tried=True)

    def _postpone(self, telling: Telling, due: datetime, *, tried: bool) -> None:
        self._ledger.postpone(telling.number, due, tried=tried)
        self._queue(due.timestamp(), telling.number, telling.subject)

    def _pause(self, telling: Telling) -> timedelta:
        minutes = PAUSES_MINUTES[min(telling.tries, len(PAUSES_MINUTES) - 1)]
        at_least = PAUSE_SECONDS_MIN * self._clock.factor
        return timedelta(seconds=max(minutes * 60, at_least))

    def _note(self, kind: str, telling: Telling) -> None:
        """Write what was told, each event once however often it is in a telling."""
        for told in telling.tells:
            if not self._ledger.holds(kind, told.content_key):
                self._ledger.write(
                    Entry(
                        at=self._clock.now(),
                        kind=kind,
                        verb=told.verb,
                        content_key=told.content_key,
                        content=told.content,
                    )
                )

    async def _call(self, telling: Telling, session: aiohttp.ClientSession) -> int:
        """Make the call, and give the status; 0 where there was no answer."""
        url = f"{self._targets[telling.target]}/{telling.document}"
        body, content_type = self.dress(telling)
        signed = (
            webhook.headers(self._secret, telling.webhook_id, int(time.time()), body)
            if self._secret
            else {}
        )
        headers = {"content-type": content_type, **signed}
        try:
            async with session.post(url, data=body, headers=headers) as answer:
                await answer.read()
                return answer.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            return 0


def plain(telling: Telling) -> tuple[bytes, str]:
    """Tell it as it is kept: as JSON."""
    return telling.body, "application/json"


def _means_no(status: int) -> bool:
    return 400 <= status < 500 and status not in ASK_AGAIN_SOON  # noqa: PLR2004 - as above


async def _either(news: asyncio.Event, seconds: float | None) -> None:
    """Wait for news or until the time is over, whichever comes first."""
    try:
        async with asyncio.timeout(seconds):
            await news.wait()
    except TimeoutError:
        return
