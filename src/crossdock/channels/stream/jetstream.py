"""NATS JetStream, read by a durable pull consumer.

What was pulled is told to be taken only when it is on disk here, so a crash in between brings it
again, and the receiver knows it. A message in CloudEvents' structured mode is opened: its data are
the document.
Source: NATS JetStream, consumers with explicit acknowledgement; CloudEvents 1.0, JSON format.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
from msgspec import Struct
from nats import errors
from nats.aio.client import Client, RawCredentials
from nats.aio.msg import Msg
from nats.js import JetStreamContext, api
from nats.js import errors as refusals

from crossdock.channels.stream import Source
from crossdock.faults import Misconfigured, NotNow

ACK_SECONDS = 10.0  # not told to be taken by then, a message comes again
AGAIN_SECONDS = 2.0
CONNECT_SECONDS = 5
SERVER_SECONDS = 1  # between two looks at the same server
STRUCTURED = "application/cloudevents+json"
PLAIN = "application/octet-stream"
HEADER = "content-type"
REFUSED = "authorization"  # the client has no type of its own for what the server says at the door


class Carried(Struct, frozen=True, kw_only=True):
    """One message as it was carried: the document in it, and what it says it is."""

    content: bytes
    content_type: str
    carrier: Msg


class Stream:
    """An open consumer: `pull`, then `taken` or `again` for what was pulled."""

    def __init__(self, client: Client, consumer: JetStreamContext.PullSubscription) -> None:
        """Take an open connection and its consumer; `open_stream` makes them."""
        self._client = client
        self._consumer = consumer

    async def pull(self, most: int, wait_seconds: float) -> list[Carried]:
        """Wait for messages, up to so many; none where none came.

        Raises NotNow where the broker has gone.
        """
        with _reached():
            try:
                found = await self._consumer.fetch(most, timeout=wait_seconds)
            except errors.TimeoutError:
                return []
        return [carried(each) for each in found]

    async def taken(self, messages: Sequence[Carried]) -> None:
        """Tell the broker that these are on disk here. Raises NotNow where it has gone."""
        with _reached():
            for each in messages:
                await each.carrier.ack()

    async def again(self, messages: Sequence[Carried]) -> None:
        """Ask the broker to bring these again soon. Raises NotNow where it has gone."""
        with _reached():
            for each in messages:
                await each.carrier.nak(delay=AGAIN_SECONDS)

    async def close(self) -> None:
        """Let go of the connection."""
        await self._client.close()


async def open_stream(source: Source) -> Stream:
    """Connect, and make the consumer where there is none yet; one that is there goes on.

    Raises NotNow where no server answers, and Misconfigured where there is no such stream or the
    server does not let us in.
    """
    wanted = api.ConsumerConfig(ack_policy=api.AckPolicy.EXPLICIT, ack_wait=ACK_SECONDS)
    client = await _connected(source)
    try:
        with _reached():
            consumer = await client.jetstream().pull_subscribe(
                source.subject, durable=source.consumer, stream=source.stream, config=wanted
            )
    except refusals.NotFoundError as error:
        await client.close()
        raise Misconfigured(
            "The broker has no such stream; make it there, or mend its name", stream=source.stream
        ) from error
    except NotNow:
        await client.close()
        raise
    return Stream(client, consumer)


async def _connected(source: Source) -> Client:
    """Connect once; whoever follows a stream comes again by himself."""
    client = Client()
    try:
        await client.connect(
            list(source.servers),
            connect_timeout=CONNECT_SECONDS,
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=SERVER_SECONDS,
            error_cb=_told_by_what_is_raised,
            **_entitled(source),
        )
    except (errors.Error, OSError) as error:
        await client.close()
        if REFUSED in str(error).lower():
            raise Misconfigured(
                "The broker does not let us in; see `credentials` and `token`",
                servers=", ".join(source.servers),
            ) from error
        raise NotNow("The broker does not answer", why=repr(error)) from error
    return client


async def _told_by_what_is_raised(_error: Exception) -> None:
    """Leave the library's own report out."""


@contextmanager
def _reached() -> Iterator[None]:
    """Say NotNow for a broker that cannot be reached, or does not answer."""
    try:
        yield
    except refusals.NotFoundError:
        raise
    except (errors.Error, OSError) as error:
        raise NotNow("The broker does not answer", why=repr(error)) from error


def _entitled(source: Source) -> dict[str, Any]:
    """Give what we show at the broker's door."""
    if source.credentials:
        return {"user_credentials": RawCredentials(source.credentials)}
    return {"token": source.token} if source.token else {}


def carried(message: Msg) -> Carried:
    """Read a message: what it carries as it is, or the data of a CloudEvent."""
    headers = {name.lower(): value for name, value in (message.headers or {}).items()}
    kind = headers.get(HEADER, PLAIN)
    content = message.data
    if kind.partition(";")[0].strip().lower() == STRUCTURED:
        content, kind = opened(content)
    return Carried(content=content, content_type=kind, carrier=message)


class _Event(Struct):
    specversion: str
    datacontenttype: str = "application/json"
    data: msgspec.Raw = msgspec.Raw()
    data_base64: str = ""


def opened(content: bytes) -> tuple[bytes, str]:
    """Take the data out of a structured CloudEvent; one that is none is given as it is."""
    try:
        event = msgspec.json.decode(content, type=_Event)
        held = base64.b64decode(event.data_base64, validate=True) if event.data_base64 else b""
    except (msgspec.DecodeError, binascii.Error):
        return content, STRUCTURED
    return held or bytes(event.data) or content, event.datacontenttype
