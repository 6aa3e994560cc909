"""Stories of orders that stop at intake: incomplete, unknown to master data, without a route."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from crossdock.canonical.references import ReferenceType
from crossdock.messages.flow import ExceptionRetried, ExceptionWaived
from crossdock.messages.master_data import MasterDataArrived, MasterDataAwaited, MasterKind
from crossdock.messages.order_release import CheckVerdict, OrderAccepted
from crossdock.messages.teams import Team
from crossdock.policies.rules import CompletenessPolicy, RoutingRow, Rules
from crossdock.ports import CloseException, OpenException, SetTimer
from tests.processes.order_release_world import (
    FACTS,
    HOUR,
    ITEM,
    NOON,
    ORDER,
    ROUTE,
    commands,
    confirmed,
    kinds,
    number,
    plan_request,
    released,
    story,
)

NUMBERS = [
    number(ReferenceType.ORDER, "SO-1", ORDER),
    number(ReferenceType.CUSTOMER_REFERENCE, "PO-77", ORDER),
]
ABOUT = ("SO-1", "PO-77")

LACKS = OpenException(
    code="ORDER_INCOMPLETE",
    team=Team.ORDER_MANAGEMENT,
    cause="Order SO-1 cannot be planned, it lacks customer_id, ship_to",
    action="Let the ERP send a complete version, or edit and resubmit",
    about=ABOUT,
    seen={"missing": "customer_id ship_to", "document": "doc-1"},
)
GOOD = "known, version 3, as of 2026-03-28T11:00:00+00:00"
UNKNOWN_ITEM = OpenException(
    code="ORDER_MASTER_DATA",
    team=Team.ORDER_MANAGEMENT,
    cause="Order SO-1 cannot be planned: item I-1 is unknown",
    action="Mend the master data; the order goes on by itself, or waive to use it as it is",
    about=ABOUT,
    seen={"customer": GOOD, "item": "unknown, version 0, as of never", "ship_to": GOOD},
)
NO_ROUTE = OpenException(
    code="ORDER_NOT_ROUTED",
    team=Team.TRANSPORTATION,
    cause="No row of the routing table speaks of order SO-1",
    action="Add a row to the routing table, then retry",
    about=ABOUT,
    seen={
        "from_country": "DE",
        "to_country": "FR",
        "customer_class": "",
        "item_classes": "",
        "weight_kg": "10.0",
    },
)


def retried(code: str) -> ExceptionRetried:
    return ExceptionRetried(code=code, by="ann", reason="asked the ERP team")


def waived(code: str) -> ExceptionWaived:
    return ExceptionWaived(code=code, by="ann", reason="known to the customer")


def test_an_incomplete_order_goes_nowhere_and_names_what_it_lacks() -> None:
    order = story()

    said = order.tell(released(customer_id=None, ship_to=None), document_id="doc-1")

    assert said == [*NUMBERS, LACKS]
    assert order.stage == "incomplete"


def test_an_operators_edit_of_an_incomplete_order_lets_it_go_on() -> None:
    order = story()
    order.tell(released(customer_id=None, ship_to=None), document_id="doc-1")

    said = order.tell(released(), amends="m1")

    assert kinds(said) == ["OrderAccepted", "CloseException", "PlanShipment", "SetTimer"]
    assert said[1] == CloseException(code="ORDER_INCOMPLETE", because="the order is accepted")
    assert commands(said) == [plan_request()]


def test_a_missing_field_cannot_be_waived() -> None:
    order = story()
    order.tell(released(customer_id=None, ship_to=None), document_id="doc-1")

    said = order.tell(waived("ORDER_INCOMPLETE"), waived("ORDER_INCOMPLETE"))

    because = f"{LACKS.cause}; ann waived it, but nothing can be planned without"
    assert said == [replace(LACKS, cause=because)] * 2
    assert order.stage == "incomplete"


def test_a_retry_that_changes_nothing_says_the_exception_again() -> None:
    order = story()
    order.tell(released(customer_id=None, ship_to=None), document_id="doc-1")

    said = order.tell(retried("ORDER_INCOMPLETE"))

    assert said == [LACKS]


def test_a_retry_of_what_is_settled_is_silence() -> None:
    order = story()
    order.tell(released())

    said = order.tell(retried("ORDER_INCOMPLETE"), waived("ORDER_INCOMPLETE"))

    assert said == []


def test_an_unknown_item_stops_the_order_and_shows_all_three_checks() -> None:
    order = story(item=None)

    said = order.tell(released())

    assert said == [
        *NUMBERS,
        UNKNOWN_ITEM,
        MasterDataAwaited(kind=MasterKind.ITEM, id="I-1", order_id="SO-1"),
    ]
    assert order.stage == "awaiting_master_data"


def test_an_order_goes_on_by_itself_when_the_item_arrives() -> None:
    order = story(item=None)
    order.tell(released())
    order.facts[ITEM] = FACTS[ITEM]

    arrived = MasterDataArrived(kind=MasterKind.ITEM, id="I-1", order_id="SO-1", version=3)
    said = order.tell(arrived, arrived)

    assert kinds(said) == ["OrderAccepted", "CloseException", "PlanShipment", "SetTimer"]
    assert order.exceptions == {}


def test_an_item_that_arrives_blocked_is_waited_for_again() -> None:
    order = story(item=None)
    order.tell(released())
    order.facts[ITEM] = replace(FACTS[ITEM], blocked=True)

    said = order.tell(MasterDataArrived(kind=MasterKind.ITEM, id="I-1", order_id="SO-1", version=3))

    blocked = "blocked, version 3, as of 2026-03-28T11:00:00+00:00"
    assert said == [
        replace(
            UNKNOWN_ITEM,
            cause="Order SO-1 cannot be planned: item I-1 is blocked",
            seen=UNKNOWN_ITEM.seen | {"item": blocked},
        ),
        MasterDataAwaited(kind=MasterKind.ITEM, id="I-1", order_id="SO-1", seen_version=3),
    ]


def test_an_arrival_that_changes_nothing_only_waits_again() -> None:
    order = story(item=None)
    order.tell(released())

    said = order.tell(MasterDataArrived(kind=MasterKind.ITEM, id="I-1", order_id="SO-1", version=3))

    assert said == [MasterDataAwaited(kind=MasterKind.ITEM, id="I-1", order_id="SO-1")]


def test_an_arrival_leaves_the_other_records_awaited_as_they_were() -> None:
    order = story(item=None, customer=None)
    order.tell(released())
    order.facts[ITEM] = FACTS[ITEM]

    said = order.tell(MasterDataArrived(kind=MasterKind.ITEM, id="I-1", order_id="SO-1", version=3))

    assert kinds(said) == ["OpenException"]


def test_waived_master_data_is_used_as_it_is() -> None:
    order = story(item=None)
    order.tell(released())

    said = order.tell(waived("ORDER_MASTER_DATA"))

    assert kinds(said) == ["OrderAccepted", "PlanShipment", "SetTimer"]
    assert commands(said) == [plan_request()]


def test_stale_master_data_is_used_and_the_check_says_so() -> None:
    old = replace(FACTS[ITEM], as_of=NOON - timedelta(days=31))
    order = story(item=old)

    said = order.tell(released())

    accepted = [each for each in said if isinstance(each, OrderAccepted)]
    verdicts = [check.verdict for each in accepted for check in each.checks]
    assert verdicts == [CheckVerdict.KNOWN, CheckVerdict.STALE, CheckVerdict.KNOWN]


def test_a_check_that_the_policy_does_not_require_stops_nothing() -> None:
    policy = CompletenessPolicy(known_items=False)
    order = story(Rules(routing=(ROUTE,), completeness=policy), item=None)

    said = order.tell(released())

    assert commands(said) == [plan_request()]


def test_an_order_that_no_row_speaks_of_waits_for_the_table() -> None:
    elsewhere = RoutingRow(
        rule_id="us", mode="ROAD", service_level="S", carriers=(), sla_hours=1, to_country="US"
    )
    order = story(Rules(routing=(elsewhere,)))

    said = order.tell(released())

    assert said == [*NUMBERS, NO_ROUTE]
    assert order.subscriber.pinned(order.state) == ""


def test_a_new_row_and_a_retry_let_the_order_go_on() -> None:
    order = story(Rules(routing=()))
    order.tell(released())
    order.rules = Rules(routing=(ROUTE,))

    said = order.tell(retried("ORDER_NOT_ROUTED"))

    assert kinds(said) == ["OrderAccepted", "CloseException", "PlanShipment", "SetTimer"]
    assert said[-1] == SetTimer(name="confirmation", due_at=NOON + 4 * HOUR)


def test_another_trouble_takes_the_place_of_the_first() -> None:
    order = story(item=None)
    order.tell(released(customer_id=None, ship_to=None))

    said = order.tell(released(2))

    assert said == [
        CloseException(code="ORDER_INCOMPLETE", because="ORDER_MASTER_DATA stands in its place"),
        UNKNOWN_ITEM,
        MasterDataAwaited(kind=MasterKind.ITEM, id="I-1", order_id="SO-1"),
    ]


def test_a_plan_that_came_early_does_not_excuse_an_incomplete_order() -> None:
    order = story()

    order.tell(confirmed())
    said = order.tell(released(customer_id=None, ship_to=None), document_id="doc-1")

    assert said == [*NUMBERS, LACKS]
