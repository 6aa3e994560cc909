"""X12's shapes as this connector holds them: elements by number, and what waits for its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

TOLD_APART = "\x1f"  # between elements that were joined to one text: no X12 holds it


class Row(Struct, frozen=True, gc=False):
    """One segment, taken apart: `row[2]` is its second element, stripped, empty where it ends.

    `number` is its position in the set, where ST is 1.
    """

    elements: list[str]
    number: int

    @property
    def tag(self) -> str:
        """Name the segment."""
        return self.elements[0]

    def __getitem__(self, number: int) -> str:
        """Give an element by its number in the standard, from 1."""
        return self.elements[number] if number < len(self.elements) else ""


def row_of(text: str, separator: str, number: int) -> Row:
    """Take a segment's text apart; blanks around an element are no part of it."""
    elements = text.split(separator)
    if " " in text:
        elements = [element.strip() for element in elements]
    return Row(elements, number)


def rows(texts: Sequence[str], separator: str) -> Iterator[Row]:
    """Take the segments of a set apart, without ST and SE."""
    for number, text in enumerate(texts, 1):
        row = row_of(text, separator, number)
        if row.elements[0] not in {"ST", "SE"}:
            yield row


class Unsealed(Struct, frozen=True, kw_only=True):
    """What is written before it has its control numbers: the segments, and how they are wrapped.

    `functional_id` is empty for segments that stand in no group, as TA1 does. `release` is GS08.
    """

    functional_id: str
    release: str
    segments: list[list[str]]
