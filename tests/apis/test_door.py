"""The door for deliveries: so many at once, and a time to come again for the rest."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from crossdock.apis.door import Door, answered
from crossdock.apis.http import as_json

SCOPE = {"type": "http", "method": "POST", "path": "/"}


class House:
    """An application that answers when it is let, and counts the bodies it was given."""

    def __init__(self) -> None:
        self.now = 0.0
        self.bodies = 0
        self.answers: list[asyncio.Event] = []
        self.door = Door(self, most=2, clock=lambda: self.now)

    async def __call__(self, _scope: Any, receive: Any, send: Any) -> None:
        """Read the body, and answer once it is let."""
        await receive()
        self.answers.append(asyncio.Event())
        await self.answers[-1].wait()
        await answered(as_json({}, status=202), send)

    async def come(self) -> tuple[int, str]:
        """Deliver something; answer the status and when to come again."""
        heard: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            self.bodies += 1
            return {"type": "http.request", "body": b"{}"}

        async def send(event: dict[str, Any]) -> None:
            heard.append(event)

        await self.door(SCOPE, receive, send)
        return heard[0]["status"], dict(heard[0]["headers"]).get(b"retry-after", b"").decode()

    async def let_go(self, number: int, at: float) -> None:
        """Answer one, at a time."""
        self.now = at
        self.answers[number].set()
        await asyncio.sleep(0.01)


def test_one_too_many_is_turned_away_before_its_body_is_read() -> None:
    async def day() -> list[tuple[int, str]]:
        house = House()
        inside = [asyncio.create_task(house.come()) for _ in range(2)]
        await asyncio.sleep(0.01)
        refused = await house.come()
        bodies = house.bodies
        await house.let_go(0, at=1)
        after = asyncio.create_task(house.come())
        await asyncio.sleep(0.01)
        for number in (1, 2):
            await house.let_go(number, at=2)
        return [refused, (bodies, ""), *await asyncio.gather(*inside, after)]

    assert asyncio.run(day()) == [(429, "1"), (2, ""), (202, ""), (202, ""), (202, "")]


def test_when_to_come_again_is_the_backlog_by_the_rate() -> None:
    async def day() -> tuple[int, str]:
        house = House()
        inside = [asyncio.create_task(house.come()) for _ in range(2)]
        await asyncio.sleep(0.01)
        for number in range(200):  # one every four seconds, while another waits
            await house.let_go(number, at=4.0 * number)
            inside.append(asyncio.create_task(house.come()))
            await asyncio.sleep(0)
        refused = await house.come()
        for each in inside:
            each.cancel()
        return refused

    assert asyncio.run(day()) == (429, "8")


def test_a_house_that_broke_has_room_again() -> None:
    async def breaks(_scope: Any, _receive: Any, _send: Any) -> None:
        raise LookupError("a bug")

    async def day() -> list[str]:
        door = Door(breaks, most=1)
        tried = [door(SCOPE, None, None) for _ in range(3)]
        return [type(await asyncio.gather(each, return_exceptions=True)).__name__ for each in tried]

    assert asyncio.run(day()) == ["list"] * 3


async def come(door: Door, *, size: int, says: bool = True) -> int:
    """Deliver a body of this many bytes, which says so or does not; answer the status."""
    heard: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"x" * size}

    async def send(event: dict[str, Any]) -> None:
        heard.append(event)

    length = [(b"content-length", str(size).encode())] if says else []
    await door(SCOPE | {"headers": length}, receive, send)
    status: int = heard[0]["status"]
    return status


def bodies(*, says: bool) -> list[int]:
    """Deliver six bytes, while another six, then four stand inside; then again when they left."""

    async def day() -> list[int]:
        let = asyncio.Event()

        async def inside(_scope: Any, receive: Any, send: Any) -> None:
            await receive()
            await let.wait()
            await answered(as_json({}, status=202), send)

        door = Door(inside, bytes_max=10)
        first = asyncio.create_task(come(door, size=6, says=says))
        await asyncio.sleep(0.01)
        too_much = await come(door, size=6, says=says)
        second = asyncio.create_task(come(door, size=4, says=says))
        await asyncio.sleep(0.01)
        full = await come(door, size=0, says=says)
        let.set()
        stood = [await first, await second]
        return [too_much, full, *stood, await come(door, size=11, says=says)]

    return asyncio.run(day())


@pytest.mark.parametrize("says", [True, False])
def test_bodies_are_bounded_together_whether_they_tell_their_length_or_not(says: bool) -> None:  # noqa: FBT001 - a case of the story
    assert bodies(says=says) == [429, 429, 202, 202, 202]
