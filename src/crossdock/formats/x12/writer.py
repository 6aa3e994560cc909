"""Sets to bytes: an envelope whose counts and control numbers are right, and texts that fit in.

X12 has no escape character: a separator inside of a text would make another interchange of it. The
writer refuses such a text, or replaces the character, as its caller says; nothing passes silently.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from crossdock.faults import Refused
from crossdock.formats.x12.delimiters import WIDTHS, Delimiters

Elements = Sequence[str]
Rendered = list[list[str]]

CONTROL_MAX = 999_999_999
REPETITION = 11  # ISA11, which is a separator itself
REPLACEMENT = " "
# Interchange versions by the release that a group is written in (ISA12 by GS08).
ISA_VERSIONS = {"004010": "00401", "005010": "00501"}

_TAG = re.compile(r"[A-Z][A-Z0-9]{1,2}")
_UNWRITABLE = re.compile("[\x00-\x1f\x7f]")


class Envelope(Struct, frozen=True, kw_only=True):
    """Who writes to whom, and how. The control numbers are the caller's to give.

    `release` is GS08 (`004010`), `functional_id` GS01, `usage` T or P.
    """

    sender_qualifier: str
    sender: str
    receiver_qualifier: str
    receiver: str
    group_sender: str
    group_receiver: str
    functional_id: str
    release: str
    usage: str
    interchange_control: int
    group_control: int
    written_at: datetime
    delimiters: Delimiters = Delimiters()
    ack_requested: bool = False


def render(envelope: Envelope, sets: Sequence[tuple[str, Sequence[Elements]]]) -> bytes:
    """Write one interchange with one group; each set is its control number and its segments.

    The segments are those between ST and SE, ST first and SE left out: ST02, SE and all counts are
    the writer's. Raises Refused for what does not fit between separators.
    """
    lines = [_gs(envelope)]
    for control, segments in sets:
        opening = [*segments[0][:2], control, *segments[0][3:]]
        lines.append(opening)
        lines.extend(list(segment) for segment in segments[1:])
        lines.append(["SE", str(len(segments) + 1), control])
    lines.append(["GE", str(len(sets)), str(envelope.group_control)])
    return render_interchange(envelope, lines, groups=1)


def render_interchange(envelope: Envelope, lines: Rendered, *, groups: int) -> bytes:
    """Write ISA, these segments, and IEA: for TA1, which stands outside of any group."""
    marks = envelope.delimiters
    control = f"{_number(envelope.interchange_control):09d}"
    texts = [_isa(envelope, control)]
    texts.extend(render_segment(line, marks) for line in lines)
    texts.append(render_segment(["IEA", str(groups), control], marks))
    return "".join(text + marks.segment for text in texts).encode("utf-8")


def render_segment(elements: Elements, marks: Delimiters) -> str:
    """Write one segment without its terminator; empty elements at its end are left out.

    Raises Refused for a tag that is none, and for an element that holds a separator or a control
    character.
    """
    if not elements or not _TAG.fullmatch(elements[0]):
        raise Refused("This is not the name of a segment", segment=list(elements)[:1])
    text = marks.element.join(elements)
    if _fits(text, len(elements), marks):
        return text.rstrip(marks.element)
    for number, element in enumerate(elements[1:], 1):
        if found := _misfit(element, marks):
            raise Refused(
                "X12 cannot write this character inside of a text",
                character=ascii(found),
                place=f"{elements[0]}{number:02d}",
                text=element[:80],
            )
    return text.rstrip(marks.element)


def _fits(text: str, elements: int, marks: Delimiters) -> bool:
    """Tell at one look whether a whole segment can be written; else its elements are looked at."""
    return (
        text.count(marks.element) == elements - 1
        and marks.segment not in text
        and not _UNWRITABLE.search(text)
    )


def fitting(text: str, marks: Delimiters) -> str:
    """Replace what X12 cannot write by blanks; for texts that people read and nobody compares."""
    text = _UNWRITABLE.sub(REPLACEMENT, text)
    for mark in marks.active():
        text = text.replace(mark, REPLACEMENT)
    return text.strip()


def joined(components: Sequence[str], marks: Delimiters) -> str:
    """Join components to one element. Raises Refused where one of them holds a separator."""
    for component in components:
        if found := _misfit(component, marks, joint=marks.component):
            raise Refused("X12 cannot write this character", character=ascii(found), text=component)
    return marks.component.join(components).rstrip(marks.component)


def _misfit(text: str, marks: Delimiters, joint: str = "") -> str:
    found = _UNWRITABLE.search(text)
    if found:
        return found[0]
    taken = {marks.element, marks.segment, joint} - {""}
    return next((mark for mark in taken if mark in text), "")


def _number(number: int) -> int:
    if not 0 < number <= CONTROL_MAX:
        raise Refused("A control number has one to nine digits and is not zero", number=number)
    return number


def _isa(envelope: Envelope, control: str) -> str:
    marks = envelope.delimiters
    version = ISA_VERSIONS.get(envelope.release[:6], envelope.release[:5])
    elements = (
        "00",
        "",
        "00",
        "",
        envelope.sender_qualifier,
        envelope.sender,
        envelope.receiver_qualifier,
        envelope.receiver,
        envelope.written_at.strftime("%y%m%d"),
        envelope.written_at.strftime("%H%M"),
        marks.repetition or "U",
        version,
        control,
        "1" if envelope.ack_requested else "0",
        envelope.usage,
    )
    for number, (element, width) in enumerate(zip(elements, WIDTHS, strict=True), 1):
        if len(element) > width or (number != REPETITION and _misfit(element, marks)):
            raise Refused("This does not fit into ISA", place=f"ISA{number:02d}", text=element)
    padded = (each.ljust(width) for each, width in zip(elements, WIDTHS, strict=True))
    return marks.element.join(("ISA", *padded, marks.component))


def _gs(envelope: Envelope) -> list[str]:
    return [
        "GS",
        envelope.functional_id,
        envelope.group_sender,
        envelope.group_receiver,
        envelope.written_at.strftime("%Y%m%d"),
        envelope.written_at.strftime("%H%M"),
        str(_number(envelope.group_control)),
        "X",
        envelope.release,
    ]
