"""Columns of many rows as binary arrays, so that one statement writes them all.

A statement takes each column as `$1::text[]`, `::bigint[]` or `::bytea[]`: three types hold
everything a store keeps, each number as wide as any other, so that a statement is prepared once.
The layout is PostgreSQL's `array_send`: dimensions, whether there are nulls, the element's type,
length and lower bound, then each element with its own length.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from psycopg.adapt import AdaptersMap, Buffer, Dumper
from psycopg.pq import Format

TEXT, BIGINT, BYTEA = 25, 20, 17
TEXTS, BIGINTS, BYTEAS = 1009, 1016, 1001

NUL, NUL_SIGN = "\0", "\u2400"  # no text of PostgreSQL holds a NUL; its picture stands for it

_head = struct.Struct("!iiIii").pack
_length = struct.Struct("!i").pack
_number = struct.Struct("!q").pack
_sized_number = struct.Struct("!iq").pack
NULL = _length(-1)


def text_bytes(text: str) -> bytes:
    """Write a text as PostgreSQL takes it."""
    return (text.replace(NUL, NUL_SIGN) if NUL in text else text).encode()


def array(oid: int, elements: Sequence[bytes]) -> bytes:
    """Write an array of elements, each with its length before it."""
    head = _head(1, NULL in elements, oid, len(elements), 1) if elements else _head(0, 0, oid, 0, 0)
    return (head[:12] if not elements else head) + b"".join(elements)


class Texts(list[str | None]):
    """A column of texts."""


class Bigints(list[int | None]):
    """A column of whole numbers."""


class Blobs(list[bytes | None]):
    """A column of bytes."""


class Binary(Dumper):
    """What is sent as PostgreSQL's own bytes."""

    format = Format.BINARY


class TextDumper(Binary):
    """A text."""

    oid = TEXT

    def dump(self, obj: str) -> Buffer:
        """Write it."""
        return text_bytes(obj)


class BigintDumper(Binary):
    """A whole number; yes and no are 1 and 0."""

    oid = BIGINT

    def dump(self, obj: int) -> Buffer:
        """Write it."""
        return _number(obj)


class TextsDumper(Binary):
    """A column of texts."""

    oid = TEXTS

    def dump(self, obj: Texts) -> Buffer:
        """Write it; what a column says again and again (a tenant, a type) is written once."""
        written: dict[str | None, bytes] = {None: NULL}
        elements: list[bytes] = []
        for each in obj:
            element = written.get(each)
            if element is None:
                raw = text_bytes(each or "")
                element = written[each] = _length(len(raw)) + raw
            elements.append(element)
        return array(TEXT, elements)


class BigintsDumper(Binary):
    """A column of whole numbers."""

    oid = BIGINTS

    def dump(self, obj: Bigints) -> Buffer:
        """Write it."""
        return array(BIGINT, [NULL if each is None else _sized_number(8, each) for each in obj])


class BlobsDumper(Binary):
    """A column of bytes."""

    oid = BYTEAS

    def dump(self, obj: Blobs) -> Buffer:
        """Write it."""
        return array(BYTEA, [NULL if each is None else _length(len(each)) + each for each in obj])


DUMPERS: tuple[tuple[type, type[Dumper]], ...] = (
    (str, TextDumper),
    (int, BigintDumper),
    (bool, BigintDumper),
    (Texts, TextsDumper),
    (Bigints, BigintsDumper),
    (Blobs, BlobsDumper),
)


def adapt(adapters: AdaptersMap) -> None:
    """Let a connection take columns."""
    for kind, dumper in DUMPERS:
        adapters.register_dumper(kind, dumper)
