"""What became of an effect, by what happened on the wire: one table, for every partner.

Send                    outcome
not sent                not applied: no byte left
no answer               unknown
2xx understood          applied
2xx not understood      unknown
401, 403                locked out
408                     unknown
409 understood          by the operation's `duplicate_means`; not understood: unknown
429                     throttled
other 4xx               refused
503                     by the operation's `busy_means`
other 5xx               unknown
anything else           unknown: redirects are not followed, and say nothing of the work

Look-up                 outcome
answered, found         applied
answered, not found     not applied
401, 403                locked out
429                     throttled
anything else           unknown: look again
"""

from __future__ import annotations

from enum import StrEnum

from crossdock.ports import Answer, Exchange, Operation, Stage

BAD_REQUEST, SERVER_ERROR, OVER = 400, 500, 600  # RFC 9110, section 15: where classes begin
OK, REDIRECT = 200, 300
TIMEOUT, CONFLICT, TOO_MANY, BUSY = 408, 409, 429, 503
NOT_LET_IN = frozenset({401, 403})


class Outcome(StrEnum):
    """What became of one attempt at an effect."""

    APPLIED = "applied"
    NOT_APPLIED = "not_applied"
    REFUSED = "refused"
    THROTTLED = "throttled"
    UNKNOWN = "unknown"
    LOCKED_OUT = "locked_out"


class Vote(StrEnum):
    """What an exchange says about the partner's health."""

    WELL = "well"
    ILL = "ill"
    NEITHER = "neither"


def judge_send(stage: Stage, status: int, operation: Operation, *, understood: bool) -> Outcome:
    """Tell what became of a request."""
    match stage:
        case Stage.NOT_SENT:
            return Outcome.NOT_APPLIED
        case Stage.NO_ANSWER:
            return Outcome.UNKNOWN
        case Stage.ANSWERED:
            return _by_status(status, operation, understood=understood)


def _by_status(status: int, operation: Operation, *, understood: bool) -> Outcome:
    if status in NOT_LET_IN:
        return Outcome.LOCKED_OUT
    if status == TOO_MANY:
        return Outcome.THROTTLED
    if status == BUSY and operation.busy_means == "not_applied":
        return Outcome.NOT_APPLIED
    if status == CONFLICT and understood:
        return Outcome.APPLIED if operation.duplicate_means == "applied" else Outcome.REFUSED
    if OK <= status < REDIRECT and understood:
        return Outcome.APPLIED
    if BAD_REQUEST <= status < SERVER_ERROR and status not in {TIMEOUT, CONFLICT}:
        return Outcome.REFUSED
    return Outcome.UNKNOWN


def judge_look_up(stage: Stage, status: int, *, found: bool | None, understood: bool) -> Outcome:
    """Tell what a look-up says of the effect it asked for."""
    if stage is not Stage.ANSWERED:
        return Outcome.UNKNOWN
    if status in NOT_LET_IN:
        return Outcome.LOCKED_OUT
    if status == TOO_MANY:
        return Outcome.THROTTLED
    if status >= SERVER_ERROR or status == TIMEOUT or not understood or found is None:
        return Outcome.UNKNOWN
    return Outcome.APPLIED if found else Outcome.NOT_APPLIED


def vote(exchange: Exchange) -> Vote:
    """Tell what an exchange says of the partner: a refusal is an answer, and answers are healthy.

    429 moves the rate, not the breaker; 401 and 403 are the credentials' trouble.
    """
    status = exchange.status
    if exchange.stage is not Stage.ANSWERED or status == TIMEOUT or status >= SERVER_ERROR:
        return Vote.ILL
    if status == TOO_MANY or status in NOT_LET_IN:
        return Vote.NEITHER
    return Vote.WELL


def judge(purpose: str, exchange: Exchange, answer: Answer, operation: Operation) -> Outcome:
    """Tell what became of an attempt: a `send` or a `look_up`."""
    understood = answer.understood
    if purpose == "send":
        return judge_send(exchange.stage, exchange.status, operation, understood=understood)
    return judge_look_up(exchange.stage, exchange.status, found=answer.found, understood=understood)
