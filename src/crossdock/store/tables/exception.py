"""`exception`: what people must look at, and the numbers to find it by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from crossdock.ports.store import ExceptionRow, ExceptionStatus
from crossdock.store.instants import instant, instant_or_none, micros
from crossdock.store.tables.table import Table

LAST = "\U0010ffff"  # sorts after every id that begins alike

_numbers = msgspec.json.Decoder(tuple[str, ...])
_facts = msgspec.json.Decoder(dict[str, str])


def text(value: object) -> str:
    """Write a small JSON value as text."""
    return msgspec.json.encode(value).decode()


def exception_row(columns: Sequence[Any]) -> ExceptionRow:
    """Read the columns of an exception, in the order every query here asks for them."""
    (tenant, id_, kind, subject, code, team, cause, action, opened_at, status) = columns[:10]
    (owner, about, seen, count, closed_at, closed_by, closed_because) = columns[10:17]
    (message_id, document_id, correlation_id) = columns[17:]
    return ExceptionRow(
        tenant=tenant,
        id=id_,
        kind=kind,
        subject=subject,
        code=code,
        team=team,
        cause=cause,
        action=action,
        opened_at=instant(opened_at),
        status=ExceptionStatus(status),
        owner=owner,
        about=_numbers.decode(about),
        seen=_facts.decode(seen),
        count=count,
        closed_at=instant_or_none(closed_at),
        closed_by=closed_by,
        closed_because=closed_because,
        message_id=message_id,
        document_id=document_id,
        correlation_id=correlation_id,
    )


def opened(row: ExceptionRow) -> tuple[object, ...]:
    """Write an exception as the columns of `open`."""
    return (
        row.tenant,
        row.id,
        row.kind,
        row.subject,
        row.code,
        row.team,
        row.cause,
        row.action,
        micros(row.opened_at),
        row.owner,
        text(row.about),
        text(row.seen),
        row.count,
        row.message_id,
        row.document_id,
        row.correlation_id,
    )


class ReadExceptions(Table):
    """Questions about exceptions."""

    def exceptions(
        self,
        tenant: str,
        *,
        status: ExceptionStatus | None = ExceptionStatus.OPEN,
        team: str | None = None,
        about: str | None = None,
        subject: str | None = None,
        after: str = "",
        limit: int = 100,
    ) -> list[ExceptionRow]:
        asked = (tenant, status, team, subject, about, after, limit)
        if about is not None:
            found = self._sql.ask("exception.list_about", asked)
        elif subject is not None:
            found = self._sql.ask("exception.list_subject", asked)
        elif status is ExceptionStatus.OPEN:
            found = self._sql.ask("exception.list_open", asked)
        else:
            found = self._sql.ask("exception.list", asked)
        return [exception_row(columns) for columns in found]

    def exception(self, tenant: str, id: str) -> ExceptionRow | None:
        found = self._sql.ask("exception.find", (tenant, id, id + LAST))
        exactly_one = len(found) == 1 or (found and found[0][1] == id)
        return exception_row(found[0]) if id and exactly_one else None

    def exception_counts(self, tenant: str) -> dict[tuple[str, str], int]:
        found = self._sql.ask("exception.counts", (tenant,))
        return {(team, code): count for team, code, count in found}


class WriteExceptions(ReadExceptions):
    """Exceptions: opened, closed, given to someone."""

    def open_exceptions(self, rows: Sequence[ExceptionRow]) -> None:
        for row in rows:
            self._find_by(row)
            self._sql.tell("exception.open", opened(row))

    def _find_by(self, row: ExceptionRow) -> None:
        key = (row.tenant, row.id)
        before = self._sql.ask("exception.about_before", key)
        forgotten = [
            (row.tenant, number, row.id) for (about,) in before for number in _numbers.decode(about)
        ]
        self._sql.tell_each("exception.forget_about", forgotten)
        noted = [(row.tenant, number, row.id) for number in row.about]
        self._sql.tell_each("exception.note_about", noted)

    def close_exceptions(
        self,
        tenant: str,
        ids: Sequence[str],
        status: ExceptionStatus,
        by: str,
        because: str,
        at: datetime,
    ) -> int:
        rows = [(status, by, because, micros(at), tenant, each) for each in ids]
        return len(self._sql.ask_each("exception.close", rows))

    def assign_exception(self, tenant: str, id: str, owner: str) -> None:
        self._sql.tell("exception.assign", (owner, tenant, id))
