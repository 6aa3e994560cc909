"""`inbox` and `parked`: the steps to take, those taken, and the keys that must wait."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from crossdock.messages.envelope import Key
from crossdock.ports.store import CaseName, Handled, HandledStep, InboxRow, Step
from crossdock.store.instants import instant, micros
from crossdock.store.tables.message import message_row
from crossdock.store.tables.table import Table

STEP, MESSAGE = 8, 21  # how many columns are the inbox row's, and where the message's end


def step(columns: Sequence[Any]) -> Step:
    """Read an inbox row and its message."""
    tenant, message_id, subscriber, kind, id_, lane, seq, attempts = columns[:STEP]
    row = InboxRow(
        tenant=tenant,
        message_id=message_id,
        subscriber=subscriber,
        key=Key(kind, id_),
        lane=lane,
        seq=seq,
        attempts=attempts,
    )
    return Step(row=row, message=message_row(columns[STEP:MESSAGE]))


def handled_step(columns: Sequence[Any]) -> HandledStep:
    """Read a step that was taken."""
    revision, at, facts = columns[MESSAGE:]
    return HandledStep(step=step(columns), revision=revision, at=instant(at), facts=facts)


def queued(row: InboxRow) -> tuple[object, ...]:
    """Write a step as the columns of `enqueue`."""
    key = row.key
    return (
        row.tenant,
        row.message_id,
        row.subscriber,
        key.kind,
        key.id,
        row.lane,
        row.attempts,
    )


class ReadInbox(Table):
    """Questions about steps."""

    def pending(self, tenant: str | None = None) -> int:
        count: int
        if tenant is None:
            ((count,),) = self._sql.ask("inbox.pending")
        else:
            ((count,),) = self._sql.ask("inbox.pending_of", (tenant,))
        return count

    def parked(self, tenant: str) -> list[tuple[str, Key]]:
        found = self._sql.ask("inbox.parked", (tenant,))
        return [(subscriber, Key(kind, id_)) for subscriber, kind, id_ in found]

    def handled(self, tenant: str, subscriber: str, key: Key) -> list[HandledStep]:
        asked = (tenant, subscriber, key.kind, key.id)
        return [handled_step(row) for row in self._sql.ask("inbox.handled", asked)]

    def unhandled(self, tenant: str, subscriber: str, key: Key) -> list[Step]:
        asked = (tenant, subscriber, key.kind, key.id)
        return [step(row) for row in self._sql.ask("inbox.unhandled", asked)]


class WriteInbox(ReadInbox):
    """Steps: added, claimed, taken, parked."""

    def enqueue(self, rows: Sequence[InboxRow]) -> None:
        self._sql.tell_each("inbox.enqueue", map(queued, rows))

    def claim(self, limit: int, lanes: Sequence[int] | None = None) -> Sequence[Step]:
        if lanes is None:
            found = self._sql.ask("inbox.claim", (limit,))
        else:
            found = self._sql.ask("inbox.claim_lanes", (json.dumps(list(lanes)), limit))
        return [step(columns) for columns in found]

    def held_back(self, rows: Sequence[InboxRow]) -> frozenset[CaseName]:
        asked = {(row.tenant, row.subscriber, row.key.kind, row.key.id) for row in rows}
        return frozenset(
            (tenant, subscriber, Key(kind, id_))
            for tenant, subscriber, kind, id_ in self._sql.ask_each("inbox.held_back", asked)
        )

    def finish(self, rows: Sequence[Handled]) -> None:
        waited = [row for row in rows if row.row is None]
        self._sql.tell_each(
            "inbox.finish", [(row.revision, micros(row.at), row.facts, row.seq) for row in waited]
        )
        self._sql.tell_each(
            "inbox.finish_at_once",
            [
                (*queued(row.row), row.revision, micros(row.at), row.facts)
                for row in rows
                if row.row is not None
            ],
        )

    def try_alone(self, seq: int) -> int:
        for (attempts,) in self._sql.ask("inbox.try_alone", (seq,)):
            return int(attempts)
        return 0

    def forgive(self, seq: int) -> None:
        self._sql.tell("inbox.forgive", (seq,))

    def park(self, tenant: str, subscriber: str, key: Key, why: str, at: datetime) -> None:
        parked = (tenant, subscriber, key.kind, key.id)
        self._sql.tell("inbox.park", (*parked, why, micros(at)))
        self._sql.tell("inbox.park_steps", parked)

    def release(self, tenant: str, subscriber: str, key: Key) -> bool:
        parked = (tenant, subscriber, key.kind, key.id)
        released = self._sql.ask("inbox.release", parked)
        self._sql.tell("inbox.release_steps", parked)
        return bool(released)
