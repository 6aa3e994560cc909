"""The gate: how much of the time refusing may take, and what it does of those who wait."""

from __future__ import annotations

import asyncio
import resource
import socket
from contextlib import suppress

import pytest

from crossdock.apis.door import Door
from crossdock.apis.doorkeeper import Doorkeeper
from crossdock.apis.gate import LINGER_BYTES_MAX, SAVED_SECONDS, Gate, Share, listening

DELIVERY = b"POST /system/v1/partners/erp/orders HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"
REFUSED = b"HTTP/1.1 429 "


class Watch:
    """A clock that somebody moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now

    def takes(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


def test_a_share_is_spent_by_what_it_is_taken_for_and_comes_back_with_time() -> None:
    watch = Watch()
    saved = 0.25 * SAVED_SECONDS
    share = Share(0.25, watch)
    spent = [share.is_spent]
    for seconds in (saved / 2, saved):
        share.take(seconds)
        spent.append(share.is_spent)
    watch.takes(3 * saved)
    spent.append(share.is_spent)
    watch.takes(1000)  # no more than that is saved up
    share.take(saved)
    spent.append(share.is_spent)

    assert spent == [False, False, True, False, True]


async def nobody(_scope: object, _receive: object, _send: object) -> None:
    """Answer nothing."""


def nothing_inside(said: bytes) -> asyncio.Protocol:
    """Fail: nobody comes in at a full door."""
    raise AssertionError(said)


def a_gate(share: Share | None = None) -> tuple[Gate, int]:
    """Open a gate before a full door."""
    (listener,) = listening("127.0.0.1", 0)
    gate = Gate([listener], Doorkeeper(Door(nobody, most=0)), nothing_inside, share)
    port: int = listener.getsockname()[1]
    gate.open()
    return gate, port


async def closed(gate: Gate) -> None:
    """Close a gate, and let those come to their end who have been answered."""
    gate.close()
    await asyncio.sleep(0.05)


async def answered(port: int, *said: bytes) -> bytes:
    """Say something in pieces, and hear everything until the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for each in said:
        writer.write(each)
        await writer.drain()
        await asyncio.sleep(0.01)
    answer = await reader.read()
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    return answer[: len(REFUSED)]


def test_whoever_cannot_be_answered_yet_waits_and_is_answered() -> None:
    async def day() -> tuple[list[bool], list[bytes]]:
        watch = Watch()
        share = Share(0.25, watch)
        share.take(1)  # more than there is
        gate, port = a_gate(share)
        calls = [asyncio.create_task(answered(port, DELIVERY)) for _ in range(5)]
        await asyncio.sleep(0.1)
        waited = [each.done() for each in calls]
        watch.takes(1000)
        heard = await asyncio.gather(*calls)
        await closed(gate)
        return waited, heard

    assert asyncio.run(day()) == ([False] * 5, [REFUSED] * 5)


@pytest.mark.parametrize(
    "said",
    [
        (DELIVERY,),
        (DELIVERY, DELIVERY),
        (DELIVERY[:-2],),
        (DELIVERY[:60],),
        (DELIVERY.replace(b"Content-Length: 2", b"Transfer-Encoding: chunked"), b"0\r\n\r\n"),
        (DELIVERY.replace(b": 2\r", b": 4194304\r"), b" " * (4 << 20)),
        (b"", DELIVERY),
    ],
)
def test_a_delivery_is_refused_whatever_has_come_of_it(said: tuple[bytes, ...]) -> None:
    async def day() -> bytes:
        gate, port = a_gate()
        heard = await answered(port, *said)
        await closed(gate)
        return heard

    assert asyncio.run(day()) == REFUSED


def test_a_body_without_end_is_not_read_for_ever() -> None:
    async def day() -> bytes:
        gate, port = a_gate()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(DELIVERY[:-2])
        answer = await reader.read()
        try:
            for _ in range(LINGER_BYTES_MAX >> 15):  # twice as much as is dropped
                writer.write(b" " * (1 << 16))
                await writer.drain()
        except ConnectionError:
            answer = answer[: len(REFUSED)]
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        await closed(gate)
        return answer

    assert asyncio.run(day()) == REFUSED


def test_a_gate_that_closes_ends_those_who_have_said_nothing_and_lets_nobody_come() -> None:
    async def day() -> tuple[bytes, bool]:
        gate, port = a_gate()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.sleep(0.05)
        gate.close()
        heard = await reader.read()
        writer.close()
        with socket.socket() as late:
            return heard, late.connect_ex(("127.0.0.1", port)) != 0

    assert asyncio.run(day()) == (b"", True)


def test_where_no_more_connections_can_be_open_they_wait_until_they_can(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def day() -> tuple[bool, bytes]:
        gate, port = a_gate()
        caller = socket.socket()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))  # what is open stays open
        try:
            caller.connect(("127.0.0.1", port))
            await asyncio.sleep(0.1)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        reader, writer = await asyncio.open_connection(sock=caller)
        writer.write(DELIVERY)
        heard = await reader.read()
        writer.close()
        await closed(gate)
        return "apis.gate.scarce" in caplog.messages, heard[: len(REFUSED)]

    assert asyncio.run(day()) == (True, REFUSED)


def test_an_address_that_is_taken_cannot_be_had() -> None:
    (first,) = listening("127.0.0.1", 0)
    with first, pytest.raises(OSError, match="in use"):
        listening("127.0.0.1", first.getsockname()[1])
