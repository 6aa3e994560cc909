"""Stories of longer ways: several stops, the way back, plans that change under what was said."""

from datetime import date, timedelta

import pytest
from msgspec import structs

from crossdock.canonical.moments import Moment, ZoneSource, local_day
from crossdock.canonical.party import Location
from crossdock.canonical.tracking import Classifier, Milestone
from crossdock.messages.flow import AnswerKind, EffectAnswered, ExceptionWaived
from crossdock.messages.shipment_visibility import DeliveryClosed, MilestoneReported, Timeliness
from crossdock.policies.rules import EvidencePolicy, LatenessPolicy, PostingPolicy, PostingRow
from crossdock.ports import SetTimer
from tests.processes.shipment_visibility_world import (
    LATE,
    NICE,
    PARIS,
    PROMISE_ENDS,
    RULES,
    SHIPMENT,
    TWO_STOPS,
    begin,
    blank,
    confirmed,
    delivered_picture,
    hour,
    late_timer,
    left,
    moment,
    no_late_timer,
    open_gate,
    picture,
    planned,
    posted,
    referenced,
    report,
    shown,
    shown_to_customer,
    stop,
    withdrawn,
    withheld,
)

PICKED_UP, DELIVERED, IN_TRANSIT = (
    Milestone.PICKED_UP,
    Milestone.DELIVERED,
    Milestone.IN_TRANSIT,
)


def on_day(day: int, zone: str = PARIS) -> Moment:
    return local_day(date(2026, 3, day), zone, ZoneSource.PLACE)


@pytest.mark.parametrize(
    ("reports", "stage"),
    [
        ((report(DELIVERED, -5, stop=2), report(IN_TRANSIT, -1)), "in transit"),
        (
            (
                report(DELIVERED, -5, stop=2),
                report(DELIVERED, -4, stop=3, source_event_id="second"),
                report(IN_TRANSIT, -1),
            ),
            "returned",
        ),
        ((report(DELIVERED, -5), report(IN_TRANSIT, -1)), "returned"),
        ((report(DELIVERED, -5), report(IN_TRANSIT, -5)), "delivered"),
        ((report(DELIVERED, -5), report(IN_TRANSIT, -1, partial=True)), "delivered"),
        ((report(DELIVERED, on_day(27)), report(IN_TRANSIT, 10)), "delivered"),
        ((report(DELIVERED, on_day(26)), report(IN_TRANSIT, -1)), "returned"),
        ((report(DELIVERED, -5), report(Milestone.RETURNED, -1)), "returned"),
        ((report(DELIVERED, -5), report(Milestone.POD_AVAILABLE, -1)), "delivered"),
        ((report(DELIVERED, -5), report(Milestone.EMPTY_RETURNED, -1)), "delivered"),
        ((report(Milestone.AVAILABLE, -5), report(Milestone.POD_AVAILABLE, -6)), "delivered"),
    ],
)
def test_the_board_tells_how_far_the_whole_shipment_is(
    reports: tuple[MilestoneReported, ...], stage: str
) -> None:
    story = begin()
    story.at = hour(24)

    story.tell(planned(shipment=TWO_STOPS), *reports)

    assert story.stage == stage


def test_the_way_back_begins_with_the_first_movement_after_the_delivery() -> None:
    story = shown_to_customer()
    story.tell(report(DELIVERED, -5), report(IN_TRANSIT, -1))

    said = story.tell(report(PICKED_UP, -3))

    milestones = (
        shown(DELIVERED, -5, 0),
        shown(PICKED_UP, -3, 0, returning=True),
        shown(IN_TRANSIT, -1, 0, returning=True),
    )
    seen = delivered_picture(*milestones, status=Milestone.RETURNED)
    assert said == [confirmed(PICKED_UP, -3, returning=True), seen]


def test_a_plan_told_before_the_way_back_is_of_the_way_out() -> None:
    story = shown_to_customer()
    plan = report(DELIVERED, 30, classifier=Classifier.PLANNED, source_event_id="plan")
    story.tell(plan)
    story.at = hour(3)
    story.tell(report(DELIVERED, 1))

    said = story.tell(report(IN_TRANSIT, 2))

    milestones = (
        shown(DELIVERED, 1, 3),
        shown(IN_TRANSIT, 2, 3, returning=True),
        shown(DELIVERED, 30, 0, classifier=Classifier.PLANNED),
    )
    seen = delivered_picture(*milestones, status=Milestone.RETURNED, as_of=hour(2))
    assert said == [confirmed(IN_TRANSIT, 2, returning=True), seen]


def test_a_return_is_posted_where_policy_asks_for_it() -> None:
    row = PostingRow(milestone=Milestone.RETURNED, posting="returned")
    story = begin(structs.replace(RULES, posting=PostingPolicy(rows=(row,))))
    story.tell(planned(), referenced(), report(DELIVERED, -5), report(IN_TRANSIT, -2))

    story.tell(report(Milestone.RETURNED, -1))

    returned = posted(-1, posting="returned", milestone=Milestone.RETURNED)
    closed = DeliveryClosed(
        shipment_id="SH-1",
        order_id="SO-1",
        delivered=True,
        occurred=moment(hour(-5)),
        revision=1,
        load_id="LO-1",
    )
    assert story.wait_until(hour(1)) == [closed, returned]


def test_a_posting_made_under_an_earlier_plan_is_taken_back_with_its_stop() -> None:
    story = shown_to_customer()
    story.tell(report(DELIVERED, -2, stop=2))
    assert story.wait_until(hour(1)) == [posted(-2)]

    story.tell(planned(revision=2, shipment=TWO_STOPS))

    assert story.wait_until(hour(2)) == [
        posted(-2, revision=2, reversed_=True),
        posted(-2, stop=2),
    ]


def test_an_order_with_two_stops_is_closed_with_the_last_of_them() -> None:
    story = begin()
    story.tell(planned(shipment=TWO_STOPS), referenced(), report(DELIVERED, -2, stop=3))
    story.tell(report(DELIVERED, -3, stop=2, source_event_id="first"))
    story.wait_until(hour(1))

    said = [story.tell(answered(stop=2)), story.tell(answered(stop=3))]

    closed = DeliveryClosed(
        shipment_id="SH-1",
        order_id="SO-1",
        delivered=True,
        occurred=moment(hour(-2)),
        revision=1,
        load_id="LO-1",
    )
    assert said == [[], [closed]]


def answered(stop: int = 0, verb: str = "erp.post_milestone") -> EffectAnswered:
    return EffectAnswered(
        verb=verb,
        business_key=posted(0, stop=stop).business_key(),
        version="1",
        answer=AnswerKind.APPLIED,
        endpoint="erp",
        answered_at=hour(2),
    )


@pytest.mark.parametrize("answer", [answered(stop=9), answered(verb="erp.other")])
def test_an_answer_to_what_was_never_posted_changes_nothing(answer: EffectAnswered) -> None:
    story = shown_to_customer()
    story.tell(report(DELIVERED, -2))
    story.wait_until(hour(1))

    assert story.tell(answer) == []


def test_an_order_cancelled_at_its_plans_own_revision_leaves() -> None:
    story = shown_to_customer()

    said = story.tell(withdrawn(revision=1))

    assert said == [blank(left("SO-1")), no_late_timer()]


def test_a_confirmation_of_the_revision_that_left_opens_nothing() -> None:
    story = begin()
    story.tell(withdrawn(revision=2), planned(revision=3))

    said = story.tell(referenced(revision=2))

    assert said == []
    assert story.tell(referenced(revision=3)) == [picture()]


def test_a_customer_with_two_orders_is_shown_the_earliest_promise_and_since() -> None:
    story = begin()
    later = on_day(31)
    story.tell(planned("SO-1", promised=later), referenced("SO-1", at=-1), planned("SO-2"))

    said = story.tell(referenced("SO-2", at=-2))

    gate = structs.replace(
        open_gate("SO-1", "SO-2"),
        since=hour(-2),
        evidence=open_gate("SO-1", at=-1).evidence + open_gate("SO-2", at=-2).evidence,
    )
    assert said == [picture(order_ids=("SO-1", "SO-2"), gate=gate)]


def test_the_plan_that_came_last_tells_where_the_shipment_goes() -> None:
    story = begin()
    story.tell(planned("SO-2"))
    story.at = hour(1)
    newer = structs.replace(SHIPMENT, service_level="EXPRESS")

    said = story.tell(planned("SO-1", shipment=newer))

    both = ("SO-1", "SO-2")
    waits = withheld("SO-1")
    gate = structs.replace(waits, evidence=(withheld("SO-2").because,))
    assert said == [picture(order_ids=both, gate=gate, service_level="EXPRESS")]


def test_an_older_plan_that_comes_late_changes_nothing() -> None:
    story = begin()
    story.tell(planned(revision=2), referenced(revision=2))

    assert story.tell(planned(revision=1, promised=None)) == []


def test_a_promise_that_a_later_rule_book_gives_grace_is_watched_anew() -> None:
    story = shown_to_customer()
    story.rules = structs.replace(RULES, lateness=LatenessPolicy(silence_hours=0, grace_minutes=60))

    said = story.wait_until(PROMISE_ENDS)

    assert said == [SetTimer(name=LATE, due_at=PROMISE_ENDS + timedelta(hours=1))]


def test_a_waiver_ends_with_what_it_waived() -> None:
    story = shown_to_customer()
    story.wait_until(PROMISE_ENDS)
    story.tell(ExceptionWaived(code="SHIPMENT_OVERDUE", by="ann", reason="agreed"))

    story.tell(report(DELIVERED, -1))

    assert story.state.waived == {}


def test_only_the_most_trusted_source_that_estimates_is_listened_to() -> None:
    trusting = structs.replace(RULES, evidence=EvidencePolicy(sources=("weather", "broker")))
    story = shown_to_customer(trusting)
    own = report(Milestone.ETA_CHANGED, 20, classifier=Classifier.ESTIMATED)
    brokers = report(Milestone.ETA_CHANGED, 30, classifier=Classifier.ESTIMATED, source="broker")

    said = story.tell(brokers, own)

    seen = shown(Milestone.ETA_CHANGED, 30, 0, source="broker", classifier=Classifier.ESTIMATED)
    expected = picture(seen, status=None, estimate=moment(hour(30)), as_of=hour(0))
    assert said == [expected]


def test_two_sources_that_tell_of_one_arrival_at_one_place_tell_of_one() -> None:
    story = shown_to_customer()
    hub = Location(name="Dijon", unlocode="FRDIJ")
    story.tell(report(Milestone.ARRIVED, -2, place=hub))

    said = story.tell(
        report(Milestone.ARRIVED, -2, place=Location(unlocode="FRDIJ"), source="satellite")
    )

    assert said == []


def test_two_arrivals_at_one_time_in_two_places_are_two() -> None:
    story = shown_to_customer()
    dijon, beaune = Location(unlocode="FRDIJ"), Location(unlocode="FRBEA")
    story.tell(report(Milestone.ARRIVED, -2, place=dijon, source_event_id="a"))

    said = story.tell(report(Milestone.ARRIVED, -2, place=beaune, source_event_id="b"))

    seen = picture(
        shown(Milestone.ARRIVED, -2, 0, place=dijon), shown(Milestone.ARRIVED, -2, 0, place=beaune)
    )
    assert said == [confirmed(Milestone.ARRIVED, -2, revision=2), seen]


def test_a_stop_number_of_the_sources_own_is_no_matter_where_there_is_one_stop() -> None:
    story = shown_to_customer()

    said = story.tell(report(DELIVERED, -1, stop=7))

    seen = delivered_picture(shown(DELIVERED, -1, 0))
    assert said[:2] == [confirmed(DELIVERED, -1), seen]
    assert story.exceptions == {}


def test_a_new_order_without_a_promise_sets_no_alarm_of_its_own() -> None:
    story = begin()

    said = story.tell(planned("SO-9", promised=None), planned())

    unpromised = stop(Timeliness.NO_PROMISE, promised=None)
    alone = picture(
        order_ids=("SO-9",),
        gate=withheld("SO-9"),
        promised=None,
        timeliness=Timeliness.NO_PROMISE,
        stops=(unpromised,),
    )
    gate = structs.replace(withheld("SO-1"), evidence=(withheld("SO-9").because,))
    assert said == [alone, picture(order_ids=("SO-1", "SO-9"), gate=gate), late_timer()]


def test_stops_with_promises_of_their_own_promise_the_shipment_for_the_last() -> None:
    story = begin()
    pickup, *ends = TWO_STOPS.stops
    first, last = (
        structs.replace(end, promised=moment(hour(at)))
        for end, at in zip(ends, (5, 9), strict=True)
    )

    said = story.tell(
        planned(shipment=structs.replace(TWO_STOPS, stops=(pickup, first, last)), promised=None)
    )

    two = (
        stop(Timeliness.OPEN, promised=first.promised),
        stop(Timeliness.OPEN, sequence=3, promised=last.promised),
    )
    waiting = picture(gate=withheld("SO-1"), destination=NICE, stops=two, promised=moment(hour(9)))
    timers = [
        SetTimer(name=f"late/{each}/{hour(at).isoformat()}", due_at=hour(at))
        for each, at in ((2, 5), (3, 9))
    ]
    assert said == [waiting, *timers]
