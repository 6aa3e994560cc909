"""Sets held against the standard's tables: what is wrong in which segment and element.

The codes are those of acknowledgements: element 720 for segments, 723 for elements. A segment that
is right is told so by one look (a pattern made of its table); only the others are taken apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from sys import intern
from typing import NamedTuple

from msgspec.structs import replace

from crossdock.formats.x12.acknowledgement import ElementFault, SegmentFault
from crossdock.formats.x12.delimiters import Delimiters
from crossdock.formats.x12.envelope import Transaction
from crossdock.formats.x12.schema import Element, Note, Shape, Slot, release_of, schema
from crossdock.formats.x12.structure import NOT_IN_SET, UNKNOWN, misplaced
from crossdock.formats.x12.tokens import Segment

MISSING, MISSING_BESIDE, TOO_MANY, TOO_SHORT, TOO_LONG = "1", "2", "3", "4", "5"
CHARACTERS, CODE, DATE, TIME, BESIDE, COMPONENTS = "6", "7", "8", "9", "10", "13"
ELEMENTS_AT_FAULT = "8"
LOOKS_MAX = 8192
ENVELOPE = frozenset({"ST", "SE"})
NEVER = "(?!)"  # what a pattern does not match
FAULTS_MAX = 200  # of one set: what is wrong so often is wrong everywhere

Wrong = tuple[ElementFault, ...]


class Looked(NamedTuple):
    """What was seen in a set: its tags, and what is wrong, both in the order of its segments."""

    tags: tuple[str, ...]
    faults: tuple[SegmentFault, ...]


_REAL = re.compile(r"-?(?:\d+(?:\.\d*)?|\.\d+)(?:E-?\d+)?", re.ASCII)
_WHOLE = re.compile(r"-?\d+", re.ASCII)
_TIME = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d(?:\d\d?)?)?", re.ASCII)
_DATES = {"8": re.compile(r"\d{8}", re.ASCII), "6": re.compile(r"\d{6}", re.ASCII)}
# Days that every year has; the others are looked up in the calendar.
_DAY = (
    r"(?:(?:0[13578]|1[02])(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)(?:0[1-9]|[12]\d|30)"
    r"|02(?:0[1-9]|1\d|2[0-8]))"
)


def faults_of(found: Transaction) -> tuple[SegmentFault, ...]:
    """Tell what is wrong in one set."""
    marks = found.group.interchange.delimiters
    return validator(release_of(found.group.version), marks).look_at(found, found.texts).faults


@lru_cache(maxsize=64)
def validator(release: str, marks: Delimiters) -> Validator:
    """Give the validator of a release (`004010`, `005010`) for sets written with these marks."""
    return Validator(release, marks)


class Validator:
    """Sets of one release, in one dialect, held against the tables.

    It remembers the texts it has looked at: most segments of a partner come again, the same
    parties and the same towns.
    """

    def __init__(self, release: str, marks: Delimiters) -> None:
        """Begin with an empty memory."""
        self._known = schema(release)
        self._marks = marks
        self._opening, self._closing = f"ST{marks.element}", f"SE{marks.element}"
        self._right: dict[str, str] = {}  # the tags of texts that are right
        self._wrong: dict[str, Wrong] = {}
        self._looks: dict[str, _Look] = {}

    def look_at(self, found: Transaction, texts: Sequence[str]) -> Looked:
        """Tell what stands in a set and what is wrong; nothing for an unknown set.

        `texts` are its segments. ST and SE are the envelope's to judge.
        """
        if found.set_id not in self._known.sets or not texts:
            return Looked((), ())
        wrong: dict[str, Wrong] = {}
        if texts[0].startswith(self._opening) and texts[-1].startswith(self._closing):
            tags = ("ST", *self._tags(texts[1:-1], wrong), "SE")
        else:
            tags = tuple(self._tags(texts, wrong))
        placed = misplaced(self._known.release, found.set_id, tags)
        if not placed and not wrong:
            return Looked(tags, ())
        seen = ((tag, wrong.get(text, ())) for tag, text in zip(tags, texts, strict=True))
        return Looked(tags, _told(found, placed, seen))

    def _tags(self, texts: Sequence[str], wrong: dict[str, Wrong]) -> list[str]:
        """Name segments and add what is `wrong` with them."""
        known = zip(map(self._right.get, texts), texts, strict=True)
        return [tag or self._look(text, wrong) for tag, text in known]

    def _look(self, text: str, wrong: dict[str, Wrong]) -> str:
        tag = text.partition(self._marks.element)[0]
        tag, shape, pattern = self._looks.get(tag) or self._look_of(tag)
        if tag in ENVELOPE:
            return tag
        told = self._wrong.get(text, ())
        if not told and shape is not None and pattern is not None and not pattern.fullmatch(text):
            elements = text.split(self._marks.element)
            told = tuple(dict.fromkeys(_faults(shape, elements, self._marks)))
        self._remember(text, tag, told)
        if told:
            wrong[text] = told
        return tag

    def _look_of(self, tag: str) -> _Look:
        shape = self._known.shapes.get(tag)
        pattern = None if shape is None else _pattern(shape, self._marks)
        look = self._looks[tag] = _Look(intern(tag), shape, pattern)  # sets compare their tags
        return look

    def _remember(self, text: str, tag: str, told: Wrong) -> None:
        """Keep what is known of a text; after many texts the memory begins anew."""
        if len(self._right) + len(self._wrong) >= LOOKS_MAX:
            for memory in (self._right, self._wrong, self._looks):
                memory.clear()
        if told:
            self._wrong[text] = told
        else:
            self._right[text] = tag


class _Look(NamedTuple):
    """How a segment of one tag is looked at: by the pattern of what is right, where one is."""

    tag: str
    shape: Shape | None
    pattern: re.Pattern[str] | None


def _told(
    found: Transaction, placed: Sequence[SegmentFault], seen: Iterable[tuple[str, Wrong]]
) -> tuple[SegmentFault, ...]:
    segments = found.segments
    faults = [replace(each, at=_at(segments, each.position)) for each in placed]
    strangers = {each.position for each in placed if each.code in {UNKNOWN, NOT_IN_SET}}
    for position, (tag, wrong) in enumerate(seen, 1):
        if wrong and position not in strangers:
            at = _at(segments, position)
            faults.append(
                SegmentFault(
                    tag=tag, position=position, code=ELEMENTS_AT_FAULT, at=at, elements=wrong
                )
            )
    return tuple(sorted(faults, key=lambda each: each.position)[:FAULTS_MAX])


def _at(segments: Sequence[Segment], position: int) -> int:
    """Give the byte of a position; what is missing at the end is missed at the last segment."""
    return segments[min(position, len(segments)) - 1].at


def _pattern(shape: Shape, marks: Delimiters) -> re.Pattern[str]:
    """Make the pattern of a segment that is right: its elements, then what its notes ask of them.

    The elements that notes speak of are groups, by their place: `_3`.
    """
    separator = re.escape(marks.element)
    noted = {place for note in shape.notes for place in note.places}
    spelt, may_end = separator + "*", True
    for place, slot in reversed(tuple(enumerate(shape.slots, 1))):
        value = _slot_pattern(slot, marks)
        if place in noted:
            value = f"(?P<_{place}>(?={_other(marks)}){value})"
        rest = f"{separator}{value if slot.mandatory else f'(?:{value}|)'}{spelt}"
        may_end = may_end and not slot.mandatory  # here, where nothing mandatory is to come
        spelt = f"(?:{rest}|{separator}*)" if may_end else rest
    kept = "".join(map(_kept, shape.notes))
    return re.compile(re.escape(shape.tag) + spelt + kept, re.ASCII)


def _kept(note: Note) -> str:
    """Spell the condition of a note, on groups that are there or not."""
    first, *others = note.places
    match note.kind:
        case "P":
            return _if(first, _all(others), _none(others))
        case "R":
            return _any(note.places)
        case "E":
            pairs = (_none(note.places[number:]) for number in range(1, len(note.places)))
            return "".join(map(_if, note.places, pairs))
        case "C":
            return _if(first, _all(others))
        case "L":
            return _if(first, _any(others))
        case _:
            return ""


def _if(place: int, then: str, otherwise: str = "") -> str:
    return f"(?(_{place}){then}|{otherwise})"


def _all(places: Iterable[int]) -> str:
    return "".join(_if(place, "", NEVER) for place in places)


def _none(places: Iterable[int]) -> str:
    return "".join(_if(place, NEVER) for place in places)


def _any(places: Sequence[int]) -> str:
    spelt = NEVER
    for place in reversed(places):
        spelt = _if(place, "", spelt)
    return spelt


def _slot_pattern(slot: Slot, marks: Delimiters) -> str:
    if len(slot.components) == 1:
        return _element_pattern(slot.components[0], marks)
    joint = re.escape(marks.component or ":")
    first, *others = (_element_pattern(each, marks) for each in slot.components)
    return first + "".join(f"(?:{joint}(?:{each})?)?" for each in others)


def _other(marks: Delimiters) -> str:
    return f"[^{re.escape(marks.element)}]"


def _element_pattern(element: Element | None, marks: Delimiters) -> str:
    other = _other(marks)
    if element is None:
        return f"{other}*"
    span = f"{{{element.least},{element.most}}}"
    if element.codes:
        return _one_of(element.codes)
    match element.kind:
        case "DT":
            return (r"(?:19|20)\d\d" if element.most == 8 else r"\d\d") + _DAY  # noqa: PLR2004 - CCYYMMDD
        case "TM":
            return _TIME.pattern
        case "R":
            return rf"-?\d{{1,{element.most}}}"
        case kind if kind.startswith("N"):
            return rf"-?\d{span}"
        case _:
            solid = f"[^{re.escape(marks.element)}\\s\\x00-\\x1f]"
            return f"(?={solid}){other}{span}"


def _one_of(codes: frozenset[str]) -> str:
    """Spell a list of codes by their beginnings, so that few have to be tried."""
    endings: dict[str, list[str]] = {}
    for code in sorted(codes):
        endings.setdefault(code[:-1], []).append(code[-1])
    branches = (
        f"{re.escape(begin)}[{''.join(map(re.escape, ends))}]" for begin, ends in endings.items()
    )
    return f"(?:{'|'.join(branches)})"


def _broken(note: Note, there: Sequence[bool]) -> Iterator[tuple[int, str]]:
    """Give the elements that break a note, each with its code."""
    said = [place < len(there) and there[place] for place in note.places]
    first, others = said[0], said[1:]
    match note.kind:
        case "P" if any(said):
            wanted = [
                place for place, is_there in zip(note.places, said, strict=True) if not is_there
            ]
            yield from ((place, MISSING_BESIDE) for place in wanted)
        case "R" if not any(said):
            yield note.places[0], MISSING_BESIDE
        case "E" if sum(said) > 1:
            taken = [place for place, is_there in zip(note.places, said, strict=True) if is_there]
            yield from ((place, BESIDE) for place in taken[1:])
        case "C" if first:
            wanted = [
                place
                for place, is_there in zip(note.places[1:], others, strict=True)
                if not is_there
            ]
            yield from ((place, MISSING_BESIDE) for place in wanted)
        case "L" if first and not any(others):
            yield note.places[1], MISSING_BESIDE
        case _:
            pass


def _faults(shape: Shape, elements: list[str], marks: Delimiters) -> Iterator[ElementFault]:
    texts = [each if each.strip() else "" for each in elements]
    for place, slot in enumerate(shape.slots, 1):
        text = texts[place] if place < len(texts) else ""
        if text:
            yield from _slot_faults(slot, place, text, marks)
        elif slot.mandatory:
            yield ElementFault(position=place, reference=slot.reference, code=MISSING)
    for note in shape.notes:
        for place, code in _broken(note, [bool(text) for text in texts]):
            text = texts[place] if place < len(texts) else ""
            reference = shape.slots[place - 1].reference
            yield ElementFault(position=place, reference=reference, code=code, text=text)
    for place in range(len(shape.slots) + 1, len(texts)):
        if texts[place]:
            yield ElementFault(position=place, code=TOO_MANY, text=texts[place])


def _slot_faults(slot: Slot, place: int, text: str, marks: Delimiters) -> Iterator[ElementFault]:
    if len(slot.components) == 1:
        if code := _code(slot.components[0], text):
            yield ElementFault(position=place, reference=slot.reference, code=code, text=text)
        return
    parts = text.split(marks.component) if marks.component else [text]
    if len(parts) > len(slot.components):
        yield ElementFault(position=place, code=COMPONENTS, text=text)
    for number, (element, part) in enumerate(zip(slot.components, parts, strict=False), 1):
        code = _code(element, part) if part else (MISSING if number == 1 else "")
        if code:
            reference = element.number if element else ""
            yield ElementFault(
                position=place, component=number, reference=reference, code=code, text=part
            )


def _code(element: Element | None, text: str) -> str:
    """Judge the text of an element; empty where nothing is wrong with it."""
    if element is None:
        return ""
    match element.kind:
        case "DT":
            return "" if _is_date(text, element.most) else DATE
        case "TM":
            return "" if _TIME.fullmatch(text) else TIME
        case "R" if not _REAL.fullmatch(text):
            return CHARACTERS
        case kind if kind.startswith("N") and not _WHOLE.fullmatch(text):
            return CHARACTERS
        case _:
            pass
    counted = text.strip("-").replace(".", "") if element.kind[0] in "NR" else text
    if len(counted) < element.least:
        return TOO_SHORT
    if len(counted.rstrip() if element.kind == "AN" else counted) > element.most:
        return TOO_LONG
    return CODE if element.codes and text.strip() not in element.codes else ""


def _is_date(text: str, digits: int) -> bool:
    if not _DATES[str(digits)].fullmatch(text):
        return False
    spelt = text if len(text) == 8 else f"20{text}"  # noqa: PLR2004 - CCYYMMDD
    try:
        date(int(spelt[:4]), int(spelt[4:6]), int(spelt[6:]))
    except ValueError:
        return False
    return True
