"""A table is read line by line, so that what is wrong with a line stays there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.faults import Finding, Refused, Unreadable
from crossdock.formats import csv
from crossdock.formats.csv import BadRow, Dialect, Row, Table

PLAIN = Dialect()


def bad(line: int, said: str, guess: dict[str, str], **seen: str) -> BadRow:
    finding = Finding(code="BAD_ROW", said=said, where=f"line {line}", seen=seen)
    return BadRow(line=line, finding=finding, guess=guess)


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r"])
def test_a_table_is_read_whatever_ends_its_lines(end: bytes) -> None:
    raw = b"\xef\xbb\xbfno;name" + end + b'1; "a;b" ' + end + end + b"2;c\xc3\xbc" + end

    found = csv.read(raw.replace(b'; "', b';"').replace(b'" ', b'"'), ("no",), PLAIN)

    rows = (
        Row(line=2, cells={"no": "1", "name": "a;b"}),
        Row(line=4, cells={"no": "2", "name": "cü"}),
    )
    assert found == Table(rows=rows, bad=())


def test_a_bad_line_is_told_and_the_others_are_read() -> None:
    raw = b'no;name\n1;"a\n2\n3;b\xff\n4;\x00\n5;c\n'

    found = csv.read(raw, ("no", "name"), PLAIN)

    bytes_ = "This row holds bytes that are no letters"
    assert found.rows == (Row(line=6, cells={"no": "5", "name": "c"}),)
    assert found.bad == (
        bad(
            2,
            "This row is not CSV",
            {"no": "1", "name": "a"},
            why="unexpected end of data",
            text='1;"a',
        ),
        bad(
            3,
            "This row has another number of fields than the header",
            {"no": "2"},
            fields="1",
            columns="2",
        ),
        bad(4, bytes_, {"no": "3", "name": "b\udcff"}, text="'3;b\\udcff'"),
        bad(5, bytes_, {"no": "4", "name": "\x00"}, text="'4;\\x00'"),
    )


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "This file is empty"),
        (b"\n \n", "This file is empty"),
        (b"number;name\n1;a\n", "The header lacks columns"),
        (b"no;no\n1;2\n", "The header has a column twice"),
        (b'no;"na\n1;2\n', "This row is not CSV"),
    ],
)
def test_a_file_without_its_header_is_unreadable(raw: bytes, said: str) -> None:
    with pytest.raises(Unreadable) as caught:
        csv.read(raw, ("no",), PLAIN)

    assert caught.value.said == said


def test_a_row_too_long_costs_its_line() -> None:
    longest = b"x" * 64 * 1024
    raw = b"no;name\n1;" + longest + b"x\n2;" + longest + b"\n"

    found = csv.read(raw, ("no",), PLAIN)

    assert [row.line for row in found.rows] == [3]
    assert [(each.line, each.finding.said) for each in found.bad] == [(2, "This row is too long")]


def test_an_encoding_that_nobody_knows_is_unreadable() -> None:
    with pytest.raises(Unreadable) as caught:
        csv.read(b"no\n1\n", ("no",), Dialect(encoding="klingon"))

    assert caught.value.seen == {"encoding": "klingon"}


def test_a_letter_the_partner_cannot_write_is_refused() -> None:
    with pytest.raises(Refused) as caught:
        csv.write(("name",), [{"name": "Łódź"}], Dialect(encoding="cp1252"))

    assert caught.value.seen == {"letter": "Ł", "encoding": "cp1252"}


cells = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Zs", "Zl", "Zp"]), min_size=1
)


@given(st.lists(st.fixed_dictionaries({"a": cells, "b": cells}), max_size=5))
def test_a_table_written_and_read_is_the_same(rows: list[dict[str, str]]) -> None:
    found = csv.read(csv.write(("a", "b"), rows, PLAIN), ("a", "b"), PLAIN)

    assert [row.cells for row in found.rows] == rows
    assert found.bad == ()


@given(st.binary(max_size=200))
def test_any_bytes_are_a_table_or_unreadable(raw: bytes) -> None:
    found = csv.read(b"no;name\n" + raw, ("no",), PLAIN)

    assert isinstance(found, Table)
