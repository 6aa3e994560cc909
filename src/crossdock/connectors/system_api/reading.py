"""The way through a document: one object or an array of them, where a bad one costs only itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from crossdock.faults import Finding, Unreadable
from crossdock.formats import json
from crossdock.ports import Reading, Reported

S = TypeVar("S", bound=Struct)
T = TypeVar("T")
V = TypeVar("V")

_AT = re.compile(r"^(?P<what>.*?)(?: - at `(?:key in )?\$(?P<path>.*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")


class Element(Struct, frozen=True, kw_only=True):
    """One object of a document: its value, its JSON Pointer, and what is noticed while it is read.

    `time_zone` is the zone that local times without a better one are in; empty where none is set.
    """

    value: dict[str, Any]
    where: str
    noticed: list[Finding]
    time_zone: str = ""

    def notice(self, code: str, said: str, where: str, **seen: str) -> None:
        """Note something about a place inside of this element, given as a relative pointer."""
        self.noticed.append(Finding(code=code, said=said, where=self.where + where, seen=seen))

    def check(self, finding: Finding | None) -> None:
        """Note what a check of an identifier found, if it found anything."""
        if finding is not None:
            self.noticed.append(finding)

    def refuse(self, code: str, said: str, where: str, **seen: str) -> Unreadable:
        """Make the fault that costs this element; the reader of the document turns it to a finding.

        The pointer is relative to the element, as in `notice`.
        """
        return Unreadable(said, code=code, where=self.where + where, **seen)


def read_each(raw: bytes, time_zone: str, read_one: Callable[[Element], Reported]) -> Reading:
    """Read every object of a document; what `read_one` finds Unreadable becomes a finding.

    Raises Unreadable where the bytes are neither one JSON object nor an array.
    """
    reports: list[Reported] = []
    noticed: list[Finding] = []
    for value, where in _elements(json.read(raw, nulls=False)):
        element = Element(value=value, where=where, noticed=noticed, time_zone=time_zone)
        try:
            if not isinstance(value, dict):
                raise element.refuse("WRONG_SHAPE", "This is not a JSON object", "")
            reports.append(read_one(element))
        except Unreadable as fault:
            noticed.append(as_finding(fault))
    return Reading(reports=tuple(reports), findings=tuple(noticed))


def _elements(found: Any) -> Iterator[tuple[Any, str]]:
    match found:
        case dict():
            yield found, ""
        case list():
            for number, each in enumerate(found):
                yield each, f"/{number}"
        case _:
            raise Unreadable("This is neither a JSON object nor an array of them")


def as_finding(fault: Unreadable) -> Finding:
    """Turn a fault that `Element.refuse` made to the finding it stands for."""
    seen = dict(fault.seen)
    code, where = seen.pop("code", "WRONG_SHAPE"), seen.pop("where", "")
    return Finding(code=code, said=fault.said, where=where, seen=seen)


def shaped(element: Element, shape: type[S]) -> S:
    """Read the element in a published shape. Raises Unreadable with the place that differs."""
    try:
        return msgspec.convert(element.value, shape)
    except msgspec.ValidationError as error:
        found = _AT.match(str(error))
        what, path = (found["what"], found["path"] or "") if found else (str(error), "")
        where = "".join(f"/{name or number}" for name, number in _STEP.findall(path))
        said = "This is not in the published shape"
        raise element.refuse("WRONG_SHAPE", said, where, why=what) from error


def choose(element: Element, choices: Mapping[str, V], name: str = "event_type") -> V:
    """Choose by a word of the element itself. Raises Unreadable for a word not in the list."""
    word = element.value.get(name, "")
    if not isinstance(word, str) or word not in choices:
        said = f"The published list of `{name}` does not have this word"
        raise element.refuse(f"UNKNOWN_{name.upper()}", said, f"/{name}", word=str(word)[:100])
    return choices[word]


def coded(element: Element, codes: Mapping[str, V], code: str, where: str) -> V:
    """Look a code up in its list. Raises Unreadable for one that is not there: never a default."""
    if code not in codes:
        said = "The published list does not have this code"
        raise element.refuse("UNKNOWN_CODE", said, where, sent=code[:100])
    return codes[code]


def if_readable(element: Element, read: Callable[[], T]) -> T | None:
    """Read something that may be missing: where it cannot be read, a finding says so."""
    try:
        return read()
    except Unreadable as fault:
        element.noticed.append(as_finding(fault))
        return None
