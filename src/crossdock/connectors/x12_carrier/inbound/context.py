"""What the reader of a set knows beside the set: the partner's settings, and what is noticed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property
from hashlib import blake2b

from msgspec.structs import replace

from crossdock.canonical.moments import Moment
from crossdock.connectors.x12_carrier.settings import ACCEPTANCE, Acceptance, CodeMeaning, Settings
from crossdock.connectors.x12_carrier.wire import Row, row_of, rows
from crossdock.faults import Finding
from crossdock.formats.x12.envelope import Group, Transaction

NAME = "x12_carrier"


class Context:
    """One document being read under one partner's settings."""

    def __init__(self, settings: Settings) -> None:
        """Begin with nothing noticed."""
        self.settings = settings
        self.source = settings.partner or NAME  # whose evidence this is
        self.noticed: list[Finding] = []
        self._counted: Counter[tuple[int, str]] = Counter()

    def count(self, group: Group, number: str) -> int:
        """Count how often a group has spoken of a number before."""
        before = self._counted[group.at, number]
        self._counted[group.at, number] += 1
        return before

    @cached_property
    def acceptance(self) -> Mapping[str, Acceptance]:
        """Tell what is made of each class of findings."""
        return ACCEPTANCE | self.settings.findings

    @cached_property
    def meanings(self) -> Mapping[tuple[str, str], tuple[CodeMeaning, ...]]:
        """Find what the partner means by a code of a table."""
        found: dict[tuple[str, str], tuple[CodeMeaning, ...]] = {}
        for each in self.settings.codes:
            key = each.table, each.code
            found[key] = (*found.get(key, ()), each)
        return found


class SetContext:
    """One set being read: the document's context, and the group it stands in."""

    __slots__ = ("document", "found", "group", "separator", "settings", "tags", "texts", "written")

    def __init__(
        self,
        document: Context,
        found: Transaction,
        texts: list[str],
        tags: tuple[str, ...],
        written: Moment | None,
    ) -> None:
        """Take what is known of the set.

        `texts` are its segments and `tags` their names; `written` is its group's time.
        """
        self.written = written
        self.tags = tags
        self.document = document
        self.texts = texts
        self.settings = document.settings
        self.found = found
        self.group: Group = found.group
        self.separator = self.group.interchange.delimiters.element

    def rows(self) -> Iterator[Row]:
        """Take the segments of the set apart."""
        return rows(self.texts, self.separator)

    def row(self, position: int) -> Row:
        """Take one segment apart, by its position in the set."""
        return row_of(self.texts[position - 1], self.separator, position)

    def where(self, row: Row | None = None, element: int = 0) -> str:
        """Name a place in the set: `ST 0001/AT7 at 14/05`, from the outside in."""
        if row is None:
            return f"ST {self.found.control}"
        place = f"ST {self.found.control}/{row.elements[0]} at {row.number}"
        return f"{place}/{element:02d}" if element else place

    def shown(self, row: Row) -> str:
        """Show a segment as evidence: where it stands in its set, and what it says.

        Without the set's number: sent again under another one, it is the same evidence.
        """
        return f"{row.tag} at {row.number}: {self.texts[row.number - 1]}"

    def notice(
        self, code: str, said: str, row: Row | None, element: int, kind: str, **seen: str
    ) -> None:
        """Note something about a segment or an element of the set, or about the set itself."""
        self.document.noticed.append(
            Finding(
                code=code,
                said=said,
                where=self.where(row, element),
                seen={name: text[:100] for name, text in seen.items()},
                kind=kind,
                at=self.at(row),
            )
        )

    def check(self, found: Finding | None, row: Row) -> None:
        """Note what a check of an identifier in a segment found, if it found anything."""
        if found is not None:
            self.document.noticed.append(replace(found, at=self.at(row)))

    def at(self, row: Row | None) -> int:
        """Tell the byte at which a segment begins; without one, the set."""
        return self.found.at if row is None else self.found.byte_of(row.number)

    @property
    def environment(self) -> str:
        """Tell whether the envelope is for test or for production, as one letter."""
        return self.group.interchange.usage or "P"

    @property
    def numbers(self) -> str:
        """Name the set by its sender's numbers; a set without an envelope by what it says."""
        interchange = self.group.interchange
        if not interchange.control:
            text = "\n".join(self.texts)
            return blake2b(text.encode("utf-8", "replace"), digest_size=10).hexdigest()
        numbers = (interchange.control, self.group.control, self.found.control)
        return "/".join((interchange.sender, self.environment, *numbers))

    @property
    def sent(self) -> str:
        """Tell when the group was written, as GS04 and GS05 have it."""
        return f"{self.group.date}{self.group.time}"
