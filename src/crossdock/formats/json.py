"""JSON (RFC 8259), read strictly: what two readers could understand differently is refused.

The library's reader takes the last of two equal keys, knows NaN, rounds long fractions to binary
and falls over its own stack in deep nests; here each of these is Unreadable.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NoReturn

from crossdock.faults import Unreadable

DEPTH_MAX = 64
INTEGER_DIGITS_MAX = 18
FRACTION_CHARACTERS_MAX = 40
EXPONENT_MAX = 18

# The way to the next bracket outside of strings, or to the end. Possessive throughout, and always a
# match (an unfinished string swallows the rest), so that no text is read twice.
_NEXT_BRACKET = re.compile(
    rb"""(?:[^"\[\]{}]++|"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z))*+([\[\]{}]|\Z)""", re.DOTALL
)
_ALL_ELSE = bytes(set(range(256)) - set(b'"\\[]{}'))
_STEPS = {b"[": 1, b"{": 1, b"]": -1, b"}": -1, b"": 0}
ReadObject = Callable[[list[tuple[str, Any]]], dict[str, Any]]

_FORBIDDEN = re.compile("[\x00\ud800-\udfff]")


def read(raw: bytes, *, nulls: bool = True) -> Any:
    """Read one JSON text in UTF-8, with or without a byte order mark.

    Without `nulls` a field that is null is left out; in an array it stays.

    Answers dict, list, str (NFC), int, Decimal, bool or None; a number with a fraction is an exact
    Decimal. Raises Unreadable, with line and column where they are known.
    """
    _refuse_depth(raw)
    plain = raw.isascii() and b"\\u" not in raw
    try:
        found = _DECODERS[plain, nulls].decode(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Unreadable("This is not text in UTF-8", at_byte=error.start) from error
    except json.JSONDecodeError as error:
        raise Unreadable(
            "This is not JSON", why=error.msg, line=error.lineno, column=error.colno
        ) from error
    return found if plain else _value(found)


def _refuse_depth(raw: bytes) -> None:
    if raw.count(b"[") + raw.count(b"{") <= DEPTH_MAX or _is_surely_shallow(raw):
        return
    depth = 0
    for way in _NEXT_BRACKET.finditer(raw):
        depth += _STEPS[way[1]]
        if depth > DEPTH_MAX:
            raise Unreadable(
                "This JSON is nested too deeply", at_byte=way.start(1), at_most=DEPTH_MAX
            )


def _is_surely_shallow(raw: bytes) -> bool:
    """Tell quickly of nearly every text that it is not too deep; of the others nothing is told.

    Without strings, pairs of brackets vanish from the inside, two levels a round at most. A string
    that holds a bracket or a backslash stays, and with it the doubt.
    """
    left = raw.translate(None, _ALL_ELSE).replace(b'""', b"")
    for _ in range(DEPTH_MAX // 2):
        left = left.replace(b"{}", b"").replace(b"[]", b"")
    return not left


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read_as = {_text(name): _value(value) for name, value in pairs}
    if len(read_as) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1 or _text(name) != name)
        raise Unreadable("A JSON object says one thing twice", key=twice)
    return read_as


def _plain_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Read an object of a text in which no character needs a look."""
    read_as = dict(pairs)
    return read_as if len(read_as) == len(pairs) else _object(pairs)


def _without_nulls(read_object: ReadObject) -> ReadObject:
    def read_all_but_nulls(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        read_as = read_object(pairs)
        if None not in read_as.values():
            return read_as
        return {name: value for name, value in read_as.items() if value is not None}

    return read_all_but_nulls


def _value(value: Any) -> Any:
    match value:
        case str():
            return _text(value)
        case list():
            return [_value(each) for each in value]
        case _:
            return value


def _text(text: str) -> str:
    if text.isascii() and "\x00" not in text:
        return text
    if _FORBIDDEN.search(text):
        raise Unreadable("A JSON text holds characters that are none", text=ascii(text)[:80])
    return unicodedata.normalize("NFC", text)


def _whole(digits: str) -> int:
    if len(digits.lstrip("-")) > INTEGER_DIGITS_MAX:
        raise Unreadable("A whole number is too long to be kept exactly", number=digits[:40])
    return int(digits)


def _fraction(digits: str) -> Decimal:
    if len(digits) <= FRACTION_CHARACTERS_MAX:
        try:
            number = Decimal(digits)
        except ArithmeticError:
            number = Decimal("Infinity")
        if number.is_finite() and abs(number.adjusted()) <= EXPONENT_MAX:
            return number
    raise Unreadable("A number is too long or too large to be meant", number=digits[:40])


def _no_number(word: str) -> NoReturn:
    raise Unreadable("JSON knows no such number", number=word)


def _decoder(read_object: ReadObject) -> json.JSONDecoder:
    return json.JSONDecoder(
        parse_int=_whole,
        parse_float=_fraction,
        parse_constant=_no_number,
        object_pairs_hook=read_object,
    )


# By whether the text is plain, and whether nulls stay: made once, a document is often small.
_DECODERS = {
    (True, True): _decoder(_plain_object),
    (True, False): _decoder(_without_nulls(_plain_object)),
    (False, True): _decoder(_object),
    (False, False): _decoder(_without_nulls(_object)),
}
