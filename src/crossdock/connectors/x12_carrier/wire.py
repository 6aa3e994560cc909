"""X12's shapes as this connector holds them: elements by number, and what waits for its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from crossdock.formats.x12.tokens import Segment


class Row(Struct, frozen=True):
    """One segment, taken apart: `row[2]` is its second element, stripped, empty where it ends.

    `number` is its position in the set, where ST is 1.
    """

    elements: list[str]
    at: int
    number: int

    @property
    def tag(self) -> str:
        """Name the segment."""
        return self.elements[0]

    def __getitem__(self, number: int) -> str:
        """Give an element by its number in the standard, from 1."""
        return self.elements[number].strip() if number < len(self.elements) else ""


def rows(segments: Sequence[Segment]) -> Iterator[Row]:
    """Take the segments of a set apart, without ST and SE."""
    for number, segment in enumerate(segments, 1):
        elements = segment.elements()
        if elements[0] not in {"ST", "SE"}:
            yield Row(elements, segment.at, number)


class Unsealed(Struct, frozen=True, kw_only=True):
    """What is written before it has its control numbers: the segments, and how they are wrapped.

    `functional_id` is empty for segments that stand in no group, as TA1 does. `release` is GS08.
    """

    functional_id: str
    release: str
    segments: list[list[str]]
