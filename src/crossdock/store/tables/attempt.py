"""`attempt`: every try at an effect, written before the call and completed after it."""

from __future__ import annotations

from collections.abc import Sequence

from crossdock.ports.store import AttemptRow
from crossdock.store.instants import instant, instant_or_none, micros, micros_or_null
from crossdock.store.tables.table import Table


class ReadAttempts(Table):
    """Questions about attempts."""

    def attempts(self, tenant: str, outbox_id: str) -> list[AttemptRow]:
        found = self._sql.ask("attempt.find", (tenant, outbox_id))
        return [
            AttemptRow(
                tenant=tenant_,
                outbox_id=id_,
                number=number,
                fence=fence,
                purpose=purpose,
                started_at=instant(started_at),
                finished_at=instant_or_none(finished_at),
                outcome=outcome,
                status=status,
                said=said,
            )
            for (
                tenant_,
                id_,
                number,
                fence,
                purpose,
                started_at,
                finished_at,
                outcome,
                status,
                said,
            ) in found
        ]


class WriteAttempts(ReadAttempts):
    """Notes of attempts."""

    def note_attempts(self, rows: Sequence[AttemptRow]) -> None:
        self._sql.tell_each(
            "attempt.note",
            [
                (
                    row.tenant,
                    row.outbox_id,
                    row.number,
                    row.fence,
                    row.purpose,
                    micros(row.started_at),
                    micros_or_null(row.finished_at),
                    row.outcome,
                    row.status,
                    row.said,
                )
                for row in rows
            ],
        )
