"""CSV (RFC 4180) in a fixed dialect: one record a line, so that a stray quote costs one line.

The dialect is agreed with the partner and never guessed. Numbers are read by `formats.numbers`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from crossdock.faults import Finding, Refused, Unreadable

FIELD_CHARACTERS_MAX = 64 * 1024
FIELDS_MAX = 1000

_LINE_END = re.compile(r"\r\n|\n|\r")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_LINE_BREAK = re.compile(r"[\r\n\x00]+")


class Dialect(Struct, frozen=True, kw_only=True):
    """How a partner writes its files."""

    delimiter: str = ";"
    encoding: str = "utf-8"


class Row(Struct, frozen=True, kw_only=True):
    """One record: its line in the file (the header is 1) and its cells by column, stripped."""

    line: int
    cells: Mapping[str, str]


class BadRow(Struct, frozen=True, kw_only=True):
    """A line that cannot be read: what is wrong, and what its cells look like, without promise."""

    line: int
    finding: Finding
    guess: Mapping[str, str]


class Table(Struct, frozen=True, kw_only=True):
    """What a file holds: rows that can be read, and those that cannot."""

    rows: tuple[Row, ...]
    bad: tuple[BadRow, ...]


def read(raw: bytes, columns: Sequence[str], dialect: Dialect) -> Table:
    """Read a file with a header line; columns may stand in any order and others may stand between.

    Raises Unreadable where the file is no text or its header lacks a column. A byte order mark and
    empty lines are passed over.
    """
    lines = _lines(raw, dialect)
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        raise Unreadable("This file is empty")
    header = _header(lines[0], columns, dialect)
    rows: list[Row] = []
    bad: list[BadRow] = []
    for line, text in enumerate(lines[1:], 2):
        if not text.strip():
            continue
        try:
            rows.append(Row(line=line, cells=_record(text, header, dialect)))
        except Unreadable as fault:
            finding = Finding(
                code="BAD_ROW", said=fault.said, where=f"line {line}", seen=fault.seen
            )
            cells = (cell.strip(' "') for cell in text.split(dialect.delimiter))
            guess = dict(zip(header, cells, strict=False))
            bad.append(BadRow(line=line, finding=finding, guess=guess))
    return Table(rows=tuple(rows), bad=tuple(bad))


def write(columns: Sequence[str], rows: Iterable[Mapping[str, str]], dialect: Dialect) -> bytes:
    """Write a header and rows with CR LF; a line break inside of a cell becomes a space.

    Raises Refused where the encoding has no sign for a letter.
    """
    text = io.StringIO(newline="")
    out = csv.writer(text, delimiter=dialect.delimiter, lineterminator="\r\n")
    out.writerow(columns)
    for row in rows:
        out.writerow([_LINE_BREAK.sub(" ", row[column]) for column in columns])
    try:
        return text.getvalue().encode(dialect.encoding)
    except UnicodeEncodeError as error:
        letter = text.getvalue()[error.start]
        raise Refused(
            "The partner's encoding cannot write this letter",
            letter=letter,
            encoding=dialect.encoding,
        ) from error


def _lines(raw: bytes, dialect: Dialect) -> list[str]:
    encoding = "utf-8-sig" if dialect.encoding.lower() in {"utf-8", "utf8"} else dialect.encoding
    try:
        # What is no letter in the encoding stays visible as a lone surrogate, and costs its line.
        text = raw.decode(encoding, "surrogateescape")
    except (UnicodeError, LookupError) as error:
        raise Unreadable("This is not text in the agreed encoding", encoding=encoding) from error
    return _LINE_END.split(text)


def _header(text: str, columns: Sequence[str], dialect: Dialect) -> list[str]:
    header = _cells(text, dialect)
    if lacking := [column for column in columns if column not in header]:
        raise Unreadable("The header lacks columns", columns=", ".join(lacking), header=text[:200])
    if len(set(header)) < len(header):
        raise Unreadable("The header has a column twice", header=text[:200])
    return header


def _record(text: str, header: Sequence[str], dialect: Dialect) -> dict[str, str]:
    cells = _cells(text, dialect)
    if len(cells) != len(header):
        raise Unreadable(
            "This row has another number of fields than the header",
            fields=len(cells),
            columns=len(header),
        )
    return dict(zip(header, cells, strict=True))


def _cells(text: str, dialect: Dialect) -> list[str]:
    if _CONTROL.search(text) or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise Unreadable("This row holds bytes that are no letters", text=ascii(text)[:200])
    try:
        cells = next(csv.reader([text], delimiter=dialect.delimiter, strict=True))
    except csv.Error as error:
        raise Unreadable("This row is not CSV", why=error, text=text[:200]) from error
    if len(cells) > FIELDS_MAX or any(len(cell) > FIELD_CHARACTERS_MAX for cell in cells):
        raise Unreadable("This row is too long", characters=len(text))
    return [cell.strip() for cell in cells]
