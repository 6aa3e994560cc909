"""What one transaction adds, gathered so that the store is asked once for each table.

A step says all it has to say into `Notes` of its own; only a step that succeeded adds them to the
transaction's `Batch`, so a step is in the store whole or not at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

import msgspec
from msgspec import Struct

from crossdock.canonical.references import Reference
from crossdock.flow.asking import Asking, Dropping, settle_asks
from crossdock.flow.exceptions import Closing
from crossdock.flow.names import lane_of
from crossdock.flow.roster import Directory
from crossdock.messages.envelope import Key, Message
from crossdock.messages.registry import decode, encode
from crossdock.ports import Put
from crossdock.ports.store import (
    ExceptionRow,
    ExceptionStatus,
    Handled,
    InboxRow,
    MessageRow,
    ProcessRow,
    ProjectionRow,
    ReferenceRow,
    TimerRow,
    Unit,
)

TimerName = tuple[str, str, Key, str]
ShelfMark = tuple[str, str, str]  # tenant, kind and key of a read-model row


class Addressed(Struct, frozen=True, kw_only=True):
    """A message with everyone whose turn it is, and what the read models make of it."""

    row: MessageRow
    message: Message
    inbox: tuple[InboxRow, ...]
    puts: tuple[Put, ...]


def address(directory: Directory, message: Message) -> Addressed:
    """Find everyone whose turn a message is; raises whatever a subscriber's `keys` raises."""
    if message.addressee is None:
        turns = [
            (each.name, key) for each in directory.listening(message) for key in each.keys(message)
        ]
    else:
        turns = [message.addressee]
    tenant, id_ = message.tenant, message.id
    inbox = [
        InboxRow(tenant=tenant, message_id=id_, subscriber=name, key=key, lane=lane_of(tenant, key))
        for name, key in turns
    ]
    puts: list[Put] = []
    for showing in directory.showing(message):
        puts += showing.project(message)
    return Addressed(row=row_of(message), message=message, inbox=tuple(inbox), puts=tuple(puts))


def row_of(message: Message) -> MessageRow:
    """Write a message as the history keeps it."""
    return MessageRow(
        tenant=message.tenant,
        id=message.id,
        type=type(message.body).__name__,
        schema=message.body.schema,
        body=encode(message.body),
        correlation_id=message.correlation_id,
        causation_id=message.causation_id,
        received_at=message.received_at,
        origin=message.origin,
        document_id=message.document_id,
        bound=message.bound,
        amends=message.amends,
    )


def message_of(row: MessageRow) -> Message:
    """Read a message of the history. Raises Outdated where its type or schema is unknown."""
    return Message(
        id=row.id,
        tenant=row.tenant,
        correlation_id=row.correlation_id,
        causation_id=row.causation_id,
        received_at=row.received_at,
        origin=row.origin,
        body=decode(row.type, row.schema, row.body),
        document_id=row.document_id,
        bound=row.bound,
        amends=row.amends,
    )


class Notes(Struct, kw_only=True):
    """What one step says, in the order it says it; `counted` are counters to go up by one."""

    messages: list[Addressed] = []
    shelf: dict[ShelfMark, ProjectionRow | None] = {}
    timers: dict[TimerName, TimerRow | None] = {}
    references: dict[tuple[str, Reference, Key], ReferenceRow] = {}
    exceptions: list[ExceptionRow | Closing] = []
    asks: list[Asking | Dropping] = []
    counted: list[str] = []

    def publish(self, said: Addressed) -> None:
        """Add a message, the steps it makes and the read-model rows it changes."""
        self.messages.append(said)
        for put in said.puts:
            mark = (said.row.tenant, put.kind, put.key)
            self.shelf[mark] = None if put.body is None else _shown(said, put)

    def extend(self, other: Notes) -> None:
        """Add what a step said after all that was said before."""
        self.messages.extend(other.messages)
        self.shelf.update(other.shelf)
        self.timers.update(other.timers)
        self.references.update(other.references)
        self.exceptions.extend(other.exceptions)
        self.asks.extend(other.asks)
        self.counted.extend(other.counted)


_encoder = msgspec.json.Encoder(order="deterministic")


def _shown(said: Addressed, put: Put) -> ProjectionRow:
    return ProjectionRow(
        tenant=said.row.tenant,
        kind=put.kind,
        key=put.key,
        body=said.row.body if put.body is said.message.body else _encoder.encode(put.body),
        index=put.index,
        updated_at=said.row.received_at,
    )


class Batch(Notes, kw_only=True):
    """What one transaction adds; `flush` writes it.

    The steps of the first `followed` messages are taken or left already: `handled` are those taken,
    whenever they were made, and `left` those of them that wait. `waiting` counts the steps that
    were written to be taken later.
    """

    at: datetime
    directory: Directory
    states: list[ProcessRow] = []
    handled: list[Handled] = []
    followed: int = 0
    left: list[InboxRow] = []
    waiting: int = 0
    tally: Counter[str] = msgspec.field(default_factory=Counter)

    @property
    def alarm(self) -> datetime | None:
        """Tell when the earliest timer set here is due; None where none is set."""
        return min((row.due_at for row in self.timers.values() if row is not None), default=None)

    def flush(self, unit: Unit, tenant: str) -> set[str]:
        """Write everything; answer the endpoints that have new work.

        Raises Repeated, at the latest with the commit, where a message was said before whose steps
        were taken as if it were new.
        """
        woken = settle_asks(unit, self.directory.roster, self.asks, self.at)
        for answer in woken.answers:
            self.publish(address(self.directory, answer))
        self.exceptions.extend(woken.closings)
        for trouble in woken.troubles:
            rulebook = self.directory.roster.rulebook
            self.exceptions.append(trouble.row(tenant, rulebook, self.at))
            self.tally[f"exceptions/{trouble.team}/{trouble.code}"] += 1
        if self.messages:
            unit.append([each.row for each in self.messages], self.followed)
        self._flush_read_side(unit)
        if self.timers:
            unit.set_timers([row for row in self.timers.values() if row is not None])
            unit.cancel_timers([name for name, row in self.timers.items() if row is None])
        self._flush_exceptions(unit)
        if self.states:
            unit.save(self.states)
        self._flush_steps(unit)
        for path in self.counted:
            self.tally[path] += 1
        if self.tally:
            unit.bump(tenant, self.tally)
        return woken.endpoints

    def _flush_steps(self, unit: Unit) -> None:
        """Write the steps: those taken come before those that wait."""
        if self.handled:
            unit.finish(self.handled)
        fresh = (row for each in self.messages[self.followed :] for row in each.inbox)
        if waiting := [*self.left, *fresh]:
            unit.enqueue(waiting)
        self.waiting = len(waiting)

    def _flush_read_side(self, unit: Unit) -> None:
        if self.references:
            unit.put_references(list(self.references.values()))
        rows = [row for row in self.shelf.values() if row is not None]
        if rows:
            unit.put_projections(rows)
        for (tenant, kind, key), row in self.shelf.items():
            if row is None:
                unit.drop_projections(tenant, kind, [key])

    def _flush_exceptions(self, unit: Unit) -> None:
        for openings, each in _runs(self.exceptions):
            if openings:
                unit.open_exceptions(openings)
            if each is not None:
                unit.close_exceptions(
                    each.tenant,
                    each.ids(),
                    ExceptionStatus.RESOLVED,
                    each.by,
                    each.because,
                    self.at,
                )


def _runs(
    exceptions: Iterable[ExceptionRow | Closing],
) -> Iterable[tuple[list[ExceptionRow], Closing | None]]:
    """Group openings up to the next closing, so that the order in which they were said holds."""
    openings: list[ExceptionRow] = []
    for each in exceptions:
        if isinstance(each, ExceptionRow):
            openings.append(each)
        else:
            yield openings, each
            openings = []
    if openings:
        yield openings, None
