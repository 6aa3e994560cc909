"""`inbox` and `parked`: the steps to take, those taken, and the keys that must wait."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from crossdock.messages.envelope import Key
from crossdock.ports.store import Handled, HandledStep, InboxRow, Step
from crossdock.store.sqlite.instants import instant, micros
from crossdock.store.sqlite.queries import named
from crossdock.store.sqlite.tables.message import message_row
from crossdock.store.sqlite.tables.table import Table

SQL = named("inbox")

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


class ReadInbox(Table):
    """Questions about steps."""

    def pending(self, tenant: str | None = None) -> int:
        count: int
        if tenant is None:
            ((count,),) = self._cursor.execute(SQL["pending"]).fetchall()
        else:
            ((count,),) = self._cursor.execute(SQL["pending_of"], (tenant,)).fetchall()
        return count

    def parked(self, tenant: str) -> list[tuple[str, Key]]:
        found = self._cursor.execute(SQL["parked"], (tenant,)).fetchall()
        return [(subscriber, Key(kind, id_)) for subscriber, kind, id_ in found]

    def handled(self, tenant: str, subscriber: str, key: Key) -> list[HandledStep]:
        asked = (tenant, subscriber, key.kind, key.id)
        return [handled_step(row) for row in self._cursor.execute(SQL["handled"], asked)]

    def unhandled(self, tenant: str, subscriber: str, key: Key) -> list[Step]:
        asked = (tenant, subscriber, key.kind, key.id)
        return [step(row) for row in self._cursor.execute(SQL["unhandled"], asked)]


class WriteInbox(ReadInbox):
    """Steps: added, claimed, taken, parked."""

    def enqueue(self, rows: Sequence[InboxRow]) -> None:
        ((last, any_parked),) = self._cursor.execute(SQL["before_enqueue"]).fetchall()
        self._cursor.executemany(
            SQL["enqueue"],
            [
                (
                    row.tenant,
                    row.message_id,
                    row.subscriber,
                    row.key.kind,
                    row.key.id,
                    row.lane,
                    row.attempts,
                )
                for row in rows
            ],
        )
        if any_parked:
            self._cursor.execute(SQL["park_newcomers"], (last,))

    def claim(self, limit: int, lanes: Sequence[int] | None = None) -> list[Step]:
        if lanes is None:
            found = self._cursor.execute(SQL["claim"], (limit,))
        else:
            found = self._cursor.execute(SQL["claim_lanes"], (json.dumps(list(lanes)), limit))
        return [step(columns) for columns in found.fetchall()]

    def finish(self, rows: Sequence[Handled]) -> None:
        self._cursor.executemany(
            SQL["finish"], [(row.revision, micros(row.at), row.facts, row.seq) for row in rows]
        )

    def try_alone(self, seq: int) -> int:
        for (attempts,) in self._cursor.execute(SQL["try_alone"], (seq,)).fetchall():
            return int(attempts)
        return 0

    def park(self, tenant: str, subscriber: str, key: Key, why: str, at: datetime) -> None:
        parked = (tenant, subscriber, key.kind, key.id)
        self._cursor.execute(SQL["park"], (*parked, why, micros(at)))
        self._cursor.execute(SQL["park_steps"], parked)

    def release(self, tenant: str, subscriber: str, key: Key) -> bool:
        parked = (tenant, subscriber, key.kind, key.id)
        released = self._cursor.execute(SQL["release"], parked).fetchall()
        self._cursor.execute(SQL["release_steps"], parked)
        return bool(released)
