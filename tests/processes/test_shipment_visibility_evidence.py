"""Stories of sources that differ, contradict themselves, estimate, and are set right."""

from typing import Any

import msgspec
import pytest
from msgspec import structs

from crossdock.canonical.documents import DocumentKind, DocumentReference, ProofOfDelivery
from crossdock.canonical.tracking import Classifier, Milestone
from crossdock.flow.states import decode_state, encode_state
from crossdock.messages.envelope import Key, Message
from crossdock.messages.shipment_visibility import MilestoneReported
from crossdock.messages.teams import Team
from crossdock.policies.rules import EvidencePolicy
from crossdock.ports import CloseException, OpenException
from crossdock.processes.shipment_visibility import SUBSCRIBER
from tests.processes.shipment_visibility_world import (
    RULES,
    SHIPMENT,
    TWO_STOPS,
    begin,
    confirmed,
    correction,
    delivered_picture,
    hour,
    moment,
    picture,
    planned,
    posted,
    referenced,
    report,
    retraction,
    shown,
    shown_to_customer,
    withdrawn,
)

PICKED_UP, DELIVERED = Milestone.PICKED_UP, Milestone.DELIVERED
ESTIMATED = Classifier.ESTIMATED


def contradiction(*flags: str) -> OpenException:
    told = ", ".join(flags)
    return OpenException(
        code="EVIDENCE_INCONSISTENT",
        team=Team.CARRIER_RELATIONS,
        cause=f"What is told of shipment SH-1 cannot all be true: {told}",
        action="Ask the sources which report is wrong, and for its correction",
        about=("SH-1", "SO-1", SHIPMENT.load_id),
    )


RECONCILED = CloseException(
    code="EVIDENCE_INCONSISTENT", because="the evidence does not contradict itself any more"
)


def test_goods_that_leave_after_their_delivery_are_a_contradiction_to_ask_about() -> None:
    story = shown_to_customer()
    story.tell(report(DELIVERED, -3))

    said = story.tell(report(Milestone.DEPARTED, -1))

    flag = "DEPARTED_AFTER_DELIVERED"
    both = (shown(DELIVERED, -3, 0), shown(Milestone.DEPARTED, -1, 0))
    seen = delivered_picture(*both, status=DELIVERED, flags=(flag,))
    assert said == [confirmed(Milestone.DEPARTED, -1), seen, contradiction(flag)]


def test_a_correction_ends_the_contradiction() -> None:
    story = shown_to_customer()
    story.tell(report(DELIVERED, -3), report(Milestone.DEPARTED, -1))

    said = story.tell(correction(Milestone.DEPARTED, -4))

    both = (shown(Milestone.DEPARTED, -4, 0, corrected=True), shown(DELIVERED, -3, 0))
    seen = delivered_picture(*both, corrected=True)
    assert said == [confirmed(Milestone.DEPARTED, -4, revision=2), seen, RECONCILED]


@pytest.mark.parametrize(
    ("reports", "flags"),
    [
        ((report(PICKED_UP, 0.25),), ()),
        ((report(PICKED_UP, 0.26),), ("PICKED_UP_IN_THE_FUTURE/roadhaul",)),
        ((report(DELIVERED, 9, classifier=ESTIMATED),), ()),
        (
            (report(PICKED_UP, -1), report(Milestone.DEPARTED, -2)),
            ("DEPARTED_BEFORE_PICKED_UP",),
        ),
        ((report(PICKED_UP, -2), report(Milestone.DEPARTED, -2)), ()),
        (
            (report(Milestone.DEPARTED, -1, leg=1), report(Milestone.ARRIVED, -2, leg=1)),
            ("ARRIVED_BEFORE_DEPARTED/leg 1",),
        ),
        ((report(Milestone.DEPARTED, -1, leg=2), report(Milestone.ARRIVED, -2, leg=1)), ()),
        ((report(DELIVERED, -1), report(Milestone.ARRIVED, -1)), ()),
        ((report(DELIVERED, -1, stop=7),), ("DELIVERED_AT_UNKNOWN_STOP/7",)),
        (
            (
                report(DELIVERED, -3, stop=2),
                report(Milestone.DEPARTED, -2),
                report(DELIVERED, -1, stop=3, source_event_id="second"),
            ),
            (),
        ),
    ],
)
def test_what_cannot_be_true_together_is_flagged(
    reports: tuple[MilestoneReported, ...], flags: tuple[str, ...]
) -> None:
    story = begin()
    story.tell(planned(shipment=TWO_STOPS), *reports)

    assert [*story.exceptions.values()] == [contradiction(*flags)][: len(flags)]


def test_where_sources_differ_the_trusted_one_is_believed() -> None:
    trusting = structs.replace(RULES, evidence=EvidencePolicy(sources=("broker", "roadhaul")))
    story = shown_to_customer(trusting)
    story.tell(report(DELIVERED, -3))

    said = story.tell(report(DELIVERED, -1, source="broker"))

    seen = delivered_picture(shown(DELIVERED, -1, 0, source="broker"))
    assert said == [confirmed(DELIVERED, -1, revision=2, source="broker"), seen]


@pytest.mark.parametrize(
    ("other", "believed"),
    [
        (report(DELIVERED, -1, source="broker"), -2.0),
        (report(DELIVERED, -3, source="broker"), -3.0),
        (report(DELIVERED, -1, source="broker", revision=5), -1.0),
    ],
)
def test_among_equals_the_later_revision_and_then_the_earlier_time_is_believed(
    other: MilestoneReported, believed: float
) -> None:
    story = shown_to_customer()

    story.tell(report(DELIVERED, -2), other)

    assert story.wait_until(hour(1)) == [posted(believed)]


def test_planned_estimated_and_actual_stand_beside_each_other() -> None:
    story = shown_to_customer()

    story.tell(
        report(DELIVERED, 30, classifier=Classifier.PLANNED, source_event_id="plan"),
        report(DELIVERED, 29, classifier=ESTIMATED, source_event_id="estimate"),
    )
    story.at = hour(28)
    said = story.tell(report(DELIVERED, 27))

    actual = shown(DELIVERED, 27, 28)
    estimate = shown(DELIVERED, 29, 0, classifier=ESTIMATED)
    plan = shown(DELIVERED, 30, 0, classifier=Classifier.PLANNED)
    expected: dict[str, Any] = {
        "estimate": moment(hour(29)),
        "as_of": hour(27),
        "status": DELIVERED,
    }
    assert said[:2] == [
        confirmed(DELIVERED, 27),
        delivered_picture(actual, estimate, plan, **expected),
    ]


def eta(at: float, number: int) -> MilestoneReported:
    event_id = f"eta {number}"
    return report(
        Milestone.ETA_CHANGED,
        at,
        classifier=ESTIMATED,
        source_event_id=event_id,
        estimate=moment(hour(at)),
    )


def test_an_estimate_is_told_again_only_when_it_moves_by_the_delta() -> None:
    story = shown_to_customer()
    story.tell(eta(20, 1))
    story.at = hour(1)

    assert story.tell(eta(20.2, 2)) == []
    said = story.tell(eta(20.25, 3))

    seen = shown(Milestone.ETA_CHANGED, 20.25, 1, classifier=ESTIMATED)
    told: dict[str, Any] = {"status": None, "estimate": moment(hour(20.25)), "as_of": hour(1)}
    assert said == [picture(seen, **told)]


def test_an_estimate_beside_a_fact_is_told_with_it() -> None:
    story = shown_to_customer()

    said = story.tell(report(Milestone.DEPARTED, -1, estimate=moment(hour(20))))

    seen = picture(shown(Milestone.DEPARTED, -1, 0), estimate=moment(hour(20)))
    assert said == [confirmed(Milestone.DEPARTED, -1), seen]


def test_a_hub_that_is_left_twice_is_shown_twice() -> None:
    story = shown_to_customer()

    said = story.tell(
        report(Milestone.DEPARTED, -2),
        report(Milestone.DEPARTED, -1, source_event_id="again"),
    )

    first, second = shown(Milestone.DEPARTED, -2, 0), shown(Milestone.DEPARTED, -1, 0)
    assert said == [
        confirmed(Milestone.DEPARTED, -2),
        picture(first),
        confirmed(Milestone.DEPARTED, -1, revision=2),
        picture(first, second),
    ]


def test_a_correction_may_say_that_it_was_another_milestone() -> None:
    story = shown_to_customer()
    story.tell(report(DELIVERED, -2), report(PICKED_UP, -3))

    said = story.tell(correction(Milestone.ARRIVED_DELIVERY, -2, of="delivered"))

    arrived = shown(Milestone.ARRIVED_DELIVERY, -2, 0, corrected=True)
    assert said[:3] == [
        confirmed(Milestone.ARRIVED_DELIVERY, -2, revision=2),
        confirmed(DELIVERED, -2, revision=2, retracted=True),
        picture(shown(PICKED_UP, -3, 0), arrived, corrected=True),
    ]
    assert story.stage == "out for delivery"


def test_a_retraction_after_delivery_takes_the_status_back_and_says_so() -> None:
    story = shown_to_customer()
    story.tell(report(PICKED_UP, -3), report(DELIVERED, -2))

    said = story.tell(retraction(DELIVERED, -2))

    assert said[1] == picture(shown(PICKED_UP, -3, 0), corrected=True)
    assert story.stage == "pickup"


def test_a_cancellation_holds_until_goods_move_all_the_same() -> None:
    story = shown_to_customer()
    story.tell(report(Milestone.CANCELLED, -3))
    assert story.stage == "cancelled"

    story.tell(report(PICKED_UP, -2))

    assert story.stage == "pickup"


def test_a_report_an_operator_mended_replaces_what_it_amends() -> None:
    story = shown_to_customer()
    story.tell(report(PICKED_UP, -3))

    said = story.tell(report(PICKED_UP, -2), amends="m3")

    assert said == [confirmed(PICKED_UP, -2), picture(shown(PICKED_UP, -2, 0))]


def test_a_source_that_says_two_things_under_one_identity_is_heard_once() -> None:
    one, other = report(PICKED_UP, -3), report(PICKED_UP, -2)
    story, mirrored = shown_to_customer(), shown_to_customer()

    story.tell(one, other)
    mirrored.tell(other, one)

    assert story.state == mirrored.state


def test_the_proof_travels_with_the_posting_and_the_picture() -> None:
    proof = ProofOfDelivery(
        shipment_id="SH-1",
        received_by="Mme Roux",
        received=moment(hour(-2)),
        document=DocumentReference(kind=DocumentKind.PROOF_OF_DELIVERY, number="POD-1"),
    )
    story = shown_to_customer()

    said = story.tell(report(DELIVERED, -2, proof=proof))

    assert said[1] == delivered_picture(shown(DELIVERED, -2, 0), proof=proof)
    assert story.wait_until(hour(1)) == [posted(-2, proof=proof)]


def addressed(body: Any, bound: Key | None = None) -> tuple[Key, ...]:
    return SUBSCRIBER.keys(
        Message(
            id="m",
            tenant="main",
            correlation_id="c",
            causation_id="c",
            received_at=hour(0),
            origin="test",
            body=body,
            bound=bound,
        )
    )


def test_a_message_is_the_turn_of_the_shipment_it_names_or_was_bound_to() -> None:
    shipment = Key("shipment", "SH-1")

    assert addressed(report(PICKED_UP, 0), bound=shipment) == (shipment,)
    assert addressed(planned()) == (shipment,)
    assert addressed(referenced()) == (shipment,)
    assert addressed(withdrawn()) == (shipment,)


@pytest.mark.parametrize("bound", [None, Key("order", "SO-1")])
def test_a_report_that_is_bound_to_no_shipment_is_nobodys_turn(bound: Key | None) -> None:
    assert addressed(report(PICKED_UP, 0), bound=bound) == ()


def test_an_event_told_again_under_another_raw_code_or_reason_says_nothing_new() -> None:
    story = shown_to_customer()
    story.tell(report(PICKED_UP, 1))
    before = story.state

    assert story.tell(report(PICKED_UP, 1, raw_code="AF", reason="late paperwork")) == []
    assert story.state == before


def test_a_state_that_kept_events_whole_is_read_as_one_that_keeps_what_is_judged() -> None:
    story = shown_to_customer()
    told = report(PICKED_UP, 1, reason="first come")
    story.tell(told)
    stored = msgspec.json.decode(encode_state(story.state))
    ((heard,),) = stored["evidence"].values()
    heard["event"] = msgspec.to_builtins(told.evidence)

    assert decode_state(SUBSCRIBER, 1, msgspec.json.encode(stored)) == story.state
