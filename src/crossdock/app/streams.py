"""Streams of brokers: what is pulled is taken in together, and acknowledged once it is on disk."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from crossdock.app.config import StreamSource
from crossdock.faults import Fault, Misconfigured
from crossdock.flow.reading import Arrival
from crossdock.flow.shell import Shell

if TYPE_CHECKING:
    from crossdock.channels.stream.jetstream import Carried, Stream

MOST = 500  # messages in one transaction
WAIT_SECONDS = 1.0
RETRY_SECONDS = 5.0

log = logging.getLogger("crossdock.app.streams")


async def followed(source: StreamSource, shell: Shell, tenant: str) -> None:
    """Follow a stream for ever; a broker that is away or does not let us in is tried again."""
    while True:
        try:
            stream = await _opened(source)
        except Fault as fault:
            _told("stream.not.open", source, fault)
            await asyncio.sleep(RETRY_SECONDS)
            continue
        try:
            while True:
                await take_next(stream, source, shell, tenant)
        except Fault as fault:
            _told("stream.broken", source, fault)
        finally:
            await stream.close()


async def _opened(source: StreamSource) -> Stream:
    try:
        from crossdock.channels.stream.jetstream import open_stream  # noqa: PLC0415 - an extra
    except ImportError as missing:
        raise Misconfigured(
            "A stream needs the client of its broker: pip install 'crossdock[nats]'"
        ) from missing
    return await open_stream(source.source)


async def take_next(stream: Stream, source: StreamSource, shell: Shell, tenant: str) -> None:
    """Take in what waits on a stream, all together; what finds no room comes again.

    Raises NotNow where the broker has gone.
    """
    found = await stream.pull(MOST, WAIT_SECONDS)
    if not found:
        return
    try:
        await shell.take_all([_arrival(source, each, tenant) for each in found])
    except Fault as fault:
        _told("stream.no.room", source, fault)
        await stream.again(found)
    else:
        await stream.taken(found)


def _told(event: str, source: StreamSource, fault: Fault) -> None:
    told = {"partner": source.partner, "stream": source.source.stream, "why": fault.said}
    log.warning(event, extra=told)


def _arrival(source: StreamSource, message: Carried, tenant: str) -> Arrival:
    return Arrival(
        tenant=tenant,
        partner=source.partner,
        document=source.document,
        content=message.content,
        content_type=message.content_type,
    )
