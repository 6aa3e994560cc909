"""A caller that speaks plain ASGI to an application, without a server between."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
from msgspec import Struct

NOTHING: Mapping[str, str] = {}


class Heard(Struct, frozen=True, kw_only=True):
    """What the caller heard."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Read the body as JSON."""
        return msgspec.json.decode(self.body)

    @property
    def text(self) -> str:
        """Read the body as text."""
        return self.body.decode()


def call(  # noqa: PLR0913 - a request has this many parts
    app: Any,
    method: str,
    url: str,
    *,
    body: bytes | Iterable[bytes] = b"",
    headers: Mapping[str, str] | None = None,
    client: str = "127.0.0.1",
) -> Heard:
    """Make one request and answer what came back."""
    return asyncio.run(asked(app, method, url, body, headers or {}, client))


async def asked(  # noqa: PLR0913, PLR0917 - as above
    app: Any,
    method: str,
    url: str,
    body: bytes | Iterable[bytes] = b"",
    headers: Mapping[str, str] = NOTHING,
    client: str = "127.0.0.1",
) -> Heard:
    """Make one request on the loop that runs, and answer what came back."""
    parts = [body] if isinstance(body, bytes) else list(body)
    queue: list[dict[str, Any]] = [
        {"type": "http.request", "body": part, "more_body": number < len(parts) - 1}
        for number, part in enumerate(parts)
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0)
        return queue.pop(0) if queue else {"type": "http.disconnect"}

    async def send(event: dict[str, Any]) -> None:
        await asyncio.sleep(0)
        sent.append(event)

    at = urlsplit(url)
    all_headers = {"host": "127.0.0.1"} | {name.lower(): text for name, text in headers.items()}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(at.path),
        "raw_path": at.path.encode(),
        "query_string": at.query.encode(),
        "root_path": "",
        "headers": [(name.encode(), text.encode()) for name, text in all_headers.items()],
        "client": (client, 50000),
        "server": ("127.0.0.1", 8080),
        "state": {},
    }
    await app(scope, receive, send)
    start = sent[0]
    return Heard(
        status=start["status"],
        headers={name.decode().lower(): text.decode() for name, text in start["headers"]},
        body=b"".join(event.get("body", b"") for event in sent[1:]),
    )
