"""The delivery file as partners would tell it: master data, orders, plans, deliveries, charges.

Every document is a slice of the file's own lines under its header line. Words where a date or a
weight should be are findings; the rest of the row is read all the same.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal

from crossdock.canonical.freight import ChargeBasis, ChargeKind, ChargeNotice, FreightCharge
from crossdock.canonical.item import Item, Quantity
from crossdock.canonical.moments import Moment, ZoneSource, local_day
from crossdock.canonical.money import Money, money
from crossdock.canonical.order import OrderDraft, OrderLineDraft
from crossdock.canonical.party import Address, Location
from crossdock.canonical.references import Reference, ReferenceType
from crossdock.canonical.shipment import Shipment, Stop, StopRole
from crossdock.canonical.tracking import (
    Classifier,
    EvidenceKind,
    Milestone,
    TrackingEvent,
)
from crossdock.faults import Finding, Unreadable
from crossdock.messages.freight_settlement import FreightChargesReported
from crossdock.messages.master_data import (
    Customer,
    CustomerReported,
    ItemReported,
    ShipTo,
    ShipToReported,
)
from crossdock.messages.order_release import OrderReleased, PlanConfirmed
from crossdock.messages.shipment_visibility import MilestoneReported
from crossdock.ports import Reading, Reported
from tests.real.scms.codes import COUNTRIES, MODES
from tests.real.scms.wire import COLUMNS, Row, day

FIRST_DAY = datetime(2006, 1, 1, tzinfo=UTC)


def rows(raw: bytes) -> list[Row]:
    """Read the lines of a slice; the first is the file's header."""
    table = csv.DictReader(io.StringIO(raw.decode("utf-8")))
    return [Row(**{field: line[column] for field, column in COLUMNS.items()}) for line in table]


def grouped(lines: Iterable[Row], field: str) -> dict[str, list[Row]]:
    """Gather rows by the value of one field, in the file's order."""
    groups: dict[str, list[Row]] = {}
    for line in lines:
        groups.setdefault(getattr(line, field), []).append(line)
    return groups


def place(row: Row) -> Location:
    """The client's place: the project in its country."""
    country, zone = COUNTRIES[row.country]
    address = Address(country=country, city=row.project)
    return Location(location_id=row.project, name=row.project, address=address, zone=zone)


def pairs(lines: list[Row]) -> list[tuple[tuple[str, str], list[Row]]]:
    """Split a shipment's rows by what was promised and when it came: one delivery stop each."""
    stops: dict[tuple[str, str], list[Row]] = {}
    for line in lines:
        stops.setdefault((line.scheduled, line.delivered), []).append(line)
    return sorted(stops.items())


def master_data(raw: bytes, _settings: object) -> Reading:
    """Tell customers, places and items as the ERP knows them before the first order."""
    lines = rows(raw)
    told: list[Reported] = []
    for project, mine in grouped(lines, "project").items():
        customer = Customer(customer_id=project, name=project)
        ship_to = ShipTo(location=place(mine[0]), customer_id=project)
        told += (
            Reported(
                identity=f"customer/{project}",
                report=CustomerReported(record=customer, version=1, as_of=FIRST_DAY),
            ),
            Reported(
                identity=f"ship-to/{project}",
                report=ShipToReported(record=ship_to, version=1, as_of=FIRST_DAY),
            ),
        )
    for item in grouped(lines, "item"):
        record = Item(item_id=item, description=item)
        report = ItemReported(record=record, version=1, as_of=FIRST_DAY)
        told.append(Reported(identity=f"item/{item}", report=report))
    return Reading(reports=tuple(told))


def orders(raw: bytes, _settings: object) -> Reading:
    """Tell orders as released; a date or weight that is a word becomes a finding."""
    lines = rows(raw)
    told = [
        Reported(identity=f"order/{order}", report=OrderReleased(draft=draft(order, mine)))
        for order, mine in grouped(lines, "order").items()
    ]
    return Reading(reports=tuple(told), findings=tuple(words(lines)))


def draft(order: str, lines: list[Row]) -> OrderDraft:
    """Write an order's rows as one draft."""
    return OrderDraft(
        order_id=order,
        version=1,
        customer_id=lines[0].project,
        ship_from=Location(location_id=lines[0].vendor, name=lines[0].vendor),
        ship_to=place(lines[0]),
        lines=tuple(
            OrderLineDraft(
                line_id=line.ID,
                item_id=line.item,
                quantity=Quantity(value=Decimal(line.quantity)),
                weight_kg=Decimal(line.weight) if line.weight.isdecimal() else None,
                value=money(line.value, "USD"),
            )
            for line in lines
        ),
    )


def words(lines: list[Row]) -> Iterator[Finding]:
    """Find the words that stand where a date, a weight or a mode should be."""
    for line in lines:
        for column, text, fine in (
            ("pq_sent", line.pq_sent, day(line.pq_sent) is not None),
            ("po_sent", line.po_sent, day(line.po_sent) is not None),
            ("weight", line.weight, line.weight.isdecimal()),
            ("mode", line.mode, line.mode != "N/A"),
        ):
            if not fine:
                yield Finding(
                    code="WORD_FOR_VALUE",
                    said=f"{COLUMNS[column]} is the word {text!r}",
                    where=line.line,
                    seen={"column": column, "text": text},
                )


def plans(raw: bytes, _settings: object) -> Reading:
    """Tell how each order travels: one shipment for each of its delivery notes."""
    told = [
        Reported(
            identity=f"plan/{order}",
            report=PlanConfirmed(
                order_id=order,
                order_version=1,
                revision=1,
                shipments=tuple(
                    shipment(number, parts) for number, parts in grouped(mine, "shipment").items()
                ),
            ),
        )
        for order, mine in grouped(rows(raw), "order").items()
    ]
    return Reading(reports=tuple(told))


def shipment(number: str, lines: list[Row]) -> Shipment:
    """Write a shipment with a delivery stop for each promise, ending with the local day."""
    _country, zone = COUNTRIES[lines[0].country]
    pickup = Stop(sequence=1, role=StopRole.PICKUP, place=Location(location_id=lines[0].vendor))
    deliveries = tuple(
        Stop(
            sequence=sequence,
            role=StopRole.DELIVERY,
            place=place(lines[0]),
            promised=promised(scheduled, zone),
            line_ids=tuple(part.line for part in parts),
        )
        for sequence, ((scheduled, _delivered), parts) in enumerate(pairs(lines), 2)
    )
    return Shipment(
        shipment_id=number,
        load_id=number,
        mode=MODES[lines[0].mode],
        carrier_scac="SCMS",
        service_level="STANDARD",
        stops=(pickup, *deliveries),
        order_ids=(lines[0].order,),
        references=(Reference(type=ReferenceType.DELIVERY, value=number, issuer="scms"),),
    )


def promised(text: str, zone: str) -> Moment | None:
    """Read a promise: a date without a time, at the client's place."""
    known = day(text)
    return None if known is None else local_day(known, zone, ZoneSource.PLACE, text=text)


def deliveries(raw: bytes, _settings: object) -> Reading:
    """Tell what was delivered, stop by stop."""
    told: list[Reported] = []
    for number, mine in grouped(rows(raw), "shipment").items():
        for sequence, ((_scheduled, delivered), parts) in enumerate(pairs(mine), 2):
            event = delivery(number, sequence, delivered, parts[0])
            told.append(
                Reported(identity=event.source_event_id, report=MilestoneReported(evidence=event))
            )
    return Reading(reports=tuple(told))


def delivery(number: str, stop: int, text: str, row: Row) -> TrackingEvent:
    """Write one delivery as evidence."""
    _country, zone = COUNTRIES[row.country]
    known = day(text)
    assert known is not None, text
    return TrackingEvent(
        source="scms",
        source_event_id=f"{number}/{stop}/delivered",
        kind=EvidenceKind.ORIGINAL,
        milestone=Milestone.DELIVERED,
        classifier=Classifier.ACTUAL,
        occurred=local_day(known, zone, ZoneSource.PLACE, text=text),
        raw_code="Delivered to Client Date",
        reference=Reference(type=ReferenceType.DELIVERY, value=number, issuer="scms"),
        place=place(row),
        stop=stop,
    )


def charges(raw: bytes, _settings: object) -> Reading:
    """Tell what each row was charged for freight; one that refers to another row charges nothing.

    Such rows say `See ASN-93 (ID#:1281)`, `Freight Included in Commodity Cost` or
    `Invoiced Separately` where an amount should be.
    """
    told = tuple(
        Reported(
            identity=f"charge/{row.ID}",
            report=FreightChargesReported(notice=notice(row, amount)),
        )
        for row in rows(raw)
        if (amount := charged(row)) is not None
    )
    return Reading(reports=told)


def charged(row: Row) -> Money | None:
    """Read what a row was charged; words are None."""
    try:
        return money(row.freight, "USD")
    except Unreadable:
        return None


def notice(row: Row, amount: Money) -> ChargeNotice:
    """Write a row's charge as word of its shipment."""
    recorded = day(row.recorded)
    assert recorded is not None, row.ID
    charge = FreightCharge(
        charge_id=row.ID,
        load_id=row.shipment,
        code="Freight Cost (USD)",
        amount=amount,
        basis=ChargeBasis.NOTICE,
        shipment_id=row.shipment,
        kind=ChargeKind.LINEHAUL,
    )
    return ChargeNotice(
        notice_id=row.ID,
        carrier_scac="SCMS",
        reference=Reference(type=ReferenceType.DELIVERY, value=row.shipment, issuer="scms"),
        charges=(charge,),
        issued=local_day(recorded, "UTC", ZoneSource.ASSUMED),
    )
