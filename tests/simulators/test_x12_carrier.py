"""A carrier that speaks X12, over real loopback HTTP."""

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crossdock.formats.x12.envelope import read
from crossdock.formats.x12.writer import Envelope, render
from crossdock.simulators.x12_speech import Names, acknowledgement, interchange, offer_in
from tests.simulators.kit import Ear, Partner, ear, eventually, fast_clock, simulator

NOON = datetime(2026, 3, 27, 12, tzinfo=UTC)
LINES = [
    ["ST", "204", ""],
    ["B2", "", "ROAD", "", "SH1", "", "PP"],
    ["B2A", "00", "LT"],
    ["L11", "SO-1", "SI"],
    ["S5", "1", "CL"],
]
PLACE = {"location_id": "DC", "country": "DE", "city": "Ulm", "time_zone": "Europe/Berlin"}
SHIPMENT = {
    "shipment_id": "SH1",
    "load_id": "LD1",
    "carrier_scac": "ROAD",
    "mode": "ROAD",
    "references": [{"type": "PRO", "value": "700123", "issuer": "ROAD"}],
    "stops": [
        {"sequence": 1, "role": "PICKUP", "place": PLACE, "planned_at": "2026-03-27T12:00:00Z"},
        {"sequence": 2, "role": "DELIVERY", "place": PLACE, "planned_at": "2026-03-28T12:00:00Z"},
    ],
}


def offer(number: int, purpose: str = "00") -> bytes:
    """A 204 in an interchange of this number."""
    envelope = Envelope(
        sender_qualifier="ZZ",
        sender="SHIPPERCO",
        receiver_qualifier="02",
        receiver="ROAD",
        group_sender="SHIPPERCO",
        group_receiver="ROAD",
        functional_id="SM",
        release="004010",
        usage="P",
        interchange_control=number,
        group_control=number,
        written_at=NOON,
    )
    lines = [*LINES[:2], ["B2A", purpose, "LT"], *LINES[3:]]
    return render(envelope, [("0001", lines)])


@contextmanager
def carrier(folder: Path, hearing: Ear, faults: str = "") -> Iterator[Partner]:
    """A carrier that tells an ear."""
    arguments = ["--format", "x12", "--scac", "ROAD", "--faults", faults]
    arguments += ["--clock", fast_clock(), "--intake-url", hearing.url]
    with simulator("carrier", folder / "road", *arguments) as road:
        yield road


def post(road: Partner, content: bytes) -> int:
    asked = urllib.request.Request(f"{road.url}/interchange", data=content, method="POST")  # noqa: S310 - our own
    with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310 - as above
        return int(answer.status)


def sets(hearing: Ear) -> list[tuple[str, list[list[str]]]]:
    """What was told: each set with its segments, ST and SE left out."""
    return [
        (found.set_id, [each.elements() for each in found.segments][1:-1])
        for heard in hearing.heard
        for found in read(heard.body).transactions()
    ]


def of(kind: str, hearing: Ear) -> list[list[list[str]]]:
    return [lines for name, lines in sets(hearing) if name == kind]


def test_an_offer_is_acknowledged_and_answered_by_the_shipments_number(tmp_path: Path) -> None:
    with ear() as crossdock, carrier(tmp_path, crossdock) as road:
        status = post(road, offer(7))
        eventually(lambda: {name for name, _ in sets(crossdock)} == {"990", "997"})

    assert status == 202
    assert of("997", crossdock) == [
        [["AK1", "SM", "7"], ["AK2", "204", "0001"], ["AK5", "A"], ["AK9", "A", "1", "1", "1"]]
    ]
    ((answered, *_),) = of("990", crossdock)
    assert (answered[:3], answered[4]) == (["B1", "ROAD", "SH1"], "A")


def test_the_same_interchange_again_changes_nothing(tmp_path: Path) -> None:
    with ear() as crossdock, carrier(tmp_path, crossdock) as road:
        for _ in range(3):
            post(road, offer(7))
        eventually(lambda: bool(road.get("/progress")["done"]))
        kinds = [each["kind"] for each in entries(road) if each["verb"] == "carrier.tender"]

    assert kinds == ["received", "repeated", "repeated"]
    assert (len(of("997", crossdock)), len(of("990", crossdock))) == (1, 1)


def entries(road: Partner) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = road.get("/ledger")["entries"]
    return found


def test_numbers_rise_in_the_order_in_which_they_are_told(tmp_path: Path) -> None:
    with ear() as crossdock, carrier(tmp_path, crossdock) as road:
        road.post("/loads", SHIPMENT)
        eventually(lambda: bool(road.get("/progress")["done"]))

    numbers = [int(each.control) for heard in crossdock.heard for each in _read(heard.body)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(of("214", crossdock)) == len(numbers) - len(of("210", crossdock)) > 5


def _read(body: bytes) -> list[Any]:
    return read(body).interchanges


def test_what_is_told_twice_is_the_same_interchange(tmp_path: Path) -> None:
    with ear() as crossdock, carrier(tmp_path, crossdock, "duplicate=1") as road:
        post(road, offer(7))
        eventually(lambda: len(crossdock.heard) == 4)

    bodies = [each.body for each in crossdock.heard]
    assert len(set(bodies)) == 2


def test_a_carrier_may_acknowledge_nothing_and_decline(tmp_path: Path) -> None:
    with ear() as crossdock, carrier(tmp_path, crossdock, "no_ack=1,declined=1") as road:
        post(road, offer(7))
        eventually(lambda: len(crossdock.heard) == 1)

    ((answered, *_),) = of("990", crossdock)
    assert answered[4] == "D"


def test_an_interchange_may_come_cut_off_and_then_whole(tmp_path: Path) -> None:
    with ear() as crossdock, carrier(tmp_path, crossdock, "corrupt=1,no_ack=1") as road:
        post(road, offer(7))
        eventually(lambda: len(crossdock.heard) == 2)

    cut, whole = (read(each.body) for each in crossdock.heard)
    assert ([bool(list(each.every_finding())) for each in (cut, whole)]) == [True, False]


def test_an_offer_is_read_by_what_it_says_and_not_by_its_numbers() -> None:
    first, same, other = (
        offer_in(next(read(content).transactions()))
        for content in (offer(1), offer(2), offer(3, "04"))
    )

    assert first == same
    assert (first.shipment_id, first.order_id, first.purpose) == ("SH1", "SO-1", "original")
    assert (other.purpose, other.terms == first.terms) == ("change", False)


def test_a_rejection_counts_no_set_as_taken() -> None:
    said = {"functional_id": "SM", "group": "7", "sets": ["0001"], "verdict": "R"}

    content = interchange(Names(scac="ROAD", shipper="US"), "FA", acknowledgement(said), 1, NOON)

    lines = [each.elements() for each in next(read(content).transactions()).segments]
    assert lines[-2] == ["AK9", "R", "1", "1", "0"]
