"""`audit`: who did what to what, and why; append-only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crossdock.ports.store import AuditRow
from crossdock.store.instants import instant, micros
from crossdock.store.tables.table import Table


class ReadAudit(Table):
    """Questions to the audit log."""

    def audit(self, tenant: str, subject: str | None = None, limit: int = 100) -> list[AuditRow]:
        if subject is None:
            found = self._sql.ask("audit.list", (tenant, limit))
        else:
            found = self._sql.ask("audit.list_subject", (tenant, subject, limit))
        return [_sealed((*row, b"")) for row in found]

    def audit_after(self, tenant: str, seq: int, limit: int) -> list[AuditRow]:
        return [_sealed(row) for row in self._sql.ask("audit.after", (tenant, seq, limit))]


def _sealed(row: tuple[Any, ...]) -> AuditRow:
    tenant, at, actor, action, subject, reason, detail, seq, seal = row
    return AuditRow(
        tenant=tenant,
        at=instant(at),
        actor=actor,
        action=action,
        subject=subject,
        reason=reason,
        detail=detail,
        seq=seq,
        seal=seal or b"",
    )


class WriteAudit(ReadAudit):
    """Additions to the audit log."""

    def log(self, rows: Sequence[AuditRow]) -> None:
        self._sql.tell_each(
            "audit.log",
            [
                (
                    row.tenant,
                    micros(row.at),
                    row.actor,
                    row.action,
                    row.subject,
                    row.reason,
                    row.detail,
                )
                for row in rows
            ],
        )

    def seal_audit(self, seals: Sequence[tuple[str, int, bytes]]) -> None:
        self._sql.tell_each("audit.seal", [(seal, tenant, seq) for tenant, seq, seal in seals])
