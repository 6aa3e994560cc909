"""Freight that is agreed and waits for its delivery does not wait for ever unseen."""

from crossdock.messages.flow import ExceptionWaived
from crossdock.messages.freight_settlement import LineState
from crossdock.messages.teams import Team
from crossdock.policies.freight import FreightPolicy
from crossdock.policies.rules import Rules
from tests.processes.freight_settlement_world import (
    OFFERED,
    begin,
    billed,
    cancelled,
    commands,
    delivered,
    hour,
    ledger,
    line,
    obey,
    picture,
    planned,
    told,
)

UNDELIVERED = "FREIGHT_UNDELIVERED"
PATIENT = Rules(freight=FreightPolicy(undelivered_after_hours=300))


def test_a_bill_whose_delivery_nobody_tells_asks_finance_when_its_time_is_over() -> None:
    story = begin()
    story.tell(planned(), planned("SO-2"), delivered("SO-2"), billed())

    before = story.wait_until(hour(119))
    said = story.wait_until(hour(120))

    (asked,) = story.exceptions.values()
    assert (before, commands(said)) == ([], [])
    assert (asked.code, asked.team) == (UNDELIVERED, Team.FINANCE)
    assert asked.cause == (
        "FUEL, LINEHAUL of load LO-1 is billed and agreed, and nothing proves after 120 hours "
        "that it was earned: waits for the delivery of SO-1 on SH-1"
    )
    assert asked.about == ("LO-1", "SH-1", "SO-1", "SO-2", "I-1")


def test_the_delivery_ends_the_question_and_is_posted() -> None:
    story = begin()
    story.tell(planned(), billed())
    story.wait_until(hour(120))

    obey(story, story.tell(delivered()))

    assert list(story.exceptions) == []
    assert ledger(story) == {"FUEL": 5721, "LINEHAUL": 50000}


def test_a_bill_that_is_taken_back_ends_the_question() -> None:
    story = begin()
    story.tell(planned(), billed())
    story.wait_until(hour(120))

    story.tell(cancelled())

    assert (list(story.exceptions), story.timers) == ([], {})


def test_a_delivery_in_time_asks_nobody() -> None:
    story = begin()
    story.tell(planned(), billed())
    obey(story, story.tell(delivered()))

    assert (story.timers, story.wait_until(hour(500))) == ({}, [])


def test_a_delivery_that_is_taken_back_after_the_time_is_asked_about_at_once() -> None:
    story = begin()
    story.tell(planned(), billed())
    story.wait_until(hour(120))
    obey(story, story.tell(delivered()))

    obey(story, story.tell(delivered(revision=2, really=False)))

    assert list(story.exceptions) == [UNDELIVERED]
    assert ledger(story) == {"FUEL": 0, "LINEHAUL": 0}


def test_what_is_only_told_may_wait() -> None:
    story = begin()
    story.tell(planned(), told(*OFFERED))

    assert story.timers == {}


def test_a_person_who_knows_is_not_asked_again() -> None:
    story = begin()
    story.tell(planned(), billed())
    story.wait_until(hour(120))

    story.exceptions.pop(UNDELIVERED)
    story.tell(ExceptionWaived(code=UNDELIVERED, by="ann", reason="the ship is late"))

    assert list(story.exceptions) == []
    assert story.stage == "confirmed"


def test_policy_says_how_long_is_waited() -> None:
    story = begin(PATIENT)
    story.tell(planned(), billed())

    story.wait_until(hour(299))

    assert list(story.exceptions) == []
    assert line(story.said).state is LineState.CONFIRMED
    assert picture(story.said).rules == PATIENT.digest
