"""Effects on partners: outbox, attempts, breakers, control numbers, acknowledgements owed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from crossdock.messages.envelope import Key
from crossdock.ports.store import (
    CONTROL_FLOOR,
    AttemptRow,
    BreakerRow,
    OutboxRow,
    OutboxStatus,
)
from crossdock.store.leasing import OPEN, leased
from crossdock.store.memory.tables import Part


def ready_at(row: OutboxRow) -> datetime | None:
    """When an open effect may be leased: when it is due, or when the lease on it runs out."""
    return row.lease_until if row.status is OutboxStatus.LEASED else row.due_at


def by_seq(row: OutboxRow) -> int:
    """Sort effects as they were asked for."""
    return row.seq


def by_turn(row: AttemptRow) -> tuple[int, int, str]:
    """Sort attempts as they were made."""
    return (row.fence, row.number, row.purpose)


class ReadEffects(Part):
    """Questions about effects."""

    def outbox(self, tenant: str, ids: Sequence[str]) -> list[OutboxRow]:
        found = (self._tables.outbox.get((tenant, each)) for each in ids)
        return [row for row in found if row]

    def outbox_of(self, tenant: str, subscriber: str, key: Key) -> list[OutboxRow]:
        return sorted(self._tables.outbox.by("asker", (tenant, subscriber, key)), key=by_seq)

    def outbox_standing(
        self, tenant: str, endpoint: str, verb: str, status: OutboxStatus, limit: int = 100
    ) -> list[OutboxRow]:
        wanted = (tenant, endpoint, verb, status)
        rows = sorted(self._tables.outbox.rows(), key=by_seq)
        named = ((row, (row.tenant, row.endpoint, row.verb, row.status)) for row in rows)
        return [row for row, name in named if name == wanted][:limit]

    def outbox_counts(self, tenant: str) -> dict[tuple[str, str, OutboxStatus], int]:
        return dict(
            Counter(
                (row.endpoint, row.verb, row.status)
                for row in self._tables.outbox.rows()
                if row.tenant == tenant
            )
        )

    def oldest_waiting(self, tenant: str) -> dict[str, datetime]:
        oldest: dict[str, datetime] = {}
        for row in self._tables.outbox.rows():
            if row.tenant == tenant and row.status in OPEN:
                since = oldest.get(row.endpoint, row.created_at)
                oldest[row.endpoint] = min(since, row.created_at)
        return oldest

    def next_effect(self, tenant: str, endpoint: str) -> datetime | None:
        waiting = self._tables.outbox.by("endpoint", endpoint)
        ready = (ready_at(row) for row in waiting if row.tenant == tenant and self._is_first(row))
        return min((at for at in ready if at), default=None)

    def _is_first(self, row: OutboxRow) -> bool:
        line = self._tables.outbox.by("line", (row.tenant, row.sequence_key))
        return all(each.seq >= row.seq for each in line)

    def attempts(self, tenant: str, outbox_id: str) -> list[AttemptRow]:
        return sorted(self._tables.attempt.by("effect", (tenant, outbox_id)), key=by_turn)

    def breaker(self, tenant: str, endpoint: str) -> BreakerRow:
        fresh = BreakerRow(tenant=tenant, endpoint=endpoint)
        return self._tables.breaker.get((tenant, endpoint)) or fresh


class WriteEffects(ReadEffects):
    """The life of an effect."""

    def ask(self, rows: Sequence[OutboxRow]) -> None:
        table = self._tables.outbox
        for row in rows:
            unique = (row.tenant, row.endpoint, row.idempotency_key)
            if not table.by("idempotency", unique) and table.get((row.tenant, row.id)) is None:
                table.put((row.tenant, row.id), replace(row, seq=self._tables.next("outbox")))

    def drop_effects(
        self, tenant: str, verb: str, business_key: str, version: str, because: str, at: datetime
    ) -> list[OutboxRow]:
        dropped = []
        for row in self._tables.outbox.by("effect", (tenant, verb, business_key, version)):
            never_sent = row.status is OutboxStatus.WAITING and row.attempts == 0
            if never_sent or row.status is OutboxStatus.REFUSED:
                superseded = OutboxStatus.SUPERSEDED
                dropped.append(replace(row, status=superseded, said=because, finished_at=at))
        for row in dropped:
            self._tables.outbox.put((row.tenant, row.id), row)
        return sorted(dropped, key=by_seq)

    def lease(
        self, tenant: str, endpoint: str, now: datetime, until: datetime, limit: int
    ) -> list[OutboxRow]:
        waiting = sorted(self._tables.outbox.by("endpoint", endpoint), key=by_seq)
        due = [row for row in waiting if row.tenant == tenant and self._is_due(row, now)][:limit]
        for row in due:
            taken = replace(row, status=OutboxStatus.LEASED, lease_until=until, fence=row.fence + 1)
            self._tables.outbox.put((row.tenant, row.id), taken)
        return [leased(row) for row in due]

    def _is_due(self, row: OutboxRow, now: datetime) -> bool:
        ready = ready_at(row)
        return ready is not None and ready <= now and self._is_first(row)

    def settle(self, rows: Sequence[OutboxRow]) -> list[bool]:
        return [self._settle(row) for row in rows]

    def _settle(self, row: OutboxRow) -> bool:
        before = self._tables.outbox.get((row.tenant, row.id))
        if before is None or before.fence != row.fence:
            return False
        self._tables.outbox.put((row.tenant, row.id), outcome(before, row))
        return True

    def rewrite_effect(self, row: OutboxRow) -> None:
        before = self._tables.outbox.get((row.tenant, row.id))
        if before:
            after = replace(
                outcome(before, row), owner=row.owner, request=row.request, fence=before.fence + 1
            )
            self._tables.outbox.put((row.tenant, row.id), after)

    def doubt_effects(self, because: str, now: datetime) -> int:
        doubted = [row for row in self._tables.outbox.rows() if row.status in OPEN]
        for row in doubted:
            self._tables.outbox.put(
                (row.tenant, row.id),
                replace(
                    row,
                    status=OutboxStatus.UNKNOWN,
                    due_at=now,
                    lease_until=None,
                    said=because,
                    fence=row.fence + 1,
                ),
            )
        return len(doubted)

    def note_attempts(self, rows: Sequence[AttemptRow]) -> None:
        for row in rows:
            key = (row.tenant, row.outbox_id, row.fence, row.number, row.purpose)
            begun = self._tables.attempt.get(key) or row
            self._tables.attempt.put(key, replace(row, started_at=begun.started_at))

    def save_breaker(self, row: BreakerRow, expected_generation: int) -> bool:
        if self.breaker(row.tenant, row.endpoint).generation != expected_generation:
            return False
        self._tables.breaker.put((row.tenant, row.endpoint), row)
        return True

    def next_control_number(self, tenant: str, endpoint: str, level: str) -> int:
        taken = self._tables.control_number.get((tenant, endpoint, level)) or 0
        number = max(taken, self._control_floor()) + 1
        self._tables.control_number.put((tenant, endpoint, level), number)
        return number

    def raise_control_floor(self, floor: int) -> int:
        highest = max(floor, self._control_floor(), *self._tables.control_number.rows())
        self._tables.mark.put(CONTROL_FLOOR, str(highest))
        return highest

    def _control_floor(self) -> int:
        return int(self._tables.mark.get(CONTROL_FLOOR) or 0)


def outcome(before: OutboxRow, row: OutboxRow) -> OutboxRow:
    """Take over what may change of an effect; only a leased one has a lease."""
    return replace(
        before,
        status=row.status,
        due_at=row.due_at,
        attempts=row.attempts,
        lease_until=row.lease_until if row.status is OutboxStatus.LEASED else None,
        finished_at=row.finished_at,
        document=row.document,
        said=row.said,
    )
