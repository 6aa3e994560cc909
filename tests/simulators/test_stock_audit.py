"""What an ERP has set aside is held against its orders, the plans and its goods issues."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from crossdock.simulators.auditor import Evidence, audit
from crossdock.simulators.erp_inventory import COMMIT, CONFIRM, REVERSE
from crossdock.simulators.ledger import Entry

FOUR = "4 of 10/I-10/EA"
NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)


def entry(kind: str, verb: str, content: Any) -> Entry:
    return Entry(at=NOON, kind=kind, verb=verb, content_key=f"{verb}/SO-1", content=content)


def lines(**counts: int) -> list[dict[str, str]]:
    return [
        {
            "line_id": name.strip("_"),
            "item_id": f"I-{name.strip('_')}",
            "quantity": str(count),
            "unit": "EA",
        }
        for name, count in counts.items()
    ]


def order(version: int = 1, **counts: int) -> Entry:
    told = {"order_id": "SO-1", "version": version, "company_code": "1000"}
    return entry("acknowledged", "order.released", {"order": {**told, "lines": lines(**counts)}})


def cancelled(version: int = 2) -> Entry:
    return entry(
        "acknowledged", "order.cancelled", {"order": {"order_id": "SO-1", "version": version}}
    )


def stock(verb: str, shipment: str = "", **counts: int) -> Entry:
    told = {"order_id": "SO-1", "revision": 1, "lines": lines(**counts)}
    return entry("received", verb, {**told, **({"shipment_id": shipment} if shipment else {})})


def planned(shipment: str, *line_ids: str) -> tuple[Entry, Entry]:
    lives = {
        "order_id": "SO-1",
        "order_version": 1,
        "request_id": "RQ-1",
        "shipment_id": shipment,
        "load_id": "LD1",
        "references": [],
    }
    stops = [{"line_ids": [f"SO-1/{each}" for each in line_ids]}]
    plan = {
        "order_id": "SO-1",
        "order_version": 1,
        "shipments": [{"shipment_id": shipment, "stops": stops}],
    }
    return entry("planned", "shipment", lives), entry("acknowledged", "plan.confirmed", plan)


def issued(shipment: str, *, back: bool = False) -> Entry:
    told = {
        "order_id": "SO-1",
        "shipment_id": shipment,
        "stop": 0,
        "posting": "goods_issue",
        "occurred_at": NOON.isoformat(),
        "revision": 2 if back else 1,
        "reversed": back,
    }
    return entry("received", "erp.post_milestone", told)


TMS = (*planned("S-1", "10"), *planned("S-2", "20"))
COMMITTED = (order(_10=4, _20=6), stock(COMMIT, _10=4, _20=6))
LEFT = (*COMMITTED, issued("S-1"), stock(CONFIRM, "S-1", _10=4))
GOOD = {
    "set aside": COMMITTED,
    "left in part": LEFT,
    "left": (*LEFT, issued("S-2"), stock(CONFIRM, "S-2", _20=6)),
    "taken back": (*LEFT, issued("S-1", back=True), stock(CONFIRM, "S-1")),
    "cancelled": (*LEFT, cancelled(), stock(REVERSE, _10=4)),
    "changed": (*COMMITTED, order(2, _10=3), stock(COMMIT, _10=3)),
}


def found(*erp: Entry, **evidence: Any) -> tuple[str, ...]:
    known = {"tms": TMS, "carriers": (), "stocked": frozenset({"1000"}), **evidence}
    return audit(Evidence(erps=(erp,), **known)).stock_not_conserved


@pytest.mark.parametrize("name", GOOD)
def test_stock_that_is_as_it_should_be_is_not_counted(name: str) -> None:
    assert found(*GOOD[name]) == ()


@pytest.mark.parametrize(
    ("erp", "said"),
    [
        (COMMITTED[:1], "SO-1: nothing set aside, and should be 4 of 10/I-10/EA + 6 of 20/I-20/EA"),
        (
            (order(_10=4), stock(COMMIT, _10=3)),
            "SO-1: 3 of 10/I-10/EA set aside, and should be 4 of 10/I-10/EA",
        ),
        (
            (order(_10=4), stock(COMMIT, _10=4), issued("S-1")),
            f"SO-1: {FOUR} set aside, and should be {FOUR} set aside, {FOUR} left with S-1",
        ),
        (
            (order(_10=4), stock(COMMIT, _10=4), cancelled()),
            "SO-1: 4 of 10/I-10/EA set aside, and should be nothing set aside",
        ),
        (
            (*LEFT[:-1], stock(CONFIRM, "S-1", _10=5)),
            "erp.confirm_inventory/SO-1: more has left than is set aside",
        ),
    ],
)
def test_each_planted_difference_is_told(erp: tuple[Entry, ...], said: str) -> None:
    assert any(each.startswith(said) for each in found(*erp))


@pytest.mark.parametrize(("number", "counted"), [("SO-1", 0), ("S-2", 0), ("S-9", 1)])
def test_what_somebody_was_asked_about_by_order_or_shipment_is_not_counted(
    number: str, counted: int
) -> None:
    assert len(found(*COMMITTED[:1], exceptions=frozenset({number}))) == counted


def test_an_erp_that_commits_by_itself_is_not_judged() -> None:
    assert found(*COMMITTED[:1], stocked=frozenset()) == ()
