"""Stories of a shipment on its way: what is published, shown, posted and asked."""

from datetime import timedelta

from msgspec import structs

from crossdock.canonical.tracking import Milestone
from crossdock.messages.reference_binding import EvidenceBound
from crossdock.messages.shipment_visibility import Timeliness
from crossdock.ports import CancelTimer, SetTimer
from tests.processes.shipment_visibility_world import (
    NICE,
    SETTLE,
    TWO_STOPS,
    begin,
    blank,
    confirmed,
    correction,
    delivered_picture,
    event,
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
    retraction,
    settle_timer,
    shown,
    shown_to_customer,
    stop,
    withdrawn,
    withheld,
)

PICKED_UP, DELIVERED = Milestone.PICKED_UP, Milestone.DELIVERED


def test_a_planned_shipment_is_withheld_until_the_erp_knows_it() -> None:
    story = begin()

    said = story.tell(planned())

    assert said == [picture(gate=withheld("SO-1")), late_timer()]
    assert story.stage == "planned"


def test_the_gate_opens_with_the_erps_confirmation_and_shows_everything_at_once() -> None:
    story = begin()
    story.tell(planned(), report(PICKED_UP, -1))
    story.at = hour(1)

    said = story.tell(referenced(at=1))

    gate = open_gate("SO-1", at=1)
    assert said == [picture(shown(PICKED_UP, -1, 0), gate=gate)]


def test_a_report_behind_a_closed_gate_is_published_but_withheld_from_the_customer() -> None:
    story = begin()
    story.tell(planned())

    said = story.tell(report(PICKED_UP, -1))

    withheld_picture = picture(shown(PICKED_UP, -1, 0), gate=withheld("SO-1"))
    assert said == [confirmed(PICKED_UP, -1), withheld_picture]


def test_a_report_in_time_is_published_and_shown_at_once() -> None:
    story = shown_to_customer()
    story.at = hour(2)

    said = story.tell(report(PICKED_UP, 1))

    assert said == [confirmed(PICKED_UP, 1), picture(shown(PICKED_UP, 1, 2))]
    assert story.stage == "pickup"


def test_a_report_before_its_plan_waits_and_is_shown_with_it() -> None:
    story = begin()
    early = story.tell(report(PICKED_UP, -1))
    assert story.stage == "awaiting plan"

    late = story.tell(planned())

    assert early == [confirmed(PICKED_UP, -1, order_ids=())]
    assert late == [picture(shown(PICKED_UP, -1, 0), gate=withheld("SO-1")), late_timer()]


def test_evidence_that_waited_for_its_number_counts_from_when_it_was_received() -> None:
    story = shown_to_customer()
    story.at = hour(5)

    said = story.tell(
        EvidenceBound(shipment_id="SH-1", evidence=event(PICKED_UP, 1), reported_at=hour(2))
    )

    assert said == [confirmed(PICKED_UP, 1), picture(shown(PICKED_UP, 1, 2))]


def test_the_same_report_again_is_silence() -> None:
    story = shown_to_customer()
    story.tell(report(PICKED_UP, -1))
    story.at = hour(3)

    assert story.tell(report(PICKED_UP, -1)) == []


def test_a_retraction_that_comes_first_still_voids_its_event() -> None:
    story = shown_to_customer()

    said = story.tell(retraction(PICKED_UP, -1), report(PICKED_UP, -1))

    assert said == [picture(corrected=True)]


def test_a_late_report_of_something_earlier_never_takes_the_status_back() -> None:
    story = shown_to_customer()
    story.tell(report(Milestone.OUT_FOR_DELIVERY, -1))

    said = story.tell(report(PICKED_UP, -3))

    earlier, later = shown(PICKED_UP, -3, 0), shown(Milestone.OUT_FOR_DELIVERY, -1, 0)
    assert said == [confirmed(PICKED_UP, -3), picture(earlier, later)]
    assert story.stage == "out for delivery"


def test_an_exception_on_the_way_is_shown_and_moves_nothing() -> None:
    story = shown_to_customer()
    story.tell(report(PICKED_UP, -2))

    said = story.tell(report(Milestone.DELAYED, -1))

    milestones = (shown(PICKED_UP, -2, 0), shown(Milestone.DELAYED, -1, 0))
    assert said == [confirmed(Milestone.DELAYED, -1), picture(*milestones, status=PICKED_UP)]


def test_a_note_is_kept_and_told_to_nobody() -> None:
    story = shown_to_customer()

    said = story.tell(report(Milestone.NOTE, -1))

    assert said == []
    assert [*story.state.evidence] == ["roadhaul/note"]


def test_a_delivery_in_time_stops_the_clock_and_settles_before_the_erp_hears() -> None:
    story = shown_to_customer()
    story.at = hour(20)

    said = story.tell(report(DELIVERED, 19))

    seen = delivered_picture(shown(DELIVERED, 19, 20))
    assert said == [confirmed(DELIVERED, 19), seen, no_late_timer(), settle_timer(20)]
    assert story.wait_until(hour(30)) == [posted(19)]
    assert story.stage == "delivered"


def test_a_correction_after_delivery_is_flagged_on_the_page() -> None:
    story = shown_to_customer()
    story.tell(report(DELIVERED, -2))

    said = story.tell(correction(DELIVERED, -3))

    seen = delivered_picture(shown(DELIVERED, -3, 0, corrected=True), corrected=True)
    assert said == [confirmed(DELIVERED, -3, revision=2), seen]


def test_what_is_corrected_while_it_settles_is_posted_once() -> None:
    story = shown_to_customer()
    story.tell(report(DELIVERED, -2))
    story.at += timedelta(minutes=9)

    story.tell(correction(DELIVERED, -3))

    assert story.timers == {SETTLE: story.at + timedelta(minutes=10)}
    assert story.wait_until(hour(5)) == [posted(-3)]


def test_what_is_taken_back_while_it_settles_is_never_posted() -> None:
    story = shown_to_customer()
    story.tell(report(DELIVERED, -2))

    said = story.tell(retraction(DELIVERED, -2))

    gone = confirmed(DELIVERED, -2, revision=2, retracted=True)
    assert said == [gone, picture(corrected=True), CancelTimer(name=SETTLE), late_timer()]
    assert story.wait_until(hour(5)) == []


def test_a_correction_after_posting_corrects_the_posting() -> None:
    story = shown_to_customer()
    story.tell(report(DELIVERED, -2))
    story.wait_until(hour(1))

    story.tell(correction(DELIVERED, -3))

    assert story.wait_until(hour(5)) == [posted(-3, revision=2)]


def test_a_retraction_after_posting_takes_the_posting_back() -> None:
    story = shown_to_customer()
    story.tell(report(DELIVERED, -2))
    story.wait_until(hour(1))

    story.tell(retraction(DELIVERED, -2))

    assert story.wait_until(hour(5)) == [posted(-2, revision=2, reversed_=True)]


def test_a_correction_that_says_the_same_time_is_not_posted_again() -> None:
    story = shown_to_customer()
    story.tell(report(DELIVERED, -2))
    story.wait_until(hour(1))

    story.tell(correction(DELIVERED, -2))

    assert story.wait_until(hour(5)) == []


def test_a_delivery_behind_a_closed_gate_is_posted_when_the_gate_opens() -> None:
    story = begin()
    story.tell(planned(), report(DELIVERED, -2))
    assert story.wait_until(hour(1)) == []

    said = story.tell(referenced(at=1))

    seen = delivered_picture(shown(DELIVERED, -2, 0), gate=open_gate("SO-1", at=1))
    assert said == [seen, structs.replace(settle_timer(1), due_at=hour(1))]
    assert story.wait_until(hour(1)) == [posted(-2)]


def test_a_withdrawn_order_is_withheld_again_and_watched_no_more() -> None:
    story = shown_to_customer()

    said = story.tell(withdrawn())

    unseen = blank(gate=left("SO-1"))
    assert said == [unseen, no_late_timer()]
    assert story.stage == "withdrawn"


def test_an_order_planned_anew_needs_a_new_confirmation() -> None:
    story = shown_to_customer()
    story.tell(withdrawn(revision=2))

    said = story.tell(planned(revision=3))

    assert said == [picture(gate=withheld("SO-1")), late_timer()]


def test_a_withdrawal_after_posting_takes_the_posting_back() -> None:
    story = shown_to_customer()
    story.tell(report(DELIVERED, -2))
    story.wait_until(hour(1))

    story.tell(withdrawn())

    assert story.wait_until(hour(5)) == [posted(-2, revision=2, reversed_=True)]


def test_a_partial_delivery_is_shown_and_closes_nothing() -> None:
    story = shown_to_customer()

    said = story.tell(report(DELIVERED, -2, partial=True))

    assert said == [
        confirmed(DELIVERED, -2, partial=True),
        picture(shown(DELIVERED, -2, 0, partial=True), status=None),
    ]


def test_a_shipment_is_delivered_when_its_last_stop_is() -> None:
    story = begin()
    story.tell(planned(shipment=TWO_STOPS), referenced(), report(DELIVERED, -3, stop=2))
    assert story.stage == "planned"

    story.tell(report(DELIVERED, -2, stop=3, source_event_id="second"))

    assert story.stage == "delivered"
    assert story.wait_until(hour(1)) == [posted(-3, stop=2), posted(-2, stop=3)]


def test_a_delivery_that_names_no_stop_counts_for_all() -> None:
    story = begin()
    story.tell(planned(shipment=TWO_STOPS), referenced())

    story.tell(report(DELIVERED, -2))

    assert story.stage == "delivered"
    assert story.wait_until(hour(1)) == [posted(-2, stop=2), posted(-2, stop=3)]


def test_goods_that_move_again_after_delivery_are_on_their_way_back() -> None:
    story = shown_to_customer()
    story.tell(report(DELIVERED, -5))

    said = story.tell(report(Milestone.IN_TRANSIT, -1))

    back = shown(Milestone.IN_TRANSIT, -1, 0, returning=True)
    seen = delivered_picture(shown(DELIVERED, -5, 0), back, status=Milestone.RETURNED)
    assert said == [confirmed(Milestone.IN_TRANSIT, -1, returning=True), seen]
    assert story.stage == "returned"


def test_a_delivery_at_the_sender_leaves_the_first_delivery_as_it_was() -> None:
    story = shown_to_customer()
    story.tell(report(DELIVERED, -5), report(Milestone.IN_TRANSIT, -3))

    story.tell(report(DELIVERED, -1, source_event_id="back"))

    assert story.stage == "returned"
    assert story.wait_until(hour(1)) == [posted(-5)]


def test_two_sources_that_differ_about_the_delivery_are_no_journey_back() -> None:
    story = shown_to_customer()

    story.tell(
        report(DELIVERED, -3, source="broker"),
        report(Milestone.IN_TRANSIT, -2),
        report(DELIVERED, -1),
    )

    assert story.stage == "delivered"


def test_each_delivery_stop_is_shown_with_its_own_promise() -> None:
    story = begin()
    sooner = moment(hour(10))
    own = structs.replace(TWO_STOPS.stops[2], promised=sooner)
    shipment = structs.replace(TWO_STOPS, stops=(*TWO_STOPS.stops[:2], own))

    said = story.tell(planned(shipment=shipment))

    third = stop(Timeliness.OPEN, sequence=3, promised=sooner)
    two = (stop(Timeliness.OPEN), third)
    seen = picture(gate=withheld("SO-1"), destination=NICE, stops=two)
    sooner_timer = SetTimer(name=f"late/3/{hour(10).isoformat()}", due_at=hour(10))
    assert said == [seen, late_timer(), sooner_timer]
