"""The same seed makes the same trouble, whatever the timing."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crossdock.faults import Misconfigured
from crossdock.simulators.erp import late_records, story
from crossdock.simulators.journeys import DIALECTS, Said, journey, told
from crossdock.simulators.mischief import FAULTS, Mischief, parse
from crossdock.simulators.planning import PlanRequest, container, plan
from crossdock.simulators.world import check_digit, world
from tests.simulators.kit import DAY, call, ear, eventually, fast_clock, simulator
from tests.simulators.test_partners import POSTING, REFERENCE, plan_request

MARCH_27 = date(2026, 3, 27)


def told_of(faults: str, carriers: tuple[str, ...] = ("ROAD",)) -> tuple[Said, ...]:
    asked = PlanRequest(
        order=plan_request()["order"],
        mode="ROAD",
        service_level="STANDARD",
        carriers=carriers,
        planning="RQ-1",
    )
    (shipment,) = plan(1, asked, DAY)
    for stop in shipment["stops"]:
        stop["planned_at"] = stop["planned_at"].isoformat()
    scac = shipment["carrier_scac"]
    return told(journey(DIALECTS[scac], parse(faults, 1), shipment, DAY))


def deliveries(faults: str, seed: int = 1) -> list[tuple[str, str, int]]:
    """Tell how a shipment's delivery is told: event, kind and revision, in the order told."""
    said = told_of_shipment(f"SH{seed}", faults)
    chosen = [each.event for each in said if each.event["status_code"] == "DLV"]
    return [(each["event_id"], each["kind"], each["revision"]) for each in chosen]


def told_of_shipment(shipment_id: str, faults: str) -> tuple[Said, ...]:
    stops = [
        {"sequence": 1, "place": {}, "planned_at": (DAY + timedelta(days=1)).isoformat()},
        {"sequence": 2, "place": {}, "planned_at": (DAY + timedelta(days=2)).isoformat()},
    ]
    shipment: dict[str, Any] = {"shipment_id": shipment_id, "stops": stops, "references": []}
    return told(journey(DIALECTS["OCEA"], parse(faults, 1), shipment, DAY))


def test_faults_are_read_as_they_are_written() -> None:
    read = parse("slow=0.05,lost=1,outage=09:00-09:40", 7)

    assert read.chances == {"slow": 0.05, "lost": 1.0}
    nine_thirty = datetime(2026, 3, 27, 9, 30, tzinfo=UTC)
    assert read.away_until(nine_thirty) == nine_thirty + timedelta(minutes=10)
    assert read.away_until(nine_thirty + timedelta(minutes=10)) is None


@pytest.mark.parametrize(
    "text", ["typo=1", "slow=often", "slow=2", "outage=9", "outage=10:00-09:00"]
)
def test_faults_nobody_knows_are_misconfigured(text: str) -> None:
    with pytest.raises(Misconfigured):
        parse(text, 1)


def test_a_fault_strikes_by_seed_name_subject_and_occurrence() -> None:
    def struck(seed: int, fault: str, occurrence: int) -> set[int]:
        mischief = Mischief(seed=seed, chances=dict.fromkeys(FAULTS, 0.1))
        return {n for n in range(1000) if mischief.strikes(fault, f"SO-{n}", occurrence)}

    first = struck(1, "lost", 1)

    assert struck(1, "lost", 1) == first
    assert 60 < len(first) < 140
    assert len({*map(frozenset, (first, struck(2, "lost", 1), struck(1, "lost", 2)))}) == 3


def test_a_partner_without_faults_has_none() -> None:
    assert [fault for fault in FAULTS if parse("", 1).strikes(fault, "SO-1")] == []


def test_the_same_seed_makes_the_same_day() -> None:
    assert world(5, 40, MARCH_27) == world(5, 40, MARCH_27)
    assert world(5, 40, MARCH_27) != world(6, 40, MARCH_27)


def test_orders_are_spread_over_the_day_and_two_companies() -> None:
    day = world(1, 300, MARCH_27)

    companies = Counter(release.company_code for release in day.releases)
    assert 50 < companies["2000"] < 100
    assert companies["1000"] + companies["2000"] == 300
    assert {release.at.date() for release in day.releases} == {MARCH_27}


def test_numbers_carry_their_check_digits() -> None:
    assert check_digit("400638133393") == "4006381333931"
    assert container(1, "SH1")[:4] == "OCEU"


@pytest.mark.parametrize(
    ("fault", "event_types"),
    [
        ("cancelled", ["order.released", "order.cancelled"]),
        ("changed", ["order.released", "order.changed"]),
        ("unknown_master", ["order.released"]),
    ],
)
def test_what_becomes_of_an_order(fault: str, event_types: list[str]) -> None:
    release = world(1, 1, MARCH_27).releases[0]

    steps = story(release, parse(f"{fault}=1", 1))

    assert [step.event_type for step in steps] == event_types
    assert [step.order["version"] for step in steps] == [1, 2][: len(steps)]


def test_the_record_of_a_new_place_follows_its_order() -> None:
    release = world(1, 1, MARCH_27).releases[0]
    mischief = parse("unknown_master=1", 1)

    ((at, record),) = late_records(release, mischief)

    place = story(release, mischief)[0].order["ship_to"]["location_id"]
    assert (record.kind, record.record_id) == ("ship_to", place)
    assert at > release.at


def test_half_of_the_incomplete_orders_are_completed() -> None:
    mischief = parse("incomplete=1", 1)

    stories = [story(release, mischief) for release in world(1, 200, MARCH_27).releases]

    assert {"ship_to" in steps[0].order for steps in stories} == {False}
    assert {"ship_to" in steps[1].order for steps in stories if len(steps) > 1} == {True}
    assert 70 < sum(1 for steps in stories if len(steps) > 1) < 130


def test_a_delivery_is_told_once_where_nothing_goes_wrong() -> None:
    assert deliveries("") == [("OCEA-SH1-DLV", "original", 0)]


def test_a_delivery_told_wrongly_is_corrected() -> None:
    assert deliveries("correction=1") == [
        ("OCEA-SH1-DLV", "original", 0),
        ("OCEA-SH1-DLV", "correction", 1),
    ]


def test_a_delivery_taken_back_is_told_anew_or_corrected() -> None:
    ways = {tuple(kind for _, kind, _ in deliveries("retraction=1", seed)) for seed in range(20)}

    assert ways == {
        ("original", "retraction", "correction"),
        ("original", "retraction", "original"),
    }


def test_a_strange_code_is_told_beside_the_others() -> None:
    usual = [each.event["event_id"] for each in told_of("")]

    strange = [each.event for each in told_of("unknown_code=1")]

    added = [each["status_code"] for each in strange if each["event_id"] not in usual]
    assert len(added) == 1
    assert added[0] in ("X42", "ZQ7", "91", "DLVX")


def test_parcels_are_told_as_histories(tmp_path: Path) -> None:
    asked = PlanRequest(
        order=plan_request()["order"],
        mode="PARCEL",
        service_level="STANDARD",
        carriers=("PARC",),
        planning="RQ-1",
    )
    (shipment,) = plan(1, asked, DAY)
    for stop in shipment["stops"]:
        stop["planned_at"] = stop["planned_at"].isoformat()
    with ear() as crossdock:
        arguments = ("--scac", "PARC", "--intake-url", crossdock.url, "--clock", fast_clock())
        with simulator("carrier", tmp_path / "parc", *arguments) as carrier:
            carrier.post("/loads", shipment)
            eventually(lambda: len(crossdock.heard) == 7)

    assert [len(heard.content) for heard in crossdock.heard] == [1, 2, 3, 4, 5, 6, 7]


def test_a_partner_that_is_down_does_nothing(tmp_path: Path) -> None:
    with simulator("erp", tmp_path / "erp", "--faults", "down=1") as erp:
        down = erp.post("/shipments/SH1/postings", POSTING, "K1")
        healed = call("POST", f"{erp.url}/faults", {"faults": ""})
        up = erp.post("/shipments/SH1/postings", POSTING, "K1")
        entries = erp.entries()

    assert (down.status, healed.content, up.status) == (503, {"chances": {}}, 201)
    assert [entry["kind"] for entry in entries] == ["received"]


def test_a_lost_answer_was_done_and_can_be_found(tmp_path: Path) -> None:
    with simulator("erp", tmp_path / "erp", "--faults", "lost=1") as erp:
        lost = erp.post("/orders/SO-1/transport-references", REFERENCE, "K1")
        found = erp.get("/effects/K1")

    assert lost.status == 0
    assert found == {"document_id": "TR-490001", "status": "done"}


def test_nobody_answers_in_an_outage(tmp_path: Path) -> None:
    with simulator("erp", tmp_path / "erp", "--faults", "outage=00:00-23:59:59") as erp:
        statuses = {erp.post("/shipments/SH1/postings", POSTING).status for _ in range(12)}
        entries = erp.entries()

    assert (statuses, entries) == ({0, 503}, [])


def test_a_forgetful_partner_does_it_again(tmp_path: Path) -> None:
    with simulator("erp", tmp_path / "erp", "--faults", "forgetful=1") as erp:
        answers = [erp.post("/shipments/SH1/postings", POSTING, "K1") for _ in range(2)]

    assert [answer.content["document_id"] for answer in answers] == ["MD-490001", "MD-490002"]


def test_everything_is_told_twice_where_that_fault_is_certain(tmp_path: Path) -> None:
    with ear() as crossdock:
        arguments = ("--intake-url", crossdock.url, "--clock", fast_clock())
        faults = ("--faults", "duplicate=1", "--orders", "12")
        with simulator("erp", tmp_path / "erp", *faults, *arguments) as erp:
            eventually(lambda: bool(erp.get("/progress")["done"]))

    told = Counter(event["event_id"] for event in crossdock.events("orders"))
    assert set(told.values()) == {2}


def test_the_legacy_erp_drops_files_and_reads_its_references(tmp_path: Path) -> None:
    folders = ("--drop-dir", str(tmp_path / "drop"), "--reference-dir", str(tmp_path / "back"))
    arguments = ("--format", "csv", *folders, "--clock", fast_clock(), "--orders", "20")
    with simulator("erp", tmp_path / "old", *arguments) as erp:
        eventually(lambda: bool(erp.get("/progress")["done"]))
        (tmp_path / "back" / "reference-K1.csv").write_text(
            "order_no;order_version;shipment_id;load_id;carrier_scac;revision\r\n"
            "L70001;1;SH1;LD1;ROAD;1\r\n"
        )
        references = erp.entries("verb=erp.write_reference")
        told = erp.entries("kind=acknowledged")

    dropped = "".join(path.read_text("utf-8-sig") for path in (tmp_path / "drop").iterdir())
    assert [entry["content_key"] for entry in references] == ["reference/L70001/1/SH1/1"]
    assert told
    assert all(entry["content"]["order"]["order_id"] in dropped for entry in told)


def test_what_was_taken_is_told_again_when_asked(tmp_path: Path) -> None:
    asked = PlanRequest(
        order=plan_request()["order"],
        mode="PARCEL",
        service_level="STANDARD",
        carriers=("PARC",),
        planning="RQ-1",
    )
    (shipment,) = plan(1, asked, DAY)
    for stop in shipment["stops"]:
        stop["planned_at"] = stop["planned_at"].isoformat()
    with ear() as crossdock:
        arguments = ("--scac", "PARC", "--intake-url", crossdock.url, "--clock", fast_clock())
        with simulator("carrier", tmp_path / "parc", *arguments) as carrier:
            carrier.post("/loads", shipment)
            eventually(lambda: carrier.get("/progress")["done"] and len(crossdock.heard) == 8)
            never = call("POST", f"{carrier.url}/resend", {"since": "2099-01-01T00:00:00Z"})
            again = call("POST", f"{carrier.url}/resend", {"since": "2026-01-01T00:00:00Z"})
            eventually(lambda: len(crossdock.heard) == 16)

    first, second = crossdock.heard[:8], crossdock.heard[8:]
    assert (never.content, again.content) == ({"again": 0}, {"again": 8})
    assert sorted(heard.body for heard in second) == sorted(heard.body for heard in first)
