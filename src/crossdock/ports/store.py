"""The Message Store's sockets: the rows, and what one transaction may do with them.

A `Store` gives transactions (`write`) and snapshots (`read`). Everything a step changes goes
through one `Unit`; leaving it commits all or nothing, and a commit is durable when `write` returns.
Uniqueness is the database's: nothing here is checked first and inserted later.
Times are UTC; `tenant` comes first in every key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from crossdock.canonical.references import Reference
from crossdock.faults import Finding, NotNow
from crossdock.messages.envelope import Key

CaseName = tuple[str, str, Key]  # a process: tenant, subscriber, key
CONTROL_FLOOR = "control_floor"  # the mark below which control numbers are spent


class MessageRow(Struct, frozen=True, kw_only=True):
    """One message of the history; append-only. `body` is JSON of `type` at `schema`."""

    tenant: str
    id: str
    type: str
    schema: int
    body: bytes
    correlation_id: str
    causation_id: str
    received_at: datetime
    origin: str
    document_id: str = ""
    bound: Key | None = None
    amends: str = ""


class SeenRow(Struct, frozen=True, kw_only=True):
    """What an endpoint has said before, for ever: identity -> hash, message, stored answer."""

    tenant: str
    endpoint: str
    identity: str
    hash: bytes
    message_id: str
    answer: bytes = b""


class Seen(StrEnum):
    """How a new identity compares with what was seen."""

    NEW = "new"
    DUPLICATE = "duplicate"  # the same identity with the same content
    CONFLICT = "conflict"  # the same identity with other content


class InboxRow(Struct, frozen=True, kw_only=True):
    """One step to take: a message for a subscriber's key. `seq` orders them; 0 before stored.

    `attempts` counts workers that died in this very step, written before it is tried alone.
    """

    tenant: str
    message_id: str
    subscriber: str
    key: Key
    lane: int = 0
    seq: int = 0
    attempts: int = 0


class Step(Struct, frozen=True, kw_only=True):
    """A pending inbox row with its message."""

    row: InboxRow
    message: MessageRow


class Handled(Struct, frozen=True, kw_only=True):
    """A step that was taken: the state's revision after it, and the facts it looked at.

    `seq` is the place of its inbox row. A step taken in the very transaction that made it never
    waited and has no place yet: `row` is what it gets, behind all that are there.
    """

    seq: int = 0
    revision: int
    at: datetime
    facts: bytes = b""
    row: InboxRow | None = None


class HandledStep(Struct, frozen=True, kw_only=True):
    """A step of the past, for replay and trace."""

    step: Step
    revision: int
    at: datetime
    facts: bytes


class ProcessRow(Struct, frozen=True, kw_only=True):
    """One process's state. Saving needs the stored revision to be `revision - 1` (0: no row)."""

    tenant: str
    subscriber: str
    key: Key
    state: bytes
    schema: int
    revision: int
    stage: str
    updated_at: datetime


class OutboxStatus(StrEnum):
    """Where an effect stands."""

    WAITING = "waiting"
    LEASED = "leased"
    UNKNOWN = "unknown"  # sent, and the outcome must be looked up before anything else
    APPLIED = "applied"
    REFUSED = "refused"
    UNRESOLVED = "unresolved"  # nobody can tell; one exception asks a person
    WAIVED = "waived"
    SUPERSEDED = "superseded"


class OutboxRow(Struct, frozen=True, kw_only=True):
    """One effect for one endpoint; (tenant, endpoint, idempotency_key) is unique.

    `request` are the stored bytes (JSON of `ports.Request`). `fence` rises with every lease: a
    result counts only under the current fence. `attempts` counts what was really tried.
    """

    tenant: str
    id: str
    endpoint: str
    verb: str
    business_key: str
    version: str
    idempotency_key: str
    sequence_key: str
    subscriber: str
    key: Key
    message_id: str
    correlation_id: str
    owner: str
    request: bytes
    created_at: datetime
    due_at: datetime
    status: OutboxStatus = OutboxStatus.WAITING
    attempts: int = 0
    fence: int = 0
    lease_until: datetime | None = None
    finished_at: datetime | None = None
    document: str = ""
    said: str = ""
    seq: int = 0


class AttemptRow(Struct, frozen=True, kw_only=True):
    """One try at an effect, written before the call (`finished_at` None) and completed after it."""

    tenant: str
    outbox_id: str
    number: int
    fence: int
    purpose: str  # `send` or `look_up`
    started_at: datetime
    finished_at: datetime | None = None
    outcome: str = ""
    status: int = 0
    said: str = ""


class TimerRow(Struct, frozen=True, kw_only=True):
    """A wake-up to come; one for each (tenant, subscriber, key, name)."""

    tenant: str
    subscriber: str
    key: Key
    name: str
    due_at: datetime
    correlation_id: str
    message_id: str


class ReferenceRow(Struct, frozen=True, kw_only=True):
    """A number that leads to a key."""

    tenant: str
    reference: Reference
    key: Key
    routable: bool
    correlation_id: str


class ExceptionStatus(StrEnum):
    """Where an exception stands."""

    OPEN = "open"
    RESOLVED = "resolved"
    WAIVED = "waived"


class ExceptionRow(Struct, frozen=True, kw_only=True):
    """Something a person must look at.

    `kind` is what is stuck: `document`, `process`, `step`, `effect`, `endpoint` or `store`;
    `subject` its id (document id, `subscriber/kind/id`, outbox id, a name). `id` is made of tenant,
    kind, subject and code, so that the same trouble is one row: opening it again raises `count` and
    keeps `opened_at` while open.
    """

    tenant: str
    id: str
    kind: str
    subject: str
    code: str
    team: str
    cause: str
    action: str
    opened_at: datetime
    status: ExceptionStatus = ExceptionStatus.OPEN
    owner: str = ""
    about: tuple[str, ...] = ()
    seen: dict[str, str] = {}
    count: int = 1
    closed_at: datetime | None = None
    closed_by: str = ""
    closed_because: str = ""
    message_id: str = ""
    document_id: str = ""
    correlation_id: str = ""


class DocumentStatus(StrEnum):
    """What became of a raw document."""

    TRANSLATED = "translated"
    PARTIAL = "partial"
    UNREADABLE = "unreadable"
    UNASSIGNED = "unassigned"
    FENCED = "fenced"  # from the other side of the fence between test and production


class DocumentRow(Struct, frozen=True, kw_only=True):
    """The bytes as they came, kept apart from what was read in them. `sha256` in hex."""

    tenant: str
    id: str
    endpoint: str
    document: str
    received_at: datetime
    content: bytes
    content_type: str
    sha256: str
    status: DocumentStatus
    findings: tuple[Finding, ...] = ()
    parent_id: str = ""
    retention: str = "standard"


class AuditRow(Struct, frozen=True, kw_only=True):
    """Who did what to what, and why; `seal` chains it to the row before, once it has one."""

    tenant: str
    at: datetime
    actor: str
    action: str
    subject: str
    reason: str
    detail: str = ""
    seq: int = 0
    seal: bytes = b""


class ProjectionRow(Struct, frozen=True, kw_only=True):
    """One row of a read model. `revision` counts its writes; equal bytes are no write."""

    tenant: str
    kind: str
    key: str
    body: bytes
    index: tuple[tuple[str, str], ...]
    updated_at: datetime
    revision: int = 0


class BreakerState(StrEnum):
    """Where a circuit breaker stands."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class BreakerRow(Struct, frozen=True, kw_only=True):
    """One endpoint's circuit breaker; saved by compare-and-set on `generation`/`revision`.

    `generation` rises with every change of state: an outcome counts only in its own generation.
    """

    tenant: str
    endpoint: str
    state: BreakerState = BreakerState.CLOSED
    generation: int = 0
    failures: int = 0
    open_until: datetime | None = None
    probe_until: datetime | None = None
    changed_at: datetime | None = None


class StageCount(Struct, frozen=True, kw_only=True):
    """How many processes of a subscriber stand in a stage, and since when the oldest."""

    subscriber: str
    stage: str
    count: int
    oldest: datetime


class Reader(Protocol):
    """What can be asked of the store, in one snapshot."""

    def messages(self, tenant: str, ids: Sequence[str]) -> dict[str, MessageRow]:
        """Find messages by id."""
        ...

    def messages_caused_by(self, tenant: str, ids: Sequence[str]) -> list[MessageRow]:
        """Find the messages whose causation id is one of these, oldest first."""
        ...

    def count_messages(self, tenant: str) -> dict[str, int]:
        """Count the history by message type."""
        ...

    def processes(self, wanted: Sequence[CaseName]) -> dict[CaseName, ProcessRow]:
        """Find states."""
        ...

    def list_processes(
        self, tenant: str, subscriber: str, stage: str | None, after: str, limit: int
    ) -> list[ProcessRow]:
        """List states by key id, after that id, of one stage or of all."""
        ...

    def stages(self, tenant: str) -> list[StageCount]:
        """Count processes by subscriber and stage."""
        ...

    def pending(self, tenant: str | None = None) -> int:
        """Count inbox rows not yet handled, parked ones included."""
        ...

    def parked(self, tenant: str) -> list[tuple[str, Key]]:
        """List the (subscriber, key) that are parked."""
        ...

    def handled(self, tenant: str, subscriber: str, key: Key) -> list[HandledStep]:
        """List the steps a process has taken, in order."""
        ...

    def unhandled(self, tenant: str, subscriber: str, key: Key) -> list[Step]:
        """List the steps a process has yet to take, in order."""
        ...

    def outbox(self, tenant: str, ids: Sequence[str]) -> list[OutboxRow]:
        """Find effects by id."""
        ...

    def outbox_of(self, tenant: str, subscriber: str, key: Key) -> list[OutboxRow]:
        """List the effects a process asked for, oldest first."""
        ...

    def outbox_standing(
        self, tenant: str, endpoint: str, verb: str, status: OutboxStatus, limit: int = 100
    ) -> list[OutboxRow]:
        """List the effects of one verb at an endpoint that stand so, oldest first."""
        ...

    def outbox_counts(self, tenant: str) -> dict[tuple[str, str, OutboxStatus], int]:
        """Count effects by (endpoint, verb, status)."""
        ...

    def oldest_waiting(self, tenant: str) -> dict[str, datetime]:
        """Tell since when the oldest unfinished effect of each endpoint waits."""
        ...

    def attempts(self, tenant: str, outbox_id: str) -> list[AttemptRow]:
        """List the attempts at an effect, in order."""
        ...

    def timers(self, tenant: str, subscriber: str, key: Key) -> list[TimerRow]:
        """List the timers of a process, by due time."""
        ...

    def next_timer(self) -> datetime | None:
        """Tell when the next timer of anyone is due."""
        ...

    def next_effect(self, tenant: str, endpoint: str) -> datetime | None:
        """Tell when the next effect of an endpoint is due, leases that run out included.

        What waits behind another of its sequence is not due, whatever its time.
        """
        ...

    def routes(self, tenant: str, references: Sequence[Reference]) -> dict[Reference, ReferenceRow]:
        """Look up routable references."""
        ...

    def search(self, tenant: str, value: str) -> list[ReferenceRow]:
        """Find every key a number leads to, whatever its type and issuer; case does not matter."""
        ...

    def references_of(self, tenant: str, key: Key) -> list[ReferenceRow]:
        """List the numbers that lead to a key."""
        ...

    def exceptions(  # noqa: PLR0913 - a search has this many parts
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
        """List exceptions by opening time and id; `after` is the last id of the page before."""
        ...

    def exception(self, tenant: str, id: str) -> ExceptionRow | None:  # noqa: A002
        """Find an exception by id, or by the start of its id where only one matches."""
        ...

    def exception_counts(self, tenant: str) -> dict[tuple[str, str], int]:
        """Count open exceptions by (team, code)."""
        ...

    def document(self, tenant: str, id: str) -> DocumentRow | None:  # noqa: A002
        """Find a raw document."""
        ...

    def documents(self, tenant: str, *, after: str = "", limit: int = 100) -> list[DocumentRow]:
        """List raw documents by id, newest first."""
        ...

    def last_heard(self, tenant: str) -> dict[str, datetime]:
        """Tell when the newest raw document of each endpoint was received."""
        ...

    def seen(self, tenant: str, endpoint: str, identity: str) -> SeenRow | None:
        """Find what an endpoint said under an identity."""
        ...

    def projections(self, tenant: str, kind: str, keys: Sequence[str]) -> dict[str, ProjectionRow]:
        """Find read-model rows by key."""
        ...

    def find(
        self,
        tenant: str,
        kind: str,
        where: Mapping[str, str],
        *,
        after: str = "",
        limit: int = 100,
    ) -> list[ProjectionRow]:
        """List read-model rows whose index holds all of `where`, by key, after that key."""
        ...

    def breaker(self, tenant: str, endpoint: str) -> BreakerRow:
        """Read a circuit breaker; one never saved is closed."""
        ...

    def audit(self, tenant: str, subject: str | None = None, limit: int = 100) -> list[AuditRow]:
        """List audit rows, newest first, without their seals."""
        ...

    def audit_after(self, tenant: str, seq: int, limit: int) -> list[AuditRow]:
        """List the audit rows after this number, in order, with their seals."""
        ...

    def counters(self, tenant: str) -> dict[str, int]:
        """Read the counters."""
        ...

    def rules(self, tenant: str) -> dict[str, bytes]:
        """Read every rule book in use, by digest."""
        ...

    def mark(self, name: str) -> str:
        """Read a mark of the store itself (`clean_shutdown`); empty where never set."""
        ...


class Unit(Reader, Protocol):
    """One transaction: everything a step changes. Reads see what it wrote."""

    def remember(self, rows: Sequence[SeenRow]) -> list[Seen]:
        """Insert identities; answer for each whether it is new, a duplicate or a conflict."""
        ...

    def append(self, messages: Sequence[MessageRow], new: int = 0) -> Sequence[bool]:
        """Append to the history; an id that is there already is left alone (same cause).

        Answers for each whether it was appended. Raises Repeated, at the latest with the commit,
        where one of the first `new` is there already.
        """
        ...

    def enqueue(self, rows: Sequence[InboxRow]) -> None:
        """Append steps to take; (message, subscriber, key) is unique, a repeat is left alone."""
        ...

    def claim(self, limit: int, lanes: Sequence[int] | None = None) -> Sequence[Step]:
        """Take pending steps in order of `seq`, leaving out parked keys; nothing is locked."""
        ...

    def held_back(self, rows: Sequence[InboxRow]) -> frozenset[CaseName]:
        """Tell for which processes these steps cannot be taken here and now.

        Their keys are parked, or their lanes another worker's.
        """
        ...

    def finish(self, rows: Sequence[Handled]) -> None:
        """Note that steps were taken; those with a `row` of their own are added as taken."""
        ...

    def try_alone(self, seq: int) -> int:
        """Count a worker's try at one step before it is tried alone; answer the new count."""
        ...

    def forgive(self, seq: int) -> None:
        """Forget what tries a step has cost; it is tried as a new one is."""
        ...

    def park(self, tenant: str, subscriber: str, key: Key, why: str, at: datetime) -> None:
        """Let this key wait: its steps are not claimed until it is released."""
        ...

    def release(self, tenant: str, subscriber: str, key: Key) -> bool:
        """Let a parked key go on; answer whether it was parked."""
        ...

    def save(self, rows: Sequence[ProcessRow]) -> None:
        """Write states by compare-and-set.

        Raises Stale, at the latest with the commit, when another worker was faster.
        """
        ...

    def ask(self, rows: Sequence[OutboxRow]) -> None:
        """Add effects; one with the same (tenant, endpoint, idempotency key) is left alone."""
        ...

    def drop_effects(  # noqa: PLR0913, PLR0917 - a command's name has three parts
        self, tenant: str, verb: str, business_key: str, version: str, because: str, at: datetime
    ) -> list[OutboxRow]:
        """Supersede effects that were never sent or were refused; answer those rows."""
        ...

    def lease(
        self, tenant: str, endpoint: str, now: datetime, until: datetime, limit: int
    ) -> list[OutboxRow]:
        """Take due effects of an endpoint, oldest first, as they were before the lease.

        Due are WAITING and UNKNOWN rows with `due_at <= now` and LEASED rows whose lease ran out
        (these come back with status UNKNOWN: the worker died during the call). A row waits while an
        earlier one with the same non-empty sequence key is not APPLIED, WAIVED or SUPERSEDED.
        The stored row becomes LEASED until `until` with its fence raised by one; the returned row
        carries the new fence.
        """
        ...

    def settle(self, rows: Sequence[OutboxRow]) -> list[bool]:
        """Write what became of leased effects, each once; False where the fence is overtaken."""
        ...

    def rewrite_effect(self, row: OutboxRow) -> None:
        """Write an effect after an operator's decision (not leased), raising its fence."""
        ...

    def doubt_effects(self, because: str, now: datetime) -> int:
        """Make every open effect of every tenant UNKNOWN and due now; answer how many.

        Their leases end and their fences rise by one: who still has one on its way reports in vain.
        """
        ...

    def note_attempts(self, rows: Sequence[AttemptRow]) -> None:
        """Insert attempts, or complete those that are there."""
        ...

    def set_timers(self, rows: Sequence[TimerRow]) -> None:
        """Set timers, replacing those of the same name."""
        ...

    def cancel_timers(self, rows: Sequence[tuple[str, str, Key, str]]) -> None:
        """Forget timers by (tenant, subscriber, key, name)."""
        ...

    def due_timers(self, now: datetime, limit: int) -> list[TimerRow]:
        """Take due timers, oldest first, out of the table."""
        ...

    def put_references(self, rows: Sequence[ReferenceRow]) -> None:
        """Write numbers; the same (reference, key) is replaced."""
        ...

    def open_exceptions(self, rows: Sequence[ExceptionRow]) -> None:
        """Open exceptions, or raise the count of those open; closed ones open anew."""
        ...

    def close_exceptions(  # noqa: PLR0913, PLR0917 - what an operator decided has this many parts
        self,
        tenant: str,
        ids: Sequence[str],
        status: ExceptionStatus,
        by: str,
        because: str,
        at: datetime,
    ) -> int:
        """Close open exceptions by id; answer how many were open."""
        ...

    def assign_exception(self, tenant: str, id: str, owner: str) -> None:  # noqa: A002
        """Give an exception an owner."""
        ...

    def keep_documents(self, rows: Sequence[DocumentRow]) -> None:
        """Keep raw documents; the same id again replaces status and findings, never the content."""
        ...

    def put_projections(self, rows: Sequence[ProjectionRow]) -> None:
        """Write read-model rows; equal body and index are no write and no new revision.

        Raises Stale as `save`.
        """
        ...

    def drop_projections(self, tenant: str, kind: str, keys: Sequence[str]) -> None:
        """Remove read-model rows."""
        ...

    def save_breaker(self, row: BreakerRow, expected_generation: int) -> bool:
        """Write a breaker where its stored generation is as expected; answer whether it was."""
        ...

    def log(self, rows: Sequence[AuditRow]) -> None:
        """Append to the audit log."""
        ...

    def seal_audit(self, seals: Sequence[tuple[str, int, bytes]]) -> None:
        """Seal audit rows, by tenant and number; one that has a seal keeps it."""
        ...

    def bump(self, tenant: str, counts: Mapping[str, int]) -> None:
        """Raise counters."""
        ...

    def keep_rules(self, tenant: str, digest: str, content: bytes) -> None:
        """Keep a rule book for the cases that are pinned to it."""
        ...

    def set_mark(self, name: str, value: str) -> None:
        """Set a mark of the store itself."""
        ...

    def next_control_number(self, tenant: str, endpoint: str, level: str) -> int:
        """Take the next control number of a partner and level; the first is 1.

        None is ever given that is not above the mark `CONTROL_FLOOR`.
        """
        ...

    def raise_control_floor(self, floor: int) -> int:
        """Give no control number up to `floor` or the highest ever taken; answer the new floor."""
        ...


class StoreFull(NotNow):
    """The store's disk is full, or so nearly that nothing more is taken in; make room on it."""

    remedy = "make room on the store's disk"


class Stale(Exception):
    """Another worker saved this process first; take the step again from its state."""


class Repeated(Exception):
    """A message was said before: what was made of it as if it were new must not be written."""


class TookTooLong(Exception):
    """The store waited too long for a sign of life, and ended the transaction; nothing is written.

    That is not the store's being away: the same work would take as long again.
    """


class Store(Protocol):
    """A message store: memory, SQLite, PostgreSQL behave the same, shown by one suite."""

    def write(self) -> AbstractContextManager[Unit]:
        """Open a transaction; leaving commits durably, an exception rolls everything back."""
        ...

    def read(self) -> AbstractContextManager[Reader]:
        """Open a snapshot for reading: all answers are of one moment, at last the first one's."""
        ...

    def close(self) -> None:
        """Let go of the store's files and connections."""
        ...
