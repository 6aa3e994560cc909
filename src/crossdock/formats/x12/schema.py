"""The standard's tables: elements, segments, sets and code lists, release by release.

They are data, in `tables/`: a new set is rows there and no code.

    elements.csv  number, release, type, least and most characters, name (ours)
    segments.csv  segment, release, its elements (`!` mandatory, `+` components, `?` anything),
                  and its notes on which elements stand together (P all or none, R at least one,
                  E not both, C the first asks for the others, L the first asks for one of them)
    sets.csv      set, release (none: in all of them), loop (a path; `!` mandatory), how often the
                  loop, segment, usage, how often
    codes.csv     element, its codes; an element that is not named may hold any code

An element's or a segment's row of a release holds for it in place of the row without one; a set
that is another one in each release is written out for each. Sources: ASC X12 004010 and 005010, the
sets 204, 210, 214, 315, 990, 997 and 999 and the segments in them. Between those two releases 210
gave up N9 for L11 and SPO for OID: 004030 is held to both. Segments that a set names and no table
describes are held to their place alone.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from msgspec import Struct

RELEASES = ("004010", "004030", "005010")
RELEASE_DIGITS = 6
ANYTHING = "?"
DEPTH_MAX = 16  # of loops in loops


class Element(Struct, frozen=True):
    """What an element may hold; `kind` is AN, ID, R, DT, TM or N with its implied decimals."""

    number: str
    kind: str
    least: int
    most: int
    codes: frozenset[str]


class Slot(Struct, frozen=True):
    """An element's place in a segment: its components (one, if it is no composite)."""

    mandatory: bool
    components: tuple[Element | None, ...]

    @property
    def reference(self) -> str:
        """Give the number of the element in the dictionary; empty for a composite."""
        first = self.components[0]
        return first.number if first is not None and len(self.components) == 1 else ""


class Note(Struct, frozen=True):
    """Which elements stand together: the kind of rule, and the elements by number."""

    kind: str
    places: tuple[int, ...]


class Shape(Struct, frozen=True):
    """A segment: its elements in order, and the notes on them."""

    tag: str
    slots: tuple[Slot, ...]
    notes: tuple[Note, ...]


class Item(Struct):
    """One place in a loop: a segment, or a loop that the segment begins."""

    tag: str
    mandatory: bool
    most: int
    loop: Loop | None = None


class Loop(Struct):
    """A loop or a whole set: its items in order."""

    name: str
    items: list[Item]

    def tags(self) -> Iterator[str]:
        """Name every segment in it, at any depth."""
        waiting = [self]
        while waiting:
            for item in waiting.pop().items:
                yield item.tag
                if item.loop is not None:
                    waiting.append(item.loop)


class Schema(Struct, frozen=True):
    """One release: the segments by tag, and the sets by their number."""

    release: str
    shapes: Mapping[str, Shape]
    sets: Mapping[str, Loop]


def release_of(version: str) -> str:
    """Choose the release whose tables a version is held against: the last one before it."""
    found = [each for each in RELEASES if each <= version[:RELEASE_DIGITS]]
    return found[-1] if found else RELEASES[0]


@cache
def schema(release: str) -> Schema:
    """Read the tables of a release."""
    codes = {row["element"]: frozenset(row["codes"].split()) for row in _rows("codes", release)}
    elements = {
        row["number"]: Element(
            row["number"],
            row["type"],
            int(row["min"]),
            int(row["max"]),
            codes.get(row["number"], frozenset()),
        )
        for row in _rows("elements", release)
    }
    shapes = {row["segment"]: _shape(row, elements) for row in _rows("segments", release)}
    return Schema(release=release, shapes=shapes, sets=_sets(release))


def _rows(table: str, release: str) -> Iterator[dict[str, str]]:
    """Give a table's rows that hold in a release; the release's own come last."""
    text = (files(__package__) / "tables" / f"{table}.csv").read_text("utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    yield from (row for row in rows if not row.get("release"))
    yield from (row for row in rows if row.get("release") == release)


def _shape(row: dict[str, str], elements: Mapping[str, Element]) -> Shape:
    slots = []
    for word in row["elements"].split():
        names = word.rstrip("!").split("+")
        components = tuple(None if name == ANYTHING else elements[name] for name in names)
        slots.append(Slot(word.endswith("!"), components))
    notes = tuple(
        Note(word[0], tuple(int(word[at : at + 2]) for at in range(1, len(word), 2)))
        for word in (row["notes"] or "").split()
    )
    return Shape(row["segment"], tuple(slots), notes)


def _sets(release: str) -> dict[str, Loop]:
    sets: dict[str, Loop] = {}
    loops: dict[tuple[str, str], Loop] = {}
    for row in _rows("sets", release):
        whole = sets.setdefault(row["set"], Loop(row["set"], []))
        loops[row["set"], ""] = whole
        path = row["loop"]
        key = (row["set"], path)
        if key not in loops:
            parent, _, name = path.rpartition("/")
            loops[key] = Loop(name.rstrip("!"), [])
            begins = Item(row["segment"], name.endswith("!"), int(row["loop_max"]), loops[key])
            loops[row["set"], parent].items.append(begins)
        loops[key].items.append(Item(row["segment"], row["usage"] == "M", int(row["max"])))
    return sets
