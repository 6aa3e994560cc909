"""JSON that two readers could understand differently is refused."""

import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crossdock.faults import Unreadable
from crossdock.formats import json


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b'{"a": [1, -2.50, true, null, "x"]}', {"a": [1, Decimal("-2.50"), True, None, "x"]}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b"12345678901234567.89", Decimal("12345678901234567.89")),
        (b"1e3", Decimal("1E+3")),
        (b"1e18", Decimal("1E+18")),
        (b"-123456789012345678", -123456789012345678),
        (b'"[[[[{{{{\\"[[["', '[[[[{{{{"[[['),
        ('"e\u0301"'.encode(), "\u00e9"),
        ('{"e\u0301": ["e\u0301"]}'.encode(), {"\u00e9": ["\u00e9"]}),
        (b"[" * 64 + b"]" * 64, None),
        (b'["' + b"[" * 1000 + b'"]', ["[" * 1000]),
    ],
)
def test_plain_json_is_read_exactly(raw: bytes, value: Any) -> None:
    found = json.read(raw)

    assert value is None or found == value
    assert value is None or type(found) is type(value)


@pytest.mark.parametrize(
    ("raw", "said", "seen"),
    [
        (b'{"a": 1, "a": 2}', "A JSON object says one thing twice", {"key": "a"}),
        (b'[{"a": {"b": 1, "b": 1}}]', "A JSON object says one thing twice", {"key": "b"}),
        (
            '{"e\u0301": 1, "\u00e9": 2}'.encode(),
            "A JSON object says one thing twice",
            {"key": "e\u0301"},
        ),
        (b"[NaN]", "JSON knows no such number", {"number": "NaN"}),
        (b"-Infinity", "JSON knows no such number", {"number": "-Infinity"}),
        (
            b"1e19",
            "A number is too long or too large to be meant",
            {"number": "1e19"},
        ),
        (
            b"1e400",
            "A number is too long or too large to be meant",
            {"number": "1e400"},
        ),
        (
            b"1e99999999999999999999",
            "A number is too long or too large to be meant",
            {"number": "1e99999999999999999999"},
        ),
        (
            b"1234567890123456789",
            "A whole number is too long to be kept exactly",
            {"number": "1234567890123456789"},
        ),
        (b'"\\u0000"', "A JSON text holds characters that are none", {"text": "'\\x00'"}),
        (b'["\\ud800"]', "A JSON text holds characters that are none", {"text": "'\\ud800'"}),
        (b'"\xff"', "This is not text in UTF-8", {"at_byte": "1"}),
        (
            b'{"a": 1',
            "This is not JSON",
            {"why": "Expecting ',' delimiter", "line": "1", "column": "8"},
        ),
        (
            b"[" * 65 + b"]" * 65,
            "This JSON is nested too deeply",
            {"at_byte": "64", "at_most": "64"},
        ),
        (
            b'{"a":' * 5000,
            "This JSON is nested too deeply",
            {"at_byte": "320", "at_most": "64"},
        ),
    ],
)
def test_json_with_two_meanings_is_refused(raw: bytes, said: str, seen: dict[str, str]) -> None:
    with pytest.raises(Unreadable) as caught:
        json.read(raw)

    assert (caught.value.said, caught.value.seen) == (said, seen)


def outcome(raw: bytes) -> Any:
    """Read bytes; a fault is an outcome too."""
    try:
        return json.read(raw)
    except Unreadable as fault:
        return fault


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_unreadable(raw: bytes) -> None:
    assert isinstance(
        outcome(raw), Unreadable | dict | list | str | int | Decimal | bool | type(None)
    )


def deepest(raw: bytes) -> int:
    """Count how deep brackets outside of strings are nested, letter by letter."""
    depth = most = 0
    inside = escaped = False
    for letter in raw.decode("ascii"):
        if inside:
            inside = escaped or letter != '"'
            escaped = letter == "\\" and not escaped
        elif letter == '"':
            inside = True
        else:
            depth += (letter in "[{") - (letter in "]}")
            most = max(most, depth)
    return most


pieces = st.sampled_from(
    ["[", "{", "]", "}", "[]", "{}", "[{", "}]", '"', '"["', '""', '"\\""', "a"]
)


@example([("[{", 33), ("}]", 33)])
@given(st.lists(st.tuples(pieces, st.sampled_from([1, 1, 1, 2, 33, 65])), max_size=12))
def test_what_is_nested_too_deeply_is_refused_and_nothing_else(
    written: list[tuple[str, int]],
) -> None:
    raw = "".join(piece * times for piece, times in written).encode()

    found = outcome(raw)

    said = found.said if isinstance(found, Unreadable) else ""
    assert (said == "This JSON is nested too deeply") == (deepest(raw) > json.DEPTH_MAX)


@pytest.mark.parametrize("piece", [b'\\"', b"[]", b'"', b'{"a":[', b"\\"])
def test_reading_takes_time_in_line_with_the_length(piece: bytes) -> None:
    seconds = []
    for length in (100_000, 400_000):
        raw = b'["' + piece * (length // len(piece))
        began = time.perf_counter()
        with pytest.raises(Unreadable):
            json.read(raw)
        seconds.append(time.perf_counter() - began)

    assert seconds[1] < 16 * seconds[0] + 0.1
