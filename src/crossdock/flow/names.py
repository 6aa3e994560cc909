"""Ids derived from causes: the same cause gives the same id, on any machine and at any time."""

from __future__ import annotations

import zlib
from base64 import b32encode
from datetime import datetime
from hashlib import blake2b

import msgspec

from crossdock.messages.envelope import Command, Key

LANES = 64


def digest(*parts: str) -> str:
    """Name a tuple of texts: base32 of its BLAKE2b-128, 26 lower-case characters.

    The parts are written as a JSON array first, so that no two tuples read alike.
    """
    raw = blake2b(msgspec.json.encode(parts), digest_size=16).digest()
    return b32encode(raw).decode().rstrip("=").lower()


def lane_of(tenant: str, key: Key) -> int:
    """Choose the lane of a key: all its messages share it."""
    return zlib.crc32(f"{tenant}/{key.kind}/{key.id}".encode()) % LANES


def emitted_id(tenant: str, cause: str, subscriber: str, key: Key, ordinal: int) -> str:
    """Name the n-th thing a process says about one message."""
    return digest("emitted", tenant, cause, subscriber, key.kind, key.id, str(ordinal))


def idempotency_key(tenant: str, command: Command) -> str:
    """Name an effect for its partner: by what it does, never by time, attempt or chance."""
    return digest(tenant, command.verb, command.business_key(), command.version())


def effect_id(tenant: str, endpoint: str, idempotency_key: str) -> str:
    """Name an effect at one endpoint."""
    return digest("effect", tenant, endpoint, idempotency_key)


def answer_id(outbox_id: str, fence: int, answer: str) -> str:
    """Name the end of an effect; an effect that ends again after a retry ends under a new name."""
    return digest("answer", outbox_id, str(fence), answer)


def wake_up_id(  # noqa: PLR0913, PLR0917 - a timer's identity has this many parts
    tenant: str, subscriber: str, key: Key, name: str, due_at: datetime, set_by: str
) -> str:
    """Name one ringing of a timer; set again by another message, it rings again."""
    due = due_at.isoformat()
    return digest("wake-up", tenant, subscriber, key.kind, key.id, name, due, set_by)


def exception_id(tenant: str, kind: str, subject: str, code: str) -> str:
    """Name a trouble: the same trouble with the same thing is one row."""
    return digest("exception", tenant, kind, subject, code)


def correlation_of(tenant: str, key: Key) -> str:
    """Name the story of a key: whoever speaks of it first, all share the same id."""
    return digest("story", tenant, key.kind, key.id)


def process_subject(subscriber: str, key: Key) -> str:
    """Spell a process as the subject of an exception: `order_release/order/SO-1`."""
    return f"{subscriber}/{key.kind}/{key.id}"


def process_of(subject: str) -> tuple[str, Key]:
    """Read a process out of an exception's subject; an id may hold slashes of its own."""
    subscriber, kind, id_ = subject.split("/", 2)
    return subscriber, Key(kind, id_)
