"""Bytes to segments, in a window that moves: memory does not grow with the file.

Bytes are looked at as Latin-1, one character for each, so that a place in the text is a place in
the file; a segment that is not ASCII is read as UTF-8 where it can be, else as Windows-1252: no
set is named in X12, and nobody means the control characters that Latin-1 has in its place. The
tokenizer raises nothing: whatever is wrong becomes a finding, and it goes on behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from msgspec import Struct

from crossdock.faults import Finding
from crossdock.formats.x12.delimiters import (
    ISA_SPAN_MAX,
    Delimiters,
    Header,
    read_first,
    read_isa,
)
from crossdock.formats.x12.findings import SHOWN, noticed

WINDOW_BYTES = 256 * 1024
HEAD_BYTES = 4096
RECORD_MIN = 20  # shorter lines of equal length are segments that happen to be equally long

_MARK = "\xef\xbb\xbf"  # UTF-8's byte order mark, seen as Latin-1
_NOTHING = "\r\n\t \x00\x1a"
_LAYOUT = "\r\n"
_LAYOUT_AHEAD = "\r\n\t \x00"
_ISA = re.compile(r"ISA[^0-9A-Za-z \r\n\v\f]")
_SMALL_ISA = re.compile(r"isa(?=[^0-9A-Za-z \r\n\v\f])")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# What Windows-1252 has where Latin-1 has control characters; it leaves five places empty.
_OF_WINDOWS = {
    code: bytes([code]).decode("cp1252")
    for code in range(0x80, 0xA0)
    if code not in {0x81, 0x8D, 0x8F, 0x90, 0x9D}
}
# What may stand in segments that nobody need look at: ASCII that is printed, and line ends.
_PLAIN = bytes(range(0x20, 0x7F)) + b"\r\n"


class Limits(Struct, frozen=True, kw_only=True):
    """Where reading stops: whoever writes more does not mean to be read."""

    interchange_bytes: int = 50 * 1024 * 1024
    segment_bytes: int = 64 * 1024
    elements: int = 1000
    segments: int = 500_000
    findings: int = 1000


class Places(Struct, frozen=True, gc=False):
    """How characters that were counted lead to bytes of the file.

    `record` is the length of lines that are cut without regard to segments, 0 where none are, and
    `gap` what ends them; `origin` is where counting began.
    """

    origin: int = 0
    record: int = 0
    gap: int = 0

    def byte(self, place: int) -> int:
        """Tell the byte of the file that a place is."""
        if not self.record:
            return place
        return place + (place - self.origin) // self.record * self.gap


class Segment(Struct, frozen=True, gc=False):
    """One segment as written, without its terminator; `at` is the offset of its first byte."""

    text: str
    at: int
    separator: str

    def elements(self) -> list[str]:
        """Take it apart: the tag, then the elements, as written."""
        return self.text.split(self.separator)

    @property
    def tag(self) -> str:
        """Name the segment."""
        return self.text.partition(self.separator)[0]


class Block(Struct, frozen=True, gc=False):
    """Whole segments of one interchange, not yet cut; the last one has no terminator.

    `suspect` texts must be looked at segment by segment: they hold other letters than ASCII,
    control characters, or pieces too long to be meant. In an `even` text each segment follows the
    terminator of the one before: no blank stands there, and no line ends.
    """

    text: str
    place: int
    delimiters: Delimiters
    places: Places
    suspect: bool
    even: bool

    def byte(self, index: int) -> int:
        """Tell the byte of the file at a place in its text."""
        return self.places.byte(self.place + index)

    def part(self, start: int, end: int) -> Block:
        """Give a part of it, by places in its text."""
        text, place = self.text[start:end], self.place + start
        return Block(text, place, self.delimiters, self.places, self.suspect, self.even)

    def texts(self) -> list[str]:
        """Cut it at its terminators, without saying where each segment stands."""
        texts = self.text.split(self.delimiters.segment)
        if self.even and all(texts):
            return texts
        return [each.text for each in self.segments()]

    def segments(self) -> list[Segment]:
        """Cut it at its terminators."""
        if self.suspect or self.places.record:
            return [each for each in self.look(Limits()) if isinstance(each, Segment)]
        separator, at = self.delimiters.element, self.place
        cut: list[Segment] = []
        for text in self.text.split(self.delimiters.segment):
            bare = text.lstrip(_LAYOUT_AHEAD)
            if bare:
                ahead = at + len(text) - len(bare)
                cut.append(Segment(bare.rstrip(_LAYOUT), ahead, separator))
            at += len(text) + 1
        return cut

    def look(self, limits: Limits) -> list[Segment | Finding]:
        """Cut it, and look at every segment; what is too long is left out."""
        told: list[Segment | Finding] = []
        place = self.place
        for text in self.text.split(self.delimiters.segment):
            bare = text.lstrip(_LAYOUT_AHEAD)
            at = self.places.byte(place + len(text) - len(bare))
            place += len(text) + 1
            bare = bare.rstrip(_LAYOUT)
            if bare:
                told += _looked_at(bare, at, self.delimiters, limits)
            elif not text:
                told.append(noticed("EMPTY_SEGMENT", at))
        return told


def _looked_at(
    text: str, at: int, marks: Delimiters, limits: Limits
) -> Iterator[Segment | Finding]:
    if len(text) > limits.segment_bytes:
        yield noticed("SEGMENT_TOO_LONG", at, text=text)
        return
    if text.count(marks.element) > limits.elements:
        yield noticed("TOO_MANY_ELEMENTS", at, text=text)
        return
    if not text.isascii():
        try:
            text = text.encode("latin-1").decode("utf-8")
        except UnicodeDecodeError:
            ours = marks.active()
            signs = {code: sign for code, sign in _OF_WINDOWS.items() if chr(code) not in ours}
            text = text.translate(signs)
            yield noticed("NOT_UTF_8", at, text=text)
    yield Segment(text, at, marks.element)
    if not text.isprintable():
        active = marks.active()
        if any(found[0] not in active for found in _CONTROL.finditer(text)):
            yield noticed("CONTROL_CHARACTERS", at, text=ascii(text))


Token = Header | Segment | Finding


def tokens(source: bytes | Iterable[bytes], limits: Limits | None = None) -> Iterator[Token]:
    """Give every interchange's header, its segments after ISA, and what is noticed, in order.

    `source` are the bytes, or chunks of them.
    """
    limits = limits or Limits()
    for piece in pieces(Tape(source), limits):
        if not isinstance(piece, Block):
            yield piece
        elif piece.suspect:
            yield from piece.look(limits)
        else:
            yield from piece.segments()


def pieces(tape: Tape, limits: Limits) -> Iterator[Header | Block | Finding]:
    """Give the same in whole blocks of segments, a window's worth at a time."""
    opening = _Opening(tape)
    while True:
        found: list[Finding] = []
        header = opening.next(found)
        yield from found
        if header is None:
            return
        yield header
        yield from header.findings
        yield from _Body(tape, header, limits).pieces()
        if tape.abandoned:
            return


class Tape:
    """A window that moves over the bytes: `text` from `pos` on is what was not read yet."""

    def __init__(self, source: bytes | Iterable[bytes]) -> None:
        """Begin with the first window."""
        self._chunks = _windows(source)
        self._base = 0
        self.places = Places()
        self.text = ""
        self.pos = 0
        self.abandoned = False

    def more(self) -> bool:
        """Read another window; False at the end. What lies before `pos` is forgotten."""
        chunk = next(self._chunks, None)
        if chunk is None:
            return False
        text = chunk.decode("latin-1")
        self._base += self.pos
        self.text = self.text[self.pos :] + (_joined(text) if self.places.record else text)
        self.pos = 0
        return True

    def need(self, length: int) -> None:
        """Read on until so many characters lie ahead, or the end."""
        while len(self.text) - self.pos < length and self.more():
            pass

    def place(self, pos: int) -> int:
        """Count the characters up to a place in the window; where no line is cut, that is bytes."""
        return self._base + pos + self.places.origin

    def offset(self, pos: int) -> int:
        """Tell the byte of the file at a place in the window."""
        return self.places.byte(self.place(pos))

    def skip_mark(self) -> bool:
        """Pass over a byte order mark."""
        if not self.text.startswith(_MARK):
            return False
        self.text = self.text[len(_MARK) :]
        self.places = Places(origin=len(_MARK))
        return True

    def join_records(self, length: int, gap: int) -> None:
        """Read lines of one length as if they were not cut; `gap` bytes end each."""
        self.places = Places(self.places.origin, length, gap)
        self.text = _joined(self.text)


def _windows(source: bytes | Iterable[bytes]) -> Iterator[bytes]:
    if isinstance(source, bytes | bytearray | memoryview):
        view = memoryview(source)
        for start in range(0, len(view), WINDOW_BYTES):
            yield bytes(view[start : start + WINDOW_BYTES])
        return
    kept: list[bytes] = []
    size = 0
    for chunk in source:
        kept.append(chunk)
        size += len(chunk)
        if size >= WINDOW_BYTES:
            yield b"".join(kept)
            kept, size = [], 0
    if kept:
        yield b"".join(kept)


def _joined(text: str) -> str:
    return text.replace("\r", "").replace("\n", "")


class _Opening:
    """The way to the next interchange."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._first = True

    def next(self, found: list[Finding]) -> Header | None:
        """Find the next header; what lies before it is told. None at the end of the file."""
        tape = self._tape
        tape.need(HEAD_BYTES)
        if self._first and tape.skip_mark():
            found.append(noticed("BYTE_ORDER_MARK", 0))
        self._skip_nothing()
        if self._first and (shape := _record_shape(tape.text[tape.pos : tape.pos + HEAD_BYTES])):
            tape.join_records(*shape)
            found.append(noticed("FIXED_RECORDS", tape.offset(tape.pos), length=shape[0]))
        header = self._header(found)
        self._first = False
        return header

    def _skip_nothing(self) -> None:
        tape = self._tape
        while True:
            rest = tape.text[tape.pos :].lstrip(_NOTHING)
            tape.pos = len(tape.text) - len(rest)
            if rest or not tape.more():
                return

    def _header(self, found: list[Finding]) -> Header | None:
        tape = self._tape
        if tape.pos >= len(tape.text):
            if self._first:
                found.append(noticed("NO_INTERCHANGE", tape.offset(tape.pos)))
            return None
        start = tape.pos
        if _SMALL_ISA.match(tape.text, start):
            tape.text = tape.text[:start] + "ISA" + tape.text[start + len("ISA") :]
        if not _ISA.match(tape.text, start):
            ahead = tape.text[start : start + ISA_SPAN_MAX]
            if header := read_first(ahead, tape.offset(start)):
                return header
            at, shown = tape.offset(start), ahead[:SHOWN]
            met = self._seek_isa()
            found.append(
                noticed("JUNK" if met or not self._first else "NO_INTERCHANGE", at, text=shown)
            )
        while self._seek_isa():
            tape.need(ISA_SPAN_MAX)
            ahead = tape.text[tape.pos : tape.pos + ISA_SPAN_MAX]
            at = tape.offset(tape.pos)
            if header := read_isa(ahead, at):
                tape.pos += header.length
                return header
            found.append(noticed("ISA_BROKEN", at, "ISA", text=ahead))
            tape.pos += len("ISA")
        return None

    def _seek_isa(self) -> bool:
        """Go to the next thing that may be an ISA; False where there is none."""
        tape = self._tape
        while True:
            if place := _ISA.search(tape.text, tape.pos):
                tape.pos = place.start()
                return True
            tape.pos = max(tape.pos, len(tape.text) - len("ISA"))
            if not tape.more():
                tape.pos = len(tape.text)
                return False


def _record_shape(head: str) -> tuple[int, int] | None:
    """Tell the length of lines that are cut without regard to segments, and what ends them."""
    lines = head.rstrip("\r\n").split("\n")  # the last one may be short, and ended all the same
    gap = 2 if lines[0].endswith("\r") else 1
    whole = [line.rstrip("\r") for line in lines[:-1]]
    if not whole or len(whole[0]) < RECORD_MIN:
        return None
    length = len(whole[0])
    if any(len(line) != length for line in whole) or len(lines[-1].rstrip("\r")) > length:
        return None
    header = read_isa(_joined(head), 0) if _ISA.match(head) else None
    if header is None or header.delimiters.segment in _LAYOUT:
        return None
    cut = not all(line.endswith(header.delimiters.segment) for line in whole)
    return (length, gap) if cut else None


@lru_cache(maxsize=64)
def _boundary(segment: str) -> re.Pattern[str]:
    """Find where an interchange ends: at IEA, or at another ISA."""
    ahead = re.escape(segment) + r"(?=[\r\n\t \x00Ii])[\r\n\t \x00]*"  # most go on otherwise
    return re.compile(ahead + r"(?:(IEA|iea)|ISA|isa)[^0-9A-Za-z]")


@lru_cache(maxsize=64)
def _small(element: str, segment: str) -> re.Pattern[str]:
    """Find segments that are named in small letters."""
    ahead = rf"(?:^|{re.escape(segment)})[\r\n\t \x00]*"
    return re.compile(rf"{ahead}[a-z][a-z0-9]{{1,2}}(?={re.escape(element)})")


class _Body:
    """The segments of one interchange, after its header."""

    def __init__(self, tape: Tape, header: Header, limits: Limits) -> None:
        self._tape = tape
        self._limits = limits
        self._delimiters = header.delimiters
        self._end = header.at + limits.interchange_bytes
        self._boundary = _boundary(header.delimiters.segment)
        self._dropping = False
        self._small = _small(header.delimiters.element, header.delimiters.segment)
        self._small_told = False

    def pieces(self) -> Iterator[Block | Finding]:
        """Give the segments up to IEA, another ISA, or the end of the file."""
        tape = self._tape
        while True:
            last, over = self._reach()
            if last >= tape.pos:
                yield from self._block(last)
            if over:
                return
            if tape.offset(tape.pos) > self._end:
                yield noticed("INTERCHANGE_TOO_LARGE", tape.offset(tape.pos))
                tape.abandoned = True
                return
            if len(tape.text) - tape.pos > self._limits.segment_bytes:
                yield from self._drop()
            if not tape.more():
                yield from self._remainder()
                return

    def _reach(self) -> tuple[int, bool]:
        """Find the last terminator of this interchange in the window, and whether it is the end."""
        tape, terminator = self._tape, self._delimiters.segment
        # A boundary may follow the terminator before `pos`: that of ISA, or of the block before.
        end = self._boundary.search(tape.text, max(tape.pos - 1, 0))
        if end is None:
            return tape.text.rfind(terminator, tape.pos), False
        if end[1]:
            last = tape.text.find(terminator, end.end())
            return (last, True) if last >= 0 else (end.start(), False)
        return end.start(), True

    def _block(self, last: int) -> Iterator[Block | Finding]:
        tape, start = self._tape, self._tape.pos
        tape.pos = last + 1
        if self._dropping:
            self._dropping = False
            start = tape.text.find(self._delimiters.segment, start) + 1
            if start > last:
                return
        text = tape.text[start:last]
        if text != text.upper() and self._small.search(text):
            text = self._small.sub(lambda found: found[0].upper(), text)
            if not self._small_told:
                yield noticed("LOWER_CASE", tape.offset(start))
            self._small_told = True
        yield self._cut_off(text, tape.place(start))

    def _cut_off(self, text: str, place: int) -> Block:
        suspect, places = self._suspect(text), self._tape.places
        blank = text.startswith(" ") or f"{self._delimiters.segment} " in text
        even = not (suspect or places.record or blank or "\n" in text or "\r" in text)
        return Block(text, place, self._delimiters, places, suspect, even)

    def _suspect(self, text: str) -> bool:
        """Tell whether a text needs a look at each of its segments."""
        step, terminator = self._limits.elements, self._delimiters.segment
        if not text.isascii() or text.encode("ascii").translate(None, _PLAIN):
            return True
        if 2 * terminator in text:
            return True
        start = 0
        while start + step < len(text):  # from the last terminator within reach to the next
            start = text.rfind(terminator, start, start + step) + 1
            if not start:
                return True
        return False

    def _drop(self) -> Iterator[Finding]:
        """Give up a segment that does not end, up to its terminator."""
        tape = self._tape
        if not self._dropping:
            start = tape.text[tape.pos : tape.pos + SHOWN]
            yield noticed("SEGMENT_TOO_LONG", tape.offset(tape.pos), text=start)
        self._dropping = True
        tape.pos = len(tape.text)

    def _remainder(self) -> Iterator[Block | Finding]:
        tape = self._tape
        rest, place = tape.text[tape.pos :].rstrip(_NOTHING), tape.place(tape.pos)
        tape.pos = len(tape.text)
        if not rest.strip(_NOTHING) or self._dropping:
            return
        yield self._cut_off(rest, place)
        if self._delimiters.segment not in _LAYOUT:
            yield noticed("NO_LAST_TERMINATOR", tape.places.byte(place), text=rest)
