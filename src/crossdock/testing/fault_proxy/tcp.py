"""Faults between a client and a server whose words the proxy does not know, as PostgreSQL's.

Each portion of bytes is an occasion: what the client sends counts as a request, what comes back as
an answer. So a connection that lives for days meets faults all along.
"""

from __future__ import annotations

import asyncio

from crossdock.testing.fault_proxy.proxy import FaultProxy, give, reset, silence

PORTION_BYTES = 64 * 1024


class TcpFaultProxy(FaultProxy):
    """Passes bytes both ways."""

    http = False

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass bytes on until either side ends, or a fault ends both."""
        behind_reader, behind_writer = await self.reach()
        try:
            ways = [
                asyncio.create_task(self._requests(reader, writer, behind_writer)),
                asyncio.create_task(self._answers(reader, writer, behind_reader)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        finally:
            self.leave(behind_writer)

    async def _requests(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        behind: asyncio.StreamWriter,
    ) -> None:
        while portion := await reader.read(PORTION_BYTES):
            number, struck = self.occasion()
            await self.wait(number, struck)
            if "black_hole" in struck:
                await silence(reader)
                return
            if "cut_request" in struck:
                await give(behind, portion[: int(struck["cut_request"])])
                reset(behind)
                reset(writer)
                return
            await give(behind, portion)

    async def _answers(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        behind: asyncio.StreamReader,
    ) -> None:
        while portion := await behind.read(PORTION_BYTES):
            number, struck = self.occasion()
            await self.wait(number, struck)
            if "black_hole" in struck:
                await silence(reader)
                return
            if not await self._answered(reader, writer, portion, number, struck):
                return

    async def _answered(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        portion: bytes,
        number: int,
        struck: dict[str, float],
    ) -> bool:
        """Give one portion with the faults that strike it; answer whether the connection lives."""
        if "lost" in struck:
            reset(writer)
            return False
        if "half_close" in struck:
            writer.write_eof()
            await silence(reader)
            return False
        if "corrupt" in struck:
            portion = self.spoilt(portion, number, int(struck["corrupt"]))
        for fault in ("truncate", "reset"):
            if fault in struck:
                await give(writer, portion[: int(struck[fault])], struck.get("drip", 0.0))
                if fault == "reset":
                    reset(writer)
                return False
        await give(writer, portion, struck.get("drip", 0.0))
        return True
