"""Control numbers: interchanges that a partner numbers without gaps must arrive without gaps.

Receives  EnvelopeReceived, WakeUp, ExceptionRetried, ExceptionWaived
Emits     SetTimer, CancelTimer, OpenException, CloseException
Key       partner

House rules
  1. Documents overtake each other: a number that is missing is told only after a grace, and
     forgotten when it comes.
  2. A gap wider than the policy allows is no gap: the partner has begun anew, which is told at
     once. After the highest number there is the lowest again, and nobody is told.
  3. Nothing is refused for its number. A number used twice for different bytes is told where the
     document is received.
  4. Groups are counted too differently by partners to miss one of them; and a partner that counts
     for others as well is not asked about gaps.
  5. A waiver takes what is missing at that time as never coming.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, assert_never

import msgspec
from msgspec import Struct

from crossdock.canonical.moments import Instant
from crossdock.messages.acknowledgement import EnvelopeReceived, Level
from crossdock.messages.envelope import Key, Message
from crossdock.messages.flow import ExceptionRetried, ExceptionWaived, WakeUp
from crossdock.messages.teams import Team
from crossdock.policies.rules import AcknowledgementPolicy, Rules
from crossdock.ports import (
    CancelTimer,
    CloseException,
    Emission,
    OpenException,
    Received,
    SetTimer,
    Subscriber,
)

TIMER = "gap"
GAP = "CONTROL_NUMBER_GAP"
RESET = "CONTROL_NUMBER_RESET"
NUMBER_MAX = 999_999_999  # Source: X12 element I12, nine digits


class Run(Struct, frozen=True, order=True):
    """Numbers without a gap, both ends included."""

    first: int
    last: int


class NumbersState(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One partner's numbers of one level: the runs that came, and those nobody waits for any more.

    `since` is when the present gap was first seen, `late` that its grace is over.
    """

    stream: str
    runs: tuple[Run, ...] = ()
    forgiven: tuple[Run, ...] = ()
    since: Instant | None = None
    late: bool = False
    accepted_series: int = 1
    raised: dict[str, OpenException] = {}


Said = EnvelopeReceived | WakeUp | ExceptionRetried | ExceptionWaived
Step = tuple[NumbersState, tuple[Emission, ...]]


def decide(
    state: NumbersState, received: Received[Any], rules: Rules
) -> tuple[NumbersState, tuple[Emission, ...]]:
    """Take a number in, then look for what is missing."""
    body: Said = received.body
    policy = rules.acknowledgement
    insist = ""
    match body:
        case EnvelopeReceived(number=number):
            runs = merged((*state.runs, Run(number, number)))
            state = msgspec.structs.replace(state, runs=runs)
        case WakeUp():
            state = msgspec.structs.replace(state, late=state.since is not None)
        case ExceptionRetried(code=code):
            insist = code
        case ExceptionWaived(code=code):
            state = forgive(state, code, policy)
        case _:
            assert_never(body)
    return settle(state, received.at, policy, insist)


def merged(runs: tuple[Run, ...]) -> tuple[Run, ...]:
    """Join runs that touch, in order."""
    joined: list[Run] = []
    for run in sorted(runs):
        if joined and run.first <= joined[-1].last + 1:
            joined[-1] = Run(joined[-1].first, max(joined[-1].last, run.last))
        else:
            joined.append(run)
    return tuple(joined)


def series(state: NumbersState, gap_max: int) -> list[list[Run]]:
    """Group the runs that are one counting: those with no wider gap between them."""
    counted: list[list[Run]] = []
    for run in state.runs:
        near = counted and run.first - counted[-1][-1].last - 1 <= gap_max
        if near:
            counted[-1].append(run)
        else:
            counted.append([run])
    rolled = len(counted) > 1 and counted[-1][-1].last > NUMBER_MAX - gap_max
    return counted[1:] if rolled and counted[0][0].first <= gap_max else counted


def missing(state: NumbersState, gap_max: int) -> tuple[Run, ...]:
    """List the numbers that should have come and that somebody still waits for."""
    gaps = [
        Run(before.last + 1, after.first - 1)
        for before, after in zip(state.runs, state.runs[1:], strict=False)
        if after.first - before.last - 1 <= gap_max
    ]
    return tuple(
        gap
        for gap in gaps
        if not any(f.first <= gap.first and gap.last <= f.last for f in state.forgiven)
    )


def forgive(state: NumbersState, code: str, policy: AcknowledgementPolicy) -> NumbersState:
    """Take what is missing as never coming, or the new counting as meant."""
    raised = {name: each for name, each in state.raised.items() if name != code}
    state = msgspec.structs.replace(state, raised=raised)
    if code == RESET:
        return msgspec.structs.replace(state, accepted_series=len(series(state, policy.gap_max)))
    forgiven = merged((*state.forgiven, *missing(state, policy.gap_max)))
    return msgspec.structs.replace(state, forgiven=forgiven)


def settle(state: NumbersState, at: datetime, policy: AcknowledgementPolicy, insist: str) -> Step:
    """Let the grace run while something is missing, and tell what has been missing for long."""
    gaps = missing(state, policy.gap_max) if is_counted(state, policy) else ()
    state, timer = keep_time(state, gaps, at, policy)
    counted = len(series(state, policy.gap_max)) if is_counted(state, policy) else 0
    wanted: dict[str, OpenException] = {}
    if gaps and state.late:
        wanted[GAP] = gap_trouble(state, gaps)
    if counted > state.accepted_series:
        wanted[RESET] = reset_trouble(state, counted)
    said: list[Emission] = [
        CloseException(code=code, because="nothing is missing any more")
        for code in state.raised
        if code not in wanted
    ]
    said += [
        each for code, each in wanted.items() if state.raised.get(code) != each or insist == code
    ]
    return msgspec.structs.replace(state, raised=wanted), (*timer, *said)


def is_counted(state: NumbersState, policy: AcknowledgementPolicy) -> bool:
    """Tell whether the partner counts what it sends to us by itself."""
    partner = state.stream.split("/", 1)[0]
    row = next((each for each in policy.partners if each.partner == partner), None)
    return row is None or row.numbers_for_us_alone


def keep_time(
    state: NumbersState, gaps: tuple[Run, ...], at: datetime, policy: AcknowledgementPolicy
) -> Step:
    """Begin the grace with the first gap, and end it with the last."""
    if gaps and state.since is None:
        due_at = at + timedelta(minutes=policy.gap_grace_minutes)
        return msgspec.structs.replace(state, since=at), (SetTimer(name=TIMER, due_at=due_at),)
    if not gaps and state.since is not None:
        stop = () if state.late else (CancelTimer(name=TIMER),)
        return msgspec.structs.replace(state, since=None, late=False), stop
    return state, ()


def gap_trouble(state: NumbersState, gaps: tuple[Run, ...]) -> OpenException:
    """Ask what became of the numbers that never came."""
    spelled = ", ".join(
        str(gap.first) if gap.first == gap.last else f"{gap.first} to {gap.last}" for gap in gaps
    )
    return OpenException(
        code=GAP,
        team=Team.INTEGRATION,
        cause=f"{state.stream}: numbers {spelled} never came",
        action="Ask the partner to send them again; waive if they were never used",
        about=tuple(str(gap.first) for gap in gaps),
        seen={"missing": spelled, "highest": str(state.runs[-1].last)},
    )


def reset_trouble(state: NumbersState, counted: int) -> OpenException:
    """Ask whether the partner meant to begin anew."""
    starts = ", ".join(str(run.first) for run in state.runs)
    return OpenException(
        code=RESET,
        team=Team.INTEGRATION,
        cause=f"{state.stream}: the partner's numbers jumped, as if it had begun anew",
        action="Ask the partner; waive if it did",
        about=(),
        seen={"runs_begin_at": starts, "countings": str(counted)},
    )


def keys(message: Message) -> tuple[Key, ...]:
    """Name the partner's counting that a number belongs to."""
    body = message.body
    if not isinstance(body, EnvelopeReceived) or body.level is not Level.INTERCHANGE:
        return ()
    partner = message.origin.removeprefix("partner:")
    return (Key("partner", f"{partner}/{body.stream}/{body.environment}/{body.level}"),)


def stage(state: NumbersState) -> str:
    """Name the stage operators see."""
    if state.raised:
        return "incomplete"
    return "waiting" if state.since is not None else "complete"


SUBSCRIBER: Subscriber[NumbersState, Rules] = Subscriber(
    name="control_numbers",
    state=NumbersState,
    start=lambda key: NumbersState(stream=key.id),
    receives=(EnvelopeReceived, WakeUp, ExceptionRetried, ExceptionWaived),
    keys=keys,
    decide=decide,
    stage=stage,
)
