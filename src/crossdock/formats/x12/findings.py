"""What can be noticed about an interchange: a class to decide by, and a sentence to read.

The codes that acknowledgements use for the same thing stand beside them: TA1-05 for interchanges,
AK9-05 (element 716) for groups, AK5-02 (element 718) for sets.
"""

from __future__ import annotations

from typing import NamedTuple

from crossdock.faults import Finding

LAYOUT = "layout"  # how the bytes are laid out; nothing is in doubt
ENVELOPE = "envelope"  # headers, trailers, counts and control numbers disagree or are missing
SYNTAX = "syntax"  # segments and elements are not as the standard has them
LIMIT = "limit"  # larger than anybody agreed to
BROKEN = "broken"  # bytes in which no interchange could be found


class Kind(NamedTuple):
    """A code's class, its sentence, and what an acknowledgement calls it."""

    kind: str
    said: str
    note: str = ""


# Notes of interchanges: ASC X12, element I18. Groups: element 716. Sets: element 718.
CODES: dict[str, Kind] = {
    "BYTE_ORDER_MARK": Kind(LAYOUT, "The file begins with a byte order mark"),
    "ISA_NOT_PADDED": Kind(LAYOUT, "The elements of ISA are not padded to their fixed widths"),
    "ISA_NO_COMPONENT_SEPARATOR": Kind(LAYOUT, "ISA does not name a component separator", "027"),
    "FIXED_RECORDS": Kind(LAYOUT, "The file is cut into lines of one length, inside of segments"),
    "EMPTY_SEGMENT": Kind(LAYOUT, "There is nothing between two segment terminators"),
    "LOWER_CASE": Kind(LAYOUT, "Segments are named in small letters; they were read as capitals"),
    "GS_FUNCTION": Kind(LAYOUT, "GS01 is that of other sets than this one"),
    "GS_RELEASE": Kind(LAYOUT, "GS08 names no release; the tables of the oldest were taken", "2"),
    "NOT_UTF_8": Kind(LAYOUT, "These letters are not UTF-8; they were read as Windows-1252"),
    "NO_LAST_TERMINATOR": Kind(LAYOUT, "The last segment has no terminator"),
    "CONTROL_CHARACTERS": Kind(SYNTAX, "There are control characters in this segment"),
    "NO_INTERCHANGE": Kind(BROKEN, "There is no ISA, GS or ST to begin with"),
    "ISA_BROKEN": Kind(BROKEN, "ISA does not tell its separators, so nothing after it can be read"),
    "JUNK": Kind(ENVELOPE, "These bytes belong to no interchange"),
    "NO_ISA": Kind(ENVELOPE, "The interchange has no ISA", "022"),
    "NO_IEA": Kind(ENVELOPE, "The interchange ends without IEA", "023"),
    "IEA_CONTROL": Kind(ENVELOPE, "IEA02 is not the control number of ISA13", "001"),
    "IEA_COUNT": Kind(ENVELOPE, "IEA01 does not count the groups that are there", "021"),
    "ISA_CONTROL": Kind(ENVELOPE, "ISA13 is no control number of up to nine digits", "018"),
    "ISA_USAGE": Kind(ENVELOPE, "ISA15 is neither T nor P nor I", "020"),
    "NO_GROUPS": Kind(ENVELOPE, "There is nothing in this interchange"),
    "NO_SETS": Kind(ENVELOPE, "There is no set in this group"),
    "NO_GS": Kind(ENVELOPE, "A set stands outside of any group", "024"),
    "NO_GE": Kind(ENVELOPE, "The group ends without GE", "3"),
    "GE_CONTROL": Kind(ENVELOPE, "GE02 is not the control number of GS06", "4"),
    "GE_COUNT": Kind(ENVELOPE, "GE01 does not count the sets that are there", "5"),
    "GS_CONTROL": Kind(ENVELOPE, "GS06 is no control number of up to nine digits", "6"),
    "GROUP_TWICE": Kind(ENVELOPE, "Another group of this interchange has the same GS06", "19"),
    "CUT_OFF": Kind(BROKEN, "The file ends in the middle of this set", "2"),
    "NO_SE": Kind(ENVELOPE, "The set ends without SE", "2"),
    "SE_CONTROL": Kind(ENVELOPE, "SE02 is not the control number of ST02", "3"),
    "SE_COUNT": Kind(ENVELOPE, "SE01 does not count the segments that are there", "4"),
    "ST_ID": Kind(ENVELOPE, "ST01 does not name a set by three digits", "6"),
    "ST_CONTROL": Kind(ENVELOPE, "ST02 is no control number of four to nine characters", "7"),
    "SET_TWICE": Kind(ENVELOPE, "Another set of this group has the same ST02", "23"),
    "STRAY_SEGMENT": Kind(ENVELOPE, "This segment stands outside of any set", "024"),
    "INTERCHANGE_TOO_LARGE": Kind(LIMIT, "The interchange is larger than agreed; raise the limit"),
    "SEGMENT_TOO_LONG": Kind(LIMIT, "A segment is longer than any that is meant; it was left out"),
    "TOO_MANY_ELEMENTS": Kind(LIMIT, "A segment has too many elements; it was left out"),
    "TOO_MANY_SEGMENTS": Kind(LIMIT, "A set has too many segments; the rest was left out"),
    "TOO_MANY_FINDINGS": Kind(LIMIT, "There are more findings than can be told"),
}

SHOWN = 80


def noticed(code: str, at: int, where: str = "", **seen: object) -> Finding:
    """Tell a finding at a byte of the file; long texts are cut."""
    kind = CODES[code]
    facts = {name: str(value)[:SHOWN] for name, value in seen.items()}
    return Finding(code=code, said=kind.said, where=where, seen=facts, kind=kind.kind, at=at)
