"""One attempt, told by how far it came; a partner may answer anything, at any speed."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import pytest

from crossdock.channels.http import HttpTransport, retry_after
from crossdock.ports import Call, Exchange, Stage

Answering = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok"
NOW = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)


def call(url: str, seconds: float = 2.0, headers: dict[str, str] | None = None) -> Call:
    return Call(method="POST", url=url, headers=headers or {}, body=b"{}", deadline_seconds=seconds)


@asynccontextmanager
async def partner(answering: Answering) -> AsyncIterator[str]:
    """Serve on loopback, and give the address without its scheme."""
    served: set[asyncio.Task[None] | None] = set()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.add(asyncio.current_task())
        with suppress(ConnectionError, asyncio.CancelledError):
            await answering(reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(one, "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}/orders"
        tasks = [task for task in served if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


def against(answering: Answering, *, seconds: float = 2.0, times: int = 1) -> list[Exchange]:
    """Make calls to a partner that answers so, one after the other over one transport."""

    async def run() -> list[Exchange]:
        async with partner(answering) as place, HttpTransport(body_bytes_max=1000) as via:
            return [await via.exchange(call(f"http://{place}", seconds)) for _ in range(times)]

    return asyncio.run(run())


def saying(*parts: bytes, pause: float = 0.0) -> Answering:
    """Read the request's head and body, then say these bytes."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n{}")
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)

    return answer


def test_a_whole_answer_is_told_as_it_is() -> None:
    head = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\n"

    assert against(saying(head + b"slow")) == [
        Exchange(
            stage=Stage.ANSWERED,
            status=429,
            body=b"slow",
            said="Too Many Requests",
            retry_after=7.0,
        )
    ]


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"

    assert against(saying(moved)) == [Exchange(stage=Stage.ANSWERED, status=302, said="Found")]


@pytest.mark.parametrize(
    "parts",
    [
        (),
        (b"HTTP/1.1 20",),
        (b"HTTP/1.1 201 Created\r\nContent-Length: 90\r\n\r\nok",),
        (b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nok",),
        (b"HTTP/1.1 201 Created\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5000,),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n",),
        (b"HTTP/1.1 201 Created\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",),
    ],
    ids=["none", "cut in the head", "cut", "cut chunk", "too long", "no HTTP", "head too long"],
)
def test_without_a_whole_answer_nobody_knows(parts: tuple[bytes, ...]) -> None:
    (exchange,) = against(saying(*parts))

    assert (exchange.stage, exchange.body) == (Stage.NO_ANSWER, b"")
    assert exchange.said


def test_an_answer_that_drips_ends_at_the_deadline() -> None:
    head = b"HTTP/1.1 201 Created\r\nContent-Length: 900\r\n\r\n"

    (exchange,) = against(saying(head, *[b"x"] * 100, pause=0.05), seconds=0.3)

    assert exchange == Exchange(stage=Stage.NO_ANSWER, said="No whole answer within 0.3 seconds")


def test_a_compressed_answer_is_not_unpacked() -> None:
    head = b"HTTP/1.1 201 Created\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n"

    (exchange,) = against(saying(head + b"\x1f\x8b\x08\x00"))

    assert exchange.body == b"\x1f\x8b\x08\x00"


def test_each_call_is_one_request() -> None:
    seen: list[bytes] = []

    async def count(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n{}"))

    stages = [each.stage for each in against(count, times=3)]

    assert stages == [Stage.NO_ANSWER] * 3
    assert len(seen) == 3


@pytest.mark.parametrize(
    ("size", "stage"), [(1024 * 1024, Stage.ANSWERED), (1024 * 1024 + 1, Stage.NO_ANSWER)]
)
def test_an_answer_may_be_a_mebibyte_long(size: int, stage: Stage) -> None:
    async def run() -> Exchange:
        head = b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n" % size
        async with partner(saying(head, b"x" * size)) as place, HttpTransport() as via:
            return await via.exchange(call(f"http://{place}"))

    assert asyncio.run(run()).stage is stage


def exchanged(made: Call) -> Exchange:
    async def run() -> Exchange:
        async with HttpTransport() as via:
            return await via.exchange(made)

    return asyncio.run(run())


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.parametrize(
    "url",
    [
        pytest.param(f"http://127.0.0.1:{closed_port()}/", id="a closed port"),
        "http://nowhere.invalid/",
        "nonsense",
        "http://",
    ],
)
def test_where_nobody_listens_nothing_was_sent(url: str) -> None:
    exchange = exchanged(call(url))

    assert (exchange.stage, exchange.status) == (Stage.NOT_SENT, 0)
    assert exchange.said


def test_a_partner_without_tls_gets_no_request_over_tls() -> None:
    heard = bytearray()

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.extend(await reader.read(1000))
        writer.write(OK)

    async def run() -> Exchange:
        async with partner(plain) as place, HttpTransport() as via:
            return await via.exchange(call(f"https://{place}"))

    assert asyncio.run(run()).stage is Stage.NOT_SENT
    assert b"POST" not in heard


def test_a_call_that_waits_for_a_connection_until_the_deadline_was_not_sent() -> None:
    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def run() -> list[Exchange]:
        async with partner(silent) as place, HttpTransport(connections_max=1) as via:
            calls = (call(f"http://{place}", seconds) for seconds in (0.5, 0.2))
            return list(await asyncio.gather(*map(via.exchange, calls)))

    sent, waited = asyncio.run(run())

    assert (sent.stage, waited.stage) == (Stage.NO_ANSWER, Stage.NOT_SENT)


def test_a_header_with_a_line_break_is_not_sent() -> None:
    exchange = exchanged(call("http://127.0.0.1:9/", headers={"X": "a\r\nY: b"}))

    assert exchange == Exchange(stage=Stage.NOT_SENT, said="A header holds a line break")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "120"}, 120.0),
        ({"Retry-After": " 0 "}, 0.0),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "9" * 18}, 86400.0),
        ({"Retry-After": "9" * 500}, None),
        ({"Retry-After": "\u0663"}, None),
        ({"Retry-After": "Sun, 29 Mar 2026 12:00:30 GMT"}, 30.0),
        ({"Retry-After": "Sun, 29 Mar 2026 12:00:30 -0000"}, 30.0),
        ({"Retry-After": "Sun, 29 Mar 2026 11:00:00 GMT"}, 0.0),
        ({"Retry-After": "Sun, 29 Mar 2099 11:00:00 GMT"}, 86400.0),
        (
            {
                "Retry-After": "Sun, 29 Mar 2026 10:01:00 GMT",
                "Date": "Sun, 29 Mar 2026 10:00:00 GMT",
            },
            60.0,
        ),
    ],
)
def test_retry_after_is_read_in_both_forms(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOW) == seconds
