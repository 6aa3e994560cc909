"""What simulated partners tell is what the connectors of the published shapes read, all of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from crossdock.connectors import discover
from crossdock.messages.freight_settlement import FreightInvoiceReceived
from crossdock.ports import Reading
from crossdock.simulators.billing import CHANGED, Bill, Freight, bills, invoice_event, summed
from crossdock.simulators.erp import story
from crossdock.simulators.journeys import DIALECTS, journey, told
from crossdock.simulators.legacy_erp import order_file
from crossdock.simulators.mischief import parse
from crossdock.simulators.planning import PlanRequest, plan
from crossdock.simulators.world import JSON_COMPANY, LEGACY_COMPANY, Release, world
from crossdock.simulators.x12_speech import GROUPS, Names, interchange, invoice

MISCHIEF = parse("cancelled=.1,changed=.1,unknown_code=.2,retraction=.2,correction=.2", 1)
WORLD = world(1, 120, date(2026, 3, 27))
DAWN = datetime(2026, 3, 27, 6, tzinfo=UTC)
ADDRESS = {"base_url": "http://127.0.0.1:1", "time_zone": "Europe/Berlin"}


def read(connector: str, document: str, body: Any, **settings: str) -> Reading:
    found = discover()[connector]
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return found.documents[document](raw, found.settings(**settings))


def shipments(release: Release) -> list[dict[str, Any]]:
    asked = PlanRequest(
        order=release.order,
        mode="",
        service_level="STANDARD",
        carriers=(),
        planning=release.order_id,
    )
    planned = msgspec.json.encode(plan(1, asked, release.at))
    found: list[dict[str, Any]] = msgspec.json.decode(planned)
    return found


def events() -> Iterator[dict[str, Any]]:
    for release in WORLD.releases:
        for shipment in shipments(release):
            dialect = DIALECTS[shipment["carrier_scac"]]
            yield from (said.event for said in told(journey(dialect, MISCHIEF, shipment, DAWN)))


def findings(reading: Reading) -> set[str]:
    return {finding.code for finding in reading.findings}


def test_every_order_is_read() -> None:
    steps = [step for one in WORLD.of_company(JSON_COMPANY) for step in story(one, MISCHIEF)]
    body = [
        {
            "event_id": step.content_key,
            "event_type": step.event_type,
            "occurred_at": step.at,
            "order": step.order,
        }
        for step in steps
    ]

    reading = read("reference_erp", "orders", body, **ADDRESS)

    assert len(reading.reports) == len(steps)
    assert findings(reading) == set()


def test_every_row_of_the_old_erp_is_read() -> None:
    steps = [step for one in WORLD.of_company(LEGACY_COMPANY) for step in story(one, MISCHIEF)]
    settings = {"outbox_dir": "out", "time_zone": "Europe/Paris"}

    readings = [read("csv_orders", "orders", order_file(steps, n), **settings) for n in (1, 2)]

    assert [len(reading.reports) for reading in readings] == [len(steps)] * 2
    assert [findings(reading) for reading in readings] == [set(), set()]


def test_every_master_record_is_read() -> None:
    body = [
        {
            "event_id": record.record_id,
            "event_type": f"{record.kind}.changed",
            "occurred_at": DAWN,
            "version": 1,
            "record": record.record,
        }
        for record in WORLD.records
    ]

    reading = read("reference_erp", "master_data", body, **ADDRESS)

    assert len(reading.reports) == len(WORLD.records)
    assert findings(reading) == set()


def test_every_plan_is_read() -> None:
    body = [
        {
            "event_id": release.order_id,
            "event_type": "plan.confirmed",
            "occurred_at": release.at,
            "order_id": release.order_id,
            "order_version": 1,
            "revision": 1,
            "reason": "",
            "shipments": shipments(release),
        }
        for release in WORLD.releases
    ]

    reading = read("reference_tms", "plans", body, **ADDRESS)

    assert len(reading.reports) == len(WORLD.releases)
    assert findings(reading) == set()


def test_every_event_is_read_and_strange_codes_are_noticed() -> None:
    body = list(events())

    reading = read("reference_carrier", "tracking", body, **ADDRESS)

    known = {mark.code for dialect in DIALECTS.values() for mark in dialect.marks} | {"DLY"}
    strange = sum(1 for event in body if event["status_code"] not in known)
    assert len(reading.reports) == len(body)
    assert Counter(finding.code for finding in reading.findings) == {"UNKNOWN_STATUS_CODE": strange}


def sent_bills() -> Iterator[Bill]:
    """Bill every load of the day, each with one thing that goes wrong."""
    for number, release in enumerate(WORLD.releases):
        for shipment in shipments(release):
            freight = Freight(
                scac=shipment["carrier_scac"],
                load_id=shipment["load_id"],
                shipments=(shipment,),
                picked_up=DAWN,
                delivered=DAWN,
            )
            fault = list(CHANGED)[number % len(CHANGED)]
            yield from bills(parse(f"{fault}=1", 1), freight)


def test_every_invoice_is_read_and_what_is_wrong_with_it_is_noticed() -> None:
    told = list(sent_bills())

    body = [invoice_event(each) for each in told]

    reading = read("reference_carrier", "invoices", body, **ADDRESS)

    strange = sum(1 for bill in told for line in bill.lines if line.code == "XF7")
    wrong = sum(1 for bill in told if summed(bill.lines) != bill.total)
    assert len(reading.reports) == len(told)
    assert Counter(finding.code for finding in reading.findings) == {
        "UNKNOWN_CHARGE_CODE": strange,
        "SUMS_DISAGREE": wrong,
    }


def test_every_210_says_what_the_invoice_says() -> None:
    told = [bill for bill in sent_bills() if bill.freight.scac != "OCEA"]

    for number, bill in enumerate(told, 1):
        names = Names(scac=bill.freight.scac, shipper="SHIPPERCO")
        raw = interchange(names, GROUPS["invoice"], invoice(bill), number, DAWN)
        reading = read(
            "x12_carrier",
            "interchange",
            raw,
            base_url="http://127.0.0.1:1",
            own_id="SHIPPERCO",
            partner_id=bill.freight.scac,
        )
        (billed,) = (
            each.report.invoice
            for each in reading.reports
            if isinstance(each.report, FreightInvoiceReceived)
        )
        assert [(each.shipment_id, each.amount.minor) for each in billed.charges] == [
            (line.shipment_id, int(line.amount * 100)) for line in bill.lines
        ]
        assert (billed.invoice_id, billed.total.minor) == (bill.invoice_id, int(bill.total * 100))
        assert bool(billed.disagreements) == (summed(bill.lines) != bill.total)
