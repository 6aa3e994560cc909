"""The routing table: first hit, exact weights, and what is wrong with a table."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest

from crossdock.canonical.item import Item, Quantity
from crossdock.canonical.order import Order, OrderLine
from crossdock.canonical.party import Address, Location
from crossdock.faults import Finding, Misconfigured
from crossdock.messages.envelope import Key
from crossdock.messages.master_data import Customer, MasterDataChanged, MasterKind
from crossdock.policies.routing import RoutingFacts, check_routing, first_hit, routing_facts
from crossdock.policies.rules import RoutingRow, Rules

NOON = datetime(2026, 3, 28, 12, tzinfo=UTC)


def row(rule_id: str, mode: str = "ROAD", **conditions: str) -> RoutingRow:
    return RoutingRow(
        rule_id=rule_id,
        mode=mode,
        service_level="STANDARD",
        carriers=("ROAD",),
        sla_hours=24,
        **conditions,
    )


PARCEL = row("parcel", "PARCEL", max_weight_kg="31.50")
DOMESTIC = row("domestic", from_country="DE", to_country="DE")
COLD = row("cold", "AIR", item_class="COLD")
REST = row("rest")
TABLE = (PARCEL, DOMESTIC, REST)


def hit(*rows: RoutingRow, **facts: object) -> str:
    found = first_hit(rows, msgspec.convert(facts, RoutingFacts))
    return found.rule_id if found else ""


def test_the_first_row_that_holds_decides() -> None:
    assert hit(*TABLE, from_country="DE", to_country="DE", weight_kg=Decimal(900)) == "domestic"
    assert hit(*TABLE, from_country="DE", to_country="DE", weight_kg=Decimal(3)) == "parcel"
    assert hit(*TABLE, from_country="DE", to_country="FR", weight_kg=Decimal(900)) == "rest"


@pytest.mark.parametrize(
    ("weight", "rule"),
    [("31.5", "parcel"), ("31.500000000000000000000001", "rest"), ("0.1", "parcel")],
)
def test_a_weight_limit_is_exact_and_includes_itself(weight: str, rule: str) -> None:
    assert hit(PARCEL, REST, weight_kg=Decimal(weight)) == rule


def test_an_unknown_weight_meets_no_limit() -> None:
    assert hit(PARCEL, REST) == "rest"


def test_one_item_of_a_class_is_enough() -> None:
    assert hit(COLD, REST, item_classes=frozenset({"DRY", "COLD"})) == "cold"
    assert hit(COLD, REST, item_classes=frozenset({"DRY"})) == "rest"


def test_no_row_is_no_default() -> None:
    assert hit(DOMESTIC, from_country="DE", to_country="FR") == ""


@pytest.mark.parametrize("limit", ["heavy", "NaN", "Infinity"])
def test_a_limit_that_is_no_number_stops_the_table(limit: str) -> None:
    broken = row("broken", max_weight_kg=limit)

    with pytest.raises(Misconfigured):
        first_hit((broken,), RoutingFacts(weight_kg=Decimal(1)))


def changed(kind: MasterKind, name: str, body: msgspec.Struct) -> MasterDataChanged:
    return MasterDataChanged(
        kind=kind,
        id=name,
        version=1,
        as_of=NOON,
        blocked=False,
        record=msgspec.json.encode(body).decode(),
    )


def order(*lines: tuple[str, str, str | None]) -> Order:
    place = Location(address=Address(country="DE", city="Ulm"))
    return Order(
        order_id="SO-1",
        version=1,
        customer_id="C-1",
        ship_from=place,
        ship_to=Location(location_id="SHOP-7"),
        lines=tuple(
            OrderLine(
                line_id=item,
                item_id=item,
                quantity=Quantity(value=Decimal(quantity)),
                weight_kg=None if weight is None else Decimal(weight),
            )
            for item, quantity, weight in lines
        ),
    )


RECORDS = {
    Key("customer", "C-1"): changed(
        MasterKind.CUSTOMER, "C-1", Customer(customer_id="C-1", name="Shop", customer_class="A")
    ),
    Key("item", "bolt"): changed(
        MasterKind.ITEM, "bolt", Item(item_id="bolt", item_class="STEEL", weight_kg=Decimal("0.1"))
    ),
    Key("item", "nut"): changed(MasterKind.ITEM, "nut", Item(item_id="nut")),
}


def test_what_the_table_looks_at_comes_from_order_and_records() -> None:
    facts = routing_facts(order(("bolt", "3", None), ("nut", "1", "0.25")), RECORDS)

    assert facts == RoutingFacts(
        from_country="DE",
        to_country="",
        customer_class="A",
        item_classes=frozenset({"STEEL"}),
        weight_kg=Decimal("0.55"),
    )


def test_one_line_of_unknown_weight_makes_the_weight_unknown() -> None:
    facts = routing_facts(order(("bolt", "3", None), ("nut", "1", None)), RECORDS)

    assert facts.weight_kg is None


def test_records_nobody_told_leave_classes_empty() -> None:
    facts = routing_facts(order(("bolt", "3", "2")), {})

    assert facts == RoutingFacts(from_country="DE", weight_kg=Decimal(2))


def test_a_sound_table_has_no_findings() -> None:
    assert check_routing((DOMESTIC, REST)) == ()
    assert check_routing(Rules().routing) == ()


def test_a_row_behind_a_more_general_one_is_dead() -> None:
    light = row("light", to_country="DE", max_weight_kg="10")

    findings = check_routing((row("any-weight", to_country="DE"), light, REST))

    assert findings == (
        Finding(
            code="ROUTING_ROW_DEAD",
            said=(
                "the row `light` never hits, because `any-weight` above it takes every order it "
                "could take; move it up"
            ),
            where="light",
            seen={"before": "any-weight"},
        ),
    )


def test_rows_that_meet_and_disagree_are_an_overlap() -> None:
    from_here, light = row("from-de", from_country="DE"), PARCEL

    findings = check_routing((from_here, light, REST))

    assert findings == (
        Finding(
            code="ROUTING_ROWS_OVERLAP",
            said="Some orders hit from-de and parcel; the first one decides",
            where="from-de",
            seen={"other": "parcel"},
        ),
    )


def test_rows_that_never_meet_may_disagree() -> None:
    here, there = row("de", "PARCEL", from_country="DE"), row("fr", "AIR", from_country="FR")

    assert check_routing((here, there, REST)) == ()


def test_rows_that_meet_and_agree_are_none() -> None:
    assert check_routing((row("a", from_country="DE"), row("b", to_country="FR"), REST)) == ()


def test_an_order_no_row_speaks_of_is_a_gap() -> None:
    findings = check_routing((row("light", to_country="DE", max_weight_kg="10"),))

    other = "from any other, to {}, for customer class any other, with item class any other"
    assert [finding.code for finding in findings] == ["ROUTING_GAP"] * 3
    assert [finding.said for finding in findings] == [
        f"No row speaks of orders {other.format('DE')}, of any other weight",
        f"No row speaks of orders {other.format('any other')}, up to 10 kg",
        f"No row speaks of orders {other.format('any other')}, of any other weight",
    ]


def test_an_empty_table_is_one_gap() -> None:
    findings = check_routing(())

    assert [finding.code for finding in findings] == ["ROUTING_GAP"]
    assert findings[0].seen == {"rows": "0"}


def test_an_id_used_twice_is_found() -> None:
    findings = check_routing((row("a", to_country="DE"), row("a", to_country="FR"), REST))

    assert findings == (
        Finding(
            code="ROUTING_ID_REPEATED",
            said="several rows are named `a`; name all but one of them otherwise",
            where="a",
        ),
    )


def test_a_limit_that_cannot_be_read_is_found_before_anything_else() -> None:
    findings = check_routing((row("broken", max_weight_kg="heavy"), row("broken")))

    assert [(finding.code, finding.where) for finding in findings] == [
        ("ROUTING_LIMIT_UNREADABLE", "broken")
    ]
