"""Stories of shipments that are offered to carriers, one after the other."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from crossdock.canonical.references import Reference, ReferenceType
from crossdock.canonical.shipment import Leg, Mode
from crossdock.messages.flow import AnswerKind, ExceptionRetried, ExceptionWaived, WakeUp
from crossdock.messages.order_release import (
    CancelTender,
    TenderAnswered,
    TenderSettled,
    TenderState,
)
from crossdock.messages.teams import Team
from crossdock.ports import CancelTimer, CloseException, OpenException, SetTimer
from crossdock.processes.order_release_state import OfferVerdict
from tests.processes.order_release_world import (
    NOON,
    OFFERED,
    TENDERED,
    announced,
    answer,
    cancelled,
    commands,
    confirmed,
    drop,
    moved,
    planned,
    released,
    search_numbers,
    shipment,
    story,
    tender,
    write,
)

TWO_HOURS = timedelta(hours=2)
STOPPED = CancelTimer(name="tender/S-1")


def timer(due_at: datetime) -> SetTimer:
    return SetTimer(name="tender/S-1", due_at=due_at)


def answered(carrier: str, version: int, *, accepted: bool) -> TenderAnswered:
    return TenderAnswered(
        load_id="L-1",
        shipment_id="S-1",
        order_id="SO-1",
        carrier_scac=carrier,
        accepted=accepted,
        tender_version=version,
        reason="" if accepted else "no truck",
    )


def off(carrier: str, version: int) -> CancelTender:
    return CancelTender(
        shipment_id="S-1", order_id="SO-1", carrier_scac=carrier, tender_version=version
    )


def exhausted(history: str) -> OpenException:
    return OpenException(
        code="TENDER_EXHAUSTED",
        team=Team.CARRIER_RELATIONS,
        cause="No carrier is left to ask for shipment S-1 of order SO-1",
        action="Waive to go on with the planned carrier, or retry to ask all of them again",
        about=("SO-1", "PO-77", "S-1"),
        seen={"S-1": history},
    )


def test_a_shipment_is_offered_to_the_planned_carrier_before_anyone_hears_of_it() -> None:
    order = story(TENDERED)
    order.tell(released())

    said = order.tell(confirmed())

    assert said == [
        tender("ROAD", 1),
        timer(NOON + TWO_HOURS),
        OFFERED,
        moved("ROAD", 1, TenderState.SENT),
        CancelTimer(name="confirmation"),
    ]
    assert order.stage == "tendering"


def test_an_accepted_shipment_goes_on_with_its_carrier() -> None:
    order = story(TENDERED)
    order.tell(released(), confirmed())

    said = order.tell(answered("ROAD", 1, accepted=True))

    assert said == [
        STOPPED,
        planned(),
        *search_numbers(),
        *announced(),
        write(),
        moved("ROAD", 1, TenderState.ACCEPTED),
    ]
    assert order.stage == "awaiting_reference"


def test_a_declined_shipment_is_offered_to_the_next_of_the_guide() -> None:
    order = story(TENDERED)
    order.tell(released(), confirmed())

    said = order.tell(answered("ROAD", 1, accepted=False))
    taken = order.tell(answered("SLOW", 2, accepted=True))

    legless = shipment(carrier="SLOW")
    assert said == [
        STOPPED,
        tender("SLOW", 2),
        timer(NOON + TWO_HOURS),
        moved("ROAD", 1, TenderState.DECLINED, reason="no truck"),
        moved("SLOW", 2, TenderState.SENT),
    ]
    assert taken[1] == planned(legless)
    assert commands(taken) == [replace(write(), carrier_scac="SLOW")]


def test_the_legs_of_the_planned_carrier_go_to_the_one_that_took_it() -> None:
    legs = tuple(
        Leg(sequence=n, mode=Mode.ROAD, carrier_scac=carrier, from_stop=n, to_stop=n + 1)
        for n, carrier in enumerate(("ROAD", "RAIL"), 1)
    )
    order = story(TENDERED)
    order.tell(released(), confirmed(shipment(legs=legs)))

    order.tell(answered("ROAD", 1, accepted=False))
    said = order.tell(answered("SLOW", 2, accepted=True))

    told = shipment(carrier="SLOW", legs=(replace(legs[0], carrier_scac="SLOW"), legs[1]))
    assert said[1] == planned(told)


def test_a_silent_carrier_loses_the_offer_and_is_told() -> None:
    order = story(TENDERED)
    order.tell(released(), confirmed(), answer(tender("ROAD", 1)))

    said = order.wait_until(NOON + TWO_HOURS)

    over = NOON + TWO_HOURS
    assert said == [
        tender("SLOW", 2, at=over),
        timer(over + TWO_HOURS),
        off("ROAD", 1),
        moved("ROAD", 1, TenderState.TIMED_OUT, over),
        moved("SLOW", 2, TenderState.SENT, over),
    ]


def test_an_offer_that_never_left_is_dropped_when_its_time_is_over() -> None:
    order = story(TENDERED)
    order.tell(released(), confirmed())

    said = order.wait_until(NOON + TWO_HOURS)
    late = order.tell(answer(tender("ROAD", 1)))

    assert said[2] == drop(tender("ROAD", 1), "timed_out")
    assert late == [off("ROAD", 1), moved("ROAD", 1, TenderState.DELIVERED)]


def test_a_refused_offer_is_cleared_out_of_the_line() -> None:
    order = story(TENDERED)
    order.tell(released(), confirmed(), answer(tender("ROAD", 1), AnswerKind.REFUSED))

    said = order.wait_until(NOON + TWO_HOURS)

    assert said[2] == drop(tender("ROAD", 1), "timed_out")


def test_a_no_to_an_offer_that_is_over_is_silence() -> None:
    order = story(TENDERED)
    order.tell(released(), confirmed(), answered("ROAD", 1, accepted=False))

    said = order.tell(answered("ROAD", 1, accepted=False))

    assert said == []
    assert order.stage == "tendering"


def test_a_yes_to_an_offer_that_stands_no_more_is_for_people() -> None:
    order = story(TENDERED)
    order.tell(released(), confirmed())
    order.wait_until(NOON + TWO_HOURS)

    said = order.tell(answered("ROAD", 1, accepted=True))
    waived = order.tell(ExceptionWaived(code="TENDER_ANSWER_LATE", by="ann", reason="told them"))

    assert said == [
        off("ROAD", 1),
        OpenException(
            code="TENDER_ANSWER_LATE",
            team=Team.CARRIER_RELATIONS,
            cause="ROAD takes shipment S-1 of order SO-1, whose offer 1 stands no more",
            action="Tell the carrier who has the shipment, then waive this",
            about=("SO-1", "PO-77", "S-1"),
            seen={"S-1 offer 1": "ROAD, timed_out"},
        ),
    ]
    assert waived == []
    assert order.stage == "tendering"


def test_an_answer_to_an_offer_never_made_is_for_people() -> None:
    order = story(TENDERED)
    order.tell(released(), confirmed())

    said = order.tell(answered("SLOW", 9, accepted=True))

    assert [each.code for each in said if isinstance(each, OpenException)] == ["TENDER_UNKNOWN"]
    assert order.stage == "tendering"


def test_an_alarm_of_an_earlier_offer_is_silence() -> None:
    order = story(TENDERED)
    order.tell(released(), confirmed())
    order.at += timedelta(hours=1)
    order.tell(answered("ROAD", 1, accepted=False))

    due_at = NOON + TWO_HOURS
    said = order.tell(WakeUp(timer="tender/S-1", due_at=due_at, fired_at=due_at))

    assert said == []


def test_when_no_carrier_is_left_people_are_asked() -> None:
    order = story(TENDERED)
    order.tell(released(), confirmed(), answered("ROAD", 1, accepted=False))

    said = order.tell(answered("SLOW", 2, accepted=False))

    assert said == [
        STOPPED,
        exhausted("ROAD declined, SLOW declined"),
        moved("SLOW", 2, TenderState.DECLINED, reason="no truck"),
    ]
    assert order.stage == "tendering"


def test_a_retry_asks_all_carriers_again_as_new_offers() -> None:
    order = story(TENDERED)
    order.tell(released(), confirmed())
    order.tell(answered("ROAD", 1, accepted=False), answered("SLOW", 2, accepted=False))

    said = order.tell(ExceptionRetried(code="TENDER_EXHAUSTED", by="ann", reason="new prices"))

    assert said == [
        tender("ROAD", 3),
        timer(NOON + TWO_HOURS),
        CloseException(code="TENDER_EXHAUSTED", because="nobody waits for a carrier any more"),
        moved("ROAD", 3, TenderState.SENT),
    ]


def test_a_waiver_goes_on_with_the_planned_carrier() -> None:
    order = story(TENDERED)
    order.tell(released(), confirmed())
    order.tell(answered("ROAD", 1, accepted=False), answered("SLOW", 2, accepted=False))

    said = order.tell(ExceptionWaived(code="TENDER_EXHAUSTED", by="ann", reason="by phone"))

    assert said == [planned(), *search_numbers(), *announced(), write()]


def test_a_cancelled_order_takes_its_offer_back() -> None:
    order = story(TENDERED)
    order.tell(released(), confirmed(), answer(tender("ROAD", 1)))

    said = order.tell(cancelled())

    assert said[-3:] == [STOPPED, off("ROAD", 1), moved("ROAD", 1, TenderState.WITHDRAWN)]
    assert order.timers == {}


def test_a_carrier_that_accepted_hears_that_the_order_is_off() -> None:
    order = story(TENDERED)
    order.tell(released(), confirmed(), answered("ROAD", 1, accepted=True))

    said = order.tell(cancelled())

    assert [each for each in commands(said) if each.verb.startswith("carrier")] == [off("ROAD", 1)]


def test_a_number_added_by_the_tms_needs_no_new_offer() -> None:
    order = story(TENDERED)
    order.tell(released(), confirmed(), answered("ROAD", 1, accepted=True))
    numbered = shipment(references=())

    said = order.tell(confirmed(numbered, revision=2))

    assert commands(said) == []
    assert said[0] == planned(numbered, revision=2)


def test_other_terms_change_the_offer_that_the_carrier_has() -> None:
    order = story(TENDERED)
    order.tell(released(), confirmed(), answer(tender("ROAD", 1)))
    express = shipment(service_level="NEXT_DAY")

    said = order.tell(confirmed(express, revision=2))

    assert said == [
        STOPPED,
        tender("ROAD", 2, express, replaces=1),
        timer(NOON + TWO_HOURS),
        moved("ROAD", 1, TenderState.REPLACED),
        moved("ROAD", 2, TenderState.SENT),
    ]


def test_each_offer_keeps_its_times() -> None:
    order = story(TENDERED)
    order.tell(released(), confirmed())
    order.at += timedelta(minutes=30)

    order.tell(answered("ROAD", 1, accepted=False))

    first, second = order.state.carriages[0].offers
    assert (first.offered_at, first.answered_at) == (NOON, NOON + timedelta(minutes=30))
    assert (first.verdict, first.reason) == (OfferVerdict.DECLINED, "no truck")
    assert (second.offered_at, second.answered_at) == (NOON + timedelta(minutes=30), None)


SHARED = shipment(order_ids=("SO-0", "SO-1", "SO-2"))
SETTLED = TenderSettled(shipment_id="S-1", order_id="SO-1", carrier_scac="SLOW", revision=1)


def test_the_first_order_of_a_shipment_tells_the_others_who_took_it() -> None:
    ours = shipment(order_ids=("SO-1", "SO-2"))
    order = story(TENDERED)
    order.tell(released(), confirmed(ours))

    said = order.tell(answered("ROAD", 1, accepted=True))

    told = TenderSettled(shipment_id="S-1", order_id="SO-2", carrier_scac="ROAD", revision=1)
    assert said == [
        STOPPED,
        told,
        planned(ours),
        *search_numbers(),
        *announced(),
        write(),
        moved("ROAD", 1, TenderState.ACCEPTED),
    ]


def test_the_other_orders_of_a_shipment_wait_and_offer_nothing() -> None:
    order = story(TENDERED)
    order.tell(released())

    said = order.tell(confirmed(SHARED))

    assert said == [timer(NOON + 3 * TWO_HOURS), CancelTimer(name="confirmation")]
    assert order.stage == "tendering"


def test_the_other_orders_go_on_with_the_carrier_that_was_found() -> None:
    order = story(TENDERED)
    order.tell(released(), confirmed(SHARED))

    said = order.tell(SETTLED)

    assert said[:2] == [STOPPED, planned(replace(SHARED, carrier_scac="SLOW"))]
    assert commands(said) == [replace(write(), carrier_scac="SLOW")]


def test_a_carrier_found_before_the_plan_was_heard_is_remembered() -> None:
    order = story(TENDERED)

    order.tell(SETTLED, released())
    said = order.tell(confirmed(SHARED))

    assert commands(said) == [replace(write(), carrier_scac="SLOW")]
    assert order.timers == {}


NOT_SETTLED = replace(
    exhausted("tendered by order SO-0"),
    code="TENDER_NOT_SETTLED",
    cause="Another order has found no carrier for shipment S-1 of order SO-1",
)


def test_an_order_that_waits_too_long_for_another_asks_people() -> None:
    order = story(TENDERED)
    order.tell(released(), confirmed(SHARED))

    said = order.wait_until(NOON + 3 * TWO_HOURS)
    again = order.tell(ExceptionRetried(code=NOT_SETTLED.code, by="ann", reason="asked SO-0"))

    assert (said, again) == ([NOT_SETTLED], [NOT_SETTLED])


def test_a_carrier_found_late_settles_what_was_asked() -> None:
    order = story(TENDERED)
    order.tell(released(), confirmed(SHARED))
    order.wait_until(NOON + 3 * TWO_HOURS)

    said = order.tell(SETTLED)

    assert said[-1] == CloseException(
        code="TENDER_NOT_SETTLED", because="nobody waits for a carrier any more"
    )
    assert order.stage == "awaiting_reference"


def test_an_order_need_not_wait_for_another_when_people_know_the_carrier() -> None:
    order = story(TENDERED)
    order.tell(released(), confirmed(SHARED))
    order.wait_until(NOON + 3 * TWO_HOURS)

    said = order.tell(ExceptionWaived(code=NOT_SETTLED.code, by="ann", reason="by phone"))

    assert said == [planned(SHARED), *search_numbers(), *announced(), write()]


def test_a_waiver_of_one_trouble_leaves_the_other() -> None:
    order = story(TENDERED)
    order.tell(released(), confirmed())
    order.tell(answered("ROAD", 1, accepted=False), answered("SLOW", 2, accepted=False))

    said = order.tell(ExceptionWaived(code=NOT_SETTLED.code, by="ann", reason="by phone"))

    assert said == []
    assert order.stage == "tendering"


def test_another_carrier_found_later_is_written_under_a_version_of_its_own() -> None:
    order = story(TENDERED)
    order.tell(released(), confirmed(SHARED), SETTLED)
    first = commands(order.said)[-1]

    said = order.tell(replace(SETTLED, carrier_scac="ROAD"))

    assert commands(said) == [replace(write(), again=1)]
    assert (first.version(), write().version()) == ("1.1", "1.1")
    assert commands(said)[0].version() == "1.1.r1"


def test_a_load_number_never_routes_evidence() -> None:
    load = Reference(type=ReferenceType.LOAD, value="L-9")
    order = story()
    order.tell(released())

    said = order.tell(confirmed(shipment(references=(load,))))

    assert [each for each in said if each in announced("S-1", load)] == announced()[:1]
