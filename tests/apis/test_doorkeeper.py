"""The doorkeeper on the wire: a full door answers before it has read, and for deliveries alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from crossdock.apis.door import Door
from crossdock.apis.doorkeeper import Doorkeeper

LARGE = 4 << 20
DELIVERY = b"POST /system/v1/partners/erp/orders HTTP/1.1\r\nContent-Length: %d\r\n\r\n"
PAGE = b"GET /livez HTTP/1.1\r\n\r\n"


class Inside(asyncio.Protocol):
    """The server's side: it says what it was given first."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Say it, and end."""
        self.transport.write(b"inside: " + data.split(b" HTTP")[0])
        self.transport.close()


async def nobody(_scope: object, _receive: object, _send: object) -> None:
    """Answer nothing."""


async def at_the_door(most: int, call: Callable[[int], Awaitable[bytes]]) -> bytes:
    """Call at a door that takes so many."""
    door = Door(nobody, most=most)
    server = await asyncio.get_running_loop().create_server(
        lambda: Doorkeeper(door, Inside), "127.0.0.1", 0
    )
    async with server:
        return await call(server.sockets[0].getsockname()[1])


def said(request: bytes) -> Callable[[int], Awaitable[bytes]]:
    """Send a request, and give all that is answered."""

    async def call(port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        answer = await reader.read()
        writer.close()
        return answer

    return call


def test_a_delivery_at_a_full_door_hears_when_to_come_again() -> None:
    answer = asyncio.run(at_the_door(0, said(DELIVERY % 2 + b"{}")))
    head, _, body = answer.partition(b"\r\n\r\n")

    assert head.split(b"\r\n") == [
        b"HTTP/1.1 429 Too Many Requests",
        b"Content-Type: application/problem+json",
        b"Retry-After: 1",
        b"Content-Length: %d" % len(body),
        b"Connection: close",
    ]
    assert b"/problems/too-many" in body


def test_who_still_sends_a_large_body_hears_the_refusal_all_the_same() -> None:
    answer = asyncio.run(at_the_door(0, said(DELIVERY % LARGE + b" " * LARGE)))

    assert answer.startswith(b"HTTP/1.1 429 ")


def test_whoever_brings_nothing_is_let_in_at_a_full_door() -> None:
    assert asyncio.run(at_the_door(0, said(PAGE))) == b"inside: GET /livez"


def test_a_delivery_is_let_in_while_there_is_room() -> None:
    answer = asyncio.run(at_the_door(1, said(DELIVERY % 2 + b"{}")))

    assert answer == b"inside: POST /system/v1/partners/erp/orders"
