"""The web on the wire: what a full door means for each request, also on a connection that stays."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn

from crossdock.apis.door import Door, answered
from crossdock.apis.doorkeeper import Doorkeeper
from crossdock.apis.gate import listening
from crossdock.apis.http import as_json, as_page
from crossdock.apis.patience import Patience
from crossdock.apis.server import Front
from crossdock.app.web import PATIENCE, Guest, Web

LINE = b"POST /system/v1/partners/erp/orders HTTP/1.1\r\n"
DELIVERY = LINE + b"Content-Length: 2\r\n\r\n{}"
PAGE = b"GET /livez HTTP/1.1\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n"


class House:
    """A page that says who asks, and deliveries that are answered with their body when let."""

    def __init__(self, most: int, patience: Patience = PATIENCE) -> None:
        sockets = listening("127.0.0.1", 0)
        self.port: int = sockets[0].getsockname()[1]
        self.bodies: list[bytes] = []
        self.callers: list[Caller] = []
        self.let = asyncio.Event()
        self.door = Door(self._deliver, most=most)
        self.web = Web(Front(self._page, self.door), sockets, patience)

    async def _page(self, scope: Any, _receive: Any, send: Any) -> None:
        await answered(as_page(f"{scope['path']} for {scope['client'][0]}"), send)

    async def _deliver(self, _scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            event = await receive()
            body += event["body"]
            more = event["more_body"]
        self.bodies.append(body)
        await self.let.wait()
        await answered(as_json({"read": body.decode()}, status=202), send)


class Caller:
    """One connection, on which something is said and heard."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def say(self, *said: bytes) -> None:
        """Say something in pieces, each with time to come."""
        for each in said:
            self.writer.write(each)
            await self.writer.drain()
            await asyncio.sleep(0.05)

    async def hear(self) -> tuple[int, str, bool]:
        """Hear an answer: its status, its body unless a problem, and whether it is the last."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
        body = await self.reader.readexactly(length)
        status = int(head.split(b" ")[1])
        said = "" if b"problem+json" in head else body.decode()
        if status == 429:
            assert b"retry-after: 1\r\n" in head
        return status, said, b"connection: close" in head


@asynccontextmanager
async def a_house(most: int, patience: Patience = PATIENCE) -> AsyncIterator[House]:
    """Serve, and end."""
    house = House(most, patience)
    served = asyncio.create_task(house.web.serve())
    yield house
    house.let.set()
    house.web.end()
    for each in house.callers:
        each.writer.close()
    await served


async def call(house: House) -> Caller:
    """Open a connection, until the house ends."""
    caller = Caller(*await asyncio.open_connection("127.0.0.1", house.port))
    house.callers.append(caller)
    return caller


REFUSED = (429, "", True)
REFUSED_AND_STAYS = (429, "", False)
TAKEN = (202, '{"read":"{}"}', False)
SHOWN = (200, "/livez for 192.0.2.7", False)

Heard = list[tuple[int, str, bool]]


def test_at_a_full_door_pages_are_served_and_deliveries_refused() -> None:
    async def day() -> Heard:
        async with a_house(most=1) as house:
            inside, page, other = [await call(house) for _ in range(3)]
            await inside.say(DELIVERY)
            await other.say(DELIVERY)
            await page.say(PAGE)
            heard = [await other.hear(), await page.hear()]
            house.let.set()
            return [*heard, await inside.hear()]

    assert asyncio.run(day()) == [REFUSED, SHOWN, TAKEN]


def test_a_connection_that_stays_is_judged_with_each_request() -> None:
    async def day() -> Heard:
        async with a_house(most=1) as house:
            inside, staying = [await call(house) for _ in range(2)]
            await staying.say(PAGE)
            await inside.say(DELIVERY)
            await staying.say(DELIVERY)
            await staying.say(PAGE)
            heard = [await staying.hear() for _ in range(3)]
            house.let.set()
            heard.append(await inside.hear())
            await staying.say(DELIVERY)
            return [*heard, await staying.hear()]

    assert asyncio.run(day()) == [SHOWN, REFUSED_AND_STAYS, SHOWN, TAKEN, TAKEN]


def test_requests_sent_ahead_are_answered_in_their_order() -> None:
    async def day() -> Heard:
        async with a_house(most=1) as house:
            inside, staying = [await call(house) for _ in range(2)]
            await staying.say(PAGE)
            await inside.say(DELIVERY)
            await staying.say(DELIVERY + PAGE + DELIVERY)
            heard = [await staying.hear() for _ in range(4)]
            await inside.say(DELIVERY)  # while its first is under way
            house.let.set()
            return [*heard, await inside.hear(), await inside.hear()]

    assert asyncio.run(day()) == [
        SHOWN,
        REFUSED_AND_STAYS,
        SHOWN,
        REFUSED_AND_STAYS,
        TAKEN,
        TAKEN,
    ]


def test_a_refused_request_in_pieces_is_read_to_its_end() -> None:
    async def day() -> Heard:
        chunked = LINE + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"
        async with a_house(most=0) as house:
            staying = await call(house)
            await staying.say(PAGE, DELIVERY[:9], DELIVERY[9:70], DELIVERY[70:])
            await staying.say(chunked, b"0\r\n\r\n", PAGE)
            return [await staying.hear() for _ in range(4)]

    assert asyncio.run(day()) == [SHOWN, REFUSED_AND_STAYS, REFUSED_AND_STAYS, SHOWN]


def test_a_body_that_reads_like_a_delivery_is_a_body() -> None:
    async def day() -> tuple[list[bytes], int]:
        async with a_house(most=1) as house:
            inside = await call(house)
            await inside.say(LINE + b"Content-Length: %d\r\n\r\n" % len(DELIVERY), DELIVERY)
            house.let.set()
            return house.bodies, (await inside.hear())[0]

    assert asyncio.run(day()) == ([DELIVERY], 202)


def test_of_many_at_once_as_many_come_in_as_there_is_room_for() -> None:
    async def day() -> tuple[Heard, int]:
        async with a_house(most=3) as house:
            calls = [await call(house) for _ in range(40)]
            for each in calls:
                each.writer.write(DELIVERY)  # all of them wait when the house looks
            heard = [asyncio.create_task(each.hear()) for each in calls]
            await asyncio.sleep(0.2)
            house.let.set()
            return sorted(await asyncio.gather(*heard)), house.door.refused

    assert asyncio.run(day()) == ([TAKEN] * 3 + [REFUSED] * 37, 37)


def test_a_connection_that_wants_to_end_is_ended_with_the_refusal() -> None:
    async def day() -> Heard:
        async with a_house(most=0) as house:
            staying = await call(house)
            await staying.say(PAGE, DELIVERY.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            return [await staying.hear(), await staying.hear()]

    assert asyncio.run(day()) == [SHOWN, REFUSED]


def test_nonsense_takes_no_place() -> None:
    async def day() -> Heard:
        async with a_house(most=1) as house:
            broken = await call(house)
            await broken.say(LINE + b"\x00: broken\r\n\r\n")
            inside = await call(house)
            await inside.say(DELIVERY)
            house.let.set()
            return [
                (int((await broken.reader.read()).split(b" ")[1]), "", True),
                await inside.hear(),
            ]

    assert asyncio.run(day()) == [(400, "", True), TAKEN]


def test_whoever_is_inside_at_the_end_is_still_answered() -> None:
    async def day() -> Heard:
        async with a_house(most=1) as house:
            inside = await call(house)
            await inside.say(DELIVERY)
            house.web.end()
            await asyncio.sleep(0.3)
            house.let.set()
            return [await inside.hear()]

    assert asyncio.run(day()) == [(202, '{"read":"{}"}', True)]


SHORT = Patience(head_seconds=0.2, body_seconds=0.3, bytes_a_second=10, look_seconds=0.02)
LATE = b"HTTP/1.1 408 Request Timeout"


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ((), b""),
        ((b"\r\n",), LATE),
        ((PAGE[:9],), LATE),
        ((DELIVERY[:60],), LATE),
        ((DELIVERY[:-1],), LATE),
        ((LINE + b"Transfer-Encoding: chunked\r\n\r\n", b"2\r\n{"), LATE),
        ((PAGE, PAGE[:9]), LATE),
        ((PAGE, b"\r\n"), LATE),
    ],
)
def test_whoever_does_not_come_to_an_end_is_not_waited_for(
    said: tuple[bytes, ...], heard: bytes
) -> None:
    async def day() -> tuple[bytes, Heard]:
        async with a_house(most=1, patience=SHORT) as house:
            slow = await call(house)
            await slow.say(*said)
            if PAGE in said:
                await slow.hear()
            last = await slow.reader.read()
            house.let.set()
            other = await call(house)
            await other.say(DELIVERY)  # the only place is free
            return last.partition(b"\r\n")[0], [await other.hear()]

    assert asyncio.run(day()) == (heard, [TAKEN])


def test_a_body_that_keeps_coming_is_read_to_its_end() -> None:
    async def day() -> tuple[int, list[bytes]]:
        async with a_house(most=1, patience=SHORT) as house:
            slow = await call(house)
            await slow.say(LINE + b"Content-Length: 200\r\n\r\n", *[b" " * 10] * 20)
            house.let.set()
            return (await slow.hear())[0], house.bodies

    assert asyncio.run(day()) == (202, [b" " * 200])


def test_whoever_waits_for_an_answer_may_be_silent() -> None:
    async def day() -> Heard:
        async with a_house(most=1, patience=SHORT) as house:
            inside = await call(house)
            await inside.say(DELIVERY, PAGE[:9])  # and has begun to ask for more
            await asyncio.sleep(2 * SHORT.body_seconds)
            house.let.set()
            return [await inside.hear()]

    assert asyncio.run(day()) == [TAKEN]


async def page(_scope: Any, _receive: Any, send: Any) -> None:
    """Answer everything with a page."""
    await answered(as_page("/livez for 192.0.2.7"), send)


def test_a_connection_that_is_turned_away_meanwhile_was_not_silent() -> None:
    async def day() -> tuple[Heard, list[bool]]:
        config = uvicorn.Config(page, log_level="warning", lifespan="off")
        state = uvicorn.Server(config).server_state
        keeper = Doorkeeper(Door(page, most=0))
        ours, theirs = socket.socketpair()
        transport, guest = await asyncio.get_running_loop().connect_accepted_socket(
            lambda: Guest(keeper, PAGE, config=config, server_state=state, app_state={}), ours
        )
        caller = Caller(*await asyncio.open_connection(sock=theirs))
        await caller.say(DELIVERY)
        heard = [await caller.hear() for _ in range(2)]
        ended = []
        for _ in range(2):  # the time of its silence is over
            guest.timeout_keep_alive_handler()
            ended.append(transport.is_closing())
        caller.writer.close()
        return heard, ended

    assert asyncio.run(day()) == ([SHOWN, REFUSED_AND_STAYS], [False, True])
