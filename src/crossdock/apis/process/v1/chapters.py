"""What the store holds of one process, gathered and put into a trace's words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from crossdock.apis.process.v1.story import Alarm, Effect, Entry, EntryKind, Stuck, Try
from crossdock.apis.process.v1.telling import tell
from crossdock.messages.envelope import Body, Command, Key
from crossdock.messages.registry import decode
from crossdock.ports.store import (
    AttemptRow,
    ExceptionRow,
    MessageRow,
    OutboxRow,
    ProcessRow,
    Reader,
)


class Gathered(Struct, frozen=True, kw_only=True):
    """One process with its history; `bodies` are those of `rows`, in the same order."""

    process: ProcessRow
    rows: tuple[MessageRow, ...]
    bodies: tuple[Body, ...]
    entries: tuple[Entry, ...]
    effects: tuple[Effect, ...]
    exceptions: tuple[ExceptionRow, ...]
    alarms: tuple[Alarm, ...]
    waiting_steps: int
    parked: bool


def gather(
    reader: Reader, tenant: str, subscribers: Sequence[str], key: Key
) -> tuple[Gathered, ...]:
    """Gather every process that has a state for this key."""
    found = reader.processes([(tenant, name, key) for name in subscribers])
    return tuple(_gathered(reader, row) for row in found.values())


def _gathered(reader: Reader, process: ProcessRow) -> Gathered:
    tenant, subscriber, key = process.tenant, process.subscriber, process.key
    subject = f"{subscriber}/{key.kind}/{key.id}"
    steps = reader.handled(tenant, subscriber, key)
    taken = [each.step.message for each in steps]
    caused = [
        row
        for row in reader.messages_caused_by(tenant, [each.id for each in taken])
        if row.origin == f"process:{subscriber}"
    ]
    rows = {row.id: row for row in (*taken, *caused)}
    bodies = {row.id: decode(row.type, row.schema, row.body) for row in rows.values()}
    outbox = reader.outbox_of(tenant, subscriber, key)
    tries = {row.id: reader.attempts(tenant, row.id) for row in outbox}
    exceptions = reader.exceptions(tenant, status=None, subject=subject)
    for row in outbox:
        exceptions += reader.exceptions(tenant, status=None, subject=row.id)
    entries = [
        *(
            entry_of(row, bodies[row.id], _kind(row, bodies[row.id]), subject=subject)
            for row in rows.values()
        ),
        *(entry for row in outbox for entry in _attempts(row, tries[row.id], subject)),
        *(entry for row in exceptions for entry in exception_entries(row)),
    ]
    return Gathered(
        process=process,
        rows=tuple(rows.values()),
        bodies=tuple(bodies.values()),
        entries=tuple(entries),
        effects=tuple(_effect(row, tries[row.id]) for row in outbox),
        exceptions=tuple(exceptions),
        alarms=tuple(
            Alarm(name=each.name, due_at=each.due_at)
            for each in reader.timers(tenant, subscriber, key)
        ),
        waiting_steps=len(reader.unhandled(tenant, subscriber, key)),
        parked=(subscriber, key) in reader.parked(tenant),
    )


def _kind(row: MessageRow, body: Body) -> EntryKind:
    if row.origin.startswith("partner:"):
        return EntryKind.RECEIVED
    if row.origin.startswith("process:"):
        return EntryKind.ASKED if isinstance(body, Command) else EntryKind.DECIDED
    return EntryKind.TOLD


def entry_of(row: MessageRow, body: Body, kind: EntryKind, *, subject: str) -> Entry:
    """Tell a message as an entry of the timeline."""
    return Entry(
        at=row.received_at,
        kind=kind,
        what=row.type,
        said=tell(body),
        by=row.origin,
        subject=subject,
        id=row.id,
        cause=row.causation_id,
        document_id=row.document_id,
    )


def _attempts(row: OutboxRow, tries: Sequence[AttemptRow], subject: str) -> Iterable[Entry]:
    for each in tries:
        outcome = each.outcome or "no answer yet"
        status = f" ({each.status})" if each.status else ""
        said = f": {each.said}" if each.said else ""
        purpose = "looked up" if each.purpose == "look_up" else "sent"
        yield Entry(
            at=each.started_at,
            kind=EntryKind.ATTEMPT,
            what=row.verb,
            said=f"{row.business_key} {purpose}, try {each.number}: {outcome}{status}{said}",
            by=row.endpoint,
            subject=subject,
            id=f"{row.id}/{each.number}",
            cause=row.message_id,
        )


def exception_entries(row: ExceptionRow) -> Iterable[Entry]:
    """Tell an exception as its opening and, where it is closed, its end."""
    yield Entry(
        at=row.opened_at,
        kind=EntryKind.STUCK,
        what=row.code,
        said=row.cause,
        by=row.team,
        subject=row.subject,
        id=f"{row.id}/opened",
        cause=row.message_id,
        document_id=row.document_id,
    )
    if row.closed_at is not None:
        yield Entry(
            at=row.closed_at,
            kind=EntryKind.SETTLED,
            what=row.code,
            said=row.closed_because,
            by=row.closed_by,
            subject=row.subject,
            id=f"{row.id}/closed",
        )


def _effect(row: OutboxRow, tries: Sequence[AttemptRow]) -> Effect:
    return Effect(
        id=row.id,
        endpoint=row.endpoint,
        verb=row.verb,
        business_key=row.business_key,
        version=row.version,
        idempotency_key=row.idempotency_key,
        status=row.status,
        created_at=row.created_at,
        due_at=row.due_at,
        finished_at=row.finished_at,
        document=row.document,
        said=row.said,
        tries=tuple(
            Try(
                number=each.number,
                purpose=each.purpose,
                started_at=each.started_at,
                finished_at=each.finished_at,
                outcome=each.outcome,
                status=each.status,
                said=each.said,
            )
            for each in tries
        ),
    )


def stuck_of(row: ExceptionRow) -> Stuck:
    """Tell an exception as operators see it."""
    return Stuck(
        id=row.id,
        kind=row.kind,
        subject=row.subject,
        code=row.code,
        team=row.team,
        owner=row.owner,
        status=row.status,
        cause=row.cause,
        action=row.action,
        opened_at=row.opened_at,
        count=row.count,
        about=row.about,
        seen=row.seen,
        message_id=row.message_id,
        document_id=row.document_id,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
        closed_because=row.closed_because,
    )
