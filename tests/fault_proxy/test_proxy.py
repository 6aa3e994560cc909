"""The proxy itself: bytes through it, faults by seed, and its control port."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from crossdock.faults import Misconfigured
from crossdock.testing.fault_proxy import FAULTS, HttpFaultProxy, TcpFaultProxy, parse

GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "break-a-connection.md"
Use = Callable[[TcpFaultProxy, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[Any]]


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say what is heard, until nothing is."""
    while portion := await reader.read(1000):
        writer.write(portion)
    writer.close()


def through(faults: str, use: Use) -> Any:
    """Use a connection to an echo through a proxy with these faults."""

    async def run() -> Any:
        behind = await asyncio.start_server(echo, "127.0.0.1", 0)
        port = behind.sockets[0].getsockname()[1]
        async with behind, TcpFaultProxy("127.0.0.1", port, faults=faults) as proxy:
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            try:
                async with asyncio.timeout(10):
                    return await use(proxy, reader, writer)
            finally:
                writer.close()

    return asyncio.run(run())


async def heard(
    _proxy: TcpFaultProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> tuple[bytes, str]:
    """Say `hello`; tell what comes back until the connection ends or a moment has passed."""
    writer.write(b"hello")
    got = b""
    try:
        async with asyncio.timeout(0.3):
            while portion := await reader.read(100):
                got += portion
    except TimeoutError:
        return got, "open"
    except ConnectionError:
        return got, "reset"
    return got, "ended"


@pytest.mark.parametrize(
    ("faults", "expected"),
    [
        ("", (b"hello", "open")),
        ("latency=1:0.05,jitter=1:0.05", (b"hello", "open")),
        ("drip=1:1000", (b"hello", "open")),
        ("black_hole=1", (b"", "open")),
        ("truncate=1:2", (b"he", "ended")),
        ("reset=1:0", (b"", "reset")),
        ("lost=1", (b"", "reset")),
        ("half_close=1", (b"", "ended")),
        ("cut_request=1:2", (b"", "reset")),
        ("corrupt=1:0", (b"hello", "open")),
    ],
)
def test_bytes_meet_the_faults_that_were_asked_for(
    faults: str, expected: tuple[bytes, str]
) -> None:
    assert through(faults, heard) == expected


def test_what_is_spoilt_keeps_its_length_and_is_no_text() -> None:
    got, end = through("corrupt=1:9", heard)

    assert (len(got), got.isascii(), end) == (len("hello"), False, "open")


def test_a_proxy_is_healed_cut_shut_and_opened_while_it_runs() -> None:
    async def use(
        proxy: TcpFaultProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> object:
        proxy.trouble("")
        first = await heard(proxy, reader, writer)
        proxy.cut()
        second = await heard(proxy, reader, writer)
        await proxy.shut()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", proxy.port)
        await proxy.open()
        again = await asyncio.open_connection("127.0.0.1", proxy.port)
        third = await heard(proxy, *again)
        again[1].close()
        return first, second, third

    assert through("black_hole=1", use) == (
        (b"hello", "open"),
        (b"", "reset"),
        (b"hello", "open"),
    )


def test_two_callers_get_each_others_answers() -> None:
    async def named(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1]
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + path)
        writer.close()

    async def asked(port: int, path: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET " + path + b" HTTP/1.1\r\nHost: it\r\n\r\n")
        answer = await reader.read(-1)
        writer.close()
        return answer.rpartition(b"\r\n")[2]

    async def run() -> list[bytes]:
        behind = await asyncio.start_server(named, "127.0.0.1", 0)
        port = behind.sockets[0].getsockname()[1]
        async with behind, HttpFaultProxy("127.0.0.1", port, faults="swap=1:9") as proxy:
            both = (asked(proxy.port, b"/a"), asked(proxy.port, b"/b"))
            return list(await asyncio.gather(*both))

    assert asyncio.run(run()) == [b"/b", b"/a"]


def test_the_same_seed_strikes_the_same_and_another_does_not() -> None:
    text = "lost=0.5,drip=0.5,reset=0.5"

    def strikes(seed: int) -> list[dict[str, float]]:
        troubles = parse(text, seed, http=True)
        return [troubles.struck(occasion) for occasion in range(50)]

    assert strikes(1) == strikes(1)
    assert strikes(1) != strikes(2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lots=1", "No such fault"),
        ("swap=1", "This fault needs to know requests: use HTTP"),
        ("lost", "A fault is written name=chance or name=chance:amount"),
        ("lost=2", "A fault is written name=chance or name=chance:amount"),
        ("lost=nan", "A fault is written name=chance or name=chance:amount"),
        ("latency=1:-1", "A fault is written name=chance or name=chance:amount"),
    ],
)
def test_what_cannot_be_meant_is_refused(text: str, said: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        parse(text, 1, http=False)

    assert refused.value.said == said


def test_the_command_is_told_through_its_control_port() -> None:
    command = [sys.executable, "-m", "crossdock.cli", "fault-proxy", "127.0.0.1:9", "--kind", "tcp"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        control = process.stdout.readline().split()[-1]

        def post(path: str, content: object = None) -> object:
            body = json.dumps(content).encode()
            return json.load(urllib.request.urlopen(f"{control}{path}", body, timeout=5))  # noqa: S310 - ours

        told = [post("/faults", {"faults": "lost=1"}), post("/cut"), post("/shut"), post("/open")]
        counted = json.load(urllib.request.urlopen(f"{control}/counts", timeout=5))  # noqa: S310 - ours
        with pytest.raises(urllib.error.HTTPError, match="422"):
            post("/faults", {"faults": "swap=1"})
        process.terminate()

    assert (told, counted, process.returncode) == ([{}, {}, {}, {}], {}, 0)


def test_every_fault_is_in_the_guide() -> None:
    lines = [
        f"| `{name}` | {kind.says}{' (http)' if kind.http_only else ''} | {kind.unit} |"
        for name, kind in FAULTS.items()
    ]

    assert [line for line in lines if line not in GUIDE.read_text("utf-8")] == []
