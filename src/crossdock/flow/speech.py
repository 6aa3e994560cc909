"""What a decision says, as rows: events on their way, effects asked for, timers, numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

import msgspec
from msgspec import Struct

from crossdock.faults import Fault, Misconfigured, Refused
from crossdock.flow.asking import NOWHERE, Asking, Dropping
from crossdock.flow.batch import Notes, address
from crossdock.flow.exceptions import UNWRITTEN, Closing, Trouble
from crossdock.flow.names import effect_id, emitted_id, idempotency_key, process_subject
from crossdock.flow.roster import OWNERLESS, Directory
from crossdock.flow.sealing import check
from crossdock.messages.envelope import Command, Event, Message
from crossdock.messages.flow import EffectAnswered
from crossdock.policies.rules import Rules
from crossdock.ports import (
    CancelTimer,
    CloseException,
    DropEffect,
    DropReference,
    Emission,
    OpenException,
    PutReference,
    SetTimer,
)
from crossdock.ports.store import InboxRow, OutboxRow, OutboxStatus, ReferenceRow, TimerRow

_encode = msgspec.json.Encoder(order="deterministic").encode


class Speaker(Struct, frozen=True, kw_only=True):
    """Who speaks: the step of a process, the message it answers to, and the rules it follows."""

    directory: Directory
    row: InboxRow
    cause: Message
    rules: Rules
    at: datetime


def write_down(speaker: Speaker, emissions: Sequence[Emission]) -> Notes:
    """Write what a step says.

    Raises whatever a subscriber's `keys`, a projection or a connector's `write` raises that is not
    a fault; a fault of `route` is an answer to the process, not the end of its step.
    """
    notes = Notes()
    for ordinal, emission in enumerate(emissions):
        _write(speaker, ordinal, emission, notes)
    return notes


def _write(speaker: Speaker, ordinal: int, emission: Emission, notes: Notes) -> None:
    match emission:
        case Event():
            notes.publish(address(speaker.directory, _emitted(speaker, ordinal, emission)))
        case Command():
            _ask(speaker, ordinal, emission, notes)
        case SetTimer():
            name = (speaker.row.tenant, speaker.row.subscriber, speaker.row.key, emission.name)
            notes.timers[name] = _timer(speaker, emission)
        case CancelTimer():
            name = (speaker.row.tenant, speaker.row.subscriber, speaker.row.key, emission.name)
            notes.timers[name] = None
        case OpenException():
            trouble = _trouble(speaker, emission)
            notes.exceptions.append(
                trouble.row(speaker.row.tenant, speaker.directory.roster.rulebook, speaker.at)
            )
            notes.counted.append(f"exceptions/{trouble.team}/{trouble.code}")
        case CloseException():
            notes.exceptions.append(_closing(speaker, emission))
        case DropEffect():
            notes.asks.append(_dropping(speaker, emission))
        case PutReference() | DropReference():
            name_ = (speaker.row.tenant, emission.reference, emission.key)
            notes.references[name_] = _reference(speaker, emission)
        case _:
            assert_never(emission)


def _emitted(speaker: Speaker, ordinal: int, body: Event | Command) -> Message:
    row = speaker.row
    return Message(
        id=emitted_id(row.tenant, speaker.cause.id, row.subscriber, row.key, ordinal),
        tenant=row.tenant,
        correlation_id=speaker.cause.correlation_id,
        causation_id=speaker.cause.id,
        received_at=speaker.at,
        origin=f"process:{row.subscriber}",
        body=body,
    )


def _ask(speaker: Speaker, ordinal: int, command: Command, notes: Notes) -> None:
    message = _emitted(speaker, ordinal, command)
    notes.publish(address(speaker.directory, message))
    echo = isinstance(speaker.cause.body, EffectAnswered)
    try:
        routed = speaker.directory.roster.route(command, speaker.rules)
        if not routed:
            raise Misconfigured("No partner is configured for this", verb=command.verb)
        for each in routed:
            check(speaker.directory.roster, each, speaker.at)
    except Fault as fault:
        row = _unwritten(_effect(speaker, command, message, NOWHERE, b""), fault)
        trouble = _why_unwritten(row, command, fault)
        notes.exceptions.append(
            trouble.row(row.tenant, speaker.directory.roster.rulebook, speaker.at)
        )
        notes.asks.append(Asking(row=row, cause=speaker.cause.id, echo=echo))
        notes.counted.append(f"effects/{NOWHERE}/{command.verb}/unwritten")
        return
    for each in routed:
        row = _effect(speaker, command, message, each.endpoint, _encode(each.request))
        notes.asks.append(Asking(row=row, cause=speaker.cause.id, echo=echo))


def _effect(
    speaker: Speaker, command: Command, message: Message, endpoint: str, request: bytes
) -> OutboxRow:
    row = speaker.row
    key = idempotency_key(row.tenant, command)
    return OutboxRow(
        tenant=row.tenant,
        id=effect_id(row.tenant, endpoint, key),
        endpoint=endpoint,
        verb=command.verb,
        business_key=command.business_key(),
        version=command.version(),
        idempotency_key=key,
        sequence_key=command.sequence_key(),
        subscriber=row.subscriber,
        key=row.key,
        message_id=message.id,
        correlation_id=message.correlation_id,
        owner=command.owner,
        request=request,
        created_at=speaker.at,
        due_at=speaker.at,
    )


def _unwritten(row: OutboxRow, fault: Fault) -> OutboxRow:
    return msgspec.structs.replace(
        row,
        sequence_key="",  # nothing will be sent, so nobody waits behind it
        status=OutboxStatus.REFUSED,
        finished_at=row.created_at,
        said=fault.said,
    )


def _why_unwritten(row: OutboxRow, command: Command, fault: Fault) -> Trouble:
    return Trouble(
        kind="effect",
        subject=row.id,
        code=UNWRITTEN,
        team=command.owner if isinstance(fault, Refused) else OWNERLESS,
        cause=f"{row.verb} for {row.business_key} could not be written: {fault.said}",
        action=f"{fault.remedy.capitalize()}, then retry",
        about=(row.business_key, row.key.id),
        seen=fault.seen,
        message_id=row.message_id,
        correlation_id=row.correlation_id,
    )


def _timer(speaker: Speaker, emission: SetTimer) -> TimerRow:
    return TimerRow(
        tenant=speaker.row.tenant,
        subscriber=speaker.row.subscriber,
        key=speaker.row.key,
        name=emission.name,
        due_at=emission.due_at,
        correlation_id=speaker.cause.correlation_id,
        message_id=speaker.cause.id,
    )


def _trouble(speaker: Speaker, emission: OpenException) -> Trouble:
    return Trouble(
        kind="process",
        subject=process_subject(speaker.row.subscriber, speaker.row.key),
        code=emission.code,
        team=emission.team,
        cause=emission.cause,
        action=emission.action,
        about=emission.about,
        seen=emission.seen,
        message_id=speaker.cause.id,
        document_id=speaker.cause.document_id,
        correlation_id=speaker.cause.correlation_id,
    )


def _closing(speaker: Speaker, emission: CloseException) -> Closing:
    return Closing(
        tenant=speaker.row.tenant,
        kind="process",
        subject=process_subject(speaker.row.subscriber, speaker.row.key),
        codes=(emission.code,),
        by=f"process:{speaker.row.subscriber}",
        because=emission.because,
    )


def _dropping(speaker: Speaker, emission: DropEffect) -> Dropping:
    return Dropping(
        tenant=speaker.row.tenant,
        verb=emission.verb,
        business_key=emission.business_key,
        version=emission.version,
        because=emission.because,
    )


def _reference(speaker: Speaker, emission: PutReference | DropReference) -> ReferenceRow:
    return ReferenceRow(
        tenant=speaker.row.tenant,
        reference=emission.reference,
        key=emission.key,
        routable=isinstance(emission, PutReference) and emission.routable,
        correlation_id=speaker.cause.correlation_id,
    )
