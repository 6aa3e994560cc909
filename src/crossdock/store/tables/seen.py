"""`seen`: what each endpoint has said before, for ever."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import astuple

from crossdock.ports.store import Seen, SeenRow
from crossdock.store.tables.table import Table


class ReadSeen(Table):
    """Questions about what was said before."""

    def seen(self, tenant: str, endpoint: str, identity: str) -> SeenRow | None:
        key = (tenant, endpoint, identity)
        for tenant_, endpoint_, identity_, digest, message_id, answer in self._sql.ask(
            "seen.find", key
        ):
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
        is_new = self._sql.write("seen.remember", map(astuple, rows))
        if all(is_new):
            return [Seen.NEW] * len(rows)
        known = [name_of(row) for row, new in zip(rows, is_new, strict=True) if not new]
        found = self._sql.ask_each("seen.find", known)
        hashes = {tuple(name): digest for *name, digest, _, _ in found}
        return [
            Seen.NEW if new else compared(row, hashes[name_of(row)])
            for row, new in zip(rows, is_new, strict=True)
        ]


def name_of(row: SeenRow) -> tuple[str, str, str]:
    """Name what was seen."""
    return row.tenant, row.endpoint, row.identity


def compared(row: SeenRow, before: bytes) -> Seen:
    """Compare a known identity's content with what came under it before."""
    return Seen.DUPLICATE if before == row.hash else Seen.CONFLICT
