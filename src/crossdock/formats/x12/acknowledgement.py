"""Answers to what was received: 997 and 999 for groups, TA1 for interchanges, as segments.

Sources: ASC X12 004010 set 997, 005010 set 999 (implementation 005010X231A1), X12.5 for TA1.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from crossdock.formats.x12.delimiters import Delimiters
from crossdock.formats.x12.envelope import Interchange
from crossdock.formats.x12.writer import fitting

ACCEPTED, WITH_ERRORS, PARTLY, REJECTED = "A", "E", "P", "R"
IMPLEMENTATION_999 = "005010X231A1"
COPY_MAX = 99  # AK4-04
CODES_MAX = 5  # AK5-02 to AK5-06, AK9-05 to AK9-09
SETS_TOLD_MAX = 10_000  # of more sets in one group only the faulty ones are told


class ElementFault(Struct, frozen=True, kw_only=True):
    """What is wrong with one element (AK4): its place, its number in the dictionary, the code.

    `component` is 0 where the element is no composite.
    """

    position: int
    code: str
    component: int = 0
    reference: str = ""
    text: str = ""


class SegmentFault(Struct, frozen=True, kw_only=True):
    """What is wrong with one segment (AK3); `code` is 8 where its elements are faulty."""

    tag: str
    position: int
    code: str
    loop: str = ""
    at: int = 0
    elements: tuple[ElementFault, ...] = ()


class SetVerdict(Struct, frozen=True, kw_only=True, gc=False):
    """What is said of one set: A, E or R; why (element 718), and each segment that is at fault."""

    set_id: str
    control: str
    verdict: str
    implementation: str = ""
    codes: tuple[str, ...] = ()
    faults: tuple[SegmentFault, ...] = ()


class GroupVerdict(Struct, frozen=True, kw_only=True):
    """What is said of one group: A, E, P or R; why (element 716), and what of its sets.

    `included` is what GE01 claims.
    """

    functional_id: str
    control: str
    version: str
    verdict: str
    included: int
    sets: tuple[SetVerdict, ...]
    codes: tuple[str, ...] = ()


def write_997(group: GroupVerdict, marks: Delimiters, *, refused: bool = False) -> list[list[str]]:
    """Write a 997 for a group, ST first and without SE; `refused`: it rejects all of it."""
    lines = [["ST", "997", ""], ["AK1", group.functional_id, group.control]]
    for each in _told(group, refused=refused):
        lines.append(["AK2", each.set_id, each.control])
        for fault in each.faults:
            lines.append(["AK3", fault.tag, str(fault.position), fault.loop, fault.code])
            lines += (["AK4", *_element(element, marks)] for element in fault.elements)
        verdict = REJECTED if refused else each.verdict
        lines.append(["AK5", verdict, *each.codes[:CODES_MAX]] if each.codes else ["AK5", verdict])
    return [*lines, _ak9(group, refused=refused)]


def write_999(group: GroupVerdict, marks: Delimiters, *, refused: bool = False) -> list[list[str]]:
    """Write a 999 for a group, ST first and without SE; `refused`: it rejects all of it."""
    lines = [
        ["ST", "999", "", IMPLEMENTATION_999],
        ["AK1", group.functional_id, group.control, group.version],
    ]
    for each in _told(group, refused=refused):
        lines.append(["AK2", each.set_id, each.control, each.implementation])
        for fault in each.faults:
            lines.append(["IK3", fault.tag, str(fault.position), fault.loop, fault.code])
            lines += (["IK4", *_element(element, marks)] for element in fault.elements)
        verdict = REJECTED if refused else each.verdict
        lines.append(["IK5", verdict, *each.codes[:CODES_MAX]] if each.codes else ["IK5", verdict])
    return [*lines, _ak9(group, refused=refused)]


def write_ta1(interchange: Interchange, verdict: str, note: str) -> list[str]:
    """Write a TA1 for an interchange: its number and time, A, E or R, and the note's number."""
    return [
        "TA1",
        interchange.control.zfill(9),
        interchange.date,
        interchange.time,
        verdict,
        note or "000",
    ]


def _told(group: GroupVerdict, *, refused: bool) -> Sequence[SetVerdict]:
    if refused or len(group.sets) <= SETS_TOLD_MAX:
        return group.sets
    return [each for each in group.sets if each.verdict != ACCEPTED]


def _element(fault: ElementFault, marks: Delimiters) -> Sequence[str]:
    place = str(fault.position)
    if fault.component and marks.component:
        place += f"{marks.component}{fault.component}"
    return place, fault.reference, fault.code, fitting(fault.text, marks)[:COPY_MAX].strip()


def _ak9(group: GroupVerdict, *, refused: bool) -> list[str]:
    accepted = 0 if refused else sum(each.verdict != REJECTED for each in group.sets)
    counts = (group.included, len(group.sets), accepted)
    verdict = REJECTED if refused else group.verdict
    return ["AK9", verdict, *map(str, counts), *group.codes[:CODES_MAX]]
