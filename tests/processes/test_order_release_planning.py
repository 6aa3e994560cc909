"""Stories of a TMS that is late, says no, or drops what it had planned."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from crossdock.messages.flow import (
    AnswerKind,
    ExceptionRetried,
    ExceptionWaived,
    WakeUp,
)
from crossdock.messages.order_release import PlanCancelled, PlanRejected
from crossdock.messages.teams import Team
from crossdock.ports import CancelTimer, CloseException, OpenException, SetTimer
from tests.processes.order_release_world import (
    HOUR,
    NOON,
    RULES,
    answer,
    cancelled,
    confirmed,
    drop,
    kinds,
    plan_request,
    planned,
    released,
    revoked,
    shipment,
    story,
    withdrawal,
    withdrawn,
    write,
)

SETTLED = "it holds no longer"


def late(reminder: int, due_at: datetime) -> OpenException:
    return OpenException(
        code="PLAN_NOT_CONFIRMED",
        team=Team.TRANSPORTATION,
        cause=f"The TMS has not confirmed order SO-1, reminder {reminder}",
        action="Look into the TMS, then waive the reminders or retry to wait anew",
        about=("SO-1", "PO-77"),
        seen={"request": "1", "due_at": due_at.isoformat()},
    )


def timer(due_at: datetime) -> SetTimer:
    return SetTimer(name="confirmation", due_at=due_at)


REJECTION = PlanRejected(order_id="SO-1", order_version=1, reason="no capacity")
REJECTED = OpenException(
    code="PLAN_REJECTED",
    team=Team.TRANSPORTATION,
    cause="The TMS cannot plan order SO-1: no capacity",
    action="Mend the order or the TMS, then retry to ask for a plan again",
    about=("SO-1", "PO-77"),
    seen={"order_version": "1", "reason": "no capacity"},
)
DROPPED = replace(
    REJECTED,
    code="PLAN_DROPPED",
    cause="The TMS has dropped its plan of order SO-1: no capacity",
)


def dropped(revision: int = 0) -> PlanCancelled:
    return PlanCancelled(order_id="SO-1", order_version=1, revision=revision, reason="no capacity")


def retried(code: str) -> ExceptionRetried:
    return ExceptionRetried(code=code, by="ann", reason="called the planner")


def waived(code: str) -> ExceptionWaived:
    return ExceptionWaived(code=code, by="ann", reason="planned by hand")


def test_a_late_confirmation_is_asked_for_until_the_reminders_are_used_up() -> None:
    order = story()
    order.tell(released())

    said = order.wait_until(NOON + 100 * HOUR)

    dues = [NOON + hours * HOUR for hours in (4, 8, 12, 16)]
    assert said == [
        late(1, dues[0]),
        timer(dues[1]),
        late(2, dues[1]),
        timer(dues[2]),
        late(3, dues[2]),
        timer(dues[3]),
        late(4, dues[3]),
    ]
    assert order.stage == "awaiting_confirmation"


def test_the_confirmation_settles_that_it_was_late() -> None:
    order = story()
    order.tell(released())
    order.wait_until(NOON + 5 * HOUR)

    said = order.tell(confirmed())

    assert said[-2:] == [
        CancelTimer(name="confirmation"),
        CloseException(code="PLAN_NOT_CONFIRMED", because="the TMS is not waited for any more"),
    ]
    assert order.timers == {}


def test_an_alarm_that_the_confirmation_overtook_is_silence() -> None:
    order = story()
    order.tell(released(), confirmed())

    due_at = NOON + 4 * HOUR
    said = order.tell(WakeUp(timer="confirmation", due_at=due_at, fired_at=due_at))

    assert said == []


def test_a_retry_of_a_late_confirmation_waits_anew_and_asks_nothing() -> None:
    order = story()
    order.tell(released())
    order.wait_until(NOON + 5 * HOUR)

    said = order.tell(retried("PLAN_NOT_CONFIRMED"))

    assert said == [
        CloseException(code="PLAN_NOT_CONFIRMED", because="an operator gave the TMS more time"),
        timer(NOON + 9 * HOUR),
    ]


def test_waived_reminders_stop_and_the_order_waits_on() -> None:
    order = story()
    order.tell(released())
    order.wait_until(NOON + 5 * HOUR)

    said = order.tell(waived("PLAN_NOT_CONFIRMED"))
    later = order.wait_until(NOON + 100 * HOUR)

    assert said == [CancelTimer(name="confirmation")]
    assert later == []
    assert order.stage == "awaiting_confirmation"


def test_a_rejected_plan_is_asked_about() -> None:
    order = story()
    order.tell(released())

    said = order.tell(REJECTION, REJECTION)

    assert said == [REJECTED, CancelTimer(name="confirmation")]
    assert order.stage == "plan_rejected"


def test_a_retry_of_a_rejected_plan_asks_under_a_name_of_its_own() -> None:
    order = story()
    order.tell(released(), REJECTION)

    said = order.tell(retried("PLAN_REJECTED"))

    assert said == [
        plan_request(again=1),
        drop(plan_request(), "a newer request was made"),
        CloseException(code="PLAN_REJECTED", because=SETTLED),
        timer(NOON + 4 * HOUR),
    ]


def test_a_second_rejection_is_asked_about_again() -> None:
    order = story()
    order.tell(released(), REJECTION, retried("PLAN_REJECTED"))

    said = order.tell(REJECTION)

    assert said == [REJECTED, CancelTimer(name="confirmation")]


def test_a_plan_that_came_after_the_rejection_is_not_asked_for_twice() -> None:
    order = story()
    order.tell(released(), REJECTION, confirmed())

    said = order.tell(retried("PLAN_REJECTED"))

    assert said == []
    assert order.exceptions == {}


def test_a_waived_rejection_rests_and_a_plan_that_comes_still_counts() -> None:
    order = story()
    order.tell(released(), REJECTION)

    said = order.tell(waived("PLAN_REJECTED"), REJECTION)
    order.tell(confirmed(), answer(write()))

    assert said == []
    assert order.stage == "open"


def test_a_confirmation_without_shipments_is_a_rejection() -> None:
    order = story()
    order.tell(released())

    said = order.tell(replace(confirmed(), shipments=()))

    reason = "a plan without shipments"
    assert said == [
        replace(
            REJECTED,
            cause=f"The TMS cannot plan order SO-1: {reason}",
            seen={"order_version": "1", "reason": reason},
        ),
        CancelTimer(name="confirmation"),
    ]


def test_a_plan_the_tms_drops_is_withdrawn_and_asked_about() -> None:
    order = story()
    order.tell(released(), answer(plan_request()), confirmed(), answer(write()))

    said = order.tell(dropped())

    because = "the TMS dropped its plan"
    assert said == [
        DROPPED,
        withdrawn(1, because),
        *revoked(),
        withdrawal(because=because),
    ]
    assert order.stage == "plan_dropped"


def test_a_plan_that_is_overtaken_by_its_own_end_never_counts() -> None:
    order = story()
    order.tell(released(), dropped(1))

    said = order.tell(confirmed())

    assert said == []
    assert order.stage == "plan_dropped"


def test_a_newer_plan_settles_that_the_older_was_dropped() -> None:
    order = story()
    order.tell(released(), confirmed(), dropped(1))

    said = order.tell(confirmed(revision=2))

    assert said[0] == CloseException(code="PLAN_DROPPED", because=SETTLED)
    assert said[1] == planned(revision=2)
    assert order.stage == "awaiting_reference"


def test_a_retry_of_a_dropped_plan_asks_again() -> None:
    order = story()
    order.tell(released(), answer(plan_request()), confirmed(), dropped(1))

    said = order.tell(retried("PLAN_DROPPED"))

    assert said == [
        plan_request(again=1),
        CloseException(code="PLAN_DROPPED", because=SETTLED),
        timer(NOON + 4 * HOUR),
    ]


def test_a_refused_request_shows_on_the_board_and_reminds_nobody() -> None:
    order = story()
    order.tell(released())

    said = order.tell(answer(plan_request(), AnswerKind.REFUSED))

    assert said == [CancelTimer(name="confirmation")]
    assert order.stage == "stuck: tms.plan refused"


def test_a_request_that_went_through_after_all_is_waited_for() -> None:
    order = story()
    order.tell(released(), answer(plan_request(), AnswerKind.REFUSED))

    said = order.tell(answer(plan_request()))

    assert said == [timer(NOON + 4 * HOUR)]
    assert order.stage == "awaiting_confirmation"


def test_a_reference_nobody_can_tell_of_keeps_the_gate_shut() -> None:
    order = story()
    order.tell(released(), confirmed())

    said = order.tell(answer(write(), AnswerKind.UNRESOLVED))

    assert said == []
    assert order.stage == "stuck: erp.write_reference unresolved"


def test_an_answer_never_becomes_less_final() -> None:
    order = story()
    order.tell(released(), confirmed(), answer(write()))

    said = order.tell(answer(write(), AnswerKind.REFUSED))

    assert said == []
    assert order.stage == "open"


def test_a_plan_cancelled_for_a_cancelled_order_is_the_end_of_it() -> None:
    order = story()
    order.tell(released(), confirmed(), cancelled())

    said = order.tell(dropped(1), dropped())

    assert said == []
    assert order.stage == "cancelled"


def test_an_order_follows_the_rule_book_it_was_accepted_with() -> None:
    order = story()

    said = order.tell(released(), confirmed(shipment()))

    assert {"OrderAccepted", "PlanShipment", "ShipmentPlanned"} <= set(kinds(said))
    assert order.subscriber.pinned(order.state) == RULES.digest
