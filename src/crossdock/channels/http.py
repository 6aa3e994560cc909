"""One HTTP exchange: one attempt, one deadline for all of it, no redirects, an end to every body.

Retries live in flow and nowhere else. What the network does is told by how far the exchange came:

    NOT_SENT    the connection never stood (name, connect, TLS, the deadline before that)
    NO_ANSWER   the request was under way, and no whole answer came back
    ANSWERED    a whole answer, whatever it says
"""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import SimpleNamespace
from typing import Self

import aiohttp

from crossdock.ports import Call, Exchange, Stage

BODY_BYTES_MAX = 1024 * 1024
HEADER_BYTES_MAX = 16 * 1024
RETRY_AFTER_SECONDS_MAX = 24 * 3600.0

# A connection kept longer than servers keep theirs is closed by them while we write to it, and
# then nobody knows whether the request arrived.
KEEP_ALIVE_SECONDS = 2.0

_NO_HEADER = re.compile(r"[\r\n\x00]")
_SECONDS = re.compile(r"[0-9]{1,18}", re.ASCII)


class HttpTransport:
    """A `ports.Transport` over HTTP/1.1 with its own pool: make one for each partner."""

    def __init__(self, *, connections_max: int = 100, body_bytes_max: int = BODY_BYTES_MAX) -> None:
        """Take the pool's size and the largest answer; must be made inside of the event loop."""
        self.body_bytes_max = body_bytes_max
        progress = aiohttp.TraceConfig()
        progress.on_connection_create_end.append(_connected)
        progress.on_connection_reuseconn.append(_connected)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=connections_max, keepalive_timeout=KEEP_ALIVE_SECONDS, ttl_dns_cache=30
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None, sock_read=None),
            trace_configs=[progress],
            auto_decompress=False,
            trust_env=False,
            raise_for_status=False,
            max_line_size=HEADER_BYTES_MAX,
            max_field_size=HEADER_BYTES_MAX,
        )

    async def __aenter__(self) -> Self:
        """Use the pool."""
        return self

    async def __aexit__(self, *_failure: object) -> None:
        """Close the pool."""
        await self.close()

    async def close(self) -> None:
        """Let go of all connections."""
        await self._session.close()

    async def exchange(self, call: Call) -> Exchange:
        """Make the call; whatever the network does is told in the exchange, never raised."""
        if any(_NO_HEADER.search(each) for pair in call.headers.items() for each in pair):
            return Exchange(stage=Stage.NOT_SENT, said="A header holds a line break")
        progress = SimpleNamespace(connected=False)
        try:
            async with asyncio.timeout(call.deadline_seconds):
                return await self._exchange(call, progress)
        except TimeoutError:
            said = f"No whole answer within {call.deadline_seconds:g} seconds"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            said = f"{type(error).__name__}: {error}"
        stage = Stage.NO_ANSWER if progress.connected else Stage.NOT_SENT
        return Exchange(stage=stage, said=said[:500])

    async def _exchange(self, call: Call, progress: SimpleNamespace) -> Exchange:
        async with self._session.request(
            call.method,
            call.url,
            headers={"Accept-Encoding": "identity", **call.headers},
            data=call.body or None,
            allow_redirects=False,
            trace_request_ctx=progress,
        ) as response:
            body = bytearray()
            async for part in response.content.iter_chunked(64 * 1024):
                body += part
                if len(body) > self.body_bytes_max:
                    response.close()
                    said = (
                        f"{response.status}: the answer is longer than {self.body_bytes_max} bytes"
                    )
                    return Exchange(stage=Stage.NO_ANSWER, status=response.status, said=said)
            return Exchange(
                stage=Stage.ANSWERED,
                status=response.status,
                body=bytes(body),
                said=response.reason or "",
                retry_after=retry_after(response.headers, datetime.now(UTC)),
            )


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Read `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date.

    A date is held against the partner's own `Date` where it sends one. Never negative, and never
    more than a day; None where nothing readable is said.
    """
    text = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(text):
        return min(float(text), RETRY_AFTER_SECONDS_MAX)
    until = _date(text)
    if until is None:
        return None
    wait = (until - (_date(headers.get("Date", "")) or now)).total_seconds()
    return min(max(math.ceil(wait), 0.0), RETRY_AFTER_SECONDS_MAX)


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


async def _connected(
    _session: aiohttp.ClientSession, context: SimpleNamespace, _params: object
) -> None:
    """Note that from here on bytes of the request may be under way."""
    context.trace_request_ctx.connected = True
