"""Values as PostgreSQL's own bytes; those of many rows as arrays, so that one statement writes all.

A statement takes each column as `$1::text[]`, `::bigint[]` or `::bytea[]`: three types hold
everything a store keeps, each number as wide as any other, so that a statement is prepared once.
The layout of a column is PostgreSQL's `array_send`: dimensions, whether there are nulls, the
element's type, length and lower bound, then each element with its own length.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import Any

Oids = tuple[int, ...]
Writer = Callable[[Any], bytes | None]

UNSAID, TEXT, BIGINT, BYTEA = 0, 25, 20, 17
TEXTS, BIGINTS, BYTEAS = 1009, 1016, 1001

NUL, NUL_SIGN = "\0", "\u2400"  # no text of PostgreSQL holds a NUL; its picture stands for it
KEPT = 2048  # texts that are said again and again: tenants, types, the ids of what is under way

_head = struct.Struct("!iiIii").pack
_no_head = struct.Struct("!iiI").pack
_length = struct.Struct("!i").pack
_number = struct.Struct("!q").pack
_sized_number = struct.Struct("!iq").pack
NULL = _length(-1)


class Texts(list[str | None]):
    """A column of texts."""


class Bigints(list[int | None]):
    """A column of whole numbers."""


class Blobs(list[bytes | None]):
    """A column of bytes."""


def text_bytes(text: str) -> bytes:
    """Write a text as PostgreSQL takes it."""
    return (text.replace(NUL, NUL_SIGN) if NUL in text else text).encode()


def array(oid: int, elements: Sequence[bytes]) -> bytes:
    """Write an array of elements, each with its length before it."""
    if not elements:
        return _no_head(0, 0, oid)
    return _head(1, NULL in elements, oid, len(elements), 1) + b"".join(elements)


@lru_cache(KEPT)
def _text(text: str | None) -> bytes:
    if text is None:
        return NULL
    raw = text_bytes(text)
    return _length(len(raw)) + raw


def _texts(column: Texts) -> bytes:
    return array(TEXT, list(map(_text, column)))


def _bigints(column: Bigints) -> bytes:
    return array(BIGINT, [NULL if each is None else _sized_number(8, each) for each in column])


def _blobs(column: Blobs) -> bytes:
    return array(BYTEA, [NULL if each is None else _length(len(each)) + each for each in column])


def _nothing(value: None) -> None:
    return value


# Yes and no are 1 and 0.
WRITERS: dict[type, tuple[int, Writer]] = {
    str: (TEXT, text_bytes),
    int: (BIGINT, _number),
    bytes: (BYTEA, bytes),
    type(None): (UNSAID, _nothing),
    Texts: (TEXTS, _texts),
    Bigints: (BIGINTS, _bigints),
    Blobs: (BYTEAS, _blobs),
}


@cache
def writer_of(kind: type) -> tuple[int, Writer]:
    """Find how values of a type are written. Raises TypeError where nobody knows."""
    for each in kind.__mro__:
        if each in WRITERS:
            return WRITERS[each]
    raise TypeError(f"the store keeps no {kind.__name__}")


def written(values: Sequence[Any]) -> tuple[Oids, list[bytes | None]]:
    """Write values; answer their types, too."""
    kinds: list[type] = [type(each) for each in values]
    writers = [writer_of(each) for each in kinds]
    return (
        tuple([oid for oid, _ in writers]),
        [write(each) for (_, write), each in zip(writers, values, strict=True)],
    )
