"""A table in memory: rows by key, found by indexes, and every change noted so it can be undone."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

Index = Callable[[Any], Iterable[Hashable]]
Undo = Callable[[], None]


class Table(Generic[K, V]):
    """Rows by key. Each index names the values a row is found by; rows are never changed in place.

    `journal` takes one step back for each change, in the order of the changes.
    """

    def __init__(self, journal: list[Undo], **indexes: Index) -> None:
        self._journal = journal
        self._indexes = indexes
        self._rows: dict[K, V] = {}
        self._found: dict[tuple[str, Hashable], dict[K, None]] = {}

    def copy(self, journal: list[Undo]) -> Table[K, V]:
        """Copy the table as it is; the rows are shared."""
        twin: Table[K, V] = Table(journal, **self._indexes)
        twin._rows = dict(self._rows)
        twin._found = {place: dict(keys) for place, keys in self._found.items()}
        return twin

    def get(self, key: K) -> V | None:
        """Find a row by its key."""
        return self._rows.get(key)

    def rows(self) -> Iterable[V]:
        """Every row, in no order."""
        return self._rows.values()

    def items(self) -> Iterable[tuple[K, V]]:
        """Every key with its row, in no order."""
        return self._rows.items()

    def by(self, index: str, value: Hashable) -> list[V]:
        """Find rows by one value of an index, in no order."""
        return [self._rows[key] for key in self._found.get((index, value), ())]

    def put(self, key: K, row: V) -> None:
        """Write a row, in the place of the one that is there."""
        self._journal.append(self._back_to(key))
        self._set(key, row)

    def drop(self, key: K) -> bool:
        """Remove a row; answer whether there was one."""
        if key not in self._rows:
            return False
        self._journal.append(self._back_to(key))
        self._unset(key)
        return True

    def _back_to(self, key: K) -> Undo:
        if key in self._rows:
            before = self._rows[key]
            return lambda: self._set(key, before)
        return lambda: self._unset(key)

    def _set(self, key: K, row: V) -> None:
        if key in self._rows:
            self._unset(key)
        self._rows[key] = row
        for place in self._places(row):
            self._found.setdefault(place, {})[key] = None

    def _unset(self, key: K) -> None:
        for place in self._places(self._rows.pop(key)):
            keys = self._found[place]
            keys.pop(key, None)
            if not keys:
                del self._found[place]

    def _places(self, row: V) -> set[tuple[str, Hashable]]:
        return {(name, value) for name, values in self._indexes.items() for value in values(row)}
