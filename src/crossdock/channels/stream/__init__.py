"""A broker's stream as a way in: a broker carries, and is never where anything is kept.

`jetstream` speaks to NATS; it needs the extra `crossdock[nats]` and is imported only by those who
follow a stream.
"""

from __future__ import annotations

from msgspec import Struct


class Source(Struct, frozen=True, kw_only=True):
    """Where documents come from: a stream and a durable consumer of it, on these servers.

    `subject` empty takes the whole stream. `credentials` is the text of a NATS credentials file,
    `token` a token; empty where the server asks for none.
    """

    servers: tuple[str, ...]
    stream: str
    consumer: str
    subject: str = ""
    credentials: str = ""
    token: str = ""
