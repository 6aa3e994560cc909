"""Stories of what partners owe for what we sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

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
from crossdock.messages.envelope import Body, Key, Message
from crossdock.messages.flow import ExceptionRetried, ExceptionWaived
from crossdock.messages.teams import Team
from crossdock.policies.calendars import Calendar
from crossdock.policies.rules import AcknowledgementPolicy, PartnerAcknowledgement, Rules
from crossdock.ports import CancelTimer, CloseException, Emission, OpenException, SetTimer
from crossdock.processes.acknowledgement import SUBSCRIBER, ExchangeState
from crossdock.testing.story import Story

FRIDAY = datetime(2026, 11, 27, 16, tzinfo=UTC)
DAY = timedelta(days=1)
EXCHANGE = Key("exchange", "road/production/group/17")
TENDER = Key("order", "SO-1")


def story(rules: Rules | None = None, key: Key = EXCHANGE) -> Story[ExchangeState, Rules]:
    return Story(SUBSCRIBER, key, rules=rules or Rules(), at=FRIDAY)


def numbered(*, awaited: bool = True, level: Level = Level.GROUP) -> ExchangeNumbered:
    return ExchangeNumbered(
        endpoint="road",
        environment=Environment.PRODUCTION,
        level=level,
        number=17,
        awaited=awaited,
        verb="carrier.tender",
        business_key="SO-1/S-1/ROAD",
        version="1",
        effect_id="x1",
        asker=TENDER,
        owner=Team.CARRIER_RELATIONS,
        numbered_at=FRIDAY,
    )


def sent(ending: ExchangeEnding = ExchangeEnding.DELIVERED) -> ExchangeEnded:
    return ExchangeEnded(
        endpoint="road",
        environment=Environment.PRODUCTION,
        level=Level.GROUP,
        number=17,
        ending=ending,
        ended_at=FRIDAY,
    )


def said(verdict: Verdict = Verdict.ACCEPTED, *faults: str) -> AcknowledgementReceived:
    return AcknowledgementReceived(
        environment=Environment.PRODUCTION,
        level=Level.GROUP,
        number=17,
        verdict=verdict,
        faults=faults,
    )


def statuses(emissions: Sequence[Emission]) -> list[str]:
    return [each.status.value for each in emissions if isinstance(each, AcknowledgementNoted)]


def test_the_time_runs_from_the_delivery_until_the_partner_speaks() -> None:
    exchange = story()

    told = exchange.tell(numbered(), sent(), said())

    assert statuses(told) == ["unsent", "waiting", "accepted"]
    assert [each for each in told if not isinstance(each, AcknowledgementNoted)] == [
        SetTimer(name="overdue", due_at=FRIDAY + DAY),
        CancelTimer(name="overdue"),
    ]


def test_the_whole_promise_is_told_in_one_piece() -> None:
    exchange = story()
    exchange.tell(numbered(), sent())

    (_, told) = exchange.tell(said())

    assert told == AcknowledgementNoted(
        endpoint="road",
        environment=Environment.PRODUCTION,
        level=Level.GROUP,
        number=17,
        status=AckStatus.ACCEPTED,
        revision=3,
        verb="carrier.tender",
        business_key="SO-1/S-1/ROAD",
        version="1",
        effect_id="x1",
        asker=TENDER,
        numbered_at=FRIDAY,
        sent_at=FRIDAY,
        due_at=FRIDAY + DAY,
        acknowledged_at=FRIDAY,
    )


def test_what_is_not_acknowledged_in_time_is_a_work_item() -> None:
    exchange = story()
    exchange.tell(numbered(), sent())

    told = exchange.wait_until(FRIDAY + DAY)

    assert told[0] == OpenException(
        code="ACK_OVERDUE",
        team=Team.CARRIER_RELATIONS,
        cause=(
            "road has not acknowledged it in time: carrier.tender for SO-1/S-1/ROAD, "
            "group 17 (production)"
        ),
        action=(
            "Ask the partner whether it arrived; retry waits anew, waive notes that it was reviewed"
        ),
        about=("17", "SO-1/S-1/ROAD"),
        seen={
            "partner": "road",
            "level": "group",
            "number": "17",
            "due": "2026-11-28T16:00:00+00:00",
        },
    )
    assert statuses(told) == ["overdue"]


def test_a_late_acknowledgement_still_reconciles() -> None:
    exchange = story()
    exchange.tell(numbered(), sent())
    exchange.wait_until(FRIDAY + 2 * DAY)

    closed, noted = exchange.tell(said())

    assert closed == CloseException(code="ACK_OVERDUE", because="it is accepted now")
    assert isinstance(noted, AcknowledgementNoted)
    assert (noted.status, noted.late) == ("accepted", True)


def test_a_retry_gives_the_partner_its_time_once_more() -> None:
    exchange = story()
    exchange.tell(numbered(), sent())
    exchange.wait_until(FRIDAY + DAY)

    told = exchange.tell(ExceptionRetried(code="ACK_OVERDUE", by="ann", reason="sent by hand"))

    assert told[0] == SetTimer(name="overdue", due_at=FRIDAY + 2 * DAY)
    assert (exchange.stage, exchange.exceptions) == ("waiting", {})


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        (Verdict.REJECTED, "ACK_REJECTED"),
        (Verdict.PARTIAL, "ACK_PARTIAL"),
        (Verdict.ACCEPTED_WITH_ERRORS, "ACK_WITH_ERRORS"),
    ],
)
def test_whatever_is_not_plainly_accepted_is_a_work_item(verdict: Verdict, code: str) -> None:
    exchange = story()
    exchange.tell(numbered(), sent())

    exchange.tell(said(verdict, "N1 at 8: code not valid"))

    assert list(exchange.exceptions) == [code]
    assert exchange.exceptions[code].cause.endswith(": N1 at 8: code not valid")


def test_a_review_is_kept_with_its_comment_and_not_asked_again() -> None:
    exchange = story()
    exchange.tell(numbered(), sent(), said(Verdict.REJECTED))

    (noted,) = exchange.tell(ExceptionWaived(code="ACK_REJECTED", by="ann", reason="sent anew"))
    again = exchange.tell(said(Verdict.REJECTED), sent())

    assert isinstance(noted, AcknowledgementNoted)
    assert (noted.status, noted.reviewed_by, noted.comment) == ("rejected", "ann", "sent anew")
    assert (again, exchange.stage) == ([], "reviewed")


def test_what_is_not_awaited_is_no_promise_but_a_rejection_counts() -> None:
    exchange = story()

    quiet = exchange.tell(numbered(awaited=False), sent())
    told = exchange.tell(said(Verdict.REJECTED))

    assert quiet == []
    assert statuses(told) == ["rejected"]
    assert list(exchange.exceptions) == ["ACK_REJECTED"]


def test_an_acknowledgement_of_what_we_never_sent_is_a_work_item() -> None:
    exchange = story()

    exchange.tell(said())

    assert list(exchange.exceptions) == ["ACK_UNKNOWN"]
    assert exchange.stage == "unknown"


def test_what_was_never_delivered_owes_us_nothing() -> None:
    exchange = story()

    told = exchange.tell(numbered(), sent(ExchangeEnding.NOT_DELIVERED))

    assert (statuses(told), exchange.timers) == (["unsent", "not_delivered"], {})


def test_technical_and_functional_deadlines_are_the_partners_own_working_hours() -> None:
    ulm = Calendar(name="ulm", zone="Europe/Berlin", closed=("2026-11-30",))
    own = PartnerAcknowledgement(
        partner="road",
        technical_within_minutes=30,
        functional_within_minutes=120,
        calendar="ulm",
    )
    rules = Rules(acknowledgement=AcknowledgementPolicy(partners=(own,)), calendars=(ulm,))
    technical = story(rules, Key("exchange", "road/production/interchange/17"))
    functional = story(rules)

    technical.tell(numbered(level=Level.INTERCHANGE), replace(sent(), level=Level.INTERCHANGE))
    functional.tell(numbered(), sent())

    # It is 17:00 in Ulm on Friday, which closes at 18:00; Monday is a holiday there.
    assert technical.timers == {"overdue": datetime(2026, 11, 27, 16, 30, tzinfo=UTC)}
    assert functional.timers == {"overdue": datetime(2026, 12, 1, 8, tzinfo=UTC)}


WORDS: tuple[Body, ...] = (
    numbered(),
    sent(ExchangeEnding.UNRESOLVED),
    sent(),
    said(),
    said(Verdict.PARTIAL, "half of it"),
)


@given(st.permutations(WORDS + WORDS))
def test_words_in_any_order_and_any_number_end_the_same(told: list[Body]) -> None:
    straight, shuffled = story(), story()
    straight.tell(*WORDS)

    shuffled.tell(*told)

    assert standing(shuffled) == standing(straight)


def standing(exchange: Story[ExchangeState, Rules]) -> tuple[object, ...]:
    """What is left for pages, people and the clock."""
    told = exchange.state.told
    last = None if told is None else replace(told, revision=0)
    return exchange.stage, last, frozenset(exchange.exceptions), exchange.timers


def test_what_flow_and_partners_say_is_of_the_same_exchange() -> None:
    heard: list[tuple[Body, str]] = [
        (numbered(), "flow"),
        (sent(), "flow"),
        (said(), "partner:road"),
    ]

    keys = [SUBSCRIBER.keys(message(body, origin)) for body, origin in heard]

    assert keys == [(EXCHANGE,)] * 3


def message(body: Body, origin: str) -> Message:
    return Message(
        id="m",
        tenant="main",
        correlation_id="",
        causation_id="",
        received_at=FRIDAY,
        origin=origin,
        body=body,
    )
