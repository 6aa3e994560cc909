"""The table of outcomes, over the whole product of what can happen."""

from itertools import product

import pytest

from crossdock.flow.outcomes import Outcome, Vote, judge_look_up, judge_send, vote
from crossdock.ports import EffectClass, Exchange, Operation, Stage

APPLIED, NOT_APPLIED, REFUSED = Outcome.APPLIED, Outcome.NOT_APPLIED, Outcome.REFUSED
THROTTLED, UNKNOWN, LOCKED_OUT = Outcome.THROTTLED, Outcome.UNKNOWN, Outcome.LOCKED_OUT

OPERATIONS = tuple(
    Operation(verb="x.y", effect=effect, duplicate_means=duplicate, busy_means=busy)
    for effect, duplicate, busy in product(
        EffectClass, ("applied", "refused"), ("not_applied", "unknown")
    )
)
SUCCESS = (200, 201, 202, 204, 299)
REFUSALS = (400, 402, 404, 405, 406, 410, 413, 415, 418, 422, 423, 424, 426, 428, 431, 451, 499)
FAILURES = (500, 501, 502, 504, 505, 507, 511, 599)
NEITHER = (0, 100, 101, 102, 199, 300, 301, 302, 303, 304, 307, 308, 399, 600, 999)
KNOWN = {401, 403, 408, 409, 429, 503, *SUCCESS, *REFUSALS, *FAILURES, *NEITHER}


def expected(stage: Stage, status: int, operation: Operation, understood: bool) -> Outcome:  # noqa: FBT001 - a row of the table
    if stage is Stage.NOT_SENT:
        return NOT_APPLIED
    if stage is Stage.NO_ANSWER:
        return UNKNOWN
    duplicate = {"applied": APPLIED, "refused": REFUSED}[operation.duplicate_means]
    busy = {"not_applied": NOT_APPLIED, "unknown": UNKNOWN}[operation.busy_means]
    table = {
        **dict.fromkeys(NEITHER + FAILURES, UNKNOWN),
        **dict.fromkeys(SUCCESS, APPLIED if understood else UNKNOWN),
        **dict.fromkeys(REFUSALS, REFUSED),
        401: LOCKED_OUT,
        403: LOCKED_OUT,
        408: UNKNOWN,
        429: THROTTLED,
        503: busy,
        409: duplicate if understood else UNKNOWN,
    }
    return table[status]


@pytest.mark.parametrize("status", sorted(KNOWN))
@pytest.mark.parametrize("stage", Stage)
def test_every_send_has_the_outcome_of_the_table(stage: Stage, status: int) -> None:
    for operation, understood in product(OPERATIONS, (True, False)):
        judged = judge_send(stage, status, operation, understood=understood)

        assert judged is expected(stage, status, operation, understood)


def looked_up(stage: Stage, status: int, found: bool | None, understood: bool) -> Outcome:  # noqa: FBT001 - a row of the table
    if stage is not Stage.ANSWERED:
        return UNKNOWN
    if status in {401, 403}:
        return LOCKED_OUT
    if status == 429:
        return THROTTLED
    if status in {408, 503, 600, 999, *FAILURES} or not understood or found is None:
        return UNKNOWN
    return APPLIED if found else NOT_APPLIED


@pytest.mark.parametrize("status", sorted(KNOWN))
@pytest.mark.parametrize("stage", Stage)
def test_every_look_up_has_the_outcome_of_the_table(stage: Stage, status: int) -> None:
    for found, understood in product((True, False, None), (True, False)):
        judged = judge_look_up(stage, status, found=found, understood=understood)

        assert judged is looked_up(stage, status, found, understood)


@pytest.mark.parametrize("status", sorted(KNOWN))
def test_only_silence_and_failures_count_against_a_partner(status: int) -> None:
    ill = status in {408, 503, 600, 999, *FAILURES}

    voted = vote(Exchange(stage=Stage.ANSWERED, status=status))

    wanted = Vote.NEITHER if status in {401, 403, 429} else Vote.WELL
    assert voted is (Vote.ILL if ill else wanted)


@pytest.mark.parametrize("stage", [Stage.NOT_SENT, Stage.NO_ANSWER])
def test_a_partner_that_does_not_answer_is_ill(stage: Stage) -> None:
    assert vote(Exchange(stage=stage)) is Vote.ILL
