"""What an intake asks of a transaction, and what stands for one while nothing can be written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from crossdock.canonical.references import Reference
from crossdock.ports.store import (
    DocumentRow,
    MessageRow,
    OutboxRow,
    Reader,
    ReferenceRow,
    Seen,
    SeenRow,
)

Told = tuple[list[SeenRow], list[Seen]]  # identities, and whether each is new


class Ledger(Protocol):
    """What an intake asks of a transaction, or of what stands for one."""

    def routes(self, tenant: str, references: Sequence[Reference]) -> dict[Reference, ReferenceRow]:
        """Look up routable references."""
        ...

    def messages(self, tenant: str, ids: Sequence[str]) -> dict[str, MessageRow]:
        """Find messages by id."""
        ...

    def document(self, tenant: str, id: str) -> DocumentRow | None:  # noqa: A002 - the port's word
        """Find a raw document."""
        ...

    def outbox(self, tenant: str, ids: Sequence[str]) -> list[OutboxRow]:
        """Find effects by id."""
        ...

    def seen(self, tenant: str, endpoint: str, identity: str) -> SeenRow | None:
        """Find what an endpoint said under an identity."""
        ...

    def remember(self, rows: Sequence[SeenRow]) -> list[Seen]:
        """Insert identities; answer for each whether it is new, a duplicate or a conflict."""
        ...

    def keep_documents(self, rows: Sequence[DocumentRow]) -> None:
        """Keep raw documents."""
        ...


class Notebook:
    """What an intake reads and keeps while nothing can be written."""

    def __init__(self, reader: Reader) -> None:
        """Begin with what a snapshot shows."""
        self._reader = reader
        self._remembered: dict[tuple[str, str, str], SeenRow] = {}
        self.told: list[Told] = []
        self.documents: list[DocumentRow] = []

    def routes(self, tenant: str, references: Sequence[Reference]) -> dict[Reference, ReferenceRow]:
        """Look up routable references."""
        return self._reader.routes(tenant, references)

    def messages(self, tenant: str, ids: Sequence[str]) -> dict[str, MessageRow]:
        """Find messages by id."""
        return self._reader.messages(tenant, ids)

    def document(self, tenant: str, id: str) -> DocumentRow | None:  # noqa: A002 - the port's word
        """Find a raw document."""
        return self._reader.document(tenant, id)

    def outbox(self, tenant: str, ids: Sequence[str]) -> list[OutboxRow]:
        """Find effects by id."""
        return self._reader.outbox(tenant, ids)

    def seen(self, tenant: str, endpoint: str, identity: str) -> SeenRow | None:
        """Find what an endpoint said under an identity, here or before."""
        name = (tenant, endpoint, identity)
        return self._remembered.get(name) or self._reader.seen(*name)

    def remember(self, rows: Sequence[SeenRow]) -> list[Seen]:
        """Tell what is new, as far as one can before it is written."""
        verdicts = [self._judge(row) for row in rows]
        self.told.append((list(rows), verdicts))
        return verdicts

    def _judge(self, row: SeenRow) -> Seen:
        before = self.seen(row.tenant, row.endpoint, row.identity)
        if before is None:
            self._remembered[row.tenant, row.endpoint, row.identity] = row
            return Seen.NEW
        return Seen.DUPLICATE if before.hash == row.hash else Seen.CONFLICT

    def keep_documents(self, rows: Sequence[DocumentRow]) -> None:
        """Keep documents until they are written."""
        self.documents.extend(rows)
