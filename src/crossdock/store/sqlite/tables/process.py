"""`process`: the state of each process, moved by compare-and-set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from crossdock.messages.envelope import Key
from crossdock.ports.store import ProcessRow, StageCount, Stale
from crossdock.store.sqlite.instants import instant, micros
from crossdock.store.sqlite.queries import named
from crossdock.store.sqlite.tables.table import Table

SQL = named("process")


def process_row(columns: Sequence[Any]) -> ProcessRow:
    """Read the columns of a state, in the order every query here asks for them."""
    tenant, subscriber, kind, id_, state, schema, revision, stage, updated_at = columns
    return ProcessRow(
        tenant=tenant,
        subscriber=subscriber,
        key=Key(kind, id_),
        state=state,
        schema=schema,
        revision=revision,
        stage=stage,
        updated_at=instant(updated_at),
    )


class ReadProcesses(Table):
    """Questions about states."""

    def processes(
        self, wanted: Sequence[tuple[str, str, Key]]
    ) -> dict[tuple[str, str, Key], ProcessRow]:
        asked = [(tenant, name, key.kind, key.id) for tenant, name, key in wanted]
        found = self._cursor.executemany(SQL["find"], asked)
        rows = (process_row(columns) for columns in found)
        return {(row.tenant, row.subscriber, row.key): row for row in rows}

    def list_processes(
        self, tenant: str, subscriber: str, stage: str | None, after: str, limit: int
    ) -> list[ProcessRow]:
        if stage is None:
            found = self._cursor.execute(SQL["list"], (tenant, subscriber, after, limit))
        else:
            asked = (tenant, subscriber, stage, after, limit)
            found = self._cursor.execute(SQL["list_stage"], asked)
        return [process_row(columns) for columns in found]

    def stages(self, tenant: str) -> list[StageCount]:
        found = self._cursor.execute(SQL["stages"], (tenant,))
        return [
            StageCount(subscriber=subscriber, stage=stage, count=count, oldest=instant(oldest))
            for subscriber, stage, count, oldest in found
        ]


class WriteProcesses(ReadProcesses):
    """Moves of states."""

    def save(self, rows: Sequence[ProcessRow]) -> None:
        total_changes = self._cursor.connection.total_changes
        before = total_changes()
        self._run("start", (row for row in rows if row.revision == 1))
        self._run("save", (row for row in rows if row.revision != 1))
        if total_changes() - before != len(rows):
            raise Stale

    def _run(self, statement: str, rows: Iterable[ProcessRow]) -> None:
        self._cursor.executemany(
            SQL[statement],
            [
                (
                    row.state,
                    row.schema,
                    row.revision,
                    row.stage,
                    micros(row.updated_at),
                    row.tenant,
                    row.subscriber,
                    row.key.kind,
                    row.key.id,
                )
                for row in rows
            ],
        )
