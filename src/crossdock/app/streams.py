"""Streams of brokers: what is pulled is taken in together, and acknowledged once it is on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crossdock.app.config import StreamSource
from crossdock.faults import Misconfigured, NotNow
from crossdock.flow.reading import Arrival
from crossdock.flow.shell import Shell

if TYPE_CHECKING:
    from crossdock.channels.stream.jetstream import Carried, Stream

MOST = 500  # messages in one transaction
WAIT_SECONDS = 1.0


class FollowedStream:
    """A stream of a broker that brings one partner's documents: an entrance of the house."""

    def __init__(self, source: StreamSource, shell: Shell, tenant: str) -> None:
        """Follow the stream that is configured."""
        self.name = f"the stream {source.source.stream} of {source.partner}"
        self._source = source
        self._shell = shell
        self._tenant = tenant
        self._stream: Stream | None = None

    async def look(self) -> None:
        """Take in what waits. Raises NotNow and Misconfigured where the broker does not serve us.

        A connection over which something failed is not used again.
        """
        stream = self._stream or await _opened(self._source)
        self._stream = None
        try:
            await take_next(stream, self._source, self._shell, self._tenant)
        except BaseException:
            await stream.close()
            raise
        self._stream = stream


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
    except NotNow:
        await stream.again(found)
    else:
        await stream.taken(found)


def _arrival(source: StreamSource, message: Carried, tenant: str) -> Arrival:
    return Arrival(
        tenant=tenant,
        partner=source.partner,
        document=source.document,
        content=message.content,
        content_type=message.content_type,
    )
