"""`process`: the state of each process, moved by compare-and-set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crossdock.messages.envelope import Key
from crossdock.ports.store import CaseName, ProcessRow, StageCount
from crossdock.store.instants import instant, micros
from crossdock.store.tables.table import Table


def process_row(found: Sequence[Any]) -> ProcessRow:
    """Read the columns of a state, in the order every query here asks for them."""
    tenant, subscriber, kind, id_, state, schema, revision, stage, updated_at = found
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

    def processes(self, wanted: Sequence[CaseName]) -> dict[CaseName, ProcessRow]:
        asked = [(tenant, name, key.kind, key.id) for tenant, name, key in wanted]
        found = self._sql.ask_each("process.find", asked)
        rows = map(process_row, found)
        return {(row.tenant, row.subscriber, row.key): row for row in rows}

    def list_processes(
        self, tenant: str, subscriber: str, stage: str | None, after: str, limit: int
    ) -> list[ProcessRow]:
        if stage is None:
            found = self._sql.ask("process.list", (tenant, subscriber, after, limit))
        else:
            asked = (tenant, subscriber, stage, after, limit)
            found = self._sql.ask("process.list_stage", asked)
        return [process_row(each) for each in found]

    def stages(self, tenant: str) -> list[StageCount]:
        found = self._sql.ask("process.stages", (tenant,))
        return [
            StageCount(subscriber=subscriber, stage=stage, count=count, oldest=instant(oldest))
            for subscriber, stage, count, oldest in found
        ]


class WriteProcesses(ReadProcesses):
    """Moves of states."""

    def save(self, rows: Sequence[ProcessRow]) -> None:
        started = [columns(row) for row in rows if row.revision == 1]
        moved = [columns(row) for row in rows if row.revision != 1]
        self._sql.change("process.start", started)
        self._sql.change("process.save", moved)


def columns(row: ProcessRow) -> tuple[object, ...]:
    """Write a state as the columns of `start` and `save`."""
    return (
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
