"""Stories of carriers' words: on time, too late, on other terms, and about other offers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from crossdock.canonical.references import Reference, ReferenceType
from crossdock.messages.acknowledgement import AcknowledgementNoted, AckStatus, Environment, Level
from crossdock.messages.envelope import Body
from crossdock.messages.flow import AnswerKind, ExceptionRetried, ExceptionWaived
from crossdock.messages.order_release import (
    CancelTender,
    CounterOffer,
    LoadTendered,
    TenderAnswered,
    TenderLoad,
    TenderMoved,
    TenderPurpose,
    TenderState,
)
from crossdock.messages.reference_binding import TenderAnswerBound
from crossdock.policies.calendars import Calendar
from crossdock.policies.rules import CarrierTerms, Rules, TenderingPolicy
from crossdock.ports import Emission, OpenException
from crossdock.processes.order_release_state import OfferVerdict, OrderState
from crossdock.testing.story import Story
from tests.processes.order_release_world import (
    HOUR,
    NOON,
    OFFERED,
    ORDER,
    ROUTE,
    TENDERED,
    answer,
    cancelled,
    commands,
    confirmed,
    moved,
    planned,
    released,
    shipment,
    story,
    tender,
    write,
)

BROADCAST = replace(TENDERED, tendering=TenderingPolicy(modes=("ROAD",), strategy="broadcast"))
NUMBER = Reference(type=ReferenceType.SHIPMENT, value="S-1")


def word(  # noqa: PLR0913 - a carrier's word has this many sides
    carrier: str = "ROAD",
    *,
    accepted: bool = True,
    version: int = 0,
    at: datetime | None = None,
    counter: CounterOffer | None = None,
    revision: int = 0,
) -> TenderAnswerBound:
    """A carrier's word as EDI tells it: by the shipment's number alone."""
    return TenderAnswerBound(
        order_id="SO-1",
        answer=TenderAnswered(
            shipment_id="S-1",
            carrier_scac=carrier,
            accepted=accepted,
            tender_version=version,
            reference=NUMBER,
            answered_at=at,
            counter=counter,
            revision=revision,
        ),
        reported_at=NOON,
    )


def acknowledged(status: AckStatus, version: int = 1, revision: int = 3) -> AcknowledgementNoted:
    return AcknowledgementNoted(
        endpoint="road",
        environment=Environment.PRODUCTION,
        level=Level.GROUP,
        number=17,
        status=status,
        revision=revision,
        verb=TenderLoad.verb,
        business_key="SO-1/S-1/ROAD",
        version=str(version),
        asker=ORDER,
        acknowledged_at=NOON,
    )


def states(said: Sequence[Emission]) -> list[str]:
    """Tell what moved, in words."""
    return [
        f"{each.carrier_scac} {each.tender_version} {each.state}"
        for each in said
        if isinstance(each, TenderMoved)
    ]


def troubles(said: Sequence[Emission]) -> list[str]:
    return [each.code for each in said if isinstance(each, OpenException)]


def offered(rules: Rules = TENDERED) -> Story[OrderState, Rules]:
    order = story(rules)
    order.tell(released(), confirmed())
    return order


def test_each_thing_known_of_an_offer_is_a_state_of_its_own() -> None:
    order = offered()

    order.tell(answer(tender("ROAD", 1)), acknowledged(AckStatus.ACCEPTED), word())

    assert states(order.said) == [
        "ROAD 1 sent",
        "ROAD 1 delivered",
        "ROAD 1 acknowledged",
        "ROAD 1 accepted",
    ]


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (AckStatus.ACCEPTED_WITH_ERRORS, TenderState.ACKNOWLEDGED_WITH_ERRORS),
        (AckStatus.PARTIAL, TenderState.ACKNOWLEDGED_WITH_ERRORS),
        (AckStatus.REJECTED, TenderState.UNREADABLE),
        (AckStatus.OVERDUE, TenderState.UNACKNOWLEDGED),
    ],
)
def test_what_the_carrier_could_not_read_is_told(status: AckStatus, state: TenderState) -> None:
    order = offered()

    said = order.tell(acknowledged(status))

    assert said == [moved("ROAD", 1, state)]


def test_an_acknowledgement_that_comes_late_is_told_after_all() -> None:
    order = offered()

    said = order.tell(
        acknowledged(AckStatus.OVERDUE, revision=3),
        acknowledged(AckStatus.ACCEPTED, revision=4),
        acknowledged(AckStatus.OVERDUE, revision=3),
    )

    assert states(said) == ["ROAD 1 unacknowledged", "ROAD 1 acknowledged"]


def test_a_word_by_number_alone_means_the_newest_offer_to_that_carrier() -> None:
    order = offered()

    said = order.tell(word())

    assert states(said) == ["ROAD 1 accepted"]
    assert commands(said) == [write()]


def test_a_word_on_an_offer_that_was_changed_since_is_for_people() -> None:
    order = offered()
    order.at = NOON + HOUR
    order.tell(confirmed(shipment(service_level="NEXT_DAY"), revision=2))

    said = order.tell(word(at=NOON + timedelta(minutes=30)))

    assert (states(said), troubles(said)) == ([], ["TENDER_ANSWER_LATE"])
    assert [each.verdict for each in order.state.carriages[0].offers] == ["replaced", "open"]


def test_an_older_word_does_not_take_back_a_newer() -> None:
    order = offered()

    order.tell(word(at=NOON + HOUR), word(accepted=False, at=NOON))

    assert [each.verdict for each in order.state.carriages[0].offers] == ["accepted"]


def test_words_without_a_time_count_in_the_order_the_carrier_gave_them() -> None:
    order, crossed = offered(), offered()

    order.tell(word(accepted=False, revision=7), word(revision=8))
    crossed.tell(word(revision=8), word(accepted=False, revision=7))

    assert [each.verdict for each in crossed.state.carriages[0].offers] == ["accepted"]
    assert [each.verdict for each in order.state.carriages[0].offers] == ["accepted", "lost"]
    assert order.state.carriages[0].agreed == crossed.state.carriages[0].agreed == "ROAD"
    assert (troubles(order.said), troubles(crossed.said)) == ([], [])


def test_a_yes_after_a_no_is_for_people_once_another_carrier_has_the_load() -> None:
    order = offered()
    order.tell(word(accepted=False, revision=7), word("SLOW"))

    said = order.tell(word(revision=8))

    assert (states(said), troubles(said)) == ([], ["TENDER_ANSWER_LATE"])
    assert order.state.carriages[0].agreed == "SLOW"


@pytest.mark.parametrize("crossed", [False, True])
def test_a_yes_and_a_no_of_which_nobody_knows_the_later_are_one_question(*, crossed: bool) -> None:
    order = offered()
    words = [word(), word(accepted=False)]

    order.tell(*(reversed(words) if crossed else words), *words)

    assert list(order.exceptions) == ["TENDER_ANSWER_CONTESTED"]
    assert troubles(order.said) == ["TENDER_ANSWER_CONTESTED"]
    assert [each.verdict for each in order.state.carriages[0].offers] == ["declined", "open"]
    assert order.state.carriages[0].agreed is None


def test_people_find_out_that_the_carrier_meant_yes() -> None:
    order = offered()
    order.tell(word(), word(accepted=False))

    said = order.tell(
        ExceptionRetried(code="TENDER_ANSWER_CONTESTED", by="ann", reason="it drives"), word()
    )

    assert states(said) == ["ROAD 1 accepted", "SLOW 2 withdrawn"]
    assert (order.state.carriages[0].agreed, order.state.raised) == ("ROAD", {})


def test_people_find_out_that_the_carrier_meant_no() -> None:
    order = offered()
    order.tell(word(), word(accepted=False))

    order.tell(ExceptionWaived(code="TENDER_ANSWER_CONTESTED", by="ann", reason="it does not"))

    assert [each.verdict for each in order.state.carriages[0].offers] == ["declined", "open"]
    assert order.state.raised == {}


def test_a_yes_that_people_found_out_too_late_is_told_to_the_carrier() -> None:
    order = offered()
    order.tell(word(), word(accepted=False), word("SLOW"))

    order.tell(ExceptionRetried(code="TENDER_ANSWER_CONTESTED", by="ann", reason="it drives"))

    assert order.state.carriages[0].agreed == "SLOW"
    assert list(order.state.raised) == ["TENDER_ANSWER_LATE"]


def test_a_carrier_that_gives_the_load_back_has_it_offered_to_the_next() -> None:
    order = offered()
    order.tell(word(at=NOON))

    said = order.tell(word(accepted=False, at=NOON + HOUR))

    assert states(said) == ["ROAD 1 declined", "SLOW 2 sent"]
    assert commands(said) == [tender("SLOW", 2)]
    assert order.stage == "tendering"


def test_a_counter_waits_for_people_and_holds_the_offer() -> None:
    order = offered()

    said = order.tell(word(accepted=False, counter=CounterOffer(note="200 more")))

    assert (states(said), troubles(said)) == (["ROAD 1 countered"], ["TENDER_COUNTERED"])
    assert commands(said) == []
    assert order.exceptions["TENDER_COUNTERED"].cause.endswith("on other terms: 200 more")


def test_people_may_take_the_carriers_terms() -> None:
    order = offered()
    order.tell(word(accepted=False, counter=CounterOffer(note="200 more")))

    said = order.tell(ExceptionRetried(code="TENDER_COUNTERED", by="ann", reason="fair"))

    assert states(said) == ["ROAD 1 accepted"]
    assert commands(said) == [write()]


def test_people_may_turn_the_carriers_terms_down() -> None:
    order = offered()
    order.tell(word(accepted=False, counter=CounterOffer(note="200 more")))

    said = order.tell(ExceptionWaived(code="TENDER_COUNTERED", by="ann", reason="dear"))

    assert states(said) == ["ROAD 1 declined", "SLOW 2 sent"]


def test_a_counter_nobody_decides_on_runs_out_of_time() -> None:
    order = offered()
    order.tell(word(accepted=False, counter=CounterOffer(note="200 more")))

    said = order.wait_until(NOON + 2 * HOUR)

    assert states(said) == ["ROAD 1 timed_out", "SLOW 2 sent"]
    assert order.exceptions == {}


def test_a_broadcast_asks_every_carrier_at_once_and_the_first_to_accept_has_it() -> None:
    order = offered(BROADCAST)
    asked = commands(order.said)[-2:]

    said = order.tell(word("SLOW"), answer(tender("ROAD", 1)))

    assert asked == [tender("ROAD", 1), tender("SLOW", 2)]
    assert states(said) == ["ROAD 1 withdrawn", "SLOW 2 accepted", "ROAD 1 delivered"]
    assert [type(each).__name__ for each in commands(said)] == [
        "WriteTransportReference",
        "CancelTender",
    ]


def test_a_broadcast_goes_on_while_one_carrier_has_not_answered() -> None:
    order = offered(BROADCAST)

    first = order.tell(word("ROAD", accepted=False))
    second = order.tell(word("SLOW", accepted=False))

    assert (states(first), troubles(first)) == (["ROAD 1 declined"], [])
    assert troubles(second) == ["TENDER_EXHAUSTED"]


def test_a_second_yes_to_a_broadcast_is_for_people() -> None:
    order = offered(BROADCAST)

    said = order.tell(word("SLOW"), word("ROAD"))

    assert troubles(said) == ["TENDER_ANSWER_LATE"]
    assert order.state.carriages[0].agreed == "SLOW"


ULM = Calendar(name="ulm", zone="Europe/Berlin", opens="08:00", closes="16:00")


def test_a_carrier_has_its_own_working_hours_to_answer() -> None:
    terms = CarrierTerms(carrier_scac="ROAD", answer_within_minutes=180, calendar="ulm")
    policy = TenderingPolicy(modes=("ROAD",), carriers=(terms,))
    rules = Rules(routing=(ROUTE,), tendering=policy, calendars=(ULM,))

    order = offered(rules)

    # Noon is a Saturday; the clocks go forward that night, and Monday begins at 8 in Ulm.
    due_at = datetime(2026, 3, 30, 11, tzinfo=ZoneInfo("Europe/Berlin"))
    assert order.timers["tender/S-1"] == due_at
    assert commands(order.said)[-1] == tender("ROAD", 1, respond_by=due_at)


def test_a_changed_offer_that_lapses_is_taken_back_once() -> None:
    order = offered()
    order.tell(answer(tender("ROAD", 1)))
    order.tell(confirmed(shipment(service_level="NEXT_DAY"), revision=2))

    said = order.tell(cancelled(), answer(tender("ROAD", 2)))

    off = [each for each in said if isinstance(each, CancelTender)]
    assert [each.tender_version for each in off] == [2]


def test_an_offer_the_carrier_refused_is_not_changed_but_made_anew() -> None:
    order = offered()
    order.tell(answer(tender("ROAD", 1), kind=AnswerKind.REFUSED))

    said = order.tell(confirmed(shipment(service_level="NEXT_DAY"), revision=2))

    assert [each.replaces for each in said if isinstance(each, TenderLoad)] == [0]


LOAD = LoadTendered(shipment=shipment(), purpose=TenderPurpose.ORIGINAL, revision=1)


def test_a_load_that_the_tms_tenders_itself_is_followed_and_not_offered() -> None:
    order = story(TENDERED)
    order.tell(released())

    said = order.tell(LOAD, word())

    assert said[:2] == [OFFERED, planned(version=0)]
    assert states(said) == ["ROAD 1 sent", "ROAD 1 accepted"]
    assert commands(said) == [replace(write(), order_version=0)]
    assert order.stage == "awaiting_reference"


def test_a_load_of_an_order_nobody_released_is_followed_and_the_erp_hears_nothing() -> None:
    order = story(TENDERED)

    said = order.tell(LOAD)
    released_later = order.tell(released())

    unknown = replace(
        planned(version=0),
        customer_id="",
        customer_reference="",
        company_code="",
        promised=None,
        weight_kg=None,
    )
    assert said[:2] == [OFFERED, unknown]
    assert commands(said) == []
    assert planned(version=0) in released_later
    assert write().verb in {each.verb for each in commands(released_later)}


def test_a_load_the_tms_took_back_is_not_followed_any_more() -> None:
    order = story(TENDERED)
    order.tell(released(), LOAD)

    said = order.tell(replace(LOAD, purpose=TenderPurpose.CANCEL, revision=2), LOAD)

    assert [type(each).__name__ for each in said[:1]] == ["ShipmentWithdrawn"]
    assert [each for each in commands(said) if each.verb.startswith("carrier")] == []
    assert order.state.plans == ()


def test_two_loads_of_one_order_are_one_plan_whichever_comes_first() -> None:
    other = LoadTendered(shipment=shipment("S-2"), purpose=TenderPurpose.ORIGINAL, revision=5)
    straight, crossed = story(TENDERED), story(TENDERED)

    straight.tell(released(), LOAD, other)
    crossed.tell(other, LOAD, LOAD, released(), other)

    assert straight.state.plans == crossed.state.plans
    assert [each.shipment_id for each in crossed.state.plans[0].shipments] == ["S-1", "S-2"]


def active(order: Story[OrderState, Rules]) -> int:
    """Count the offers of the shipment that stand or were taken."""
    given = {OfferVerdict.OPEN, OfferVerdict.COUNTERED, OfferVerdict.ACCEPTED}
    return sum(offer.verdict in given for each in order.state.carriages for offer in each.offers)


def ended(order: Story[OrderState, Rules]) -> tuple[object, ...]:
    """What carriers, pages and people are left with."""
    overtaken = {TenderState.UNACKNOWLEDGED}  # told only where nothing newer came first
    offers = [
        (offer.version, offer.carrier_scac, offer.verdict, frozenset(offer.told) - overtaken)
        for each in order.state.carriages
        for offer in each.offers
    ]
    asked = {repr(each) for each in commands(order.said) if each.verb.startswith("carrier")}
    return order.stage, offers, asked, frozenset(order.exceptions), active(order)


# What one carrier's systems tell of its offer, in whatever order their channels bring it.
TRUTHS: tuple[tuple[Body, ...], ...] = (
    (answer(tender("ROAD", 1)), acknowledged(AckStatus.ACCEPTED), word()),
    (answer(tender("ROAD", 1)), acknowledged(AckStatus.ACCEPTED), word(accepted=False)),
    (
        answer(tender("ROAD", 1)),
        acknowledged(AckStatus.OVERDUE, revision=2),
        acknowledged(AckStatus.REJECTED, revision=3),
        cancelled(),
    ),
    (answer(tender("ROAD", 1)), acknowledged(AckStatus.ACCEPTED), word(), cancelled()),
)


@given(st.sampled_from(TRUTHS), st.data())
def test_words_in_any_order_and_any_number_end_the_same(
    truth: tuple[Body, ...], data: st.DataObject
) -> None:
    told = data.draw(st.permutations(truth + truth))
    straight, shuffled = offered(), offered()
    straight.tell(*truth)

    shuffled.tell(*told)

    assert ended(shuffled) == ended(straight)
    assert active(shuffled) <= 1


def left_with(order: Story[OrderState, Rules]) -> tuple[object, ...]:
    """Who has the load, who may think that it is offered it, what people are asked."""
    (carriage,) = order.state.carriages
    thinking = [each for each in carriage.offers if not each.undone]
    held = {each.carrier_scac for each in thinking if each.verdict is not OfferVerdict.DECLINED}
    return order.stage, carriage.agreed, held, frozenset(order.exceptions)


TERMS = CounterOffer(note="200 more")
SAYINGS: tuple[TenderAnswerBound, ...] = (
    word(),
    word(accepted=False),
    word(accepted=False, counter=TERMS),
    word(at=NOON + HOUR),
    word(accepted=False, at=NOON + timedelta(minutes=30)),
    word(accepted=False, counter=TERMS, at=NOON + timedelta(minutes=90)),
    word(revision=7),
    word(accepted=False, revision=8),
)


@given(st.data())
def test_whatever_a_carrier_says_in_any_order_leaves_everybody_with_the_same(
    data: st.DataObject,
) -> None:
    words = data.draw(st.lists(st.sampled_from(SAYINGS), min_size=1, max_size=4, unique_by=repr))
    end = data.draw(st.sampled_from([(), (cancelled(),)]))
    truth: list[Body] = [answer(tender("ROAD", 1)), *words, *end]
    straight, shuffled = offered(), offered()

    straight.tell(*truth)
    shuffled.tell(*data.draw(st.permutations(truth + truth)))

    assert left_with(shuffled) == left_with(straight)
    assert active(shuffled) <= 1
