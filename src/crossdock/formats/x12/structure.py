"""The order of segments in a set, held against its loops: a walk along the table, no recursion.

A segment belongs where the table first has it from here on: later in the loop it stands in, in a
loop that begins later, or in a loop around it. Nowhere from here on: it is misplaced, and the walk
goes on from where it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from crossdock.formats.x12.acknowledgement import SegmentFault
from crossdock.formats.x12.schema import DEPTH_MAX, Item, Loop, Schema, schema

UNKNOWN, UNEXPECTED, MISSING, LOOP_TOO_OFTEN, TOO_OFTEN = "1", "2", "3", "4", "5"
NOT_IN_SET, OUT_OF_ORDER = "6", "7"
ALIKE_MAX = 512  # segments of a set whose build is remembered; a longer one is like no other


def misplaced(release: str, set_id: str, tags: tuple[str, ...]) -> tuple[SegmentFault, ...]:
    """Tell which segments of a set stand where they must not, and which are missing."""
    remembered = _walked if len(tags) <= ALIKE_MAX else _walked.__wrapped__
    return remembered(release, set_id, tags)


@lru_cache(maxsize=1024)  # most sets of a partner are built alike
def _walked(release: str, set_id: str, tags: tuple[str, ...]) -> tuple[SegmentFault, ...]:
    known = schema(release)
    walk = _Walk(known, known.sets[set_id])
    for position, tag in enumerate(tags, 1):
        walk.step(tag, position)
    walk.finish(len(tags) + 1)
    return tuple(walk.faults)


class _Place:
    """Where the walk stands in one loop: at which item, and how often it was there."""

    __slots__ = ("count", "first", "index", "loop")

    def __init__(self, loop: Loop, *, begun: bool) -> None:
        """Stand before a set, or at the segment that has begun a loop."""
        self.loop = loop
        self.index = 0 if begun else -1
        self.count = 1 if begun else 0
        self.first = int(begun)  # the segment that begins a loop begins another one, not this again

    def ahead(self, tag: str) -> int:
        """Find the item of a tag from here on; -1 where there is none."""
        items = self.loop.items
        for index in range(max(self.index, self.first), len(items)):
            if items[index].tag == tag:
                return index
        return -1

    def skipped(self, index: int) -> Iterator[Item]:
        """Give the mandatory items between here and an item."""
        for item in self.loop.items[self.index + 1 : index]:
            if item.mandatory:
                yield item


class _Walk:
    """A walk along the table of one set."""

    def __init__(self, known: Schema, whole: Loop) -> None:
        self._known = known
        self._all = frozenset(whole.tags())
        self._stack = [_Place(whole, begun=False)]
        self.faults: list[SegmentFault] = []

    def step(self, tag: str, position: int) -> None:
        """Go to a segment, or tell why it is misplaced."""
        for depth in range(len(self._stack) - 1, -1, -1):
            index = self._stack[depth].ahead(tag)
            if index >= 0:
                self._leave(depth + 1, position)
                self._enter(self._stack[depth], index, tag, position)
                return
        self._fault(tag, position, self._why(tag))

    def finish(self, position: int) -> None:
        """Tell what is missing at the end."""
        self._leave(0, position)

    def _leave(self, depth: int, position: int) -> None:
        """Leave loops down to a depth; what they lack is missing."""
        while len(self._stack) > depth:
            place = self._stack.pop()
            for item in place.skipped(len(place.loop.items)):
                self._fault(item.tag, position, MISSING, place.loop)

    def _enter(self, place: _Place, index: int, tag: str, position: int) -> None:
        item = place.loop.items[index]
        if index == place.index:
            place.count += 1
        else:
            for missed in place.skipped(index):
                self._fault(missed.tag, position, MISSING, place.loop)
            place.index, place.count = index, 1
        if place.count == item.most + 1:
            self._fault(tag, position, LOOP_TOO_OFTEN if item.loop else TOO_OFTEN, item.loop)
        if item.loop is not None and len(self._stack) < DEPTH_MAX:
            self._stack.append(_Place(item.loop, begun=True))

    def _why(self, tag: str) -> str:
        if any(item.tag == tag for place in self._stack for item in place.loop.items):
            return OUT_OF_ORDER
        if tag in self._all:
            return UNEXPECTED
        return NOT_IN_SET if tag in self._known.shapes else UNKNOWN

    def _fault(self, tag: str, position: int, code: str, loop: Loop | None = None) -> None:
        inner = loop or self._stack[-1].loop if self._stack else loop
        name = inner.name if inner is not None and len(self._stack) > 1 else ""
        self.faults.append(SegmentFault(tag=tag, position=position, code=code, loop=name))
