"""What an attempt leaves behind: the effect's next state, its exception, the answer to its process.

How an effect goes on:

applied        done
refused        an exception for the command's owner; the process hears it
not applied    again later, with a growing pause; after `attempts_max` it is given up: nothing was
               done, so the process hears REFUSED, and its owner gets an exception
throttled      again when the partner said; costs no attempt; so a breaker's probe that meets nobody
locked out     again when an operator has renewed the credentials; costs no attempt
unknown        class `neither`: one exception, the process hears UNRESOLVED, never sent again by
               itself; `lookup`: looked up before anything else; else sent again, same key and bytes

A "not applied" or "throttled" that answers a re-send says nothing about the first send: what was
unknown stays unknown, and given up it is UNRESOLVED.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import blake2b

from msgspec import Struct
from msgspec.structs import replace

from crossdock.flow.asking import ANSWERS, answered, settled
from crossdock.flow.batch import Batch, address
from crossdock.flow.desk import Desk
from crossdock.flow.exceptions import GAVE_UP, REFUSED, UNRESOLVED, trouble_of
from crossdock.flow.outcomes import Outcome
from crossdock.flow.roster import Directory
from crossdock.ports import Answer, EffectClass, Operation, Request
from crossdock.ports.store import OutboxRow, OutboxStatus, Unit

SEND, LOOK_UP = "send", "look_up"
SAID_MAX = 500


class Work(Struct, frozen=True, kw_only=True):
    """One call to make: a leased effect, and whether to send it or to look it up.

    `generation` is the breaker's when the call was admitted; `row` is the effect as it was before
    the lease, under its new fence.
    """

    row: OutboxRow
    request: Request
    operation: Operation
    purpose: str
    generation: int
    started_at: datetime

    @property
    def was_unknown(self) -> bool:
        """Tell whether an earlier send may have been applied."""
        return self.row.status is OutboxStatus.UNKNOWN


class Ending(Struct, frozen=True, kw_only=True):
    """Where an effect stands after an attempt; `code` names the exception it needs, if any."""

    row: OutboxRow
    code: str = ""


def purpose_of(row: OutboxRow, operation: Operation) -> str:
    """Tell what to do with a leased effect: send it, look it up, or (empty) ask a person."""
    if row.status is not OutboxStatus.UNKNOWN:
        return SEND
    match operation.effect:
        case EffectClass.LOOKUP:
            return LOOK_UP
        case EffectClass.NEITHER:
            return ""
        case EffectClass.IDEMPOTENT | EffectClass.NATURAL:
            return SEND


def pause_before(desk: Desk, row: OutboxRow, attempts: int) -> timedelta:
    """Tell how long to wait after that many attempts: exponential, with full jitter.

    The jitter is a fraction made of the effect's key and the attempt, so that partners see no
    herd and a simulation sees the same each time.
    """
    endpoint = desk.endpoint
    doublings = min(max(attempts - 1, 0), 30)
    longest = min(endpoint.retry_max_seconds, endpoint.retry_base_seconds * 2**doublings)
    seed = blake2b(f"{row.idempotency_key}/{attempts}".encode(), digest_size=8).digest()
    return desk.span(longest * int.from_bytes(seed, "big") / 2**64)


def ending(work: Work, outcome: Outcome, answer: Answer, desk: Desk, now: datetime) -> Ending:
    """Tell where an effect stands after an attempt."""
    row = replace(
        work.row, document=answer.document or work.row.document, said=answer.said[:SAID_MAX]
    )
    stays = OutboxStatus.UNKNOWN if work.was_unknown else OutboxStatus.WAITING
    match outcome:
        case Outcome.APPLIED:
            attempts = row.attempts + (work.purpose == SEND)
            return Ending(row=_over(row, OutboxStatus.APPLIED, attempts, now))
        case Outcome.REFUSED:
            over = _over(row, OutboxStatus.REFUSED, row.attempts + 1, now)
            return Ending(row=over, code=REFUSED)
        case Outcome.THROTTLED | Outcome.LOCKED_OUT:
            return Ending(row=replace(row, status=stays, due_at=now))
        case Outcome.UNKNOWN:
            return _unknown(work, row, desk, now)
        case Outcome.NOT_APPLIED:
            return _not_applied(work, row, desk, now, stays)


def attempts_allowed(desk: Desk) -> int:
    """Tell how often an effect may be tried before a person is asked."""
    return desk.endpoint.attempts_max


def _over(row: OutboxRow, status: OutboxStatus, attempts: int, now: datetime) -> OutboxRow:
    return replace(row, status=status, attempts=attempts, finished_at=now)


def _unknown(work: Work, row: OutboxRow, desk: Desk, now: datetime) -> Ending:
    attempts = row.attempts + 1
    looked_up = work.operation.effect is EffectClass.LOOKUP
    # What was sent up to the limit may still be looked up as often again.
    allowed = attempts_allowed(desk) * (2 if looked_up else 1)
    if work.operation.effect is EffectClass.NEITHER or attempts >= allowed:
        over = _over(row, OutboxStatus.UNRESOLVED, attempts, now)
        return Ending(row=over, code=UNRESOLVED)
    # The partner may still be at it: never ask again sooner than the shortest pause.
    pause = max(pause_before(desk, row, attempts), desk.span(desk.endpoint.retry_base_seconds))
    waits = replace(row, status=OutboxStatus.UNKNOWN, attempts=attempts, due_at=now + pause)
    return Ending(row=waits)


def _not_applied(
    work: Work, row: OutboxRow, desk: Desk, now: datetime, stays: OutboxStatus
) -> Ending:
    if work.purpose == LOOK_UP:
        if row.attempts >= attempts_allowed(desk):
            return Ending(row=_over(row, OutboxStatus.REFUSED, row.attempts, now), code=GAVE_UP)
        return Ending(row=replace(row, status=OutboxStatus.WAITING, due_at=now))
    attempts = row.attempts + 1
    if attempts < attempts_allowed(desk):
        due_at = now + pause_before(desk, row, attempts)
        return Ending(row=replace(row, status=stays, attempts=attempts, due_at=due_at))
    if stays is OutboxStatus.UNKNOWN:
        return Ending(row=_over(row, OutboxStatus.UNRESOLVED, attempts, now), code=UNRESOLVED)
    return Ending(row=_over(row, OutboxStatus.REFUSED, attempts, now), code=GAVE_UP)


def conclude(unit: Unit, directory: Directory, batch: Batch, end: Ending) -> None:
    """Say what an effect's end means: the answer to its process, its exception, or its peace."""
    row = end.row
    if row.status not in ANSWERS:
        return
    for told in answered(row, batch.at):
        batch.publish(address(directory, told))
    if end.code:
        trouble = trouble_of(unit, row, end.code)
        batch.exceptions.append(trouble.row(row.tenant, directory.roster.rulebook, batch.at))
        batch.tally[f"exceptions/{trouble.team}/{trouble.code}"] += 1
    elif row.fence > 1:  # the first lease of an effect finds nothing open about it
        batch.exceptions.append(settled(row, f"it ended {row.status}"))
