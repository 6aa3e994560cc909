"""Stories of partners' control numbers: what is missing, and what begins anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from crossdock.messages.acknowledgement import EnvelopeReceived, Environment, Level
from crossdock.messages.envelope import Key, Message
from crossdock.messages.flow import ExceptionRetried, ExceptionWaived
from crossdock.messages.teams import Team
from crossdock.policies.rules import AcknowledgementPolicy, PartnerAcknowledgement, Rules
from crossdock.ports import CancelTimer, CloseException, OpenException, SetTimer
from crossdock.processes.control_numbers import NUMBER_MAX, SUBSCRIBER, NumbersState
from crossdock.testing.story import Story

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
STREAM = Key("partner", "road/SCAC/US/production/interchange")
STOPPED = CancelTimer(name="gap")


def story() -> Story[NumbersState, Rules]:
    return Story(SUBSCRIBER, STREAM, rules=Rules(), at=NOON)


def came(number: int) -> EnvelopeReceived:
    return EnvelopeReceived(
        stream="SCAC/US",
        environment=Environment.PRODUCTION,
        level=Level.INTERCHANGE,
        number=number,
        digest=f"digest of {number}",
    )


def gap(missing: str, first: str, highest: str) -> OpenException:
    return OpenException(
        code="CONTROL_NUMBER_GAP",
        team=Team.INTEGRATION,
        cause=f"road/SCAC/US/production/interchange: numbers {missing} never came",
        action="Ask the partner to send them again; waive if they were never used",
        about=(first,),
        seen={"missing": missing, "highest": highest},
    )


def test_numbers_without_a_gap_are_silence() -> None:
    assert story().tell(came(41), came(42), came(42), came(43)) == []


def test_a_number_that_is_overtaken_is_waited_for() -> None:
    numbers = story()

    assert numbers.tell(came(1), came(3), came(2)) == [
        SetTimer(name="gap", due_at=NOON + HOUR),
        STOPPED,
    ]
    assert numbers.stage == "complete"


def test_a_number_that_never_comes_is_told_after_the_grace() -> None:
    numbers = story()
    numbers.tell(came(1), came(5))

    assert numbers.wait_until(NOON + HOUR) == [gap("2 to 4", "2", "5")]
    assert numbers.stage == "incomplete"


def test_a_gap_that_is_filled_late_is_settled() -> None:
    numbers = story()
    numbers.tell(came(1), came(3))
    numbers.wait_until(NOON + HOUR)

    assert numbers.tell(came(2)) == [
        CloseException(code="CONTROL_NUMBER_GAP", because="nothing is missing any more")
    ]


def test_a_waived_gap_is_not_asked_about_again() -> None:
    numbers = story()
    numbers.tell(came(1), came(3))
    numbers.wait_until(NOON + HOUR)

    said = numbers.tell(ExceptionWaived(code="CONTROL_NUMBER_GAP", by="ann", reason="unused"))

    assert said == []
    assert numbers.tell(came(4)) == []
    assert numbers.stage == "complete"


def test_a_retry_insists_while_something_is_missing() -> None:
    numbers = story()
    numbers.tell(came(1), came(3))
    numbers.wait_until(NOON + HOUR)

    said = numbers.tell(ExceptionRetried(code="CONTROL_NUMBER_GAP", by="ann", reason="asked"))

    assert said == [gap("2", "2", "3")]


def test_a_partner_that_begins_anew_is_asked_about_once() -> None:
    numbers = story()
    numbers.tell(came(50_000))

    said = numbers.tell(came(1))
    waived = numbers.tell(ExceptionWaived(code="CONTROL_NUMBER_RESET", by="ann", reason="new box"))

    assert [each.code for each in said if isinstance(each, OpenException)] == [
        "CONTROL_NUMBER_RESET"
    ]
    assert (waived, numbers.tell(came(2))) == ([], [])


def test_after_the_highest_number_comes_the_lowest() -> None:
    assert story().tell(came(NUMBER_MAX), came(1), came(2)) == []


@given(st.permutations([1, 2, 4, 5, 9, 9, 4]))
def test_numbers_in_any_order_leave_the_same_missing(order: list[int]) -> None:
    numbers = story()

    numbers.tell(*(came(each) for each in order))
    numbers.wait_until(NOON + HOUR)

    assert numbers.exceptions == {"CONTROL_NUMBER_GAP": gap_of("3, 6 to 8", ("3", "6"), "9")}


def gap_of(missing: str, about: tuple[str, ...], highest: str) -> OpenException:
    whole = gap(missing, about[0], highest)
    return OpenException(
        code=whole.code,
        team=whole.team,
        cause=whole.cause,
        action=whole.action,
        about=about,
        seen=whole.seen,
    )


def test_a_partner_that_counts_for_others_as_well_is_not_asked_about_gaps() -> None:
    road = PartnerAcknowledgement(partner="road", numbers_for_us_alone=False)
    rules = Rules(acknowledgement=AcknowledgementPolicy(partners=(road,)))
    numbers = Story(SUBSCRIBER, STREAM, rules=rules, at=NOON)

    assert numbers.tell(came(1), came(9), came(50_000)) == []


def test_groups_are_not_counted() -> None:
    message = Message(
        id="m",
        tenant="main",
        correlation_id="",
        causation_id="",
        received_at=NOON,
        origin="partner:road",
        body=replace(came(1), level=Level.GROUP),
    )

    assert SUBSCRIBER.keys(message) == ()


def test_each_partner_stream_environment_and_level_counts_apart() -> None:
    message = Message(
        id="m",
        tenant="main",
        correlation_id="",
        causation_id="",
        received_at=NOON,
        origin="partner:road",
        body=came(1),
    )

    assert SUBSCRIBER.keys(message) == (STREAM,)
