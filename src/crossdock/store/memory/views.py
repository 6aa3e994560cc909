"""What people look at: exceptions and the rows of the read models."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from crossdock.ports.store import ExceptionRow, ExceptionStatus, ProjectionRow
from crossdock.store.memory.tables import Part


def by_opening(row: ExceptionRow) -> tuple[datetime, str]:
    """Sort exceptions by opening time and id."""
    return (row.opened_at, row.id)


class ReadViews(Part):
    """Questions about exceptions and read models."""

    def exceptions(
        self,
        tenant: str,
        *,
        status: ExceptionStatus | None = ExceptionStatus.OPEN,
        team: str | None = None,
        about: str | None = None,
        subject: str | None = None,
        after: str = "",
        limit: int = 100,
    ) -> list[ExceptionRow]:
        last = self._tables.exception.get((tenant, after))
        if after and last is None:
            return []
        found = [
            row
            for row in self._tables.exception.rows()
            if row.tenant == tenant
            and status in {None, row.status}
            and team in {None, row.team}
            and subject in {None, row.subject}
            and about in {None, *row.about}
            and (last is None or by_opening(row) > by_opening(last))
        ]
        return sorted(found, key=by_opening)[:limit]

    def exception(self, tenant: str, id: str) -> ExceptionRow | None:
        exact = self._tables.exception.get((tenant, id))
        found = [
            row
            for row in self._tables.exception.rows()
            if row.tenant == tenant and id and row.id.startswith(id)
        ]
        return exact or (found[0] if len(found) == 1 else None)

    def exception_counts(self, tenant: str) -> dict[tuple[str, str], int]:
        return dict(
            Counter(
                (row.team, row.code)
                for row in self._tables.exception.rows()
                if row.tenant == tenant and row.status is ExceptionStatus.OPEN
            )
        )

    def projections(self, tenant: str, kind: str, keys: Sequence[str]) -> dict[str, ProjectionRow]:
        found = ((key, self._tables.projection.get((tenant, kind, key))) for key in keys)
        return {key: row for key, row in found if row}

    def find(
        self,
        tenant: str,
        kind: str,
        where: Mapping[str, str],
        *,
        after: str = "",
        limit: int = 100,
    ) -> list[ProjectionRow]:
        terms = list(where.items())
        table = self._tables.projection
        rows = (
            table.by("term", (tenant, kind, *terms[0]))
            if terms
            else table.by("kind", (tenant, kind))
        )
        found = [row for row in rows if row.key > after and set(terms) <= set(row.index)]
        return sorted(found, key=lambda row: row.key)[:limit]


class WriteViews(ReadViews):
    """Exceptions and read models, written."""

    def open_exceptions(self, rows: Sequence[ExceptionRow]) -> None:
        for row in rows:
            before = self._tables.exception.get((row.tenant, row.id))
            opened = replace(
                row, status=ExceptionStatus.OPEN, closed_at=None, closed_by="", closed_because=""
            )
            if before and before.status is ExceptionStatus.OPEN:
                opened = replace(
                    opened,
                    opened_at=before.opened_at,
                    owner=before.owner,
                    count=before.count + row.count,
                )
            self._tables.exception.put((row.tenant, row.id), opened)

    def close_exceptions(
        self,
        tenant: str,
        ids: Sequence[str],
        status: ExceptionStatus,
        by: str,
        because: str,
        at: datetime,
    ) -> int:
        closed = 0
        for each in ids:
            row = self._tables.exception.get((tenant, each))
            if row and row.status is ExceptionStatus.OPEN:
                done = replace(
                    row, status=status, closed_at=at, closed_by=by, closed_because=because
                )
                self._tables.exception.put((tenant, each), done)
                closed += 1
        return closed

    def assign_exception(self, tenant: str, id: str, owner: str) -> None:
        row = self._tables.exception.get((tenant, id))
        if row:
            self._tables.exception.put((tenant, id), replace(row, owner=owner))

    def put_projections(self, rows: Sequence[ProjectionRow]) -> None:
        for row in rows:
            key = (row.tenant, row.kind, row.key)
            before = self._tables.projection.get(key)
            if before is None:
                self._tables.projection.put(key, replace(row, revision=1))
            elif (before.body, before.index) != (row.body, row.index):
                self._tables.projection.put(key, replace(row, revision=before.revision + 1))

    def drop_projections(self, tenant: str, kind: str, keys: Sequence[str]) -> None:
        for key in keys:
            self._tables.projection.drop((tenant, kind, key))
