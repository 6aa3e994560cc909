"""`seen`: what each endpoint has said before, for ever."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import astuple

from crossdock.ports.store import Seen, SeenRow
from crossdock.store.sqlite.queries import named
from crossdock.store.sqlite.tables.table import Table

SQL = named("seen")


class ReadSeen(Table):
    """Questions about what was said before."""

    def seen(self, tenant: str, endpoint: str, identity: str) -> SeenRow | None:
        key = (tenant, endpoint, identity)
        for tenant_, endpoint_, identity_, digest, message_id, answer in self._cursor.execute(
            SQL["find"], key
        ).fetchall():
            return SeenRow(
                tenant=tenant_,
                endpoint=endpoint_,
                identity=identity_,
                hash=digest,
                message_id=message_id,
                answer=answer,
            )
        return None


class WriteSeen(ReadSeen):
    """The permanent dedup."""

    def remember(self, rows: Sequence[SeenRow]) -> list[Seen]:
        is_new = self._insert(SQL["remember"], map(astuple, rows))
        return [
            Seen.NEW if new else self._compare(row) for row, new in zip(rows, is_new, strict=True)
        ]

    def _compare(self, row: SeenRow) -> Seen:
        key = (row.tenant, row.endpoint, row.identity)
        ((_, _, _, digest, _, _),) = self._cursor.execute(SQL["find"], key).fetchall()
        return Seen.DUPLICATE if digest == row.hash else Seen.CONFLICT
