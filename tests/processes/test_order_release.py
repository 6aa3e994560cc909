"""Stories of orders that go the way they should: released, planned, referenced, delivered."""

from __future__ import annotations

from datetime import timedelta

from crossdock.canonical.moments import ZoneSource, local_day
from crossdock.canonical.references import Reference, ReferenceType
from crossdock.canonical.shipment import Stop, StopRole
from crossdock.messages.master_data import MasterKind
from crossdock.messages.order_release import (
    CheckedRecord,
    CheckVerdict,
    MasterDataCheck,
    OrderAccepted,
    OrderReferenced,
)
from crossdock.messages.reference_binding import ReferenceAnnounced
from crossdock.messages.shipment_visibility import DeliveryClosed
from crossdock.ports import CancelTimer, SetTimer
from tests.processes.order_release_world import (
    ATTRIBUTES,
    HOUR,
    NOON,
    ORDER,
    PROMISED,
    RULES,
    SHOP,
    announced,
    answer,
    cancelled,
    commands,
    confirmed,
    number,
    plan_request,
    planned,
    released,
    search_numbers,
    shipment,
    story,
    write,
)

FOUR_HOURS = NOON + 4 * HOUR


def check(kind: MasterKind, name: str) -> MasterDataCheck:
    known = CheckedRecord(id=name, verdict=CheckVerdict.KNOWN, version=3, as_of=NOON - HOUR)
    return MasterDataCheck(
        kind=kind,
        verdict=CheckVerdict.KNOWN,
        required=True,
        version=3,
        as_of=NOON - HOUR,
        records=(known,),
    )


def closed(revision: int = 1, *, delivered: bool = True, name: str = "S-1") -> DeliveryClosed:
    return DeliveryClosed(
        shipment_id=name,
        order_id="SO-1",
        delivered=delivered,
        occurred=PROMISED,
        revision=revision,
    )


def referenced(name: str = "S-1", revision: int = 1) -> OrderReferenced:
    return OrderReferenced(
        order_id="SO-1",
        shipment_id=name,
        erp_document="D-1",
        applied_at=NOON,
        endpoint="erp",
        revision=revision,
    )


def test_a_released_order_is_checked_enriched_and_planned() -> None:
    order = story()

    said = order.tell(released())

    request = plan_request()
    checks = (
        check(MasterKind.CUSTOMER, "C-1"),
        check(MasterKind.ITEM, "I-1"),
        check(MasterKind.SHIP_TO, "SHOP-7"),
    )
    assert said == [
        number(ReferenceType.ORDER, "SO-1", ORDER),
        number(ReferenceType.CUSTOMER_REFERENCE, "PO-77", ORDER),
        OrderAccepted(
            order=request.order,
            attributes=ATTRIBUTES,
            checks=checks,
            rules=RULES.digest,
            due_at=NOON + 48 * HOUR,
        ),
        request,
        SetTimer(name="confirmation", due_at=FOUR_HOURS),
    ]
    assert order.stage == "awaiting_confirmation"


def test_a_confirmed_plan_is_told_announced_and_written_to_the_erp() -> None:
    order = story()
    order.tell(released())

    said = order.tell(confirmed())

    assert said == [
        planned(),
        *search_numbers(),
        *announced(),
        write(),
        CancelTimer(name="confirmation"),
    ]
    assert order.stage == "awaiting_reference"


def test_the_gate_hears_when_the_erp_has_applied_the_reference() -> None:
    order = story()
    order.tell(released(), confirmed())

    said = order.tell(answer(write()), answer(write()))

    assert said == [referenced()]
    assert order.stage == "open"


def test_an_order_is_delivered_when_all_its_shipments_are() -> None:
    order = story()
    order.tell(released(), confirmed(shipment("S-1"), shipment("S-2")))
    order.tell(answer(write("S-1")), answer(write("S-2")))

    stages = [(order.tell(each), order.stage) for each in (closed(), closed(name="S-2"))]

    assert stages == [([], "open"), ([], "delivered")]


def test_a_delivery_that_is_taken_back_opens_the_order_again() -> None:
    order = story()
    order.tell(released(), confirmed(), answer(write()), closed())

    said = order.tell(closed(2, delivered=False), closed(1))

    assert said == []
    assert order.stage == "open"


def test_an_order_that_was_delivered_before_the_erp_confirmed_is_not_done() -> None:
    order = story()

    order.tell(released(), confirmed(), closed())

    assert order.stage == "awaiting_reference"


def test_a_split_order_is_open_when_the_erp_has_both_shipments() -> None:
    order = story()
    order.tell(released())

    order.tell(confirmed(shipment("S-1"), shipment("S-2")), answer(write("S-2")))
    half = order.stage
    said = order.tell(answer(write("S-1")))

    assert half == "awaiting_reference"
    assert said == [referenced("S-1")]
    assert order.stage == "open"


def test_a_plan_for_an_order_never_released_waits_for_the_release() -> None:
    order = story()

    early = order.tell(confirmed())
    stage = order.stage
    said = order.tell(released())

    assert (early, stage) == ([], "unreleased")
    assert commands(said) == [plan_request(), write()]
    assert order.timers == {}


def test_the_last_promised_stop_is_the_promise_of_the_shipment() -> None:
    order = story()
    order.tell(released())
    later = local_day(NOON.date() + timedelta(days=3), "Europe/Paris", ZoneSource.PLACE)
    first = Stop(sequence=1, role=StopRole.DELIVERY, place=SHOP, promised=PROMISED)
    last = Stop(sequence=2, role=StopRole.DELIVERY, place=SHOP, promised=later)
    empty = Stop(sequence=3, role=StopRole.DELIVERY, place=SHOP)
    back = Stop(sequence=4, role=StopRole.PICKUP, place=SHOP, promised=PROMISED)

    said = order.tell(confirmed(shipment(stops=(back, empty, last, first))))

    assert [each.promised for each in said if hasattr(each, "promised")] == [later]


def test_a_delivered_container_may_carry_other_goods_ten_days_later() -> None:
    order = story()
    box = Reference(type=ReferenceType.CONTAINER, value="MSKU9070323")
    order.tell(released(), confirmed(shipment(references=(box,))), answer(write()))

    said = order.tell(closed())

    assert said == [
        ReferenceAnnounced(
            reference=box,
            shipment_id="S-1",
            order_id="SO-1",
            valid_until=PROMISED.at + timedelta(days=10),
            load_id="L-1",
        )
    ]


def test_a_container_stays_when_its_delivery_is_taken_back() -> None:
    order = story()
    box = Reference(type=ReferenceType.CONTAINER, value="MSKU9070323")
    order.tell(released(), confirmed(shipment(references=(box,))), answer(write()), closed())

    said = order.tell(closed(2, delivered=False))

    assert said == [
        ReferenceAnnounced(reference=box, shipment_id="S-1", order_id="SO-1", load_id="L-1")
    ]


def test_an_accepted_order_keeps_its_rule_book_until_it_is_cancelled() -> None:
    order = story()

    order.tell(released())
    kept = order.subscriber.pinned(order.state)
    order.tell(cancelled())

    assert kept == RULES.digest
    assert order.subscriber.pinned(order.state) == ""


def test_everything_told_twice_is_said_once() -> None:
    order = story()
    told = [released(), confirmed(), answer(plan_request()), answer(write()), closed()]
    order.tell(*told)

    said = order.tell(*told)

    assert said == []
