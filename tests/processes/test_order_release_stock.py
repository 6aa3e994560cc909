"""Stories of orders whose stock is set aside, and of those that are planned only then."""

from __future__ import annotations

from msgspec.structs import replace

from crossdock.canonical.inventory import CommitmentStatus
from crossdock.messages.inventory_commitment import CommitmentMoved
from crossdock.messages.order_release import OrderAccepted, ShipmentPlanned
from crossdock.policies.rules import InventoryPolicy, InventoryRow, Rules
from crossdock.ports import CloseException
from crossdock.processes.order_release import SUBSCRIBER
from tests.processes.inventory_commitment_world import message_of
from tests.processes.order_release_world import (
    NOON,
    ORDER,
    RULES,
    cancelled,
    commands,
    confirmed,
    plan_request,
    released,
    shipment,
    story,
)

ANYBODY = InventoryRow(company_code="")


def rules(*rows: InventoryRow) -> Rules:
    return replace(RULES, inventory=InventoryPolicy(rows=rows))


HELD = rules(InventoryRow(company_code="DE01", hold_planning=True))


def moved(version: int = 1, edition: int = 1, *, settled: bool = True) -> CommitmentMoved:
    """The ERP's answer for a version of the order."""
    return CommitmentMoved(
        order_id="SO-1",
        order_version=version,
        edition=edition,
        status=CommitmentStatus.COMMITTED if settled else CommitmentStatus.REFUSED,
        settled=settled,
        lines=(),
        holds_planning=True,
        committed_at=NOON,
    )


def acceptance(of: Rules) -> OrderAccepted:
    (accepted,) = [each for each in story(of).tell(released()) if isinstance(each, OrderAccepted)]
    return accepted


def test_the_row_of_the_company_says_whether_stock_is_committed() -> None:
    found = [
        (each.commits_stock, each.holds_planning)
        for each in (
            acceptance(RULES),
            acceptance(rules(ANYBODY)),
            acceptance(HELD),
            acceptance(rules(InventoryRow(company_code="FR01"))),
            acceptance(
                rules(replace(ANYBODY, hold_planning=True), replace(ANYBODY, company_code="DE01"))
            ),
        )
    ]

    assert found == [(False, False), (True, False), (True, True), (False, False), (True, False)]


def test_planning_does_not_wait_for_stock_where_the_policy_does_not_say_so() -> None:
    order = story(rules(ANYBODY))

    assert commands(order.tell(released())) == [plan_request()]


def test_an_order_is_planned_when_its_stock_is_set_aside() -> None:
    order = story(HELD)

    early = commands(order.tell(released()))
    waiting = order.stage
    said = commands(order.tell(moved()))

    assert (early, waiting) == ([], "awaiting_commitment")
    assert (said, order.stage) == ([plan_request()], "awaiting_confirmation")


def test_an_answer_twice_asks_for_one_plan() -> None:
    order = story(HELD)
    order.tell(released(), moved())

    assert order.tell(moved()) == []


def test_what_is_refused_or_is_of_another_version_lets_nothing_go_on() -> None:
    order = story(HELD)
    order.tell(released(2))

    assert order.tell(moved(2, settled=False), moved(1), moved(2, 2)) == []


def test_a_cancelled_order_is_not_planned_whatever_its_stock() -> None:
    order = story(HELD)
    order.tell(released(), cancelled())

    assert order.tell(moved()) == []


def test_each_version_waits_for_its_own_stock() -> None:
    order = story(HELD)
    order.tell(released(), moved())

    early = commands(order.tell(released(2)))

    assert (early, commands(order.tell(moved(2)))) == ([], [plan_request(2)])


def test_a_version_keeps_the_stock_of_the_one_before_when_the_policy_is_gone() -> None:
    order = story(rules(ANYBODY))
    order.tell(released())
    order.rules = RULES

    said = order.tell(released(2))

    assert [each.commits_stock for each in said if isinstance(each, OrderAccepted)] == [True]


def test_shipments_are_told_how_many_there_are_and_that_stock_is_set_aside() -> None:
    order = story(rules(ANYBODY))
    order.tell(released())

    said = order.tell(confirmed(shipment("S-1"), shipment("S-2")))

    told = [each for each in said if isinstance(each, ShipmentPlanned)]
    assert [(each.shipments, each.commits_stock) for each in told] == [(2, True), (2, True)]
    assert [each for each in said if isinstance(each, CloseException)] == []


def test_only_an_order_that_waits_is_asked_about_its_stock() -> None:
    waits, goes_on = moved(), replace(moved(), holds_planning=False)

    assert [SUBSCRIBER.keys(message_of(each)) for each in (waits, goes_on)] == [(ORDER,), ()]
