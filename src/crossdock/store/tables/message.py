"""`message`: the history, append-only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import compress
from operator import itemgetter
from typing import Any

from crossdock.messages.envelope import Key
from crossdock.ports.store import MessageRow, Repeated
from crossdock.store.instants import instant, micros
from crossdock.store.tables.table import Table

RECEIVED_AT, SEQ = 7, 13


def message_row(found: Sequence[Any]) -> MessageRow:
    """Read the columns of a message, in the order every query here asks for them."""
    (
        tenant,
        id_,
        kind,
        schema,
        body,
        correlation_id,
        causation_id,
        received_at,
        origin,
        document_id,
        bound_kind,
        bound_id,
        amends,
    ) = found
    return MessageRow(
        tenant=tenant,
        id=id_,
        type=kind,
        schema=schema,
        body=body,
        correlation_id=correlation_id,
        causation_id=causation_id,
        received_at=instant(received_at),
        origin=origin,
        document_id=document_id,
        bound=None if bound_kind is None else Key(bound_kind, bound_id),
        amends=amends,
    )


class ReadMessages(Table):
    """Questions to the history."""

    def messages(self, tenant: str, ids: Sequence[str]) -> dict[str, MessageRow]:
        found = self._sql.ask_each("message.find", [(tenant, each) for each in ids])
        rows = map(message_row, found)
        return {row.id: row for row in rows}

    def messages_caused_by(self, tenant: str, ids: Sequence[str]) -> list[MessageRow]:
        causes = [(tenant, each) for each in dict.fromkeys(ids)]
        found = self._sql.ask_each("message.find_caused", causes)
        found.sort(key=itemgetter(RECEIVED_AT, SEQ))
        return [message_row(each[:SEQ]) for each in found]

    def count_messages(self, tenant: str) -> dict[str, int]:
        return dict(self._sql.ask("message.counts", (tenant,)))


class WriteMessages(ReadMessages):
    """Additions to the history."""

    def append(self, messages: Sequence[MessageRow], new: int = 0) -> Sequence[bool]:
        is_new = self._sql.write("message.append", map(columns, messages))
        if not all(is_new[:new]):
            raise Repeated
        added = Counter((row.tenant, row.type) for row in compress(messages, is_new))
        self._sql.tell_each("message.count", [(*name, count) for name, count in added.items()])
        return is_new


def columns(row: MessageRow) -> tuple[object, ...]:
    """Write a message as the columns of `append`."""
    return (
        row.tenant,
        row.id,
        row.type,
        row.schema,
        row.body,
        row.correlation_id,
        row.causation_id,
        micros(row.received_at),
        row.origin,
        row.document_id,
        row.bound and row.bound.kind,
        row.bound and row.bound.id,
        row.amends,
    )
