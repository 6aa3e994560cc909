"""The separators of an interchange, as ISA tells them, or as the first segment shows them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from crossdock.faults import Finding
from crossdock.formats.x12.findings import noticed

# ASC X12.5, ISA: the widths of ISA01 to ISA15; ISA16 and the terminator are one character each.
WIDTHS = (2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1)
ISA_ELEMENTS = 16
ISA_SPAN_MAX = 512  # no ISA is longer, however it is written
GS_ELEMENTS = 8
FIRST_WITH_REPETITION = "00402"

BLANK = (
    " \t\r\n\v\f"  # to str.isspace() the separators that X12.5 proposes (1C to 1F) are blank too
)
_LAYOUT = "\r\n\t "
_OPENING = re.compile(r"[A-Za-z][A-Za-z0-9]{1,2}[^A-Za-z0-9]")
# What the first segment of a file without ISA may hold before its terminator.
_FIRST = re.compile(r"(?:GS|ST)(?P<element>[^0-9A-Za-z \r\n\v\f])")


class Delimiters(Struct, frozen=True, kw_only=True):
    """The separators in use; `component` and `repetition` are empty where there is none."""

    element: str = "*"
    component: str = ":"
    repetition: str = ""
    segment: str = "~"

    def active(self) -> frozenset[str]:
        """Give the characters that no text may hold."""
        return frozenset((self.element, self.component, self.repetition, self.segment)) - {""}


class Header(Struct, frozen=True, kw_only=True):
    """How an interchange begins: ISA01 to ISA16 (none where it has no ISA) and its separators.

    `length` counts the characters up to and with the terminator of ISA.
    """

    elements: tuple[str, ...]
    delimiters: Delimiters
    at: int
    length: int
    findings: tuple[Finding, ...] = ()


def read_isa(text: str, at: int) -> Header | None:
    """Read ISA at the beginning of a text; None where its separators cannot be told."""
    element = text[3]
    parts = text[:ISA_SPAN_MAX].split(element, ISA_ELEMENTS)
    if len(parts) <= ISA_ELEMENTS or any("\n" in part for part in parts[:ISA_ELEMENTS]):
        return None
    if any(part.endswith("ISA") for part in parts[1:ISA_ELEMENTS]):
        return None  # another one begins before this one ends
    ahead = sum(map(len, parts[:ISA_ELEMENTS])) + ISA_ELEMENTS
    for component, segment, length in _endings(parts[ISA_ELEMENTS]):
        delimiters = Delimiters(
            element=element,
            component=component,
            repetition=_repetition(parts[11:13], element + component + segment),
            segment=segment,
        )
        if _fit(delimiters, parts[ISA_ELEMENTS][length:]):
            elements = (*parts[1:ISA_ELEMENTS], component)
            return Header(
                elements=elements,
                delimiters=delimiters,
                at=at,
                length=ahead + length,
                findings=tuple(_looks(elements, at, ahead)),
            )
    return None


def read_first(text: str, at: int) -> Header | None:
    """Find the separators of a text that begins with GS or ST; None where they cannot be told."""
    found = _FIRST.match(text)
    if not found:
        return None
    element = found["element"]
    elements = GS_ELEMENTS if text.startswith("GS") else 2
    parts = text[:ISA_SPAN_MAX].split(element, elements)
    last = re.match(r"[0-9A-Za-z ]*([^0-9A-Za-z ])", parts[-1]) if len(parts) > elements else None
    if last is None:
        return None
    segment = "\n" if last[1] == "\r" else last[1]
    delimiters = Delimiters(element=element, component="", segment=segment)
    return Header(
        elements=(),
        delimiters=delimiters,
        at=at,
        length=0,
        findings=(noticed("NO_ISA", at, "ISA"),),
    )


def _endings(tail: str) -> Iterator[tuple[str, str, int]]:
    """Give what ISA16 and the terminator may be, and how many characters they take."""
    if tail[1:3] == "\r\n":
        yield tail[0], "\n", 3
    if len(tail) > 1:
        yield tail[0].strip(BLANK), tail[1], 2
    if tail[:2] == "\r\n":
        yield "", "\n", 2
    if tail:
        yield "", tail[0], 1


def _repetition(said: list[str], taken: str) -> str:
    """Take ISA11 as repetition separator from version 00402 on; before, it was the letter U."""
    isa11, version = said
    usable = len(isa11) == 1 and not isa11.isalnum() and isa11 not in BLANK
    return isa11 if usable and isa11 not in taken and version >= FIRST_WITH_REPETITION else ""


def _fit(delimiters: Delimiters, rest: str) -> bool:
    """Tell whether separators are distinct, no letters, and lead to another segment or to none."""
    element, component, segment = delimiters.element, delimiters.component, delimiters.segment
    if segment.isalnum() or segment == " " or component.isalnum():
        return False
    if len({element, component, segment}) < len((element, component, segment)):
        return False
    rest = rest.lstrip(_LAYOUT)
    if not rest.strip("\x00\x1a"):
        return True
    opening = _OPENING.match(rest)
    if opening is None or opening[0][-1] not in {element, segment}:
        return False
    first, ended, _ = rest.partition(segment)
    first = first.rstrip(_LAYOUT)
    if component:  # where ISA16 is missing, the real terminator would be taken for it
        return not first.endswith(component)
    return bool(ended) and _whole_gs(first.split(element))


def _whole_gs(elements: list[str]) -> bool:
    """Tell whether GS reads well: where ISA16 is missing, the terminator is a guess."""
    version = elements[-1].strip()
    return elements[0].upper() != "GS" or (
        len(elements) == GS_ELEMENTS + 1 and (version.isalnum() or not version)
    )


def _looks(elements: tuple[str, ...], at: int, ahead: int) -> Iterator[Finding]:
    if tuple(map(len, elements[:-1])) != WIDTHS:
        yield noticed("ISA_NOT_PADDED", at, "ISA")
    if not elements[-1]:
        yield noticed("ISA_NO_COMPONENT_SEPARATOR", at + ahead, "ISA16")
