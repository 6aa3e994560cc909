"""Simulated partners keep what the published shapes promise, over real loopback HTTP."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from tests.simulators.kit import SECRET, ear, eventually, fast_clock, simulator

REFERENCE = {
    "order_id": "SO-1",
    "order_version": 1,
    "shipment_id": "SH1",
    "load_id": "LD1",
    "carrier_scac": "ROAD",
    "revision": 1,
}
POSTING = {
    "posting": "delivered",
    "order_id": "SO-1",
    "milestone": "DELIVERED",
    "stop": 2,
    "occurred_at": "2026-03-29T12:00:00Z",
    "occurred_local": "2026-03-29T14:00:00",
    "revision": 1,
    "reversed": False,
}
HAMBURG = {
    "location_id": "DC-HAM",
    "country": "DE",
    "city": "Hamburg",
    "time_zone": "Europe/Berlin",
}
MILANO = {"location_id": "P-1", "country": "IT", "city": "Milano", "time_zone": "Europe/Rome"}
LINE = {"line_id": "10", "item_id": "IT-1", "quantity": "2", "unit": "EA", "weight_kg": "50"}


def plan_request(order_id: str = "SO-1", version: int = 1, **order: Any) -> dict[str, Any]:
    told = {
        "order_id": order_id,
        "version": version,
        "ship_from": HAMBURG,
        "ship_to": MILANO,
        "lines": [LINE],
        "requested_delivery": "2026-03-29",
        **order,
    }
    return {
        "order": told,
        "order_version": version,
        "mode": "ROAD",
        "service_level": "STANDARD",
        "carriers": ["ROAD"],
        "rule_id": "r",
    }


def kinds(entries: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(entry["kind"], entry["content_key"]) for entry in entries]


def test_the_erp_sends_its_master_data_before_the_first_order(tmp_path: Path) -> None:
    with ear() as crossdock:
        arguments = ("--orders", "8", "--intake-url", crossdock.url, "--clock", fast_clock())
        with simulator("erp", tmp_path / "erp", *arguments) as erp:
            eventually(lambda: bool(erp.get("/progress")["done"]))

        documents = [heard.document for heard in crossdock.heard]

    assert documents == sorted(documents)
    assert set(documents) == {"master_data", "orders"}


def test_webhooks_are_signed_as_the_standard_says(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET)
    with ear() as crossdock:
        arguments = ("--secret-file", str(tmp_path / "secret"), "--intake-url", crossdock.url)
        with simulator("erp", tmp_path / "erp", *arguments):
            eventually(lambda: bool(crossdock.heard))

    first = crossdock.heard[0]
    assert Webhook(SECRET).verify(first.body, first.headers) == first.content


def test_a_webhook_is_told_until_it_is_taken(tmp_path: Path) -> None:
    with ear() as crossdock:
        crossdock.answers = lambda _heard: 503 if len(crossdock.heard) < 60 else 202
        arguments = ("--orders", "1", "--intake-url", crossdock.url, "--clock", fast_clock())
        with simulator("erp", tmp_path / "erp", *arguments) as erp:
            eventually(lambda: bool(erp.get("/progress")["done"]))
            entries = erp.entries()

    sent = sorted(entry["content_key"] for entry in entries if entry["kind"] == "sent")
    taken = sorted(entry["content_key"] for entry in entries if entry["kind"] == "acknowledged")
    assert sent == taken
    assert len(taken) == len(set(taken)) < len(crossdock.heard)


def test_the_same_key_again_is_answered_with_the_first_document(tmp_path: Path) -> None:
    with simulator("erp", tmp_path / "erp") as erp:
        first = erp.post("/orders/SO-1/transport-references", REFERENCE, "K1")
        again = erp.post("/orders/SO-1/transport-references", REFERENCE, "K1")
        entries = erp.entries()

    assert (first.status, again.status) == (201, 200)
    assert first.content == again.content
    content_key = "reference/SO-1/1/SH1/1"
    assert kinds(entries) == [("received", content_key), ("repeated", content_key)]


def test_a_reference_the_order_has_is_a_duplicate_without_the_key(tmp_path: Path) -> None:
    with simulator("erp", tmp_path / "erp") as erp:
        first = erp.post("/orders/SO-1/transport-references", REFERENCE)
        again = erp.post("/orders/SO-1/transport-references", REFERENCE)

    assert again.status == 409
    assert again.content["document_id"] == first.content["document_id"]


def test_a_posting_without_the_key_is_posted_again(tmp_path: Path) -> None:
    with simulator("erp", tmp_path / "erp") as erp:
        answers = [erp.post("/shipments/SH1/postings", POSTING) for _ in range(2)]
        entries = erp.entries("kind=received")

    assert [answer.status for answer in answers] == [201, 201]
    assert [entry["content_key"] for entry in entries] == ["posting/SH1/SO-1/2/delivered/1"] * 2


def test_what_was_done_is_found_by_its_key(tmp_path: Path) -> None:
    with simulator("erp", tmp_path / "erp") as erp:
        done = erp.post("/shipments/SH1/postings", POSTING, "K2")

        found = erp.get("/effects/K2")
        missing = erp.get("/effects/K3")

    assert found == {"document_id": done.content["document_id"], "status": "done"}
    assert missing == {"status": "unknown"}


def test_a_stranger_is_not_served(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("open sesame")
    with simulator("erp", tmp_path / "erp", "--token-file", str(tmp_path / "token")) as erp:
        answer = erp.post("/shipments/SH1/postings", POSTING)
        entries = erp.entries()

    assert answer.status == 401
    assert entries == []


def test_the_tms_confirms_what_it_was_asked_to_plan(tmp_path: Path) -> None:
    with ear() as crossdock:
        arguments = ("--intake-url", crossdock.url, "--clock", fast_clock())
        with simulator("tms", tmp_path / "tms", *arguments) as tms:
            answer = tms.post("/shipment-requests", plan_request(), "K1")
            eventually(lambda: bool(crossdock.events("plans")))

    (event,) = crossdock.events("plans")
    (shipment,) = event["shipments"]
    assert answer.status == 202
    assert (event["event_type"], event["order_id"], event["revision"]) == (
        "plan.confirmed",
        "SO-1",
        1,
    )
    assert shipment["stops"][-1]["promised_at"] == "2026-03-29"
    assert shipment["stops"][-1]["line_ids"] == ["SO-1/10"]
    assert [each["type"] for each in shipment["references"]] == ["PRO", "BILL_OF_LADING"]


def test_a_request_without_its_key_makes_a_second_shipment(tmp_path: Path) -> None:
    with simulator("tms", tmp_path / "tms") as tms:
        for key in ("K1", "K1", "", ""):
            tms.post("/shipment-requests", plan_request(), key)
        planned = tms.entries("kind=planned")

    assert [entry["content"]["request_id"] for entry in planned] == [
        "RQ-SO-1-1-1",
        "RQ-SO-1-1-2",
        "RQ-SO-1-1-3",
    ]
    assert len({entry["content"]["shipment_id"] for entry in planned}) == 3


def test_a_higher_version_replaces_what_was_planned(tmp_path: Path) -> None:
    with simulator("tms", tmp_path / "tms") as tms:
        tms.post("/shipment-requests", plan_request(), "K1")
        tms.post("/shipment-requests", plan_request(version=2), "K2")
        entries = [each for each in tms.entries() if each["verb"] == "shipment"]

    told = [(each["kind"], each["content"]["request_id"]) for each in entries]
    assert told == [
        ("planned", "RQ-SO-1-1-1"),
        ("withdrawn", "RQ-SO-1-1-1"),
        ("planned", "RQ-SO-1-2-1"),
    ]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"ship_to": None}, "incomplete"),
        ({"lines": []}, "incomplete"),
        ({"requested_delivery": "29.03.2026"}, "unreadable"),
    ],
)
def test_an_order_that_cannot_be_planned_is_refused(
    tmp_path: Path, fault: dict[str, Any], error: str
) -> None:
    with simulator("tms", tmp_path / "tms") as tms:
        answer = tms.post("/shipment-requests", plan_request(**fault), "K1")
        entries = tms.entries()

    assert (answer.status, answer.content["error"]) == (422, error)
    assert kinds(entries) == [("refused", "plan/SO-1/1")]


def test_a_carrier_hears_of_its_load_and_tells_the_whole_journey(tmp_path: Path) -> None:
    clock = ("--clock", fast_clock())
    with ear() as crossdock:
        tells = ("--intake-url", crossdock.url, *clock)
        with (
            simulator("carrier", tmp_path / "road", *tells, "--scac", "ROAD") as road,
            simulator("tms", tmp_path / "tms", *tells, "--carriers", f"ROAD={road.url}") as tms,
        ):
            tms.post("/shipment-requests", plan_request(), "K1")
            eventually(lambda: len(crossdock.events("tracking")) == 10)

    events = crossdock.events("tracking")
    codes = [event["status_code"] for event in events]
    assert codes == ["INF", "APU", "PUP", "DEP", "ITR", "ARR", "OFD", "ADL", "DLV", "POD"]
    assert {event["reference"]["type"] for event in events} == {"PRO"}
    assert all(datetime.fromisoformat(event["occurred_at"]).tzinfo is None for event in events)


def test_a_carrier_answers_a_tender(tmp_path: Path) -> None:
    tender = {
        "shipment": {"shipment_id": "SH1", "load_id": "LD1"},
        "order_id": "SO-1",
        "tender_version": 1,
    }
    with ear() as crossdock:
        arguments = ("--intake-url", crossdock.url, "--clock", fast_clock())
        with simulator("carrier", tmp_path / "road", *arguments) as road:
            road.post("/tenders", tender, "K1")
            eventually(lambda: bool(crossdock.events("tenders")))

    (event,) = crossdock.events("tenders")
    assert (event["event_type"], event["shipment_id"]) == ("tender.accepted", "SH1")


def test_a_killed_partner_remembers_what_it_did_and_goes_on_telling(tmp_path: Path) -> None:
    with ear() as crossdock:
        crossdock.answers = lambda _heard: 503
        arguments = ("--intake-url", crossdock.url, "--clock", fast_clock())
        with simulator("tms", tmp_path / "tms", *arguments) as tms:
            tms.post("/shipment-requests", plan_request(), "K1")
            tms.kill()
        crossdock.answers = lambda _heard: 202
        with simulator("tms", tmp_path / "tms", *arguments) as tms:
            again = tms.post("/shipment-requests", plan_request(), "K1")
            eventually(lambda: bool(tms.get("/progress")["done"]))
            entries = tms.entries("kind=received")

    assert again.status == 200
    assert [entry["content_key"] for entry in entries] == ["plan/SO-1/1"]
    assert crossdock.events("plans")[-1]["event_type"] == "plan.confirmed"


def stock_lines(quantity: str = "2") -> list[dict[str, str]]:
    return [{"line_id": "10", "item_id": "IT-1", "quantity": quantity, "unit": "EA"}]


def test_the_erp_sets_stock_aside_and_lets_no_more_leave(tmp_path: Path) -> None:
    path = "/orders/SO-1/inventory-commitments"
    whole = {"order_version": 1, "revision": 1, "lines": stock_lines()}
    left = {"shipment_id": "SH1", "revision": 1, "lines": stock_lines()}
    with simulator("erp", tmp_path / "erp") as erp:
        early = erp.post(path + "/confirmations", left, "k1")
        committed = [erp.post(path, whole, "k2").status for _ in range(2)]
        confirmed = erp.post(path + "/confirmations", left, "k3")
        reversed_ = erp.post(path + "/reversals", {**whole, "revision": 2, "lines": []}, "k4")
        shapeless = erp.post(path, {"order_version": 1, "revision": 3}, "k5")

    assert (early.status, early.content["error"]) == (422, "not_committed")
    assert (committed, confirmed.status) == ([201, 200], 201)
    assert (reversed_.status, reversed_.content["error"]) == (422, "left_already")
    assert (shapeless.status, shapeless.content["error"]) == (422, "incomplete")


def test_an_erp_that_is_sold_out_sets_nothing_aside(tmp_path: Path) -> None:
    whole = {"order_version": 1, "revision": 1, "lines": stock_lines()}
    with simulator("erp", tmp_path / "erp", "--faults", "sold_out=1") as erp:
        refused = erp.post("/orders/SO-1/inventory-commitments", whole, "k1")
        entries = erp.entries("?verb=erp.commit_inventory")

    assert (refused.status, refused.content["detail"]) == (422, "0 of 2 available for 10/IT-1/EA")
    assert kinds(entries) == [("refused", "commit_inventory/SO-1/1")]


def test_an_erp_refuses_money_that_is_right_once_and_takes_it_when_it_is_asked_again(
    tmp_path: Path,
) -> None:
    nothing = {"amount": "0.00", "currency": "EUR"}
    told = {"charge": "FUEL", "carrier_scac": "ROAD", "revision": 1, "business_date": "2099-01-01"}
    told |= {"amount": {"amount": "1.07", "currency": "EUR"}, "before": nothing, "shares": []}
    with simulator("erp", tmp_path / "erp", "--faults", "unbookable=1") as erp:
        first, second = (erp.post("/loads/LD1/accruals", told, "k1") for _ in range(2))

    assert (first.status, first.content["error"]) == (422, "account_closed")
    assert second.status == 201
