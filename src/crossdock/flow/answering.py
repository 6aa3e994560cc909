"""Answers that the sender of a document is owed: what we say of it, said once and always the same.

An answer is stored in the transaction that stores what it states, and goes through the outbox like
any effect. The same bytes sent again get the very same answer bytes again; an operator who reads a
document again asks for no second answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from crossdock.flow.asking import Asking
from crossdock.flow.exceptions import UNANSWERED, Trouble
from crossdock.flow.names import effect_id, effect_key
from crossdock.flow.reading import Arrival
from crossdock.flow.roster import OWNERLESS, Roster
from crossdock.messages.acknowledgement import Verdict
from crossdock.messages.envelope import Key
from crossdock.ports import Owed, Request
from crossdock.ports.store import OutboxRow, OutboxStatus, Seen, SeenRow, Unit

VERB = "partner.answer"
IN_RESPONSE = "told in the response"


class StoredVerdict(Struct, frozen=True, kw_only=True):
    """What was said of something received, for ever, and the effect that says it."""

    verdict: Verdict
    effect_id: str


class Answering(Struct, frozen=True, kw_only=True):
    """What answering a document takes: the effects to ask for, in order, and what went wrong."""

    asks: tuple[Asking, ...] = ()
    troubles: tuple[Trouble, ...] = ()


def answer(  # noqa: PLR0913 - a document is answered by all of these
    roster: Roster,
    unit: Unit,
    arrival: Arrival,
    owed: Sequence[Owed],
    *,
    document_id: str,
    refused: bool,
    now: datetime,
) -> Answering:
    """Say what we make of a document to its sender, where it is owed an answer."""
    if not owed:
        return Answering()
    if arrival.partner not in roster.endpoints and not arrival.in_response:
        return Answering(troubles=(_unanswered(arrival, document_id),))
    answers = [_first(arrival, each, document_id, refused=refused, now=now) for each in owed]
    verdicts = unit.remember([_seen(row, each, refused=refused) for row, each in answers])
    return Answering(
        asks=tuple(
            ask
            for (row, _), verdict in zip(answers, verdicts, strict=True)
            for ask in _asks(unit, arrival, row, verdict, document_id, now)
        )
    )


def _first(
    arrival: Arrival, owed: Owed, document_id: str, *, refused: bool, now: datetime
) -> tuple[OutboxRow, Owed]:
    request = owed.refusal if refused else owed.request
    said = "refused" if refused else ""
    business_key = " ".join(filter(None, (owed.identity, owed.digest, said)))
    key = effect_key(arrival.tenant, VERB, business_key, "1")
    row = OutboxRow(
        tenant=arrival.tenant,
        id=effect_id(arrival.tenant, arrival.partner, key),
        endpoint=arrival.partner,
        verb=VERB,
        business_key=business_key,
        version="1",
        idempotency_key=key,
        sequence_key="",
        subscriber="",
        key=Key("partner", arrival.partner),
        message_id=document_id,
        correlation_id=document_id,
        owner=OWNERLESS,
        request=msgspec.json.encode(request, order="deterministic"),
        created_at=now,
        due_at=now,
    )
    return _told(row, arrival, now), owed


def _told(row: OutboxRow, arrival: Arrival, now: datetime) -> OutboxRow:
    """Take an answer that rides in the response of the delivery as given."""
    if not arrival.in_response:
        return row
    return replace(row, status=OutboxStatus.APPLIED, finished_at=now, said=IN_RESPONSE)


def _seen(row: OutboxRow, owed: Owed, *, refused: bool) -> SeenRow:
    stored = StoredVerdict(verdict=Verdict.REJECTED if refused else owed.verdict, effect_id=row.id)
    return SeenRow(
        tenant=row.tenant,
        endpoint=row.endpoint,
        identity=f"answer {row.business_key}",
        hash=owed.digest.encode(),
        message_id=row.message_id,
        answer=msgspec.json.encode(stored),
    )


def _asks(  # noqa: PLR0913, PLR0917 - an answer is given, or given again, by all of these
    unit: Unit, arrival: Arrival, row: OutboxRow, verdict: Seen, document_id: str, now: datetime
) -> Iterator[Asking]:
    if verdict is Seen.NEW:
        yield Asking(row=row, cause=document_id)
    elif not arrival.parent_id:
        for first in unit.outbox(row.tenant, [row.id]):
            yield Asking(row=_again(first, arrival, document_id, now), cause=document_id)


def _again(first: OutboxRow, arrival: Arrival, document_id: str, now: datetime) -> OutboxRow:
    """Give the very same bytes again, as an effect of its own."""
    version = f"again.{document_id}"
    key = effect_key(first.tenant, VERB, first.business_key, version)
    again = replace(
        first,
        id=effect_id(first.tenant, first.endpoint, key),
        version=version,
        idempotency_key=key,
        message_id=document_id,
        created_at=now,
        due_at=now,
        status=OutboxStatus.WAITING,
        attempts=0,
        fence=0,
        lease_until=None,
        finished_at=None,
        said="",
        document="",
        seq=0,
    )
    return _told(again, arrival, now)


def answer_bytes(unit: Unit, asks: Sequence[Asking]) -> bytes:
    """Give the stored bytes of answers, in their order, for the response of the delivery."""
    if not asks:
        return b""
    rows = {row.id: row for row in unit.outbox(asks[0].row.tenant, [each.row.id for each in asks])}
    return b"".join(
        msgspec.json.decode(rows[each.row.id].request, type=Request).body for each in asks
    )


def _unanswered(arrival: Arrival, document_id: str) -> Trouble:
    return Trouble(
        kind="document",
        subject=document_id,
        code=UNANSWERED,
        team=OWNERLESS,
        cause=f"{arrival.partner} is owed an answer to a document, and takes none",
        action="Give the partner's connector an operation for answers, then retry",
        about=(arrival.partner,),
        document_id=document_id,
    )
