"""Acknowledgement: what a partner owes for what we sent, and what becomes of that promise.

Receives  ExchangeNumbered, ExchangeEnded, AcknowledgementReceived, WakeUp, ExceptionRetried,
          ExceptionWaived
Emits     AcknowledgementNoted, SetTimer, CancelTimer, OpenException, CloseException
Key       exchange

House rules
  1. What was heard is kept, and the status is derived from it: messages that change places or come
     twice end in the same state.
  2. A deadline runs from the delivery, in the partner's working hours; technical and functional
     acknowledgements have their own.
  3. An acknowledgement that comes late still counts: it closes the overdue promise.
  4. The worst that a partner says of one exchange holds.
  5. Whatever is not plainly accepted is an exception. A waiver is a review: it is kept with the
     operator's comment, and the same is not asked again.
  6. A word on a number for which nothing is awaited is an exception.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, assert_never

import msgspec
from msgspec import Struct

from crossdock.canonical.moments import Instant
from crossdock.messages.acknowledgement import (
    AcknowledgementNoted,
    AcknowledgementReceived,
    AckStatus,
    Environment,
    ExchangeEnded,
    ExchangeEnding,
    ExchangeNumbered,
    Level,
    Verdict,
)
from crossdock.messages.envelope import Key, Message
from crossdock.messages.flow import ExceptionRetried, ExceptionWaived, WakeUp
from crossdock.messages.teams import Team
from crossdock.policies.acknowledging import acknowledged_by
from crossdock.policies.rules import Rules
from crossdock.ports import (
    CancelTimer,
    CloseException,
    Emission,
    OpenException,
    Received,
    SetTimer,
    Subscriber,
)

TIMER = "overdue"

# From the best to the worst a partner can say, and how the sending can end.
SEVERITY = (
    Verdict.ACCEPTED,
    Verdict.ACCEPTED_WITH_ERRORS,
    Verdict.PARTIAL,
    Verdict.REJECTED,
)
FINALITY = (ExchangeEnding.UNRESOLVED, ExchangeEnding.NOT_DELIVERED, ExchangeEnding.DELIVERED)

OVERDUE = "ACK_OVERDUE"
CODES = {
    AckStatus.OVERDUE: OVERDUE,
    AckStatus.REJECTED: "ACK_REJECTED",
    AckStatus.PARTIAL: "ACK_PARTIAL",
    AckStatus.ACCEPTED_WITH_ERRORS: "ACK_WITH_ERRORS",
    AckStatus.UNKNOWN: "ACK_UNKNOWN",
}
WORDS = {
    AckStatus.OVERDUE: "has not acknowledged it in time",
    AckStatus.REJECTED: "rejected it as unreadable",
    AckStatus.PARTIAL: "took only part of it",
    AckStatus.ACCEPTED_WITH_ERRORS: "took it, and found errors",
    AckStatus.UNKNOWN: "speaks of a number for which nothing is awaited",
}
ACTIONS = {
    AckStatus.OVERDUE: (
        "Ask the partner whether it arrived; retry waits anew, waive notes that it was reviewed"
    ),
    AckStatus.REJECTED: "Mend what was found, send it anew, then waive this with a comment",
    AckStatus.PARTIAL: "Mend what was found, send that part anew, then waive this with a comment",
    AckStatus.ACCEPTED_WITH_ERRORS: "See what was found, then waive this with a comment",
    AckStatus.UNKNOWN: "Ask the partner whose number this is, then waive this with a comment",
}


class Kept(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The base of everything that is kept in the state."""


class Heard(Kept, frozen=True, kw_only=True):
    """What a partner said of the exchange, and when it first reached us."""

    verdict: Verdict
    at: Instant
    faults: tuple[str, ...] = ()


class Review(Kept, frozen=True, kw_only=True):
    """An operator has looked at this code, and said so."""

    code: str
    by: str
    comment: str


class ExchangeState(Kept, frozen=True, kw_only=True):
    """One exchange: what was said of it by flow, by the partner and by people.

    `due_at` is when the acknowledgement is due, `overdue` that it was not there then.
    """

    name: str
    numbered: ExchangeNumbered | None = None
    ended: ExchangeEnded | None = None
    heard: Heard | None = None
    due_at: Instant | None = None
    overdue: bool = False
    review: Review | None = None
    raised: OpenException | None = None
    told: AcknowledgementNoted | None = None


Said = (
    ExchangeNumbered
    | ExchangeEnded
    | AcknowledgementReceived
    | WakeUp
    | ExceptionRetried
    | ExceptionWaived
)
Step = tuple[ExchangeState, tuple[Emission, ...]]


def decide(
    state: ExchangeState, received: Received[Any], rules: Rules
) -> tuple[ExchangeState, tuple[Emission, ...]]:
    """Take a word on the exchange in, then say what follows from all of them."""
    body: Said = received.body
    insist = False
    match body:
        case ExchangeNumbered():
            state = msgspec.structs.replace(state, numbered=state.numbered or body)
        case ExchangeEnded():
            state = note_end(state, body)
        case AcknowledgementReceived():
            state = hear(state, body, received.at)
        case WakeUp():
            state = miss(state, body)
        case ExceptionRetried():
            insist = True
            state = wait_anew(state, body, received.at, rules)
        case ExceptionWaived():
            state = review(state, body)
        case _:
            assert_never(body)
    return settle(state, rules, insist=insist)


def note_end(state: ExchangeState, said: ExchangeEnded) -> ExchangeState:
    """Remember how the sending ended; a delivery holds against all else, and the first of them."""
    known = state.ended
    if known is not None and FINALITY.index(known.ending) >= FINALITY.index(said.ending):
        earlier = known.ending is said.ending and said.ended_at < known.ended_at
        return msgspec.structs.replace(state, ended=said) if earlier else state
    return msgspec.structs.replace(state, ended=said)


def hear(state: ExchangeState, said: AcknowledgementReceived, at: datetime) -> ExchangeState:
    """Remember the worst the partner says, and when it first said anything."""
    heard = Heard(verdict=said.verdict, at=at, faults=said.faults)
    known = state.heard
    if known is not None:
        worse = SEVERITY.index(heard.verdict) > SEVERITY.index(known.verdict)
        first = min(known.at, at)
        heard = msgspec.structs.replace(heard if worse else known, at=first)
    return msgspec.structs.replace(state, heard=heard)


def miss(state: ExchangeState, alarm: WakeUp) -> ExchangeState:
    """Note that the deadline has passed and nothing was heard."""
    missed = state.heard is None and state.due_at is not None and alarm.due_at >= state.due_at
    return msgspec.structs.replace(state, overdue=True) if missed else state


def wait_anew(
    state: ExchangeState, retry: ExceptionRetried, at: datetime, rules: Rules
) -> ExchangeState:
    """Give the partner its time once more, as an operator decided."""
    if retry.code != OVERDUE or status_of(state) is not AckStatus.OVERDUE:
        return state
    return msgspec.structs.replace(state, overdue=False, due_at=deadline(state, at, rules))


def review(state: ExchangeState, waiver: ExceptionWaived) -> ExchangeState:
    """Keep who looked at it and what they found."""
    seen = Review(code=waiver.code, by=waiver.by, comment=waiver.reason)
    return msgspec.structs.replace(state, review=seen, raised=None)


def status_of(state: ExchangeState) -> AckStatus:
    """Tell where the promise stands, from all that was heard."""
    if state.numbered is None:
        return AckStatus.UNSENT if state.heard is None else AckStatus.UNKNOWN
    if state.heard is not None:
        return AckStatus(state.heard.verdict.value)
    if state.ended is None or state.ended.ending is ExchangeEnding.UNRESOLVED:
        return AckStatus.UNSENT
    if state.ended.ending is ExchangeEnding.NOT_DELIVERED:
        return AckStatus.NOT_DELIVERED
    if not state.numbered.awaited:
        return AckStatus.NOT_AWAITED
    return AckStatus.OVERDUE if state.overdue else AckStatus.WAITING


def deadline(state: ExchangeState, since: datetime, rules: Rules) -> datetime:
    """Tell until when the partner has time."""
    partner, _, level, _ = state.name.split("/")
    return acknowledged_by(rules, partner, Level(level), since)


def settle(state: ExchangeState, rules: Rules, *, insist: bool) -> Step:
    """Say what follows: the deadline, the exception, and where the promise stands."""
    state, timer = set_deadline(state, rules)
    state, asked = ask(state, insist=insist)
    state, noted = note(state)
    return state, timer + asked + noted


def set_deadline(state: ExchangeState, rules: Rules) -> Step:
    """Let the time run from the delivery on, until something is heard."""
    status = status_of(state)
    if status is AckStatus.WAITING:
        due_at = state.due_at
        if due_at is None and state.ended is not None:
            due_at = deadline(state, state.ended.ended_at, rules)
        if due_at is not None and (state.told is None or state.told.due_at != due_at):
            state = msgspec.structs.replace(state, due_at=due_at)
            return state, (SetTimer(name=TIMER, due_at=due_at),)
        return state, ()
    delivered = state.ended is not None and state.ended.ending is ExchangeEnding.DELIVERED
    awaited = state.numbered is not None and state.numbered.awaited
    if state.due_at is None and delivered and awaited and state.ended is not None:
        due_at = deadline(state, state.ended.ended_at, rules)
        state = msgspec.structs.replace(state, due_at=due_at)
    running = state.told is not None and state.told.status is AckStatus.WAITING
    return state, (CancelTimer(name=TIMER),) if running and not state.overdue else ()


def ask(state: ExchangeState, *, insist: bool) -> Step:
    """Ask a person where it is not plainly accepted and nobody has reviewed it yet."""
    wanted = trouble(state)
    if wanted == state.raised and not (insist and wanted):
        return state, ()
    said: tuple[Emission, ...] = ()
    old = state.raised
    if old is not None and (wanted is None or wanted.code != old.code):
        because = f"it is {status_of(state).replace('_', ' ')} now"
        said = (CloseException(code=old.code, because=because),)
    if wanted is not None:
        said += (wanted,)
    return msgspec.structs.replace(state, raised=wanted), said


def trouble(state: ExchangeState) -> OpenException | None:
    """Write the exception that this exchange needs, if it needs one."""
    status = status_of(state)
    code = CODES.get(status)
    if code is None or (state.review is not None and state.review.code == code):
        return None
    partner, environment, level, number = state.name.split("/")
    numbered = state.numbered
    what = f"{numbered.verb} for {numbered.business_key}" if numbered else "something"
    faults = state.heard.faults if state.heard else ()
    found = f": {'; '.join(faults)}" if faults else ""
    due = {"due": state.due_at.isoformat()} if state.due_at else {}
    return OpenException(
        code=code,
        team=numbered.owner if numbered else Team.INTEGRATION,
        cause=f"{partner} {WORDS[status]}: {what}, {level} {number} ({environment}){found}",
        action=ACTIONS[status],
        about=(number, *((numbered.business_key,) if numbered else ())),
        seen={"partner": partner, "level": level, "number": number, **due},
    )


def note(state: ExchangeState) -> Step:
    """Tell where the promise stands, when that has changed."""
    noted = noted_now(state)
    told = state.told
    if noted is None or (told and noted == msgspec.structs.replace(told, revision=0)):
        return state, ()
    noted = msgspec.structs.replace(noted, revision=told.revision + 1 if told else 1)
    return msgspec.structs.replace(state, told=noted), (noted,)


def noted_now(state: ExchangeState) -> AcknowledgementNoted | None:
    """Write down where the promise stands; None where nobody has promised or said anything."""
    status = status_of(state)
    numbered, heard = state.numbered, state.heard
    if heard is None and (numbered is None or not numbered.awaited):
        return None
    partner, environment, level, number = state.name.split("/")
    delivered = state.ended is not None and state.ended.ending is ExchangeEnding.DELIVERED
    return AcknowledgementNoted(
        endpoint=partner,
        environment=Environment(environment),
        level=Level(level),
        number=int(number),
        status=status,
        revision=0,
        verb=numbered.verb if numbered else "",
        business_key=numbered.business_key if numbered else "",
        version=numbered.version if numbered else "",
        effect_id=numbered.effect_id if numbered else "",
        asker=numbered.asker if numbered else None,
        numbered_at=numbered.numbered_at if numbered else None,
        sent_at=state.ended.ended_at if delivered and state.ended else None,
        due_at=state.due_at,
        acknowledged_at=heard.at if heard else None,
        late=bool(heard and state.due_at and heard.at > state.due_at),
        faults=heard.faults if heard else (),
        reviewed_by=state.review.by if state.review else "",
        comment=state.review.comment if state.review else "",
    )


def exchange(partner: str, environment: Environment, level: Level, number: int) -> Key:
    """Name an exchange."""
    return Key("exchange", f"{partner}/{environment}/{level}/{number}")


def keys(message: Message) -> tuple[Key, ...]:
    """Name the exchange a message speaks of."""
    match message.body:
        case ExchangeNumbered() | ExchangeEnded() as said:
            return (exchange(said.endpoint, said.environment, said.level, said.number),)
        case AcknowledgementReceived() as said:
            partner = message.origin.removeprefix("partner:")
            return (exchange(partner, said.environment, said.level, said.number),)
        case _:
            return ()


def stage(state: ExchangeState) -> str:
    """Name the stage operators see; what was reviewed is so called."""
    return "reviewed" if state.review is not None else status_of(state).value


SUBSCRIBER: Subscriber[ExchangeState, Rules] = Subscriber(
    name="acknowledgement",
    state=ExchangeState,
    start=lambda key: ExchangeState(name=key.id),
    receives=(
        ExchangeNumbered,
        ExchangeEnded,
        AcknowledgementReceived,
        WakeUp,
        ExceptionRetried,
        ExceptionWaived,
    ),
    keys=keys,
    decide=decide,
    stage=stage,
)
