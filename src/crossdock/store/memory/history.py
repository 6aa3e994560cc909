"""What was said and what was noted: messages, identities, documents, audit, counters, marks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from crossdock.ports.store import AuditRow, DocumentRow, MessageRow, Repeated, Seen, SeenRow
from crossdock.store.memory.tables import Appended, Part


class ReadHistory(Part):
    """Questions to the history."""

    def messages(self, tenant: str, ids: Sequence[str]) -> dict[str, MessageRow]:
        found = (self._tables.message.get((tenant, each)) for each in ids)
        return {each.row.id: each.row for each in found if each}

    def messages_caused_by(self, tenant: str, ids: Sequence[str]) -> list[MessageRow]:
        found = [
            each
            for cause in dict.fromkeys(ids)
            if cause
            for each in self._tables.message.by("cause", (tenant, cause))
        ]
        found.sort(key=lambda each: (each.row.received_at, each.seq))
        return [each.row for each in found]

    def count_messages(self, tenant: str) -> dict[str, int]:
        rows = (each.row for each in self._tables.message.rows())
        return dict(Counter(row.type for row in rows if row.tenant == tenant))

    def seen(self, tenant: str, endpoint: str, identity: str) -> SeenRow | None:
        return self._tables.seen.get((tenant, endpoint, identity))

    def document(self, tenant: str, id: str) -> DocumentRow | None:
        return self._tables.document.get((tenant, id))

    def documents(self, tenant: str, *, after: str = "", limit: int = 100) -> list[DocumentRow]:
        found = [
            row
            for row in self._tables.document.rows()
            if row.tenant == tenant and (not after or row.id < after)
        ]
        return sorted(found, key=lambda row: row.id, reverse=True)[:limit]

    def last_heard(self, tenant: str) -> dict[str, datetime]:
        heard: dict[str, datetime] = {}
        for row in self._tables.document.rows():
            if row.tenant == tenant:
                newest = heard.get(row.endpoint, row.received_at)
                heard[row.endpoint] = max(newest, row.received_at)
        return dict(sorted(heard.items()))

    def audit(self, tenant: str, subject: str | None = None, limit: int = 100) -> list[AuditRow]:
        found = [
            row
            for row in self._tables.audit.by("tenant", tenant)
            if subject is None or row.subject == subject
        ]
        newest = sorted(found, key=lambda row: row.seq, reverse=True)[:limit]
        return [replace(row, seal=b"") for row in newest]

    def audit_after(self, tenant: str, seq: int, limit: int) -> list[AuditRow]:
        rows = (row for row in self._tables.audit.by("tenant", tenant) if row.seq > seq)
        return sorted(rows, key=lambda row: row.seq)[:limit]

    def counters(self, tenant: str) -> dict[str, int]:
        return {
            name: count
            for (tenant_, name), count in self._tables.counter.items()
            if tenant_ == tenant
        }

    def rules(self, tenant: str) -> dict[str, bytes]:
        kept = self._tables.rule_book.items()
        return {digest: content for (tenant_, digest), content in kept if tenant_ == tenant}

    def mark(self, name: str) -> str:
        return self._tables.mark.get(name) or ""


class WriteHistory(ReadHistory):
    """Additions to the history."""

    def append(self, messages: Sequence[MessageRow], new: int = 0) -> list[bool]:
        is_new = [self._append(row) for row in messages]
        if not all(is_new[:new]):
            raise Repeated
        return is_new

    def _append(self, row: MessageRow) -> bool:
        key = (row.tenant, row.id)
        is_new = self._tables.message.get(key) is None
        if is_new:
            self._tables.message.put(key, Appended(self._tables.next("message"), row))
        return is_new

    def remember(self, rows: Sequence[SeenRow]) -> list[Seen]:
        return [self._compare(row) for row in rows]

    def _compare(self, row: SeenRow) -> Seen:
        key = (row.tenant, row.endpoint, row.identity)
        before = self._tables.seen.get(key)
        if before is None:
            self._tables.seen.put(key, row)
            return Seen.NEW
        return Seen.DUPLICATE if before.hash == row.hash else Seen.CONFLICT

    def keep_documents(self, rows: Sequence[DocumentRow]) -> None:
        for row in rows:
            key = (row.tenant, row.id)
            before = self._tables.document.get(key) or row
            kept = replace(before, status=row.status, findings=row.findings)
            self._tables.document.put(key, kept)

    def log(self, rows: Sequence[AuditRow]) -> None:
        for row in rows:
            seq = self._tables.next("audit")
            self._tables.audit.put(seq, replace(row, seq=seq))

    def seal_audit(self, seals: Sequence[tuple[str, int, bytes]]) -> None:
        for tenant, seq, seal in seals:
            row = self._tables.audit.get(seq)
            if row is not None and row.tenant == tenant and not row.seal:
                self._tables.audit.put(seq, replace(row, seal=seal))

    def bump(self, tenant: str, counts: Mapping[str, int]) -> None:
        for name, count in counts.items():
            before = self._tables.counter.get((tenant, name)) or 0
            self._tables.counter.put((tenant, name), before + count)

    def keep_rules(self, tenant: str, digest: str, content: bytes) -> None:
        if self._tables.rule_book.get((tenant, digest)) is None:
            self._tables.rule_book.put((tenant, digest), content)

    def set_mark(self, name: str, value: str) -> None:
        self._tables.mark.put(name, value)
