"""`timer`: wake-ups to come, replaced by name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from crossdock.messages.envelope import Key
from crossdock.ports.store import TimerRow
from crossdock.store.instants import instant, instant_or_none, micros
from crossdock.store.tables.table import Table


def timer_row(columns: Sequence[Any]) -> TimerRow:
    """Read the columns of a timer, in the order every query here asks for them."""
    tenant, subscriber, kind, id_, name, due_at, correlation_id, message_id = columns
    return TimerRow(
        tenant=tenant,
        subscriber=subscriber,
        key=Key(kind, id_),
        name=name,
        due_at=instant(due_at),
        correlation_id=correlation_id,
        message_id=message_id,
    )


class ReadTimers(Table):
    """Questions about timers."""

    def timers(self, tenant: str, subscriber: str, key: Key) -> list[TimerRow]:
        asked = (tenant, subscriber, key.kind, key.id)
        return [timer_row(columns) for columns in self._sql.ask("timer.find", asked)]

    def next_timer(self) -> datetime | None:
        ((due_at,),) = self._sql.ask("timer.next")
        return instant_or_none(due_at)


class WriteTimers(ReadTimers):
    """Timers: set, cancelled, taken."""

    def set_timers(self, rows: Sequence[TimerRow]) -> None:
        self._sql.tell_each(
            "timer.set",
            [
                (
                    row.tenant,
                    row.subscriber,
                    row.key.kind,
                    row.key.id,
                    row.name,
                    micros(row.due_at),
                    row.correlation_id,
                    row.message_id,
                )
                for row in rows
            ],
        )

    def cancel_timers(self, rows: Sequence[tuple[str, str, Key, str]]) -> None:
        self._sql.tell_each(
            "timer.cancel",
            [
                (tenant, subscriber, key.kind, key.id, name)
                for tenant, subscriber, key, name in rows
            ],
        )

    def due_timers(self, now: datetime, limit: int) -> list[TimerRow]:
        found = self._sql.ask("timer.due", (micros(now), limit))
        due = [timer_row(columns) for columns in found]
        self.cancel_timers([(row.tenant, row.subscriber, row.key, row.name) for row in due])
        return due
