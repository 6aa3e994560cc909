"""The door for deliveries: so many at once, and whoever is one too many hears when to come again.

It stands before everything that costs something: of a delivery that is turned away not even the
body is read. Bodies are bounded together, too, by what has come of them: one whose announced length
does not fit beside the others is turned away at once, another when it has grown too large. So
memory stays as it is, however many come, and however large; who only announces takes no room.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from crossdock.apis import problems
from crossdock.apis.http import Reply
from crossdock.apis.problems import as_problem

UNDER_WAY_MAX = 512  # a little more than one transaction takes
BODIES_BYTES_MAX = 256 * 1024 * 1024  # of all under way together; one alone may be larger
RETRY_SECONDS_MIN, RETRY_SECONDS_MAX = 1, 60
WEIGHT = 0.05  # of the newest in the running mean of the time that one delivery takes

App = Callable[[Any, Any, Any], Any]


class Overfull(Exception):
    """A body has grown beyond what there is room for beside the others."""


class Door:
    """An ASGI application before another, that lets at most `most` requests in at once.

    Their bodies take at most `bytes_max` together, but for one that is alone.
    """

    def __init__(
        self,
        inside: App,
        *,
        most: int = UNDER_WAY_MAX,
        bytes_max: int = BODIES_BYTES_MAX,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Stand before an application; `clock` tells seconds and never goes back."""
        self._inside = inside
        self._most = most
        self._bytes_max = bytes_max
        self._bytes = 0
        self._clock = clock
        self._under_way = 0
        self._kept = 0
        self.refused = 0  # since the start
        self._seconds_each = 0.0
        self._left_at: float | None = None

    @property
    def is_full(self) -> bool:
        """Tell whether the next one is one too many, beside those that places are kept for."""
        return self._is_taken_by(self._under_way + self._kept)

    def _is_taken_by(self, so_many: int) -> bool:
        return so_many >= self._most or self._bytes >= self._bytes_max

    def keep_place(self) -> None:
        """Keep a place for one that is let in, and is not here yet."""
        self._kept += 1

    def keep_no_place(self) -> None:
        """Keep it no longer: that one has come in, or does not come."""
        self._kept -= 1

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Let a request in, or answer it 429."""
        if self._is_taken_by(self._under_way) or not self._fits(announced(scope), 0):
            await answered(self.refusal(), send)
            return
        body = Body(self, receive)
        self._under_way += 1
        try:
            await self._inside(scope, body.receive, send)
        except Overfull:
            await answered(self.refusal(), send)
        finally:
            self._under_way -= 1
            self._bytes -= body.size
            self._note_one_less()

    def _fits(self, more: int, own: int) -> bool:
        """Tell whether a body that takes `own` may take more: beside others only so much."""
        return self._bytes == own or self._bytes + more <= self._bytes_max

    def grow(self, more: int, own: int) -> None:
        """Let a body that takes `own` take more. Raises Overfull."""
        if not self._fits(more, own):
            raise Overfull
        self._bytes += more

    def _note_one_less(self) -> None:
        """Learn how long one takes, from the time between two that leave while others wait."""
        now = self._clock()
        if self._left_at is not None:
            took = now - self._left_at
            self._seconds_each += WEIGHT * (took - self._seconds_each)
        self._left_at = now if self._under_way else None

    def refusal(self) -> Reply:
        """Turn one away, and say when to come again: when those who are inside have been served."""
        self.refused += 1
        backlog = self._under_way * self._seconds_each
        seconds = min(max(math.ceil(backlog), RETRY_SECONDS_MIN), RETRY_SECONDS_MAX)
        return refused(self._under_way, seconds)


class Body:
    """A body under way; `size` is what has come of it."""

    def __init__(self, door: Door, receive: Any) -> None:
        """Begin with nothing."""
        self.size = 0
        self._door = door
        self._receive = receive

    async def receive(self) -> Any:
        """Hand the next event on. Raises Overfull where it is too much beside the others."""
        event = await self._receive()
        come = len(event.get("body", b""))
        self._door.grow(come, self.size)
        self.size += come
        return event


def announced(scope: Any) -> int:
    """Read how many bytes a request says it brings; 0 where it does not say."""
    for name, text in scope.get("headers", ()):
        if name == b"content-length" and text.isdigit():
            return int(text)
    return 0


@lru_cache(maxsize=128)
def refused(under_way: int, seconds: int) -> Reply:
    """Write a refusal; there are few different ones, and many of each."""
    return as_problem(
        problems.TOO_MANY,
        f"{under_way} deliveries are under way; send it again",
        headers=(("Retry-After", str(seconds)),),
    )


async def answered(reply: Reply, send: Any) -> None:
    """Answer a request with a whole reply."""
    headers = [(b"content-type", reply.content_type.encode())]
    headers += [(name.lower().encode(), text.encode()) for name, text in reply.headers]
    headers.append((b"content-length", str(len(reply.body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})
