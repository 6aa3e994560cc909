"""Steps and those who take them: inbox, parked keys, states, timers, references."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec.structs import replace

from crossdock.canonical.references import Reference
from crossdock.messages.envelope import Key
from crossdock.ports.store import (
    CaseName,
    Handled,
    HandledStep,
    InboxRow,
    ProcessRow,
    ReferenceRow,
    StageCount,
    Stale,
    Step,
    TimerRow,
)
from crossdock.store.memory.tables import Part, Place, Queued


def in_order(queued: Iterable[Queued]) -> list[Queued]:
    """Sort steps as they were appended."""
    return sorted(queued, key=lambda each: each.row.seq)


class ReadSteps(Part):
    """Questions about steps, states, timers and numbers."""

    def processes(self, wanted: Sequence[CaseName]) -> dict[CaseName, ProcessRow]:
        found = ((each, self._tables.process.get(each)) for each in wanted)
        return {each: row for each, row in found if row}

    def list_processes(
        self, tenant: str, subscriber: str, stage: str | None, after: str, limit: int
    ) -> list[ProcessRow]:
        found = [
            row
            for row in self._tables.process.rows()
            if (row.tenant, row.subscriber) == (tenant, subscriber)
            and stage in {None, row.stage}
            and row.key.id > after
        ]
        return sorted(found, key=lambda row: (row.key.id, row.key.kind))[:limit]

    def stages(self, tenant: str) -> list[StageCount]:
        since: dict[tuple[str, str], list[datetime]] = defaultdict(list)
        for row in self._tables.process.rows():
            if row.tenant == tenant:
                since[row.subscriber, row.stage].append(row.updated_at)
        return [
            StageCount(subscriber=subscriber, stage=stage, count=len(times), oldest=min(times))
            for (subscriber, stage), times in sorted(since.items())
        ]

    def pending(self, tenant: str | None = None) -> int:
        waiting = (
            each
            for place in (Place.PENDING, Place.PARKED)
            for each in self._tables.inbox.by("place", place)
        )
        return sum(tenant in {None, each.row.tenant} for each in waiting)

    def parked(self, tenant: str) -> list[tuple[str, Key]]:
        return sorted(
            (subscriber, key)
            for tenant_, subscriber, key in self._tables.parked.rows()
            if tenant_ == tenant
        )

    def handled(self, tenant: str, subscriber: str, key: Key) -> list[HandledStep]:
        queued = self._tables.inbox.by("key", (tenant, subscriber, key))
        return [
            HandledStep(step=self._step(each), revision=each.revision, at=each.at, facts=each.facts)
            for each in in_order(queued)
            if each.at
        ]

    def unhandled(self, tenant: str, subscriber: str, key: Key) -> list[Step]:
        queued = self._tables.inbox.by("key", (tenant, subscriber, key))
        return [self._step(each) for each in in_order(queued) if not each.at]

    def _step(self, queued: Queued) -> Step:
        row = queued.row
        appended = self._tables.message.get((row.tenant, row.message_id))
        if appended is None:
            raise LookupError(f"Step {row.seq} has no message {row.message_id}")
        return Step(row=row, message=appended.row)

    def timers(self, tenant: str, subscriber: str, key: Key) -> list[TimerRow]:
        found = self._tables.timer.by("key", (tenant, subscriber, key))
        return sorted(found, key=lambda row: (row.due_at, row.name))

    def next_timer(self) -> datetime | None:
        return min((row.due_at for row in self._tables.timer.rows()), default=None)

    def routes(self, tenant: str, references: Sequence[Reference]) -> dict[Reference, ReferenceRow]:
        found = {}
        for reference in references:
            rows = self._tables.reference.by("reference", (tenant, reference))
            routable = [row for row in rows if row.routable]
            if len(routable) == 1:
                found[reference] = routable[0]
        return found

    def search(self, tenant: str, value: str) -> list[ReferenceRow]:
        found = self._tables.reference.by("folded", (tenant, value.casefold()))
        return sorted(found, key=spelling)

    def references_of(self, tenant: str, key: Key) -> list[ReferenceRow]:
        return sorted(self._tables.reference.by("key", (tenant, key)), key=spelling)


def spelling(row: ReferenceRow) -> tuple[str, str, str, Key]:
    """Sort numbers by type, issuer, value and key."""
    return (row.reference.type, row.reference.issuer, row.reference.value, row.key)


class WriteSteps(ReadSteps):
    """Steps, states, timers and numbers, written."""

    def enqueue(self, rows: Sequence[InboxRow]) -> None:
        for row in rows:
            key = (row.tenant, row.subscriber, row.key)
            if not self._tables.inbox.by("message", (*key, row.message_id)):
                seq = self._tables.next("inbox")
                place = Place.PENDING if self._tables.parked.get(key) is None else Place.PARKED
                self._tables.inbox.put(seq, Queued(replace(row, seq=seq), place))

    def claim(self, limit: int, lanes: Sequence[int] | None = None) -> list[Step]:
        queued = in_order(self._tables.inbox.by("place", Place.PENDING))
        claimed = [each for each in queued if lanes is None or each.row.lane in lanes]
        return [self._step(each) for each in claimed[:limit]]

    def held_back(self, rows: Sequence[InboxRow]) -> frozenset[CaseName]:
        names = ((row.tenant, row.subscriber, row.key) for row in rows)
        return frozenset(each for each in names if self._tables.parked.get(each) is not None)

    def finish(self, rows: Sequence[Handled]) -> None:
        for row in rows:
            queued = self._tables.inbox.get(row.seq)
            taken = queued.row if queued else row.row
            if taken:
                seq = row.seq or self._tables.next("inbox")
                taken = replace(taken, seq=seq)
                done = Queued(taken, Place.HANDLED, row.revision, row.at, row.facts)
                self._tables.inbox.put(seq, done)

    def try_alone(self, seq: int) -> int:
        queued = self._tables.inbox.get(seq)
        if queued is None:
            return 0
        attempts = queued.row.attempts + 1
        self._tables.inbox.put(seq, replace(queued, row=replace(queued.row, attempts=attempts)))
        return attempts

    def forgive(self, seq: int) -> None:
        queued = self._tables.inbox.get(seq)
        if queued:
            self._tables.inbox.put(seq, replace(queued, row=replace(queued.row, attempts=0)))

    def park(self, tenant: str, subscriber: str, key: Key, why: str, at: datetime) -> None:
        del why, at  # kept for people who look into the database; nothing asks for them here
        parked = (tenant, subscriber, key)
        self._tables.parked.put(parked, parked)
        self._move(parked, Place.PENDING, Place.PARKED)

    def release(self, tenant: str, subscriber: str, key: Key) -> bool:
        parked = (tenant, subscriber, key)
        self._move(parked, Place.PARKED, Place.PENDING)
        return self._tables.parked.drop(parked)

    def _move(self, key: tuple[str, str, Key], before: Place, now: Place) -> None:
        for queued in self._tables.inbox.by("key", key):
            if queued.place is before:
                self._tables.inbox.put(queued.row.seq, replace(queued, place=now))

    def save(self, rows: Sequence[ProcessRow]) -> None:
        for row in rows:
            key = (row.tenant, row.subscriber, row.key)
            before = self._tables.process.get(key)
            if row.revision != (before.revision if before else 0) + 1:
                raise Stale
            self._tables.process.put(key, row)

    def set_timers(self, rows: Sequence[TimerRow]) -> None:
        for row in rows:
            self._tables.timer.put((row.tenant, row.subscriber, row.key, row.name), row)

    def cancel_timers(self, rows: Sequence[tuple[str, str, Key, str]]) -> None:
        for key in rows:
            self._tables.timer.drop(key)

    def due_timers(self, now: datetime, limit: int) -> list[TimerRow]:
        due = sorted(
            (row for row in self._tables.timer.rows() if row.due_at <= now),
            key=lambda row: (row.due_at, row.tenant, row.subscriber, row.key, row.name),
        )[:limit]
        self.cancel_timers([(row.tenant, row.subscriber, row.key, row.name) for row in due])
        return due

    def put_references(self, rows: Sequence[ReferenceRow]) -> None:
        for row in rows:
            self._tables.reference.put((row.tenant, row.reference, row.key), row)
