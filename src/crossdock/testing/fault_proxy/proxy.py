"""What both proxies have in common: listening, counting what struck, cutting and shutting."""

from __future__ import annotations

import asyncio
import socket
import struct
from abc import ABC, abstractmethod
from collections import Counter
from contextlib import suppress
from typing import ClassVar, Self

from crossdock.testing.fault_proxy.troubles import parse

HOST = "127.0.0.1"
NO_LINGER = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends a reset and drops what waits


class FaultProxy(ABC):
    """Listens on loopback and passes on to one address, with faults that can change while it runs.

    `port` is where it listens, and stays the same when it is shut and opened again. `counts` tells
    how often each fault struck, and under `occasions` what it could have struck.
    """

    http: ClassVar[bool]

    def __init__(
        self, host: str, port: int, *, seed: int = 1, faults: str = "", listen_port: int = 0
    ) -> None:
        """Take the address behind, and the faults. Raises Misconfigured as `parse` does."""
        self.counts: Counter[str] = Counter()
        self.port = listen_port
        self._behind = (host, port)
        self._seed = seed
        self._troubles = parse(faults, seed, http=self.http)
        self._server: asyncio.Server | None = None
        self._calls: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        """Listen."""
        await self.open()
        return self

    async def __aexit__(self, *_failure: object) -> None:
        """Stop listening, and break what is open."""
        await self.shut()

    @property
    def url(self) -> str:
        """The address as a URL."""
        return f"http://{HOST}:{self.port}"

    def trouble(self, faults: str) -> None:
        """Change the faults from now on; an empty text heals. Raises Misconfigured as `parse`."""
        self._troubles = parse(faults, self._seed, http=self.http)

    def cut(self) -> None:
        """Reset every connection there is."""
        for writer in list(self._writers):
            reset(writer)

    async def open(self) -> None:
        """Listen, on the same port as before; nothing happens where it listens already."""
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, HOST, self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        """Stop listening, so that connections are refused, and reset what is open."""
        if self._server is None:
            return
        self._server.close()
        self._server = None
        self.cut()
        calls = list(self._calls)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        call = asyncio.current_task()
        if call is not None:
            self._calls.add(call)
            call.add_done_callback(self._calls.discard)
        self._writers.add(writer)
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self.pass_on(reader, writer)
        finally:
            self._writers.discard(writer)
            writer.close()

    @abstractmethod
    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to its end; the connection is closed afterwards."""

    async def reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to what is behind. Raises OSError where nobody listens."""
        reader, writer = await asyncio.open_connection(*self._behind)
        self._writers.add(writer)
        return reader, writer

    def leave(self, writer: asyncio.StreamWriter) -> None:
        """Close a connection that `reach` gave."""
        self._writers.discard(writer)
        writer.close()

    def occasion(self) -> tuple[int, dict[str, float]]:
        """Count an occasion, and tell the faults that strike it with their amounts."""
        self.counts["occasions"] += 1
        number = self.counts["occasions"]
        struck = self._troubles.struck(number)
        self.counts.update(struck.keys())
        return number, struck

    async def wait(self, number: int, struck: dict[str, float]) -> None:
        """Wait as latency and jitter say."""
        jitter = struck.get("jitter", 0.0) * self._troubles.share("jitter", "of", number)
        if seconds := struck.get("latency", 0.0) + jitter:
            await asyncio.sleep(seconds)

    def spoilt(self, content: bytes, number: int, amount: int) -> bytes:
        """Set the highest bit of some bytes: ASCII text is no text any more, its length stays."""
        spoilt = bytearray(content)
        for each in range(min(amount, len(spoilt))):
            spoilt[int(self._troubles.share("corrupt", number, each) * len(spoilt))] |= 0x80
        return bytes(spoilt)


def reset(writer: asyncio.StreamWriter) -> None:
    """Close a connection at once with a reset (RST)."""
    connection = writer.get_extra_info("socket")
    if connection is not None:
        with suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    writer.transport.abort()


async def silence(reader: asyncio.StreamReader) -> None:
    """Swallow what comes until the other side gives up."""
    while await reader.read(64 * 1024):
        pass


async def give(writer: asyncio.StreamWriter, content: bytes, per_second: float = 0.0) -> None:
    """Write bytes, at once or (`per_second` above 0) one by one."""
    if per_second <= 0:
        writer.write(content)
        await writer.drain()
        return
    for each in content:
        writer.write(bytes((each,)))
        await writer.drain()
        await asyncio.sleep(1 / per_second)
