"""What a file is that is no X12, for whoever has to tell its sender."""

from __future__ import annotations

# How other things begin, and what to say of them.
BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xfe", "this is UTF-16; X12 wants ASCII or UTF-8"),
    (b"\xfe\xff", "this is UTF-16; X12 wants ASCII or UTF-8"),
    (b"I\x00S\x00A", "this is UTF-16; X12 wants ASCII or UTF-8"),
    (b"\xc9\xe2\xc1", "this is EBCDIC; X12 wants ASCII or UTF-8"),
    (b"UNA", "this is EDIFACT"),
    (b"UNB", "this is EDIFACT"),
    (b"<", "this is XML or a web page"),
    (b"{", "this is JSON"),
    (b"[", "this is JSON"),
    (b"\x1f\x8b", "this is compressed (gzip); send what is in it"),
    (b"PK\x03\x04", "this is compressed (zip); send what is in it"),
    (b"-----BEGIN", "this is encrypted or signed; send what is in it"),
    (b"%PDF", "this is a PDF"),
)
BLANKS = b" \t\r\n\x00\x1a"


def other_than_x12(raw: bytes) -> str:
    """Say what a file looks like, or that it is empty; empty where nobody can tell."""
    start = raw[:4096].removeprefix(b"\xef\xbb\xbf").lstrip(BLANKS)
    if not start:
        return "the file is empty"
    return next((said for mark, said in BEGINNINGS if start.startswith(mark)), "")
