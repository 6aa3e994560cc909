"""Stock is set aside at release, confirmed as it leaves, and given back where it does not."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from crossdock.canonical.inventory import CommitmentStatus
from crossdock.messages.flow import AnswerKind, ExceptionRetried, ExceptionWaived
from crossdock.messages.teams import Team
from crossdock.ports import CloseException, OpenException
from crossdock.processes.inventory_commitment import NOT_AS_ORDERED
from tests.processes.inventory_commitment_world import (
    CANCELLED,
    SHORT,
    Erp,
    accepted,
    answer,
    begin,
    cancelled,
    commands,
    commit,
    confirm,
    counts,
    drop,
    issued,
    last_moved,
    live,
    reverse,
)

TOO_MUCH = "SO-1/10: 5 EA left with S-1, and 4 was to leave"


def test_an_accepted_order_sets_its_stock_aside() -> None:
    order = begin()

    said = order.tell(accepted())

    assert (said, order.stage) == ([commit()], "awaiting_erp")


def test_the_answer_is_told_line_by_line() -> None:
    order = begin()
    order.tell(accepted())

    said = order.tell(answer(commit()))

    moved = last_moved(said)
    assert (said, order.stage) == ([moved], "committed")
    assert counts(moved) == {"10": (4, 0, 0, "COMMITTED"), "20": (6, 0, 0, "COMMITTED")}
    assert (moved.status, moved.settled, moved.committed_at) == ("COMMITTED", True, order.at)


def test_what_leaves_is_confirmed_for_its_shipment() -> None:
    order = begin()
    order.tell(accepted(), answer(commit()))

    said = order.tell(issued())
    told = order.tell(answer(confirm(_10=4, _20=6)))

    assert said == [confirm(_10=4, _20=6)]
    assert counts(last_moved(told)) == {"10": (4, 4, 0, "CONFIRMED"), "20": (6, 6, 0, "CONFIRMED")}
    assert order.stage == "confirmed"


def test_a_split_order_is_confirmed_shipment_by_shipment() -> None:
    order, erp = begin(), Erp()

    live(order, erp, accepted(), issued("S-1", "10", shipments=2))
    between = order.stage
    live(order, erp, issued("S-2", "20", shipments=2))

    asked = commands(order.said)
    assert asked == [commit(), confirm(_10=4), confirm("S-2", _20=6)]
    assert (between, order.stage) == ("committed", "confirmed")


def test_a_line_split_by_quantity_leaves_by_its_portions() -> None:
    order, erp = begin(), Erp()

    live(
        order,
        erp,
        accepted(_10=10),
        issued("S-1", "10", shipments=2, portions={"10": 7}),
        issued("S-2", "10", shipments=2, portions={"10": 3}),
    )

    assert commands(order.said) == [commit(_10=10), confirm(_10=7), confirm("S-2", _10=3)]
    assert order.stage == "confirmed"


def test_a_line_without_portions_leaves_whole_with_the_first_shipment_that_has_it() -> None:
    order, erp = begin(), Erp()

    live(order, erp, accepted(_10=4), issued("S-1", shipments=2), issued("S-2", shipments=2))

    assert commands(order.said) == [commit(_10=4), confirm(_10=4)]


def test_a_changed_version_changes_the_commitment() -> None:
    order, erp = begin(), Erp()

    live(order, erp, accepted(), accepted(2, _10=5, _20=2))

    assert commands(order.said) == [commit(), commit(2, version=2, _10=5, _20=2)]
    assert counts(last_moved(order.said)) == {
        "10": (5, 0, 0, "COMMITTED"),
        "20": (2, 0, 4, "COMMITTED"),
    }


def test_a_version_that_wants_the_same_asks_nothing() -> None:
    order, erp = begin(), Erp()

    live(order, erp, accepted(), accepted(2))

    assert commands(order.said) == [commit()]


def test_an_operators_edit_of_a_version_replaces_it_and_an_older_one_does_not() -> None:
    order, erp = begin(), Erp()

    live(order, erp, accepted(edition=2, _10=5), accepted(edition=1))

    assert commands(order.said) == [commit(_10=5)]


def test_a_cancelled_order_gives_everything_back() -> None:
    order, erp = begin(), Erp()

    live(order, erp, accepted(), cancelled())

    assert commands(order.said) == [commit(), reverse(2, CANCELLED)]
    assert counts(last_moved(order.said)) == {
        "10": (0, 0, 4, "REVERSED"),
        "20": (0, 0, 6, "REVERSED"),
    }
    assert order.stage == "reversed"


def test_an_order_cancelled_before_it_is_accepted_sets_nothing_aside() -> None:
    order = begin()

    said = order.tell(cancelled(), accepted())

    assert (said, order.stage) == ([], "nothing_committed")


def test_a_cancelled_order_keeps_what_has_left() -> None:
    order, erp = begin(), Erp()

    live(order, erp, accepted(), issued("S-1", "10", shipments=2), cancelled())

    assert commands(order.said)[2:] == [reverse(2, CANCELLED, _10=4)]
    assert counts(last_moved(order.said)) == {
        "10": (4, 4, 0, "CONFIRMED"),
        "20": (0, 0, 6, "REVERSED"),
    }


def test_goods_that_left_after_the_cancellation_are_set_aside_again_and_confirmed() -> None:
    order, erp = begin(), Erp()

    live(order, erp, accepted(), cancelled(), issued("S-1", "10", shipments=2))

    assert commands(order.said)[2:] == [commit(3, _10=4), confirm(_10=4)]
    assert (erp.committed, erp.gone()) == ({"10": Decimal(4)}, {"10": Decimal(4)})


def test_a_version_after_the_cancellation_sets_its_stock_aside_again() -> None:
    order, erp = begin(), Erp()

    live(order, erp, accepted(), cancelled(), accepted(3))

    assert commands(order.said) == [commit(), reverse(2, CANCELLED), commit(3, version=3)]


def test_what_no_shipment_took_is_given_back_once_all_have_left() -> None:
    order, erp = begin(), Erp()

    live(order, erp, accepted(), issued("S-1", "10"))

    assert commands(order.said) == [commit(), confirm(_10=4), reverse(2, SHORT, _10=4)]
    assert counts(last_moved(order.said)) == {
        "10": (4, 4, 0, "CONFIRMED"),
        "20": (0, 0, 6, "REVERSED"),
    }


def test_a_later_plan_sets_aside_again_what_was_left_behind() -> None:
    order, erp = begin(), Erp()

    live(
        order,
        erp,
        accepted(),
        issued("S-1", "10"),
        issued("S-1", "10", revision=2, plan=2, shipments=2),
    )

    assert commands(order.said)[3:] == [commit(3)]


def test_a_pickup_taken_back_takes_its_confirmation_back() -> None:
    order, erp = begin(), Erp()

    live(order, erp, accepted(), issued(), issued(left=False, revision=2))

    assert commands(order.said) == [commit(), confirm(_10=4, _20=6), confirm(revision=2)]
    assert (erp.gone(), order.stage) == ({}, "committed")


def test_nothing_is_confirmed_while_the_commitment_waits_for_its_answer() -> None:
    order = begin()
    order.tell(accepted())

    early = order.tell(issued())
    late = order.tell(answer(commit()))

    assert (early, late) == ([], [confirm(_10=4, _20=6)])


def test_a_refused_commitment_says_what_waits() -> None:
    order = begin()
    order.tell(accepted())

    said = order.tell(answer(commit(), AnswerKind.REFUSED, "I-20: 2 of 6"))

    moved = last_moved(said)
    assert (said, order.stage) == ([moved], "stuck: erp.commit_inventory refused")
    assert (moved.status, moved.settled, moved.said) == (
        CommitmentStatus.REFUSED,
        False,
        "I-20: 2 of 6",
    )


def test_a_refused_commitment_is_dropped_when_the_order_wants_another() -> None:
    order = begin()
    order.tell(accepted(), answer(commit(), AnswerKind.REFUSED))

    said = order.tell(accepted(2, _10=4, _20=2))

    assert said == [drop(commit()), commit(2, version=2, _10=4, _20=2)]


def test_a_refused_commitment_of_a_cancelled_order_needs_no_reversal() -> None:
    order = begin()
    order.tell(accepted(), answer(commit(), AnswerKind.REFUSED))

    said = order.tell(cancelled())

    assert (commands(said), said[0], order.stage) == ([], drop(commit()), "reversed")


def test_a_commitment_let_go_leaves_nothing_to_confirm() -> None:
    order = begin()
    order.tell(accepted(), answer(commit(), AnswerKind.REFUSED))

    let_go = order.tell(answer(commit(), AnswerKind.WAIVED))
    left = order.tell(issued())

    assert (commands(let_go), commands(left), order.stage) == ([], [], "uncommitted")
    assert last_moved(let_go).settled


def test_more_than_was_ordered_is_for_order_management_until_the_plan_is_mended() -> None:
    order, erp = begin(), Erp()

    live(order, erp, accepted(_10=4), issued("S-1", "10", portions={"10": 5}))
    asked = order.exceptions[NOT_AS_ORDERED]
    live(order, erp, issued("S-1", "10", revision=2, plan=2, portions={"10": 4}))

    assert commands(order.said) == [commit(_10=4), confirm(_10=4)]
    assert (asked.team, asked.cause) == (
        Team.ORDER_MANAGEMENT,
        f"What left for order SO-1 is not as ordered: {TOO_MUCH}",
    )
    assert order.exceptions == {}


def test_a_question_let_go_is_not_asked_again_and_one_retried_is() -> None:
    order, erp = begin(), Erp()
    live(order, erp, accepted(_10=4), issued("S-1", "10", "99"))
    asked = order.exceptions[NOT_AS_ORDERED]

    retried = order.tell(ExceptionRetried(code=NOT_AS_ORDERED, by="ann", reason="look"))
    waived = order.tell(ExceptionWaived(code=NOT_AS_ORDERED, by="ann", reason="known"))
    again = order.tell(issued("S-1", "10", "99", revision=2))

    assert (retried, waived, again) == ([asked], [], [])


def test_an_exception_that_is_settled_is_closed() -> None:
    order, erp = begin(), Erp()
    live(order, erp, accepted(_10=4), issued("S-1", "10", portions={"10": 4}, unit="CS"))

    said = order.tell(issued("S-1", "10", revision=2))

    kinds = (OpenException, CloseException)
    assert [each for each in said if isinstance(each, kinds)] == [
        CloseException(code=NOT_AS_ORDERED, because="what left is as it was ordered")
    ]


def test_an_order_that_holds_planning_tells_of_a_version_that_asks_nothing() -> None:
    order, erp = begin(), Erp()

    live(order, erp, accepted(holds=True), accepted(2, holds=True))

    moved = last_moved(order.said)
    assert (moved.order_version, moved.settled, moved.holds_planning) == (2, True, True)


@pytest.mark.parametrize(
    ("portions", "leaves", "asked"),
    [
        (((3, "EA"), (1, "EA")), 4, False),
        (((3, "EA"), (1, "CS")), 4, True),
        (((-3, "EA"),), 0, True),
    ],
)
def test_the_portions_of_a_line_on_one_shipment_are_added_up(
    portions: tuple[tuple[int, str], ...], leaves: int, *, asked: bool
) -> None:
    order, erp = begin(), Erp()
    parts = [issued("S-1", "10", portions={"10": each}, unit=unit) for each, unit in portions]
    whole = replace(parts[0], portions=tuple(one for each in parts for one in each.portions))

    live(order, erp, accepted(_10=4), replace(whole, shipments=2))

    assert (int(erp.gone().get("10", 0)), bool(order.exceptions)) == (leaves, asked)
