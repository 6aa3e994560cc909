"""Ids derived from causes: the same cause gives the same id, on any machine and at any time."""

from __future__ import annotations

import re
import zlib
from datetime import datetime
from hashlib import blake2b

import msgspec

from crossdock.messages.envelope import Command, Key

LANES = 64
ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
CLOCK = 13  # characters of an id from outside (UUIDv7) that tell when it was minted
PAIRS = tuple(first + second for first in ALPHABET for second in ALPHABET)
EDITED = re.compile(r"\.e(?P<number>[0-9]{1,6})$")


def digest(*parts: str) -> str:
    """Name a tuple of texts: its BLAKE2b-128 in hex, 32 characters.

    The parts are written as a JSON array first, so that no two tuples read alike.
    """
    return blake2b(msgspec.json.encode(parts), digest_size=16).hexdigest()


def beside(cause: str, *parts: str) -> str:
    """Name what follows from a message: an id that begins as its cause's does.

    What comes from outside is named by its time, so the rows of one story lie side by side in every
    index of messages, however many there are, and a commit writes few pages of them.
    """
    return cause[:CLOCK] + blake2b(msgspec.json.encode(parts), digest_size=13).hexdigest()


def lane_of(tenant: str, key: Key) -> int:
    """Choose the lane of a key: all its messages share it."""
    return zlib.crc32(f"{tenant}/{key.kind}/{key.id}".encode()) % LANES


def emitted_id(tenant: str, cause: str, subscriber: str, key: Key, ordinal: int) -> str:
    """Name the n-th thing a process says about one message."""
    return beside(cause, "emitted", tenant, cause, subscriber, key.kind, key.id, str(ordinal))


def idempotency_key(tenant: str, command: Command) -> str:
    """Name an effect for its partner: by what it does, never by time, attempt or chance."""
    return effect_key(tenant, command.verb, command.business_key(), command.version())


def effect_key(tenant: str, verb: str, business_key: str, version: str) -> str:
    """Spell an effect's name for its partner: base32, 26 lower-case characters."""
    parts = (tenant, verb, business_key, version)
    return base32(blake2b(msgspec.json.encode(parts), digest_size=16).digest())


def base32(raw: bytes) -> str:
    """Write 16 bytes in base32 (RFC 4648, section 6), lower case and without padding.

    Ten bits at a time: the library's function takes ten times as long, and each effect needs one.
    """
    bits = int.from_bytes(raw, "big") << 2
    return "".join([PAIRS[bits >> shift & 1023] for shift in range(120, -1, -10)])


def effect_id(tenant: str, endpoint: str, idempotency_key: str) -> str:
    """Name an effect at one endpoint."""
    return digest("effect", tenant, endpoint, idempotency_key)


def answer_id(asked_by: str, outbox_id: str, fence: int, answer: str) -> str:
    """Name the end of an effect; an effect that ends again after a retry ends under a new name."""
    return beside(asked_by, "answer", outbox_id, str(fence), answer)


def wake_up_id(  # noqa: PLR0913, PLR0917 - a timer's identity has this many parts
    tenant: str, subscriber: str, key: Key, name: str, due_at: datetime, set_by: str
) -> str:
    """Name one ringing of a timer; set again by another message, it rings again."""
    due = due_at.isoformat()
    return beside(set_by, "wake-up", tenant, subscriber, key.kind, key.id, name, due, set_by)


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


def next_version(version: str) -> str:
    """Name the edit of a version: `1` is edited as `1.e1`, and that as `1.e2`."""
    found = EDITED.search(version)
    if found is None:
        return f"{version}.e1"
    return f"{version[: found.start()]}.e{int(found['number']) + 1}"


def asked_version(version: str) -> str:
    """Tell which version the process asked for: it knows nothing of edits."""
    return EDITED.sub("", version)
