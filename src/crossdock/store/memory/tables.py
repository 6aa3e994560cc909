"""Every table of the memory store, with its key and what its rows are found by."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum

from msgspec import Struct

from crossdock.canonical.references import Reference
from crossdock.messages.envelope import Key
from crossdock.ports.store import (
    AttemptRow,
    AuditRow,
    BreakerRow,
    DocumentRow,
    ExceptionRow,
    InboxRow,
    MessageRow,
    OutboxRow,
    ProcessRow,
    ProjectionRow,
    ReferenceRow,
    SeenRow,
    TimerRow,
)
from crossdock.store.leasing import LETS_THE_NEXT_GO, OPEN
from crossdock.store.memory.table import Table, Undo


class Place(IntEnum):
    """Where a step stands."""

    PENDING = 0
    PARKED = 1
    HANDLED = 2


class Appended(Struct, frozen=True):
    """A message and its place in the history."""

    seq: int
    row: MessageRow


class Queued(Struct, frozen=True):
    """A step and what became of it."""

    row: InboxRow
    place: Place
    revision: int = 0
    at: datetime | None = None
    facts: bytes = b""


def line(row: OutboxRow) -> tuple[tuple[str, str], ...]:
    """The line an effect holds up: none where it has ended well or needs no order."""
    ended = row.status in LETS_THE_NEXT_GO or not row.sequence_key
    return () if ended else ((row.tenant, row.sequence_key),)


class Tables:
    """The tables of one store; `journal` holds the steps back of the open transaction."""

    def __init__(self) -> None:
        self.journal: list[Undo] = []
        journal = self.journal
        self.message: Table[tuple[str, str], Appended] = Table(
            journal, cause=lambda each: ((each.row.tenant, each.row.causation_id),)
        )
        self.seen: Table[tuple[str, str, str], SeenRow] = Table(journal)
        self.inbox: Table[int, Queued] = Table(
            journal,
            key=lambda each: ((each.row.tenant, each.row.subscriber, each.row.key),),
            place=lambda each: (each.place,),
            message=lambda each: (
                (each.row.tenant, each.row.subscriber, each.row.key, each.row.message_id),
            ),
        )
        self.parked: Table[tuple[str, str, Key], tuple[str, str, Key]] = Table(journal)
        self.process: Table[tuple[str, str, Key], ProcessRow] = Table(journal)
        self.outbox: Table[tuple[str, str], OutboxRow] = Table(
            journal,
            endpoint=lambda row: (row.endpoint,) if row.status in OPEN else (),
            line=line,
            idempotency=lambda row: ((row.tenant, row.endpoint, row.idempotency_key),),
            asker=lambda row: ((row.tenant, row.subscriber, row.key),),
            effect=lambda row: ((row.tenant, row.verb, row.business_key, row.version),),
        )
        self.attempt: Table[tuple[str, str, int, int, str], AttemptRow] = Table(
            journal, effect=lambda row: ((row.tenant, row.outbox_id),)
        )
        self.timer: Table[tuple[str, str, Key, str], TimerRow] = Table(
            journal, key=lambda row: ((row.tenant, row.subscriber, row.key),)
        )
        self.reference: Table[tuple[str, Reference, Key], ReferenceRow] = Table(
            journal,
            reference=lambda row: ((row.tenant, row.reference),),
            folded=lambda row: ((row.tenant, row.reference.value.casefold()),),
            key=lambda row: ((row.tenant, row.key),),
        )
        self.exception: Table[tuple[str, str], ExceptionRow] = Table(journal)
        self.document: Table[tuple[str, str], DocumentRow] = Table(journal)
        self.control_number: Table[tuple[str, str, str], int] = Table(journal)
        self.audit: Table[int, AuditRow] = Table(journal, tenant=lambda row: (row.tenant,))
        self.projection: Table[tuple[str, str, str], ProjectionRow] = Table(
            journal,
            kind=lambda row: ((row.tenant, row.kind),),
            term=lambda row: [(row.tenant, row.kind, *term) for term in row.index],
        )
        self.counter: Table[tuple[str, str], int] = Table(journal)
        self.breaker: Table[tuple[str, str], BreakerRow] = Table(journal)
        self.rule_book: Table[tuple[str, str], bytes] = Table(journal)
        self.mark: Table[str, str] = Table(journal)
        self.sequence: Table[str, int] = Table(journal)

    def copy(self) -> Tables:
        """Copy every table as it is, with a journal of its own."""
        twin = Tables()
        for name, table in vars(self).items():
            if isinstance(table, Table):
                setattr(twin, name, table.copy(twin.journal))
        return twin

    def next(self, sequence: str) -> int:
        """Take the next number of a sequence; the first is 1."""
        number = (self.sequence.get(sequence) or 0) + 1
        self.sequence.put(sequence, number)
        return number


class Part:
    """A part of a transaction or snapshot: the tables it works on."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
