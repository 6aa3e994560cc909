"""Retry, edit and waive for effects: what was sent keeps its name, so nothing is done twice."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from crossdock.faults import Fault
from crossdock.flow.asking import NOWHERE, Asking, answered
from crossdock.flow.batch import address, message_of
from crossdock.flow.decisions import Decided, Matter, Undecidable
from crossdock.flow.merge_patch import edited
from crossdock.flow.names import effect_id, effect_key, next_version
from crossdock.flow.outbound import is_doubted
from crossdock.messages.envelope import Command, Message
from crossdock.ports import EffectClass, Request, Routed
from crossdock.ports.store import MessageRow, OutboxRow, OutboxStatus

STUCK = {OutboxStatus.REFUSED, OutboxStatus.UNRESOLVED}

_encode = msgspec.json.Encoder(order="deterministic").encode


def _effect(matter: Matter) -> OutboxRow:
    found = matter.unit.outbox(matter.tenant, [matter.row.subject])
    if not found or found[0].status not in STUCK:
        raise Undecidable("The effect is not stuck any more", effect=matter.row.subject)
    return found[0]


def _command(matter: Matter, row: OutboxRow) -> tuple[MessageRow, Command]:
    stored = matter.unit.messages(matter.tenant, [row.message_id]).get(row.message_id)
    body = None if stored is None else message_of(stored).body
    if stored is None or not isinstance(body, Command):
        raise Undecidable("The command that asked for this is not known", effect=row.id)
    return stored, body


def _written(matter: Matter, command: Command) -> tuple[Routed, ...]:
    roster = matter.directory.roster
    try:
        routed = roster.route(command, roster.rulebook.today)
    except Fault as fault:
        raise Undecidable(f"It still cannot be written: {fault.said}", **fault.seen) from fault
    if not routed:
        raise Undecidable("It still has nowhere to go", verb=command.verb)
    return routed


def retry_effect(matter: Matter) -> Decided:
    """Let the effect wait again under its key.

    One whose outcome nobody knows is looked up, or sent again where its class makes that harmless;
    where nothing protects, the operator's word that it was not done is taken.
    """
    row = _effect(matter)
    if row.endpoint == NOWHERE:
        return _write_again(matter, row)
    in_doubt = row.status is OutboxStatus.UNRESOLVED or is_doubted(matter.unit)
    unknown = in_doubt and not _unprotected(matter, row)
    waiting = replace(
        row,
        status=OutboxStatus.UNKNOWN if unknown else OutboxStatus.WAITING,
        attempts=0,
        due_at=matter.batch.at,
        finished_at=None,
    )
    matter.unit.rewrite_effect(waiting)
    said = "Its outcome is found out first" if unknown else "It is sent again under the same key"
    return Decided(said=said, endpoints=frozenset({row.endpoint}))


def _unprotected(matter: Matter, row: OutboxRow) -> bool:
    endpoint = matter.directory.roster.endpoints.get(row.endpoint)
    request = msgspec.json.decode(row.request, type=Request)
    operation = endpoint and endpoint.connector.operations.get(request.operation)
    return not operation or operation.effect is EffectClass.NEITHER


def _write_again(matter: Matter, row: OutboxRow) -> Decided:
    _, command = _command(matter, row)
    waiting = replace(
        row,
        sequence_key=command.sequence_key(),
        status=OutboxStatus.WAITING,
        due_at=matter.batch.at,
        finished_at=None,
        said="",
    )
    for each in _written(matter, command):
        matter.batch.asks.append(Asking(row=_at(waiting, each), cause=matter.row.id))
    return Decided(said="It could be written now, and is on its way")


def _at(row: OutboxRow, routed: Routed) -> OutboxRow:
    return replace(
        row,
        id=effect_id(row.tenant, routed.endpoint, row.idempotency_key),
        endpoint=routed.endpoint,
        request=_encode(routed.request),
    )


def waive_effect(matter: Matter) -> Decided:
    """Never send it again, and tell its process; also whether it may have been done."""
    before = _effect(matter)
    row = replace(before, status=OutboxStatus.WAIVED, finished_at=matter.batch.at)
    matter.unit.rewrite_effect(row)
    doubted = before.status is OutboxStatus.UNRESOLVED
    for told in answered(replace(row, fence=row.fence + 1), matter.batch.at, doubted=doubted):
        matter.batch.publish(address(matter.directory, told))
    return Decided(said="It is not sent any more; its process goes on without")


def _refused(matter: Matter) -> OutboxRow:
    row = _effect(matter)
    if row.status is not OutboxStatus.REFUSED:
        raise Undecidable(
            "Nobody knows whether this was done; find that out before another is asked for",
            effect=row.id,
        )
    return row


def edit_effect(matter: Matter) -> Decided:
    """Ask for a mended effect in place of a refused one, under a version of its own.

    Raises Undecidable where the outcome is unknown (it may have been done), where it is of money,
    or where the edit would make it an effect on something else.
    """
    row = _refused(matter)
    stored, command = _command(matter, row)
    if command.of_money:
        raise Undecidable(
            "What is told of money was decided, and nobody edits it: retry it when the partner "
            "takes it, or waive it; finance is asked where the ledger then lacks it",
            verb=command.verb,
        )
    mended = edited(stored, matter.decision.content)
    if not isinstance(mended, Command) or mended.business_key() != row.business_key:
        raise Undecidable(
            "The edit would do something else than what was refused",
            business_key=row.business_key,
        )
    routed = _written(matter, mended)
    message = _mended_message(matter, stored, mended)
    matter.batch.publish(address(matter.directory, message))
    version = next_version(row.version)
    superseded = replace(row, status=OutboxStatus.SUPERSEDED, said=f"edited as {version}")
    matter.unit.rewrite_effect(replace(superseded, finished_at=matter.batch.at))
    waiting = replace(
        row,
        version=version,
        idempotency_key=effect_key(row.tenant, row.verb, row.business_key, version),
        sequence_key=command.sequence_key(),
        message_id=message.id,
        created_at=matter.batch.at,
        due_at=matter.batch.at,
        status=OutboxStatus.WAITING,
        attempts=0,
        fence=0,
        finished_at=None,
        document="",
        said="",
    )
    for each in routed:
        matter.batch.asks.append(Asking(row=_at(waiting, each), cause=matter.row.id))
    return Decided(said=f"The mended request is on its way as version {version}")


def _mended_message(matter: Matter, stored: MessageRow, mended: Command) -> Message:
    return Message(
        id=matter.directory.roster.ids.new(),
        tenant=matter.tenant,
        correlation_id=stored.correlation_id,
        causation_id=stored.id,
        received_at=matter.batch.at,
        origin=matter.operator,
        body=mended,
        amends=stored.id,
    )
