"""Stories of promises and of silence: what the timers decide, and what a late word changes."""

from datetime import date, timedelta
from typing import Any

import pytest
from msgspec import structs

from crossdock.canonical.moments import Moment, ZoneSource, local_day
from crossdock.canonical.tracking import Milestone
from crossdock.messages.flow import ExceptionRetried, ExceptionWaived, WakeUp
from crossdock.messages.shipment_visibility import (
    MilestoneOverdue,
    ShipmentWentSilent,
    Timeliness,
)
from crossdock.messages.teams import Team
from crossdock.policies.rules import LatenessPolicy
from crossdock.ports import CancelTimer, CloseException, OpenException, SetTimer
from tests.processes.shipment_visibility_world import (
    LATE,
    PARIS,
    PROMISE,
    PROMISE_ENDS,
    RULES,
    SHIPMENT,
    begin,
    confirmed,
    delivered_picture,
    hour,
    moment,
    no_late_timer,
    picture,
    planned,
    referenced,
    report,
    settle_timer,
    shown,
    shown_to_customer,
    stop,
)

DELIVERED = Milestone.DELIVERED
OVERDUE = MilestoneOverdue(shipment_id="SH-1", stop=2, promised=PROMISE, due_at=PROMISE_ENDS)
OVERDUE_PICTURE = picture(timeliness=Timeliness.OVERDUE, stops=(stop(Timeliness.OVERDUE),))
ASK_FOR_A_DATE = OpenException(
    code="SHIPMENT_OVERDUE",
    team=Team.CUSTOMER_SERVICE,
    cause="Shipment SH-1 was promised for stop 2 by 2026-03-29, and no delivery is told",
    action="Ask the carrier for a new date and tell the customer",
    about=("SH-1", "SO-1", SHIPMENT.load_id),
)
DATE_SETTLED = CloseException(
    code="SHIPMENT_OVERDUE",
    because="the delivery was told, or the promise does not hold any more",
)


def after_the_end(hours: float) -> float:
    """Tell, as an hour of the story, when the promise has been over for some hours."""
    return (PROMISE_ENDS - hour(0)) / timedelta(hours=1) + hours


AT_ITS_END = after_the_end(0)


def test_a_promise_is_overdue_when_its_local_day_has_ended_and_no_delivery_is_told() -> None:
    story = shown_to_customer()

    said = story.wait_until(PROMISE_ENDS)

    assert said == [OVERDUE, OVERDUE_PICTURE, ASK_FOR_A_DATE]


def test_the_last_instant_of_the_promised_day_is_not_over() -> None:
    story = shown_to_customer()

    assert story.wait_until(PROMISE_ENDS - timedelta(microseconds=1)) == []


def test_a_promise_is_called_overdue_once_however_long_the_silence() -> None:
    story = shown_to_customer()
    story.wait_until(PROMISE_ENDS)

    assert story.wait_until(PROMISE_ENDS + timedelta(days=30)) == []


def test_grace_is_given_before_a_promise_counts_as_broken() -> None:
    patient = structs.replace(RULES, lateness=LatenessPolicy(silence_hours=0, grace_minutes=90))
    story = begin(patient)
    story.tell(planned(), referenced())

    assert story.timers == {LATE: PROMISE_ENDS + timedelta(minutes=90)}
    assert story.wait_until(PROMISE_ENDS + timedelta(minutes=89)) == []


def test_a_late_delivery_told_late_is_late() -> None:
    story = shown_to_customer()
    story.wait_until(PROMISE_ENDS + timedelta(hours=20))
    happened, told = after_the_end(1), after_the_end(20)

    said = story.tell(report(DELIVERED, happened))

    seen = delivered_picture(shown(DELIVERED, happened, told), verdict=Timeliness.LATE)
    assert said == [confirmed(DELIVERED, happened), seen, DATE_SETTLED, settle_timer(told)]


def test_a_delivery_in_time_told_late_turns_to_on_time() -> None:
    story = shown_to_customer()
    story.wait_until(PROMISE_ENDS + timedelta(hours=20))
    happened, told = after_the_end(-1), after_the_end(20)

    said = story.tell(report(DELIVERED, happened))

    seen = delivered_picture(shown(DELIVERED, happened, told))
    assert said == [confirmed(DELIVERED, happened), seen, DATE_SETTLED, settle_timer(told)]


def test_a_delivery_before_the_end_keeps_the_promise_quiet() -> None:
    story = shown_to_customer()
    story.tell(report(DELIVERED, -1))
    story.wait_until(hour(1))

    assert story.wait_until(PROMISE_ENDS + timedelta(days=1)) == []


def test_a_new_promise_sets_a_new_timer() -> None:
    story = shown_to_customer()
    later = local_day(date(2026, 4, 2), PARIS, ZoneSource.PLACE)

    said = story.tell(planned(revision=2, promised=later))

    ends = PROMISE_ENDS + timedelta(days=4)
    seen = picture(promised=later, stops=(stop(Timeliness.OPEN, promised=later),))
    new_timer = SetTimer(name=f"late/2/{ends.isoformat()}", due_at=ends)
    assert said == [seen, no_late_timer(), new_timer]


def test_an_alarm_of_a_promise_that_was_replaced_rings_for_nothing() -> None:
    story = shown_to_customer()
    story.tell(planned(revision=2, promised=local_day(date(2026, 4, 2), PARIS, ZoneSource.PLACE)))

    assert story.tell(WakeUp(timer=LATE, due_at=PROMISE_ENDS, fired_at=PROMISE_ENDS)) == []


def test_a_shipment_without_a_promise_is_never_overdue() -> None:
    story = begin()
    story.tell(planned(promised=None))

    assert story.timers == {}
    assert story.wait_until(PROMISE_ENDS + timedelta(days=9)) == []


def told_as_day(day: date, zone: str = PARIS) -> Moment:
    return local_day(day, zone, ZoneSource.PLACE)


@pytest.mark.parametrize(
    ("happened", "verdict"),
    [
        (moment(PROMISE_ENDS), Timeliness.ON_TIME),
        (moment(PROMISE_ENDS + timedelta(microseconds=1)), Timeliness.LATE),
        (told_as_day(date(2026, 3, 29)), Timeliness.ON_TIME),
        (told_as_day(date(2026, 3, 30)), Timeliness.LATE),
        (told_as_day(date(2026, 3, 29), "Pacific/Auckland"), Timeliness.ON_TIME),
        (told_as_day(date(2026, 3, 30), "America/Los_Angeles"), Timeliness.LATE),
    ],
)
def test_a_delivery_is_judged_by_when_it_happened(happened: Moment, verdict: Timeliness) -> None:
    story = shown_to_customer()
    story.at = hour(100)

    said = story.tell(report(DELIVERED, happened))

    assert said[1] == delivered_picture(shown(DELIVERED, happened, 100), verdict=verdict)


@pytest.mark.parametrize(
    ("promised", "day", "verdict"),
    [
        (moment(hour(6)), date(2026, 3, 27), Timeliness.ON_TIME),
        (moment(hour(6)), date(2026, 3, 28), Timeliness.LATE),
        (moment(hour(-8)), date(2026, 3, 27), Timeliness.ON_TIME),
        (moment(hour(-8)), date(2026, 3, 28), Timeliness.LATE),
    ],
)
def test_a_delivery_told_by_its_day_is_on_time_on_the_promised_day(
    promised: Moment, day: date, verdict: Timeliness
) -> None:
    story = begin()
    story.at = hour(60)
    story.tell(planned(promised=promised), referenced())
    happened = told_as_day(day, "UTC")

    said = story.tell(report(DELIVERED, happened))

    told = stop(verdict, happened, promised=promised)
    seen = shown(DELIVERED, happened, 60)
    assert said[1] == picture(seen, promised=promised, timeliness=verdict, stops=(told,))


WATCHFUL = structs.replace(RULES, lateness=LatenessPolicy(silence_hours=48))
PICKED_UP = Milestone.PICKED_UP
SILENT = OpenException(
    code="SHIPMENT_SILENT",
    team=Team.CARRIER_RELATIONS,
    cause=f"Nobody has spoken of shipment SH-1 since {hour(0).isoformat()}",
    action="Ask the carrier where the goods are, and why it does not report",
    about=("SH-1", "SO-1", SHIPMENT.load_id),
)


UNPROMISED: dict[str, Any] = {
    "promised": None,
    "timeliness": Timeliness.NO_PROMISE,
    "stops": (stop(Timeliness.NO_PROMISE, promised=None),),
}
HEARD_AGAIN = CloseException(
    code="SHIPMENT_SILENT", because="a source was heard again, or the journey is over"
)


def test_a_shipment_nobody_speaks_of_is_called_silent_once() -> None:
    story = begin(WATCHFUL)
    story.tell(planned(promised=None), referenced(), report(PICKED_UP, -1))

    said = story.wait_until(hour(480))

    went = ShipmentWentSilent(shipment_id="SH-1", last_heard_at=hour(0), due_at=hour(48))
    seen = picture(shown(PICKED_UP, -1, 0), silent=True, **UNPROMISED)
    assert said == [went, seen, SILENT]


def test_every_report_winds_the_silence_up_again() -> None:
    story = begin(WATCHFUL)
    story.tell(planned(promised=None), referenced(), report(PICKED_UP, -1))
    story.at = hour(30)

    said = story.tell(report(Milestone.POSITION, 29))

    assert said == [SetTimer(name="silence", due_at=hour(78))]


def test_the_next_report_ends_the_silence() -> None:
    story = begin(WATCHFUL)
    story.tell(planned(promised=None), referenced(), report(PICKED_UP, -1))
    story.wait_until(hour(50))

    said = story.tell(report(Milestone.ARRIVED, 49))

    both = (shown(PICKED_UP, -1, 0), shown(Milestone.ARRIVED, 49, 50))
    seen = picture(*both, **UNPROMISED)
    wound_up = SetTimer(name="silence", due_at=hour(98))
    assert said == [confirmed(Milestone.ARRIVED, 49), seen, HEARD_AGAIN, wound_up]


def test_nobody_needs_to_speak_before_the_planned_pickup() -> None:
    story = begin(WATCHFUL)
    pickup = structs.replace(SHIPMENT.stops[0], planned=moment(hour(100)))
    shipment = structs.replace(SHIPMENT, stops=(pickup, SHIPMENT.stops[1]))

    story.tell(planned(shipment=shipment, promised=None), report(Milestone.BOOKED, -1))

    assert story.timers == {"silence": hour(148)}


def test_nobody_needs_to_speak_after_the_delivery() -> None:
    story = begin(WATCHFUL)
    story.tell(planned(promised=None), referenced(), report(PICKED_UP, -2))

    said = story.tell(report(DELIVERED, -1))

    told = stop(Timeliness.NO_PROMISE, -1, promised=None)
    both = (shown(PICKED_UP, -2, 0), shown(DELIVERED, -1, 0))
    seen = picture(*both, **(UNPROMISED | {"stops": (told,)}))
    assert said == [
        confirmed(DELIVERED, -1),
        seen,
        CancelTimer(name="silence"),
        settle_timer(0),
    ]


def test_what_an_operator_waived_is_not_asked_again() -> None:
    story = shown_to_customer()
    story.wait_until(PROMISE_ENDS)

    said = story.tell(ExceptionWaived(code="SHIPMENT_OVERDUE", by="ann", reason="agreed"))

    assert said == []
    late = stop(Timeliness.OVERDUE)
    seen = picture(shown(PICKED_UP, -1, AT_ITS_END), timeliness=Timeliness.OVERDUE, stops=(late,))
    assert story.tell(report(PICKED_UP, -1)) == [confirmed(PICKED_UP, -1), seen]


def test_what_an_operator_retries_is_asked_again_while_it_holds() -> None:
    story = shown_to_customer()
    story.wait_until(PROMISE_ENDS)

    said = story.tell(ExceptionRetried(code="SHIPMENT_OVERDUE", by="ann", reason="called them"))

    assert said == [ASK_FOR_A_DATE]


def test_a_retry_of_what_is_settled_asks_nothing() -> None:
    story = shown_to_customer()

    said = story.tell(
        ExceptionRetried(code="SHIPMENT_OVERDUE", by="ann", reason="too late"),
        ExceptionWaived(code="SHIPMENT_OVERDUE", by="ann", reason="too late"),
    )

    assert said == []
