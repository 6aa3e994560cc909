"""All tables of the database together, with what PostgreSQL does in a way of its own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from crossdock.messages.envelope import Key
from crossdock.ports.store import (
    CaseName,
    DocumentRow,
    ExceptionRow,
    InboxRow,
    MessageRow,
    ProjectionRow,
    Step,
)
from crossdock.store.instants import micros
from crossdock.store.postgres.sql import Awaited, PostgresSql
from crossdock.store.tables.exception import opened
from crossdock.store.tables.inbox import step
from crossdock.store.tables.message import columns
from crossdock.store.tables.projection import write_terms
from crossdock.store.tables.raw_document import chunks, kept
from crossdock.store.tables.unit import TablesReader, TablesUnit

EMPTY = (0, "plain", b"")  # the one piece of a document without content


class PostgresReader(TablesReader):
    """A snapshot of the store."""


class PostgresUnit(TablesUnit):
    """One transaction on the store."""

    def __init__(self, sql: PostgresSql) -> None:
        super().__init__(sql)
        self._own_sql = sql
        self._free = False  # no key is parked

    def claim(self, limit: int, lanes: Sequence[int] | None = None) -> Sequence[Step]:
        """Ask in the same breath whether any key is parked: mostly none is.

        Only whoever takes the steps of a key parks it, so that none is parked but here from now on.
        """
        parked = self._own_sql.later("inbox.any_parked")
        if lanes is None:
            found = self._own_sql.later("inbox.claim", (limit,))
        else:
            found = self._own_sql.later("inbox.claim_lanes", (json.dumps(list(lanes)), limit))

        def look() -> list[Step]:
            self._free = not parked.rows
            return [step(columns) for columns in found.rows]

        return Awaited(look)

    def append(self, messages: Sequence[MessageRow], new: int = 0) -> Sequence[bool]:
        """Let the statements count, and the server refuse: no answer is waited for in between."""
        fresh, others = messages[:new], messages[new:]
        self._sql.tell_each("message.append_new", map(columns, fresh))
        added = self._own_sql.write("message.append", map(columns, others))
        return Awaited(lambda: [*[True] * len(fresh), *added])

    def keep_documents(self, rows: Sequence[DocumentRow]) -> None:
        """Let the server see which are new, so that no answer is waited for in between."""
        first = {(row.tenant, row.id): row.content for row in reversed(rows)}
        self._sql.tell_each(
            "raw_document.keep_chunk",
            [
                (*name, *piece)
                for name, content in first.items()
                for piece in list(chunks(content)) or [EMPTY]
            ],
        )
        self._sql.tell_each("raw_document.keep", map(kept, rows))

    def put_projections(self, rows: Sequence[ProjectionRow]) -> None:
        """Let the server compare each with what was there before."""
        self._sql.change(
            "projection.put_and_index",
            [
                (
                    row.tenant,
                    row.kind,
                    row.key,
                    row.body,
                    write_terms(row.index).decode(),
                    micros(row.updated_at),
                )
                for row in rows
            ],
        )

    def drop_projections(self, tenant: str, kind: str, keys: Sequence[str]) -> None:
        """Let the server see by what they were found."""
        self._sql.tell_each("projection.drop_and_unindex", [(tenant, kind, key) for key in keys])

    def held_back(self, rows: Sequence[InboxRow]) -> frozenset[CaseName]:
        """Ask only where a key may be parked."""
        return frozenset() if self._free else super().held_back(rows)

    def park(self, tenant: str, subscriber: str, key: Key, why: str, at: datetime) -> None:
        """Remember that one is."""
        self._free = False
        super().park(tenant, subscriber, key, why, at)

    def open_exceptions(self, rows: Sequence[ExceptionRow]) -> None:
        """Write the rows first: that locks them, so that no other transaction notes numbers too."""
        self._sql.tell_each("exception.open", map(opened, rows))
        last = {(row.tenant, row.id): row for row in rows}
        self._sql.tell_each("exception.forget_about", last)
        numbers = [(row.tenant, number, row.id) for row in last.values() for number in row.about]
        self._sql.tell_each("exception.note_about", numbers)
