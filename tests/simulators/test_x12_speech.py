"""What the simulated carriers say in X12 is held against the tables and other people's readers."""

import io
import logging
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import pyx12.x12file  # type: ignore[import-untyped]  # an oracle without types
import x12
import x12doctor

from crossdock.connectors import discover
from crossdock.connectors.system_api.codes import STATUS_CODES
from crossdock.connectors.x12_carrier.settings import Settings as X12Settings
from crossdock.formats.x12.envelope import read
from crossdock.formats.x12.tokens import Segment, tokens
from crossdock.formats.x12.validation import faults_of
from crossdock.messages.shipment_visibility import MilestoneReported
from crossdock.simulators import x12_speech as speech
from crossdock.simulators.billing import CHANGED, Bill, Freight, bills
from crossdock.simulators.mischief import parse
from crossdock.simulators.tariff import charges

AT = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
NAMES = speech.Names(scac="ROAD", shipper="SHIPPERCO")
PLACE = {"city": "Köln * Süd", "country": "DE", "time_zone": "Europe/Berlin"}
REPEATS = {"C01", "C03"}  # what a 997 says of another document, repeated


def event(code: str, **more: Any) -> dict[str, Any]:
    return {
        "status_code": code,
        "occurred_at": "2026-03-29T03:30:00",
        "place": PLACE,
        "reference": {"type": "PRO", "value": "PRO17"},
        "stop_sequence": 2,
        **more,
    }


PLACES: dict[str, dict[str, Any]] = {
    "DEP": {"name": "Hub", "country": "DE"},
    "ARR": {"city": "Lyon", "country": "FR", "postal_code": "69007"},
    "DLV": {"location_id": "SHOP-7"},
}


def shipped(code: str, **more: Any) -> dict[str, Any]:
    """What an ocean carrier tells, in a port or at a hub without a code."""
    place = {"name": "Hamburg", "unlocode": "DEHAM", "country": "DE"}
    return {
        "status_code": code,
        "occurred_at": "2026-03-29T03:30:20+02:00",
        "place": PLACES.get(code, place),
        "reference": {"type": "BILL_OF_LADING", "value": "BL17"},
        **more,
    }


def answer(kind: str) -> dict[str, Any]:
    return {
        "event_type": kind,
        "occurred_at": "2026-03-29T01:30:00+00:00",
        "carrier_scac": "ROAD",
        "shipment_id": "SH-00000009",
        "reason": "no vehicle",
    }


def billed() -> list[Bill]:
    """Bill a load of two shipments, with each thing that goes wrong."""
    shipments = tuple(
        {
            "shipment_id": number,
            "references": [{"type": "PRO", "value": f"7{number}", "issuer": "ROAD"}],
            "charges": charges("OCEAN", Decimal("112.5")),
        }
        for number in ("SH1", "SH2")
    )
    load = Freight(scac="ROAD", load_id="LD-3", shipments=shipments, picked_up=AT, delivered=AT)
    return [bill for fault in CHANGED for bill in bills(parse(f"{fault}=1", 1), load)]


SAID = {
    "invoice": [speech.invoice(bill) for bill in billed()],
    "tracking": [speech.tracking([event(code) for code in speech.STATUSES], "SH-9", "ROAD")],
    "ocean": [speech.ocean(shipped(code), "OCEA") for code in (*speech.OCEAN_STATUSES, "X42")],
    "tender": [speech.answer(answer(kind)) for kind in speech.ANSWERS],
    "acknowledgement": [
        speech.acknowledgement(
            {"functional_id": "SM", "group": "7", "sets": ["0001", "0002"], "verdict": verdict}
        )
        for verdict in ("A", "R")
    ],
}
WRITTEN = {
    f"{name}-{number}": speech.interchange(NAMES, speech.GROUPS[name], lines, number, AT)
    for name, said in SAID.items()
    for number, lines in enumerate(said, 1)
}

every_interchange = pytest.mark.parametrize("raw", WRITTEN.values(), ids=WRITTEN)


@every_interchange
def test_the_tables_have_nothing_against_it(raw: bytes) -> None:
    document = read(raw)

    found = [fault for each in document.transactions() for fault in faults_of(each)]

    assert (list(document.every_finding()), found) == ([], [])


@every_interchange
def test_other_readers_have_nothing_against_it(raw: bytes) -> None:
    logging.getLogger("pyx12").setLevel(logging.CRITICAL)
    text = raw.decode()
    reader = pyx12.x12file.X12Reader(io.StringIO(text))

    read_by_pyx12 = list(reader)

    reader.cleanup()
    assert (len(read_by_pyx12), reader.pop_errors()) == (text.count("~"), [])
    told = x12doctor.diagnose(text).findings
    assert [(each.code, each.message) for each in told if each.code not in REPEATS] == []


@every_interchange
def test_ansi_x12_reads_the_same_segments(raw: bytes) -> None:
    theirs = x12.tokenize_x12(raw).segments

    ours = [each.text.encode() for each in tokens(raw) if isinstance(each, Segment)]

    assert ours == [each.raw for each in theirs[1:]]


@pytest.mark.parametrize("code", speech.OCEAN_STATUSES)
def test_what_happened_at_sea_is_read_as_it_was_meant(code: str) -> None:
    connectors = discover()
    profile = X12Settings(partner="sea", own_id="SHIPPERCO", partner_id="OCEA")
    raw = speech.interchange(NAMES, "QO", speech.ocean(shipped(code), "OCEA"), 1, AT)

    reading = connectors["x12_carrier"].documents["interchange"](raw, profile)

    (told,) = [
        each.report for each in reading.reports if isinstance(each.report, MilestoneReported)
    ]
    assert reading.findings == ()
    assert told.evidence.milestone is STATUS_CODES[code]
    assert told.evidence.occurred.at == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert told.evidence.reference.term() == "BILL_OF_LADING::BL17"
