"""Which format some bytes are in, by how they begin: a guess for people, never for a partner."""

from __future__ import annotations

import re

HEAD_BYTES = 4096

_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_X12 = re.compile(
    rb"(?:ISA[^0-9A-Za-z \r\n\v\f]|(?:GS|ST)[^0-9A-Za-z\s]|\xc9\xe2\xc1)"
)  # or EBCDIC
_X12_INSIDE = re.compile(rb"[^0-9A-Za-z](?:GS|ST)([*|^+])[0-9A-Za-z]{2,3}\1")
_EDIFACT = re.compile(rb"(?:UNA.{6}|UNB\+|UNH\+)", re.DOTALL)
_TABLE = re.compile(rb"[^\r\n]*[;,\t][^\r\n]*\r?\n")


def format_of(raw: bytes) -> str:
    """Name the format: `x12`, `edifact`, `json`, `xml`, `csv`, `empty` or `unknown`."""
    head = raw[:HEAD_BYTES]
    if head[1::2].count(0) > len(head) // 4 or head[::2].count(0) > len(head) // 4:
        head = head.replace(b"\x00", b"")  # UTF-16: told apart by its letters all the same
    for mark in _MARKS:
        head = head.removeprefix(mark)
    head = head.lstrip(b"\x00\t\r\n ")
    if not head:
        return "empty"
    if _X12.match(head):
        return "x12"
    if _EDIFACT.match(head):
        return "edifact"
    if head[:1] in b"{[":
        return "json"
    if head[:1] == b"<":
        return "xml"
    if _X12_INSIDE.search(head):
        return "x12"
    return "csv" if _TABLE.match(head) else "unknown"
