"""`outbox`: the effects asked of partners, leased, settled, superseded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from crossdock.messages.envelope import Key
from crossdock.ports.store import OutboxRow, OutboxStatus
from crossdock.store.instants import instant, instant_or_none, micros, micros_or_null
from crossdock.store.leasing import leased
from crossdock.store.tables.table import Table


def outbox_row(columns: Sequence[Any]) -> OutboxRow:
    """Read the columns of an effect, in the order every query here asks for them."""
    (tenant, id_, endpoint, verb, business_key, version, idempotency_key, sequence_key) = columns[
        :8
    ]
    (subscriber, kind, key_id, message_id, correlation_id, owner, request) = columns[8:15]
    (created_at, due_at, status, attempts, fence, lease_until, finished_at) = columns[15:22]
    (document, said, seq) = columns[22:]
    return OutboxRow(
        tenant=tenant,
        id=id_,
        endpoint=endpoint,
        verb=verb,
        business_key=business_key,
        version=version,
        idempotency_key=idempotency_key,
        sequence_key=sequence_key,
        subscriber=subscriber,
        key=Key(kind, key_id),
        message_id=message_id,
        correlation_id=correlation_id,
        owner=owner,
        request=request,
        created_at=instant(created_at),
        due_at=instant(due_at),
        status=OutboxStatus(status),
        attempts=attempts,
        fence=fence,
        lease_until=instant_or_none(lease_until),
        finished_at=instant_or_none(finished_at),
        document=document,
        said=said,
        seq=seq,
    )


def asked(row: OutboxRow) -> tuple[object, ...]:
    """Write an effect as the columns of `ask`."""
    return (
        row.tenant,
        row.id,
        row.endpoint,
        row.verb,
        row.business_key,
        row.version,
        row.idempotency_key,
        row.sequence_key,
        row.subscriber,
        row.key.kind,
        row.key.id,
        row.message_id,
        row.correlation_id,
        row.owner,
        row.request,
        micros(row.created_at),
        micros(row.due_at),
        row.status,
        row.attempts,
        row.fence,
        micros_or_null(row.lease_until),
        micros_or_null(row.finished_at),
        row.document,
        row.said,
    )


def outcome(row: OutboxRow) -> tuple[object, ...]:
    """Write what may change of an effect; only a leased one has a lease."""
    return (
        row.status,
        micros(row.due_at),
        row.attempts,
        micros_or_null(row.lease_until) if row.status is OutboxStatus.LEASED else None,
        micros_or_null(row.finished_at),
        row.document,
        row.said,
    )


class ReadOutbox(Table):
    """Questions about effects."""

    def outbox(self, tenant: str, ids: Sequence[str]) -> list[OutboxRow]:
        keys = [(tenant, each) for each in ids]
        return [outbox_row(row) for row in self._sql.ask_each("outbox.find", keys)]

    def outbox_of(self, tenant: str, subscriber: str, key: Key) -> list[OutboxRow]:
        asker = (tenant, subscriber, key.kind, key.id)
        return [outbox_row(row) for row in self._sql.ask("outbox.find_asker", asker)]

    def outbox_standing(
        self, tenant: str, endpoint: str, verb: str, status: OutboxStatus, limit: int = 100
    ) -> list[OutboxRow]:
        wanted = (tenant, endpoint, verb, status, limit)
        return [outbox_row(row) for row in self._sql.ask("outbox.standing", wanted)]

    def outbox_counts(self, tenant: str) -> dict[tuple[str, str, OutboxStatus], int]:
        found = self._sql.ask("outbox.counts", (tenant,))
        return {
            (endpoint, verb, OutboxStatus(status)): count for endpoint, verb, status, count in found
        }

    def oldest_waiting(self, tenant: str) -> dict[str, datetime]:
        found = self._sql.ask("outbox.oldest_waiting", (tenant,))
        return {endpoint: instant(since) for endpoint, since in found}

    def next_effect(self, tenant: str, endpoint: str) -> datetime | None:
        found = self._sql.ask("outbox.next_effect", (tenant, endpoint))
        return next((instant(ready_at) for (ready_at,) in found), None)


class WriteOutbox(ReadOutbox):
    """The life of an effect."""

    def ask(self, rows: Sequence[OutboxRow]) -> None:
        self._sql.tell_each("outbox.ask", map(asked, rows))

    def drop_effects(
        self, tenant: str, verb: str, business_key: str, version: str, because: str, at: datetime
    ) -> list[OutboxRow]:
        dropped = self._sql.ask(
            "outbox.drop", (because, micros(at), tenant, verb, business_key, version)
        )
        rows = self.outbox(tenant, [id_ for (id_,) in dropped])
        return sorted(rows, key=lambda row: row.seq)

    def lease(
        self, tenant: str, endpoint: str, now: datetime, until: datetime, limit: int
    ) -> list[OutboxRow]:
        due = self._sql.ask("outbox.due", (tenant, endpoint, micros(now), limit))
        rows = [outbox_row(columns) for columns in due]
        self._sql.tell_each("outbox.lease", [(micros(until), row.seq) for row in rows])
        return [leased(row) for row in rows]

    def settle(self, rows: Sequence[OutboxRow]) -> list[bool]:
        written = [(row.tenant, row.id, row.fence, *outcome(row)) for row in rows]
        return list(self._sql.write("outbox.settle", written))

    def rewrite_effect(self, row: OutboxRow) -> None:
        written = (*outcome(row), row.owner, row.request, row.tenant, row.id)
        self._sql.tell("outbox.rewrite", written)

    def doubt_effects(self, because: str, now: datetime) -> int:
        return len(self._sql.ask("outbox.doubt", (micros(now), because)))
