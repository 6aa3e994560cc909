"""Stories of loads that a customer offers: what counts as its last word, and until when a yes."""

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import structs

from crossdock.canonical.money import money
from crossdock.canonical.shipment import Mode, Shipment
from crossdock.messages.envelope import Key
from crossdock.messages.flow import ExceptionRetried, ExceptionWaived
from crossdock.messages.load_acceptance import (
    AnswerTender,
    CarriageAgreed,
    LoadOffered,
    OfferAnswer,
    OfferCountered,
)
from crossdock.messages.order_release import CounterOffer, TenderPurpose
from crossdock.policies.rules import AcceptancePolicy, AcceptanceRow, Rules
from crossdock.processes.load_acceptance import OFFERED, SUBSCRIBER, LoadState
from crossdock.testing.story import Story

BEGIN = datetime(2026, 3, 30, 6, 0, tzinfo=UTC)
UNTIL = BEGIN + timedelta(hours=3)
LOAD = "mill.L1"
SHIPMENT = Shipment(
    shipment_id=LOAD,
    load_id=LOAD,
    mode=Mode.ROAD,
    carrier_scac="XDCK",
    service_level="",
    stops=(),
    order_ids=(),
    references=(),
)
OFFER = LoadOffered(
    offered_by="mill",
    customer_id="C-MILL",
    offered_as="L1",
    shipment=SHIPMENT,
    purpose=TenderPurpose.ORIGINAL,
    revision=1,
    respond_by=UNTIL,
)
YES = AcceptancePolicy(rows=(AcceptanceRow(rule_id="all", answer="accept"),))
ASKED = AcceptancePolicy()
SILENT = structs.replace(ASKED, decline_when_late=False)


def begin(policy: AcceptancePolicy) -> Story[LoadState, Rules]:
    return Story(SUBSCRIBER, Key("load", LOAD), rules=Rules(acceptance=policy), at=BEGIN)


def answers(said: Any) -> list[tuple[int, OfferAnswer, str]]:
    return [
        (each.revision, each.answer, each.reason) for each in said if isinstance(each, AnswerTender)
    ]


def carried(said: Any) -> list[tuple[int, bool]]:
    return [(each.revision, each.off) for each in said if isinstance(each, CarriageAgreed)]


def word(revision: int, purpose: TenderPurpose = TenderPurpose.CHANGE) -> LoadOffered:
    return structs.replace(OFFER, revision=revision, purpose=purpose)


ACCEPT = ExceptionRetried(code=OFFERED, by="ann", reason="")
DECLINE = ExceptionWaived(code=OFFERED, by="ann", reason="no driver")
TERMS = CounterOffer(note="the lorry is in the workshop", charge=money("612.50", "USD"))
COUNTERED = OfferCountered(revision=1, by="ann", counter=TERMS)
LATE = "not decided in time"


def test_a_yes_in_the_last_moment_counts() -> None:
    story = begin(ASKED)
    story.tell(OFFER)
    story.at = UNTIL

    said = story.tell(ACCEPT)

    assert (answers(said), carried(said)) == ([(1, OfferAnswer.ACCEPT, "")], [(1, False)])


def test_a_yes_after_the_deadline_is_a_decline() -> None:
    story = begin(ASKED)
    story.tell(OFFER)
    story.at = UNTIL + timedelta(seconds=1)  # the alarm has not rung yet

    said = story.tell(ACCEPT)

    assert (answers(said), carried(said)) == ([(1, OfferAnswer.DECLINE, LATE)], [])


def test_a_no_after_the_deadline_keeps_its_reason() -> None:
    story = begin(ASKED)
    story.tell(OFFER)
    story.at = UNTIL + timedelta(seconds=1)

    assert answers(story.tell(DECLINE)) == [(1, OfferAnswer.DECLINE, "no driver")]


def test_a_row_accepts_no_offer_that_comes_after_its_deadline() -> None:
    story = begin(YES)
    story.at = UNTIL + timedelta(minutes=1)

    said = story.tell(OFFER)

    assert (answers(said), carried(said)) == ([(1, OfferAnswer.DECLINE, LATE)], [])


def test_nobody_is_asked_about_an_offer_that_comes_after_its_deadline() -> None:
    story = begin(ASKED)
    story.at = UNTIL + timedelta(minutes=1)

    said = story.tell(OFFER)

    assert (answers(said), story.exceptions) == ([(1, OfferAnswer.DECLINE, LATE)], {})
    assert (carried(said), story.timers) == ([], {})


def test_an_offer_that_waited_past_its_deadline_is_accepted_no_more() -> None:
    story = begin(YES)

    said = story.tell(OFFER, taken_at=UNTIL + timedelta(seconds=1))

    assert (answers(said), carried(said)) == ([(1, OfferAnswer.DECLINE, LATE)], [])


def test_a_yes_in_time_that_waited_past_the_deadline_is_a_decline() -> None:
    story = begin(ASKED)
    story.tell(OFFER)

    said = story.tell(ACCEPT, taken_at=UNTIL + timedelta(seconds=1))

    assert (answers(said), carried(said)) == ([(1, OfferAnswer.DECLINE, LATE)], [])


def test_an_offer_that_waited_within_its_time_is_accepted() -> None:
    story = begin(YES)

    said = story.tell(OFFER, taken_at=UNTIL)

    assert (answers(said), carried(said)) == ([(1, OfferAnswer.ACCEPT, "")], [(1, False)])


def test_where_the_policy_keeps_silent_a_person_may_still_say_yes() -> None:
    story = begin(SILENT)
    story.tell(OFFER)
    silence = story.wait_until(UNTIL + timedelta(hours=1))

    said = story.tell(ACCEPT)

    assert (answers(silence), answers(said)) == ([], [(1, OfferAnswer.ACCEPT, "")])


def test_a_person_counters_on_terms_that_the_customer_hears() -> None:
    story = begin(ASKED)
    story.tell(OFFER)

    said = story.tell(COUNTERED, COUNTERED)

    (answer,) = [each for each in said if isinstance(each, AnswerTender)]
    assert (answer.answer, answer.counter, answer.reason) == (OfferAnswer.COUNTER, TERMS, "")
    assert (carried(said), story.exceptions, story.stage) == ([], {}, "countered")


def test_a_counter_to_a_word_that_holds_no_more_is_silence() -> None:
    story = begin(ASKED)
    story.tell(OFFER, word(2))
    asked = dict(story.exceptions)

    said = story.tell(COUNTERED)

    assert (said, story.exceptions) == ([], asked)


def test_a_counter_after_the_deadline_is_a_decline() -> None:
    story = begin(ASKED)
    story.tell(OFFER)
    story.at = UNTIL + timedelta(seconds=1)

    assert answers(story.tell(COUNTERED)) == [(1, OfferAnswer.DECLINE, LATE)]


def test_an_offer_that_a_person_mended_is_asked_about_again_until_it_is_answered() -> None:
    story = begin(ASKED)
    story.tell(OFFER)
    story.exceptions.clear()  # the edit has closed the question
    mended = structs.replace(OFFER, respond_by=UNTIL + timedelta(hours=1))

    story.tell(mended, amends="m1")
    asked, due = set(story.exceptions), dict(story.timers)
    said = story.tell(ACCEPT)
    late = story.tell(OFFER, amends="m1")

    assert (asked, due) == ({OFFERED}, {"answer": UNTIL + timedelta(hours=1)})
    assert (answers(said), late) == ([(1, OfferAnswer.ACCEPT, "")], [])


def test_an_offer_is_answered_once_however_often_somebody_decides() -> None:
    story = begin(ASKED)
    story.tell(OFFER)

    said = story.tell(DECLINE, ACCEPT, DECLINE)

    assert (answers(said), carried(said)) == ([(1, OfferAnswer.DECLINE, "no driver")], [])


def test_an_older_word_that_comes_later_is_silence() -> None:
    story = begin(YES)

    said = story.tell(word(3), word(2), OFFER)

    assert (answers(said), carried(said)) == ([(3, OfferAnswer.ACCEPT, "")], [(3, False)])


def test_an_offer_that_is_taken_back_is_asked_about_no_more_and_what_was_agreed_is_off() -> None:
    story = begin(YES)
    story.tell(OFFER)

    said = story.tell(word(2, TenderPurpose.CANCEL), OFFER)

    assert (answers(said), carried(said), story.stage) == ([], [(2, True)], "taken back")


def test_a_customer_who_wants_a_word_on_it_hears_that_its_offer_is_off() -> None:
    story = begin(YES)
    story.tell(OFFER)
    taken_back = structs.replace(word(2, TenderPurpose.CANCEL), confirm=True)

    said = story.tell(taken_back, taken_back)

    assert (answers(said), carried(said)) == ([(2, OfferAnswer.CALL_OFF, "")], [(2, True)])


def test_an_offer_that_is_taken_back_closes_its_question() -> None:
    story = begin(ASKED)
    story.tell(OFFER)
    asked = set(story.exceptions)

    story.tell(word(2, TenderPurpose.CANCEL))

    assert (asked, story.exceptions, story.timers) == ({OFFERED}, {}, {})
