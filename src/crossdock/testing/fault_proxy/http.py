"""Faults between a client and an HTTP/1.1 server: the proxy knows requests and answers.

One connection carries one request; the answer is read whole before any of it is given, so this is
no proxy for streams of events. A request's body has a length or is chunked (RFC 9112, section 6).
"""

from __future__ import annotations

import asyncio
import re

from msgspec import Struct

from crossdock.testing.fault_proxy.proxy import FaultProxy, give, reset, silence

HEAD_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"^content-length:\s*([0-9]{1,15})\s*$", re.IGNORECASE | re.MULTILINE)
_CHUNKED = re.compile(rb"^transfer-encoding:\s*chunked\s*$", re.IGNORECASE | re.MULTILINE)
_CONNECTION = re.compile(rb"\r\n(?:connection|keep-alive):[^\r\n]*", re.IGNORECASE)

TOO_MANY = b"429 Too Many Requests"
UNAVAILABLE = b"503 Service Unavailable"


class Waiting(Struct):
    """An answer that waits to be swapped, and where its caller hears the other one."""

    answer: bytes
    other: asyncio.Future[bytes]


class HttpFaultProxy(FaultProxy):
    """Passes on requests, and answers."""

    http = True
    _waiting: Waiting | None = None

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one request, and answer it with the faults that strike it."""
        request = await read_request(reader)
        number, struck = self.occasion()
        await self.wait(number, struck)
        if "throttle" in struck:
            await give(writer, answer_of(TOO_MANY, struck["throttle"]))
        elif "busy" in struck:
            await give(writer, answer_of(UNAVAILABLE, struck["busy"]))
        elif "black_hole" in struck:
            await silence(reader)
        elif "cut_request" in struck:
            await self._cut(request, int(struck["cut_request"]))
            reset(writer)
        else:
            await self._answer(reader, writer, await self._ask(request, number, struck), struck)

    async def _cut(self, request: bytes, length: int) -> None:
        _, behind = await self.reach()
        await give(behind, request[:length])
        reset(behind)
        self.leave(behind)

    async def _ask(self, request: bytes, number: int, struck: dict[str, float]) -> bytes:
        """Pass the request on; give the answer with the faults that strike its content."""
        answer = await self._once(request)
        if "duplicate" in struck:
            answer = await self._once(request)
        if "swap" in struck:
            answer = await self._swapped(answer, struck["swap"])
        if "corrupt" in struck:
            head, end, body = answer.partition(HEAD_END)
            answer = head + end + self.spoilt(body, number, int(struck["corrupt"]))
        return answer

    async def _once(self, request: bytes) -> bytes:
        reader, writer = await self.reach()
        try:
            await give(writer, request)
            return await reader.read(-1)
        finally:
            self.leave(writer)

    async def _swapped(self, answer: bytes, seconds: float) -> bytes:
        first = self._waiting
        if first is not None:
            self._waiting = None
            first.other.set_result(answer)
            return first.answer
        mine = Waiting(answer, asyncio.get_running_loop().create_future())
        self._waiting = mine
        try:
            async with asyncio.timeout(seconds):
                return await mine.other
        except TimeoutError:
            return answer
        finally:
            if self._waiting is mine:
                self._waiting = None

    @staticmethod
    async def _answer(
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        answer: bytes,
        struck: dict[str, float],
    ) -> None:
        if "lost" in struck:
            return
        if "half_close" in struck:
            writer.write_eof()
            await silence(reader)
            return
        length = min(int(struck.get(each, len(answer))) for each in ("truncate", "reset"))
        await give(writer, answer[:length], struck.get("drip", 0.0))
        if "reset" in struck:
            reset(writer)


async def read_request(reader: asyncio.StreamReader) -> bytes:
    """Read one request whole, as it is to be passed on: its connection ends with the answer.

    Raises IncompleteReadError where it ends too early.
    """
    head = await reader.readuntil(HEAD_END)
    length = _LENGTH.search(head)
    if length is not None:
        body = await reader.readexactly(int(length[1]))
    elif _CHUNKED.search(head):
        body = await _chunks(reader)
    else:
        body = b""
    kept = _CONNECTION.sub(b"", head.removesuffix(HEAD_END))
    return kept + b"\r\nConnection: close" + HEAD_END + body


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    read = b""
    while True:
        size = await reader.readuntil(b"\r\n")
        length = int(size.split(b";")[0], 16)
        if length == 0:
            break
        read += size + await reader.readexactly(length + 2)
    while (line := await reader.readuntil(b"\r\n")) != b"\r\n":
        size += line  # a trailer
    return read + size + b"\r\n"


def answer_of(status: bytes, retry_after: float) -> bytes:
    """Write an answer that asks to come again."""
    return b"HTTP/1.1 %b\r\nRetry-After: %d\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % (
        status,
        retry_after,
    )
