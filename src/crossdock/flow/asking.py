"""Effects that are asked for: new ones go to the outbox, known ones are never done twice.

An effect's name is (tenant, verb, business key, version). When it is asked for again, what happens
depends on where it stands:

waiting, on its way, unknown   nothing: its answer will come
applied, waived                answered at once with what was answered before
refused, superseded            waits again, with today's bytes: nothing was done under this name
unresolved                     nothing: a person is asked already

After a restore whatever is asked for may have been done before, so it waits as unknown. What gets
control numbers of its own then is a person's: a partner knows a repeated exchange by its number,
and this one would have another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from crossdock.flow.exceptions import EFFECT_CODES, UNRESOLVED, Closing, Trouble, trouble_of
from crossdock.flow.names import answer_id, asked_version, beside, effect_id
from crossdock.flow.outbound import DOUBT, is_doubted
from crossdock.flow.roster import Roster
from crossdock.flow.sealing import ended, numbered, numbering_of, seal
from crossdock.messages.envelope import Message
from crossdock.messages.flow import AnswerKind, EffectAnswered
from crossdock.ports import EffectClass, Request
from crossdock.ports.store import OutboxRow, OutboxStatus, Unit

NOWHERE = ""  # the endpoint of an effect that could not be written or has nowhere to go

ANSWERS = {
    OutboxStatus.APPLIED: AnswerKind.APPLIED,
    OutboxStatus.REFUSED: AnswerKind.REFUSED,
    OutboxStatus.UNRESOLVED: AnswerKind.UNRESOLVED,
    OutboxStatus.WAIVED: AnswerKind.WAIVED,
}
TO_BE_SENT = {OutboxStatus.WAITING, OutboxStatus.UNKNOWN}
NOTHING_DONE = {OutboxStatus.REFUSED, OutboxStatus.SUPERSEDED}


class Asking(Struct, frozen=True, kw_only=True):
    """A process asks for an effect. `cause` is the message it answers to.

    `echo` says that the cause was itself the answer of an effect: then nothing known is answered
    or tried again, or process and outbox would talk in circles.
    """

    row: OutboxRow
    cause: str
    echo: bool = False


class Dropping(Struct, frozen=True, kw_only=True):
    """A process does not want an effect any more."""

    tenant: str
    verb: str
    business_key: str
    version: str
    because: str


@dataclass(slots=True)
class Woken:
    """What asking brought about: endpoints with work, what is told at once, troubles.

    `closings` are troubles that are settled, `troubles` new ones.
    """

    endpoints: set[str] = field(default_factory=set)
    answers: list[Message] = field(default_factory=list)
    closings: list[Closing] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)


def settle_asks(
    unit: Unit, roster: Roster, asks: Sequence[Asking | Dropping], at: datetime
) -> Woken:
    """Add the effects asked for and take back those dropped, in the order it was said."""
    woken = Woken()
    run: list[Asking] = []
    for each in asks:
        if isinstance(each, Asking):
            run.append(each)
            continue
        _ask(unit, roster, run, at, woken)
        run = []
        _drop(unit, each, at, woken)
    _ask(unit, roster, run, at, woken)
    return woken


def _ask(unit: Unit, roster: Roster, asks: Sequence[Asking], at: datetime, woken: Woken) -> None:
    if not asks:
        return
    if is_doubted(unit):
        asks = [replace(each, row=doubted(roster, each.row)) for each in asks]
    known = _known(unit, asks)
    new = [
        replace(each, row=seal(unit, roster, each.row, at))
        for each in asks
        if (each.row.tenant, each.row.id) not in known
    ]
    if new:
        unit.ask([each.row for each in new])
    for each in new:
        woken.answers.extend(numbered(each.row, at))
        unwritten = known.get((each.row.tenant, _nowhere_id(each.row)))
        if unwritten is not None and unwritten.status is OutboxStatus.REFUSED:
            unit.rewrite_effect(_ended(unwritten, "it could be written now", at))
            woken.closings.append(settled(unwritten, "it could be written now"))
        _wake(unit, each.row, woken, at, each.cause)
    for each in asks:
        row = known.get((each.row.tenant, each.row.id))
        if row is not None:
            _ask_again(unit, roster, each, row, at, woken)


def _known(unit: Unit, asks: Sequence[Asking]) -> dict[tuple[str, str], OutboxRow]:
    ids: dict[str, list[str]] = {}
    for each in asks:
        ids.setdefault(each.row.tenant, []).extend({each.row.id, _nowhere_id(each.row)})
    return {
        (row.tenant, row.id): row
        for tenant, wanted in ids.items()
        for row in unit.outbox(tenant, wanted)
    }


def _nowhere_id(row: OutboxRow) -> str:
    return effect_id(row.tenant, NOWHERE, row.idempotency_key)


def doubted(roster: Roster, row: OutboxRow) -> OutboxRow:
    """Let an effect that would be sent be found out about first, by its class or by a person."""
    if row.status is not OutboxStatus.WAITING:
        return row
    if _is_known_by_number(roster, row):
        unresolved = OutboxStatus.UNRESOLVED
        return replace(row, status=unresolved, finished_at=row.created_at, said=DOUBT)
    return replace(row, status=OutboxStatus.UNKNOWN, said=DOUBT)


def _is_known_by_number(roster: Roster, row: OutboxRow) -> bool:
    """Tell whether the partner would know this as repeated by the numbers it is about to get."""
    if not numbering_of(row).numbers:
        return False
    operation = msgspec.json.decode(row.request, type=Request).operation
    effect = roster.endpoints[row.endpoint].connector.operations[operation].effect
    return effect is EffectClass.IDEMPOTENT


def _wake(unit: Unit, row: OutboxRow, woken: Woken, at: datetime, cause: str) -> None:
    if row.status in TO_BE_SENT:
        woken.endpoints.add(row.endpoint)
        return
    if row.status is OutboxStatus.UNRESOLVED:
        woken.troubles.append(trouble_of(unit, row, UNRESOLVED))
    if row.subscriber:
        woken.answers.append(answer_again(row, cause, at))
    woken.answers.extend(ended(row, at))


def _ask_again(  # noqa: PLR0913, PLR0917 - what is asked again is compared with all of these
    unit: Unit, roster: Roster, asking: Asking, row: OutboxRow, at: datetime, woken: Woken
) -> None:
    if asking.echo:
        return
    if row.status in NOTHING_DONE and row.endpoint != NOWHERE:
        waiting = seal(unit, roster, _waiting_again(row, asking.row, at), at)
        unit.rewrite_effect(waiting)
        woken.answers.extend(numbered(waiting, at))
        woken.closings.append(settled(row, "asked for again"))
        _wake(unit, waiting, woken, at, asking.cause)
    elif row.status in ANSWERS and row.status is not OutboxStatus.UNRESOLVED:
        asker = replace(row, subscriber=asking.row.subscriber, key=asking.row.key)
        woken.answers.append(answer_again(asker, asking.cause, at))


def _waiting_again(row: OutboxRow, asked: OutboxRow, at: datetime) -> OutboxRow:
    return replace(
        row,
        request=asked.request,
        due_at=at,
        status=asked.status,
        attempts=0,
        finished_at=asked.finished_at,
        said=asked.said,
    )


def _ended(row: OutboxRow, said: str, at: datetime) -> OutboxRow:
    return replace(row, status=OutboxStatus.SUPERSEDED, said=said, finished_at=at)


def _drop(unit: Unit, each: Dropping, at: datetime, woken: Woken) -> None:
    dropped = unit.drop_effects(
        each.tenant, each.verb, each.business_key, each.version, each.because, at
    )
    for row in dropped:
        woken.closings.append(settled(row, each.because))
        woken.answers.extend(ended(row, at))


def settled(row: OutboxRow, because: str, by: str = "flow") -> Closing:
    """Close what was open about an effect."""
    return Closing(
        tenant=row.tenant,
        kind="effect",
        subject=row.id,
        codes=EFFECT_CODES,
        by=by,
        because=because,
    )


def answered(row: OutboxRow, at: datetime, *, doubted: bool = False) -> list[Message]:
    """Tell the process that asked how its effect ended, and who follows its exchanges.

    What flow itself asked for, an answer to a partner, has no process. `doubted`: it was waived
    when nobody could tell whether it was done.
    """
    answer = ANSWERS[row.status]
    id_ = answer_id(row.message_id, row.id, row.fence, answer)
    told = _answer(row, id_, answer, at, doubted=doubted)
    return [*([told] if row.subscriber else []), *ended(row, at)]


def answer_again(row: OutboxRow, cause: str, at: datetime) -> Message:
    """Tell a process that asks again how the effect had ended."""
    return _answer(row, beside(cause, "answer-again", row.id, cause), ANSWERS[row.status], at)


def _answer(
    row: OutboxRow, id_: str, answer: AnswerKind, at: datetime, *, doubted: bool = False
) -> Message:
    return Message(
        id=id_,
        tenant=row.tenant,
        correlation_id=row.correlation_id,
        causation_id=row.message_id,
        received_at=at,
        origin="flow",
        body=EffectAnswered(
            verb=row.verb,
            business_key=row.business_key,
            version=asked_version(row.version),
            answer=answer,
            endpoint=row.endpoint,
            answered_at=at,
            document=row.document,
            said=row.said,
            doubted=doubted,
        ),
        addressee=(row.subscriber, row.key),
    )
