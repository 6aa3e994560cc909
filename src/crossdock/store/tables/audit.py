"""`audit`: who did what to what, and why; append-only."""

from __future__ import annotations

from collections.abc import Sequence

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
        return [
            AuditRow(
                tenant=tenant_,
                at=instant(at),
                actor=actor,
                action=action,
                subject=subject_,
                reason=reason,
                detail=detail,
                seq=seq,
            )
            for tenant_, at, actor, action, subject_, reason, detail, seq in found
        ]


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
