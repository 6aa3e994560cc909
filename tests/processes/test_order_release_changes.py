"""Stories of orders that change: new versions, new plans, cancellations, and races between them."""

from __future__ import annotations

import pytest

from crossdock.messages.flow import AnswerKind
from crossdock.messages.order_release import CancelPlan, PlanCancelled
from crossdock.messages.reference_binding import ReferenceAnnounced
from crossdock.messages.teams import Team
from crossdock.ports import CancelTimer, CloseException, OpenException, SetTimer
from tests.processes.order_release_world import (
    HOUR,
    NOON,
    PRO,
    announced,
    answer,
    cancelled,
    commands,
    confirmed,
    drop,
    kinds,
    plan_request,
    planned,
    released,
    revoked,
    search_numbers,
    shipment,
    story,
    withdrawal,
    withdrawn,
    write,
)

GONE = "the order is cancelled"
NEWER = "a newer request was made"

REUSED = OpenException(
    code="ORDER_VERSION_REUSED",
    team=Team.ORDER_MANAGEMENT,
    cause="The ERP sent order SO-1 version 1 twice, and differently; the first one holds",
    action="Let the ERP send what holds under a higher version, or edit and resubmit",
    about=("SO-1", "PO-77"),
    seen={"version": "1", "document": "doc-2"},
)


def test_a_higher_version_is_planned_anew_and_the_unsent_request_dropped() -> None:
    order = story()
    order.tell(released())

    said = order.tell(released(2, company_code="DE01"))

    assert kinds(said) == ["OrderAccepted", "PlanShipment", "DropEffect", "SetTimer"]
    assert said[1:3] == [plan_request(2), drop(plan_request(), NEWER)]


def test_the_old_plan_holds_until_the_new_one_is_confirmed() -> None:
    order = story()
    order.tell(released(), answer(plan_request()), confirmed(), answer(write()))

    said = order.tell(released(2))
    stage = order.stage
    replanned = order.tell(confirmed(shipment("S-2"), version=2, revision=2))

    assert kinds(said) == ["OrderAccepted", "PlanShipment", "ShipmentPlanned", "SetTimer"]
    assert stage == "awaiting_confirmation"
    assert replanned == [
        withdrawn(2, "plan revision 2 has it no more"),
        *revoked(),
        withdrawal(because="plan revision 2 has it no more"),
        planned(shipment("S-2"), 2, 2),
        *search_numbers("S-2"),
        *announced("S-2"),
        write("S-2", 2, 2),
        CancelTimer(name="confirmation"),
    ]


def test_a_new_revision_with_the_same_carrier_needs_no_second_reference() -> None:
    order = story()
    order.tell(released(), confirmed(), answer(write()))
    bill = PRO.__class__(type=PRO.type, value="4712", issuer="ROAD")

    said = order.tell(confirmed(shipment(references=(PRO, bill)), revision=2))

    assert said == [
        planned(shipment(references=(PRO, bill)), 1, 2),
        ReferenceAnnounced(reference=bill, shipment_id="S-1", order_id="SO-1", load_id="L-1"),
    ]
    assert order.stage == "open"


def test_a_new_carrier_is_written_over_the_old_one() -> None:
    order = story()
    order.tell(released(), confirmed(shipment(carrier="SLOW")))
    slow = commands(order.said)[-1]

    said = order.tell(confirmed(revision=2))

    assert commands(said) == [write(revision=2)]
    assert said[-1] == drop(slow, "another reference takes its place")
    assert order.stage == "awaiting_reference"


def test_an_older_revision_is_silence() -> None:
    order = story()
    order.tell(released(), confirmed(revision=2))

    said = order.tell(confirmed(shipment("S-9"), revision=1))

    assert said == []


def test_a_revision_used_twice_is_asked_about_and_the_first_one_holds() -> None:
    order = story()
    order.tell(released(), confirmed())

    said = order.tell(confirmed(shipment("S-9")))
    settled = order.tell(confirmed(revision=2))

    assert said == [
        OpenException(
            code="PLAN_REVISION_REUSED",
            team=Team.TRANSPORTATION,
            cause=(
                "The TMS confirmed order SO-1 twice as revision 1, and differently; "
                "the first one holds"
            ),
            action="Let the TMS send the plan that holds under a higher revision",
            about=("SO-1", "PO-77"),
            seen={"order_version": "1", "revision": "1"},
        )
    ]
    assert settled == [
        CloseException(code="PLAN_REVISION_REUSED", because="revision 2 holds"),
        planned(revision=2),
    ]


@pytest.mark.parametrize("version", [1, 2], ids=["the same again", "an older one"])
def test_a_version_that_says_nothing_new_is_silence(version: int) -> None:
    order = story()
    order.tell(released(2))

    said = order.tell(released(2) if version == 1 else released(1, customer_reference="PO-1"))

    assert said == []


def test_the_same_version_with_other_content_is_asked_about() -> None:
    order = story()
    order.tell(released())

    said = order.tell(released(customer_reference="PO-78"), document_id="doc-2")

    assert said == [REUSED]


def test_an_edit_replaces_the_same_version_and_asks_under_a_name_of_its_own() -> None:
    order = story()
    order.tell(released())
    order.tell(released(company_code="FR01"), document_id="doc-2")

    said = order.tell(released(company_code="FR01"), amends="m2")

    request = plan_request(again=1, company_code="FR01")
    assert kinds(said) == [
        "CloseException",
        "OrderAccepted",
        "PlanShipment",
        "DropEffect",
        "SetTimer",
    ]
    assert said[0] == CloseException(code="ORDER_VERSION_REUSED", because="version 1 holds")
    assert said[2:4] == [request, drop(plan_request(), NEWER)]
    assert request.version() == "1.r1"


def test_an_order_cancelled_before_planning_is_over_at_once() -> None:
    order = story()
    order.tell(released(customer_id=None))

    said = order.tell(cancelled())

    assert said == [CloseException(code="ORDER_INCOMPLETE", because=GONE)]
    assert order.stage == "cancelled"


def test_a_request_that_was_not_sent_is_dropped_and_nothing_cancelled() -> None:
    order = story()
    order.tell(released())

    said = order.tell(cancelled())

    assert said == [drop(plan_request(), GONE), CancelTimer(name="confirmation")]


def test_a_request_that_was_on_its_way_is_cancelled_when_its_answer_comes() -> None:
    order = story()
    order.tell(released(), cancelled())

    said = order.tell(answer(plan_request()), confirmed())

    assert said == [CancelPlan(order_id="SO-1", order_version=2, reason="sold out")]
    assert order.stage == "cancelled"


def test_a_refused_request_is_cleared_out_of_its_line() -> None:
    order = story()
    order.tell(released(), answer(plan_request(), AnswerKind.REFUSED))
    stuck = order.stage

    said = order.tell(cancelled())

    assert stuck == "stuck: tms.plan refused"
    assert said == [drop(plan_request(), GONE)]


def test_a_cancelled_order_is_taken_back_everywhere() -> None:
    order = story()
    order.tell(released(), answer(plan_request()), confirmed(), answer(write()))

    said = order.tell(cancelled())

    assert said == [
        CancelPlan(order_id="SO-1", order_version=2, reason="sold out"),
        withdrawn(1, GONE),
        *revoked(),
        withdrawal(),
    ]
    assert order.stage == "cancelled"


def test_a_reference_on_its_way_is_withdrawn_when_the_erp_says_it_has_it() -> None:
    order = story()
    order.tell(released(), answer(plan_request()), confirmed())

    said = order.tell(cancelled())
    late = order.tell(answer(write()))

    assert said[-1] == drop(write(), GONE)
    assert late == [withdrawal()]


def test_a_cancellation_that_overtakes_the_release_leaves_nothing_to_plan() -> None:
    order = story()

    said = order.tell(cancelled(), released())

    assert commands(said) == []
    assert order.stage == "cancelled"


def test_a_plan_that_comes_after_the_cancellation_is_cancelled_and_never_told() -> None:
    order = story()
    order.tell(cancelled(), released())

    said = order.tell(confirmed(), confirmed())

    assert said == [CancelPlan(order_id="SO-1", order_version=2, reason="sold out")]


def test_a_plan_that_the_tms_has_dropped_already_needs_no_cancellation() -> None:
    order = story()
    order.tell(released(), confirmed())
    order.tell(PlanCancelled(order_id="SO-1", order_version=1, revision=1))

    said = order.tell(cancelled())

    assert said == [
        drop(plan_request(), GONE),
        CloseException(code="PLAN_DROPPED", because="it holds no longer"),
    ]


def test_a_release_of_a_higher_version_revives_a_cancelled_order() -> None:
    order = story()
    order.tell(released(), confirmed(), cancelled())

    said = order.tell(released(3))

    assert commands(said) == [plan_request(3)]
    assert said[-1] == SetTimer(name="confirmation", due_at=NOON + 4 * HOUR)
    assert order.stage == "awaiting_confirmation"
