"""Statements run on one cursor of the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

import apsw

from crossdock.ports.store import Stale
from crossdock.store.queries import statements
from crossdock.store.tables.table import Row

STATEMENTS = statements("crossdock.store.sqlite")


class SqliteSql:
    """The statements of this store, run one after the other."""

    def __init__(self, cursor: apsw.Cursor) -> None:
        self._cursor = cursor
        self._total_changes = cursor.connection.total_changes

    def ask(self, name: str, values: Row = (), /) -> list[Row]:
        return self._cursor.execute(STATEMENTS[name], values).fetchall()

    def ask_each(self, name: str, rows: Iterable[Row], /) -> list[Row]:
        return self._cursor.executemany(STATEMENTS[name], rows).fetchall()

    def tell(self, name: str, values: Row = (), /) -> None:
        self._cursor.execute(STATEMENTS[name], values)

    def tell_each(self, name: str, rows: Iterable[Row], /) -> None:
        self._cursor.executemany(STATEMENTS[name], rows)

    def change(self, name: str, rows: Iterable[Row], /) -> None:
        asked = list(rows)
        if not asked:
            return
        before = self._total_changes()
        self._cursor.executemany(STATEMENTS[name], asked)
        if self._total_changes() - before != len(asked):
            raise Stale

    def write(self, name: str, rows: Iterable[Row], /) -> list[bool]:
        """Write rows one by one.

        The next row is asked for when the one before is written, so the change count tells them
        apart: a RETURNING clause would double the time of the insert (measured).
        """
        counts: list[int] = []

        def one_by_one() -> Iterator[Row]:
            for row in rows:
                counts.append(self._total_changes())
                yield row

        self._cursor.executemany(STATEMENTS[name], one_by_one())
        counts.append(self._total_changes())
        return [before < after for before, after in pairwise(counts)]
