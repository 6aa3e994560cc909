"""The replayer: what would happen if a process's past were decided today.

It folds the steps a process has taken, with the facts they looked at then, through today's code, on
nothing but memory, and compares the effects that come out with those in the outbox. A case that
keeps its rules is decided by those, another by today's. Only effects that are new may be asked for,
one by one chosen by a person; a finished effect is never sent again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.faults import Fault
from crossdock.flow.asking import NOWHERE, Asking
from crossdock.flow.batch import Batch, address, message_of
from crossdock.flow.decisions import NeedsReason, Undecidable
from crossdock.flow.dispatcher import received_of
from crossdock.flow.names import beside, effect_id, idempotency_key, process_subject
from crossdock.flow.roster import Books, Directory
from crossdock.flow.sealing import as_numbered
from crossdock.flow.states import decode_state, encode_state
from crossdock.messages.envelope import Command, Key, Message
from crossdock.ports import DropEffect, Fact, Subscriber
from crossdock.ports.store import (
    AuditRow,
    HandledStep,
    OutboxRow,
    OutboxStatus,
    ProcessRow,
    Reader,
    Unit,
)

_encode = msgspec.json.Encoder(order="deterministic").encode


class Mark(StrEnum):
    """How an effect of the replay compares with the outbox."""

    DONE = "done"  # the same key, finished: never sent again
    WAITING = "waiting"  # the same key, on its way or waiting for a person
    ENDED = "ended"  # the same key, refused or taken back: the three verbs decide about it
    CHANGED = "changed"  # the same key with other bytes: what was asked for stays
    WOULD_SEND = "would_send"  # new: sent only where a person chooses it
    UNWRITTEN = "unwritten"  # it could not be written, or has nowhere to go


MARKS = {
    OutboxStatus.APPLIED: Mark.DONE,
    OutboxStatus.WAIVED: Mark.DONE,
    OutboxStatus.REFUSED: Mark.ENDED,
    OutboxStatus.SUPERSEDED: Mark.ENDED,
}


class Replayed(Struct, frozen=True, kw_only=True):
    """One effect of the replay. `said` tells why it could not be written."""

    id: str
    mark: Mark
    endpoint: str
    verb: str
    business_key: str
    version: str
    request: bytes
    cause: str
    said: str = ""


class Stumble(Struct, frozen=True, kw_only=True):
    """A message at which today's code raises: the fold went on without it."""

    message_id: str
    error: str


class Preview(Struct, frozen=True, kw_only=True):
    """What a replay brings: the effects, and whether the state ends as the stored one."""

    effects: tuple[Replayed, ...]
    same_state: bool
    state: bytes
    stored: bytes
    steps: int
    stumbles: tuple[Stumble, ...] = ()


@dataclass(slots=True)
class Asked:
    """An effect the fold asked for, and where it came from."""

    command: Command
    cause: Message
    ordinal: int


@dataclass(slots=True)
class Fold:
    """What came of folding a process's steps; effects by (verb, business key, version).

    `kept` is the digest of the rules that the case keeps; empty: it follows today's. `books` are
    those it may choose from.
    """

    state: Any
    kept: str
    books: Books
    asked: dict[tuple[str, str, str], Asked] = field(default_factory=dict)
    stumbles: list[Stumble] = field(default_factory=list)


def preview(
    directory: Directory, reader: Reader, tenant: str, subscriber: str, key: Key
) -> Preview:
    """Tell what would happen if this process's past were decided today; nothing is written.

    Raises Misconfigured where there is no such process in this release.
    """
    process = directory.subscriber(subscriber)
    steps = reader.handled(tenant, subscriber, key)
    name = (tenant, subscriber, key)
    stored = reader.processes([name]).get(name)
    fold = _fold(process, steps, key, stored, Books(directory.roster, reader))
    known = {row.id: row for row in reader.outbox_of(tenant, subscriber, key)}
    state = encode_state(fold.state)
    return Preview(
        effects=tuple(
            effect
            for asked in fold.asked.values()
            for effect in _compared(directory, process, tenant, asked, fold, known)
        ),
        same_state=stored is not None and stored.state == state,
        state=state,
        stored=b"" if stored is None else stored.state,
        steps=len(steps),
        stumbles=tuple(fold.stumbles),
    )


def _fold(
    process: Subscriber[Any, Any],
    steps: Sequence[HandledStep],
    key: Key,
    stored: ProcessRow | None,
    books: Books,
) -> Fold:
    kept = process.pinned(decode_state(process, stored.schema, stored.state)) if stored else ""
    fold = Fold(state=process.start(key), kept=kept, books=books)
    for step in steps:
        try:
            _take(process, step, key, fold)
        except Exception as error:
            stumble = Stumble(message_id=step.step.message.id, error=repr(error))
            fold.stumbles.append(stumble)
    return fold


def _take(process: Subscriber[Any, Any], step: HandledStep, key: Key, fold: Fold) -> None:
    message = message_of(step.step.message)
    facts = msgspec.json.decode(step.facts, type=tuple[Fact, ...]) if step.facts else ()
    rules = fold.books.edition(fold.kept or process.pinned(fold.state))
    received = received_of(message, key, facts, step.at)
    fold.state, emissions = process.decide(fold.state, received, rules)
    for ordinal, emission in enumerate(emissions):
        if isinstance(emission, Command):
            name = (emission.verb, emission.business_key(), emission.version())
            fold.asked[name] = Asked(command=emission, cause=message, ordinal=ordinal)
        elif isinstance(emission, DropEffect):
            fold.asked.pop((emission.verb, emission.business_key, emission.version), None)


def _compared(  # noqa: PLR0913, PLR0917 - an effect is compared with all of these
    directory: Directory,
    process: Subscriber[Any, Any],
    tenant: str,
    asked: Asked,
    fold: Fold,
    known: dict[str, OutboxRow],
) -> list[Replayed]:
    command = asked.command
    key = idempotency_key(tenant, command)
    rules = fold.books.edition(process.pinned(fold.state))
    try:
        routed = directory.roster.route(command, rules)
    except Fault as fault:
        id_ = effect_id(tenant, NOWHERE, key)
        return [_effect(asked, id_, NOWHERE, b"", Mark.UNWRITTEN, fault.said)]
    return [
        _effect(asked, id_, each.endpoint, request, _mark(known.get(id_), request))
        for each in routed
        for id_ in [effect_id(tenant, each.endpoint, key)]
        for request in [_encode(as_numbered(directory.roster, each, known.get(id_)))]
    ]


def _mark(row: OutboxRow | None, request: bytes) -> Mark:
    if row is None:
        return Mark.WOULD_SEND
    if row.request != request:
        return Mark.CHANGED
    return MARKS.get(row.status, Mark.WAITING)


def _effect(  # noqa: PLR0913, PLR0917 - an effect has this many parts
    asked: Asked, id_: str, endpoint: str, request: bytes, mark: Mark, said: str = ""
) -> Replayed:
    return Replayed(
        id=id_,
        mark=mark,
        endpoint=endpoint,
        verb=asked.command.verb,
        business_key=asked.command.business_key(),
        version=asked.command.version(),
        request=request,
        cause=asked.cause.id,
        said=said,
    )


class Choice(Struct, frozen=True, kw_only=True):
    """Which effects of a replay a person wants to be sent, and why."""

    subscriber: str
    key: Key
    effects: tuple[str, ...]
    by: str
    reason: str


def execute(directory: Directory, unit: Unit, choice: Choice, now: datetime) -> frozenset[str]:
    """Ask for the chosen effects, audited; answer the endpoints with new work.

    Raises NeedsReason, and Undecidable where a chosen effect is not (or no longer) new; then
    nothing is changed.
    """
    if not choice.by.strip() or not choice.reason.strip():
        raise NeedsReason("Say who replays this, and why; both are kept with the decision")
    tenant = directory.roster.tenant
    process = directory.subscriber(choice.subscriber)
    offered = preview(directory, unit, tenant, choice.subscriber, choice.key)
    new = {each.id: each for each in offered.effects if each.mark is Mark.WOULD_SEND}
    stale = [each for each in choice.effects if each not in new]
    if stale:
        raise Undecidable("These effects are not new; look again", effects=", ".join(stale))
    steps = unit.handled(tenant, choice.subscriber, choice.key)
    name = (tenant, choice.subscriber, choice.key)
    stored = unit.processes([name]).get(name)
    fold = _fold(process, steps, choice.key, stored, Books(directory.roster, unit))
    batch = Batch(at=now, directory=directory)
    for id_ in choice.effects:
        effect = new[id_]
        asked = fold.asked[effect.verb, effect.business_key, effect.version]
        _ask(directory, batch, choice, asked, effect)
    woken = batch.flush(unit, tenant)
    unit.log([_audit(tenant, choice, now)])
    return frozenset(woken)


def _ask(
    directory: Directory, batch: Batch, choice: Choice, asked: Asked, effect: Replayed
) -> None:
    cause, command = asked.cause, asked.command
    message = Message(
        id=beside(cause.id, "replayed", cause.tenant, cause.id, effect.id, str(asked.ordinal)),
        tenant=cause.tenant,
        correlation_id=cause.correlation_id,
        causation_id=cause.id,
        received_at=batch.at,
        origin=f"operator:{choice.by}",
        body=command,
    )
    batch.publish(address(directory, message))
    row = OutboxRow(
        tenant=cause.tenant,
        id=effect.id,
        endpoint=effect.endpoint,
        verb=effect.verb,
        business_key=effect.business_key,
        version=effect.version,
        idempotency_key=idempotency_key(cause.tenant, command),
        sequence_key=command.sequence_key(),
        subscriber=choice.subscriber,
        key=choice.key,
        message_id=message.id,
        correlation_id=cause.correlation_id,
        owner=command.owner,
        request=effect.request,
        created_at=batch.at,
        due_at=batch.at,
    )
    batch.asks.append(Asking(row=row, cause=cause.id))


def _audit(tenant: str, choice: Choice, now: datetime) -> AuditRow:
    return AuditRow(
        tenant=tenant,
        at=now,
        actor=choice.by,
        action="replay.execute",
        subject=process_subject(choice.subscriber, choice.key),
        reason=choice.reason,
        detail=", ".join(choice.effects),
    )
