"""The doorkeeper: where the door is full, a delivery is turned away before its request is read.

It stands between the socket and the web server. What a refusal costs is taken from those who are
inside: reading a request and making a task of it is a tenth of what storing a delivery takes, and
at five times the load there are four refusals for each delivery that is stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from typing import cast

from crossdock.apis.door import Door
from crossdock.apis.http import Reply
from crossdock.apis.system.v1.deliveries import PREFIX

DELIVERY = f"POST {PREFIX}".encode()
LINGER_SECONDS = 2.0  # for what is still on its way: a socket closed over it takes the answer along


class Doorkeeper(asyncio.Protocol):
    """One connection until its first bytes; then it is the server's, or turned away."""

    def __init__(self, door: Door, inside: Callable[[], asyncio.Protocol]) -> None:
        """Stand at a door; `inside` makes the server's side of a connection."""
        self._door = door
        self._inside = inside
        self._leaving: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first bytes."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, content: bytes) -> None:
        """Let the connection in, or answer it 429; what comes after that is not read."""
        if self._leaving is not None:
            return
        if self._door.is_full and content.startswith(DELIVERY):
            self._transport.write(written(self._door.refusal()))
            loop = asyncio.get_running_loop()
            self._leaving = loop.call_later(LINGER_SECONDS, self._transport.close)
            return
        server = self._inside()
        self._transport.set_protocol(server)
        server.connection_made(self._transport)
        server.data_received(content)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a connection that was turned away, or never said anything."""
        del exc
        if self._leaving is not None:
            self._leaving.cancel()


@lru_cache(maxsize=64)
def written(reply: Reply) -> bytes:
    """Write a reply that ends its connection (RFC 9112, section 9.6)."""
    headers = (
        ("Content-Type", reply.content_type),
        *reply.headers,
        ("Content-Length", str(len(reply.body))),
        ("Connection", "close"),
    )
    status = f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}"
    lines = (status, *(f"{name}: {text}" for name, text in headers), "", "")
    return "\r\n".join(lines).encode("latin-1") + reply.body
