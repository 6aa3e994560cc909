"""Stories of several orders and customers on one shipment, and of the end of a delivery."""

from msgspec import structs

from crossdock.canonical.references import Reference, ReferenceType
from crossdock.canonical.tracking import Milestone
from crossdock.messages.flow import AnswerKind, EffectAnswered
from crossdock.messages.shipment_visibility import DeliveryClosed, PostMilestone, Timeliness
from crossdock.policies.rules import PortalPolicy, PostingPolicy
from crossdock.ports import DropEffect
from tests.processes.shipment_visibility_world import (
    LATE,
    LYON,
    NICE,
    PRO,
    PROMISE_ENDS,
    RULES,
    SHIPMENT,
    begin,
    blank,
    confirmed,
    correction,
    delivered_picture,
    delivery,
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
    stops,
    withdrawn,
    withheld,
)

DELIVERED = Milestone.DELIVERED
OWN_STOPS = stops(delivery(2, LYON, "SO-1/10"), delivery(3, NICE, "SO-2/10"))
CONSOLIDATED = structs.replace(SHIPMENT, stops=OWN_STOPS)


def test_only_orders_with_an_open_gate_are_listed() -> None:
    story = shown_to_customer()

    said = story.tell(planned("SO-2"))

    assert said == [picture(gate=open_gate("SO-1", waiting=("SO-2",)))]


def test_a_second_order_joins_the_picture_when_its_gate_opens() -> None:
    story = shown_to_customer()
    story.tell(planned("SO-2"))

    said = story.tell(referenced("SO-2"))

    assert said == [picture(order_ids=("SO-1", "SO-2"))]


def test_each_customer_of_a_shipment_waits_for_their_own_gate() -> None:
    story = begin()

    said = story.tell(planned(), planned("SO-2", "C-2"), referenced("SO-2"))

    assert said == [
        picture(gate=withheld("SO-1")),
        late_timer(),
        picture(gate=withheld("SO-2"), customer_id="C-2", order_ids=("SO-2",)),
        picture(customer_id="C-2", order_ids=("SO-2",)),
    ]


def test_each_customer_sees_only_their_own_stop_and_is_done_when_it_is_reached() -> None:
    story = begin()
    story.tell(planned(shipment=CONSOLIDATED), planned("SO-2", "C-2", shipment=CONSOLIDATED))
    story.tell(referenced(), referenced("SO-2"))

    said = story.tell(report(DELIVERED, -1, stop=2))

    both = ("SO-1", "SO-2")
    seen = delivered_picture(shown(DELIVERED, -1, 0, stop=2))
    assert said == [
        confirmed(DELIVERED, -1, stop=2, order_ids=both),
        seen,
        no_late_timer(),
        settle_timer(0, "settle/DELIVERED/2/delivered/SO-1"),
    ]
    assert story.stage == "planned"


def test_a_customer_is_not_told_where_the_truck_goes_next() -> None:
    story = begin()
    story.tell(planned(shipment=CONSOLIDATED), planned("SO-2", "C-2", shipment=CONSOLIDATED))
    story.tell(referenced(), referenced("SO-2"), report(DELIVERED, -2, stop=2))

    said = story.tell(report(Milestone.ARRIVED, -1))

    his = stop(Timeliness.OPEN, sequence=3)
    seen = shown(Milestone.ARRIVED, -1, 0)
    picture_of_other = picture(
        seen, customer_id="C-2", order_ids=("SO-2",), destination=NICE, stops=(his,)
    )
    both = ("SO-1", "SO-2")
    assert said == [confirmed(Milestone.ARRIVED, -1, order_ids=both), picture_of_other]


def test_numbers_that_name_an_order_are_not_shown_on_a_shared_shipment() -> None:
    story = begin()
    private = Reference(type=ReferenceType.ORDER, value="SO-1", issuer="erp")
    shared = structs.replace(SHIPMENT, references=(private, PRO))

    alone, _, fellow, other = story.tell(
        planned(shipment=shared), planned("SO-2", "C-2", shipment=shared)
    )

    assert alone == picture(gate=withheld("SO-1"), references=(private, PRO))
    assert fellow == picture(gate=withheld("SO-1"))
    assert other == picture(gate=withheld("SO-2"), customer_id="C-2", order_ids=("SO-2",))


def test_an_order_that_leaves_takes_only_itself_out_of_the_picture() -> None:
    story = shown_to_customer()
    story.tell(planned("SO-2", "C-2"), referenced("SO-2"))

    said = story.tell(withdrawn())

    gone = blank(gate=left("SO-1"))
    assert said == [gone]
    assert story.timers == {LATE: PROMISE_ENDS}


def test_a_withdrawal_older_than_the_plan_changes_nothing_for_the_customer() -> None:
    story = begin()
    story.tell(planned(revision=3), referenced(revision=3))

    assert story.tell(withdrawn(revision=2)) == []


def test_a_policy_without_the_erps_word_shows_an_order_as_soon_as_it_is_planned() -> None:
    story = begin(structs.replace(RULES, portal=PortalPolicy(needs_erp_reference=False)))

    said = story.tell(planned())

    gate = structs.replace(
        open_gate("SO-1"),
        because="planned: SO-1; the policy asks for no confirmation by the ERP",
        evidence=(),
    )
    assert said == [picture(gate=gate), late_timer()]


def answered(answer: AnswerKind, revision: int = 1) -> EffectAnswered:
    return EffectAnswered(
        verb="erp.post_milestone",
        business_key=posted(0).business_key(),
        version=str(revision),
        answer=answer,
        endpoint="erp",
        answered_at=hour(2),
    )


def closed(at: float | None, revision: int = 1) -> DeliveryClosed:
    return DeliveryClosed(
        shipment_id="SH-1",
        order_id="SO-1",
        delivered=at is not None,
        occurred=None if at is None else moment(hour(at)),
        revision=revision,
        load_id="LO-1",
    )


def test_a_delivery_is_closed_when_the_erp_has_applied_its_posting() -> None:
    story = shown_to_customer()
    story.tell(report(DELIVERED, -2))
    assert story.wait_until(hour(1)) == [posted(-2)]

    assert story.tell(answered(AnswerKind.APPLIED)) == [closed(-2)]
    assert story.tell(answered(AnswerKind.APPLIED)) == []


def test_a_posting_an_operator_let_go_closes_the_delivery_too() -> None:
    story = shown_to_customer()
    story.tell(report(DELIVERED, -2))
    story.wait_until(hour(1))

    assert story.tell(answered(AnswerKind.WAIVED)) == [closed(-2)]


def test_a_posting_nobody_can_tell_of_closes_nothing() -> None:
    story = shown_to_customer()
    story.tell(report(DELIVERED, -2))
    story.wait_until(hour(1))

    assert story.tell(answered(AnswerKind.UNRESOLVED)) == []


def test_an_answer_to_a_posting_that_was_corrected_since_closes_nothing_yet() -> None:
    story = shown_to_customer()
    story.tell(report(DELIVERED, -2))
    story.wait_until(hour(1))
    story.tell(correction(DELIVERED, -3))
    story.wait_until(hour(2))

    assert story.tell(answered(AnswerKind.APPLIED)) == []
    assert story.tell(answered(AnswerKind.APPLIED, revision=2)) == [closed(-3)]


def test_a_delivery_taken_back_at_the_erp_is_open_again() -> None:
    story = shown_to_customer()
    story.tell(report(DELIVERED, -2))
    story.wait_until(hour(1))
    story.tell(answered(AnswerKind.APPLIED), retraction(DELIVERED, -2))

    assert story.wait_until(hour(2)) == [posted(-2, revision=2, reversed_=True)]
    assert story.tell(answered(AnswerKind.APPLIED, revision=2)) == [closed(None, revision=2)]


def test_what_the_erp_refused_is_dropped_when_a_correction_replaces_it() -> None:
    story = shown_to_customer()
    story.tell(report(DELIVERED, -2))
    story.wait_until(hour(1))
    story.tell(answered(AnswerKind.REFUSED), correction(DELIVERED, -3))

    said = story.wait_until(hour(2))

    assert said == [dropped(), posted(-3, revision=2)]


def test_what_the_erp_refused_needs_no_taking_back() -> None:
    story = shown_to_customer()
    story.tell(report(DELIVERED, -2))
    story.wait_until(hour(1))
    story.tell(answered(AnswerKind.REFUSED), retraction(DELIVERED, -2))

    assert story.wait_until(hour(2)) == [dropped()]


def dropped() -> DropEffect:
    return DropEffect(
        verb=PostMilestone.verb,
        business_key="SO-1/SH-1/0/delivered",
        version="1",
        because="a source has corrected what the ERP refused",
    )


def test_a_policy_that_posts_no_delivery_closes_it_when_it_has_settled() -> None:
    story = begin(structs.replace(RULES, posting=PostingPolicy(rows=())))
    story.tell(planned(), referenced(), report(DELIVERED, -2))

    assert story.wait_until(hour(1)) == [closed(-2)]
