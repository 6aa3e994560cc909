"""The three looks at master data, each with its own verdict."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from crossdock.canonical.item import Quantity
from crossdock.canonical.order import Order, OrderLine
from crossdock.canonical.party import Location
from crossdock.messages.envelope import Key
from crossdock.messages.master_data import MasterDataChanged, MasterKind
from crossdock.messages.order_release import CheckedRecord, CheckVerdict, MasterDataCheck
from crossdock.policies.master_data import (
    Records,
    check_master_data,
    failed,
    keys_wanted,
    offending,
)
from crossdock.policies.rules import CompletenessPolicy

NOON = datetime(2026, 3, 28, 12, tzinfo=UTC)
POLICY = CompletenessPolicy(stale_after_hours=24)
DAY = timedelta(hours=24)


def order(*items: str, place: str = "SHOP-7") -> Order:
    lines = [
        OrderLine(line_id=str(n), item_id=item, quantity=Quantity(value=Decimal(1)))
        for n, item in enumerate(items, 1)
    ]
    return Order(
        order_id="SO-1",
        version=1,
        customer_id="C-1",
        ship_from=Location(),
        ship_to=Location(location_id=place),
        lines=tuple(lines),
    )


def record(
    kind: MasterKind, name: str, *, version: int = 1, age: timedelta = DAY, blocked: bool = False
) -> tuple[Key, MasterDataChanged]:
    changed = MasterDataChanged(
        kind=kind, id=name, version=version, as_of=NOON - age, blocked=blocked, record="{}"
    )
    return Key(kind.value, name), changed


CUSTOMER = record(MasterKind.CUSTOMER, "C-1")
SHIP_TO = record(MasterKind.SHIP_TO, "SHOP-7")
BOLT = record(MasterKind.ITEM, "bolt", version=4)


def looked(records: Records, *items: str, place: str = "SHOP-7") -> tuple[MasterDataCheck, ...]:
    return check_master_data(order(*items, place=place), records, POLICY, NOON)


def verdicts(checks: tuple[MasterDataCheck, ...]) -> list[tuple[MasterKind, CheckVerdict]]:
    return [(check.kind, check.verdict) for check in checks]


def test_each_record_is_asked_for_once() -> None:
    assert keys_wanted(order("bolt", "nut", "bolt")) == (
        Key("customer", "C-1"),
        Key("item", "bolt"),
        Key("item", "nut"),
        Key("ship_to", "SHOP-7"),
    )


def test_three_checks_are_reported_with_versions_and_age() -> None:
    checks = looked(dict([CUSTOMER, BOLT, SHIP_TO]), "bolt")

    bolt = CheckedRecord(id="bolt", verdict=CheckVerdict.KNOWN, version=4, as_of=NOON - DAY)
    assert [check.kind for check in checks] == [
        MasterKind.CUSTOMER,
        MasterKind.ITEM,
        MasterKind.SHIP_TO,
    ]
    assert checks[1] == MasterDataCheck(
        kind=MasterKind.ITEM,
        verdict=CheckVerdict.KNOWN,
        required=True,
        version=4,
        as_of=NOON - DAY,
        records=(bolt,),
    )
    assert not failed(checks)


def test_a_record_is_stale_one_second_after_its_time() -> None:
    old = record(MasterKind.ITEM, "bolt", age=DAY + timedelta(seconds=1))

    checks = looked(dict([CUSTOMER, old, SHIP_TO]), "bolt")

    assert verdicts(checks)[1] == (MasterKind.ITEM, CheckVerdict.STALE)
    assert not failed(checks)


def test_the_worst_item_is_the_verdict_and_the_oldest_its_age() -> None:
    nut = record(MasterKind.ITEM, "nut", version=2, age=DAY / 2, blocked=True)

    items = looked(dict([CUSTOMER, BOLT, nut, SHIP_TO]), "nut", "bolt", "washer")[1]

    assert items.verdict is CheckVerdict.BLOCKED
    assert (items.version, items.as_of) == (0, NOON - DAY)


def test_what_stops_an_order_is_listed_record_by_record() -> None:
    blocked = record(MasterKind.CUSTOMER, "C-1", blocked=True)

    checks = looked(dict([blocked, SHIP_TO]), "bolt")

    bad = CheckedRecord(id="C-1", verdict=CheckVerdict.BLOCKED, version=1, as_of=NOON - DAY)
    assert failed(checks)
    assert offending(checks) == (
        (MasterKind.CUSTOMER, bad),
        (MasterKind.ITEM, CheckedRecord(id="bolt", verdict=CheckVerdict.UNKNOWN)),
    )


def test_a_ship_to_without_a_number_is_unknown() -> None:
    checks = looked(dict([CUSTOMER, BOLT]), "bolt", place="")

    assert verdicts(checks)[2] == (MasterKind.SHIP_TO, CheckVerdict.UNKNOWN)


def test_a_check_the_policy_does_not_require_is_made_and_stops_nothing() -> None:
    lenient = CompletenessPolicy(known_customer=False, known_items=False, known_ship_to=False)

    checks = check_master_data(order("bolt"), {}, lenient, NOON)

    assert [check.verdict for check in checks] == [CheckVerdict.UNKNOWN] * 3
    assert (failed(checks), offending(checks)) == (False, ())
