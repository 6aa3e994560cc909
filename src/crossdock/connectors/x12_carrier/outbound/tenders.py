"""204 written: a load offered to the carrier, changed, or taken back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from decimal import Decimal

from crossdock.canonical.moments import Moment, Precision
from crossdock.canonical.money import Money, decimal_text
from crossdock.canonical.party import Location
from crossdock.canonical.references import Reference
from crossdock.canonical.shipment import Shipment, Stop, StopRole
from crossdock.connectors.x12_carrier.codes.tenders import (
    DELIVERY_PLANNED,
    DELIVERY_PROMISED,
    ORDER_NUMBER,
    PICKUP_PLANNED,
    PURPOSE_CODES,
    REFERENCE_CODES,
    RESPOND_BY,
    STOP_REASONS,
    TIME_QUALIFIERS,
)
from crossdock.connectors.x12_carrier.outbound.times import moment_told, state_of, told_at, zone_at
from crossdock.connectors.x12_carrier.settings import Settings
from crossdock.faults import Refused
from crossdock.formats.x12.delimiters import Delimiters
from crossdock.formats.x12.writer import fitting
from crossdock.messages.order_release import CancelTender, TenderLoad, TenderPurpose

Line = list[str]
NAME_MAX, LINE_MAX, CITY_MAX, REFERENCE_MAX = 60, 55, 30, 30
IMPLIED_DECIMALS = 2
LINES_MAX = 4  # two N3 of two elements


def offer(command: TenderLoad, settings: Settings, marks: Delimiters) -> list[Line]:
    """Write an offer: the first one, or a change of the one that the same carrier has."""
    purpose = TenderPurpose.CHANGE if command.replaces else TenderPurpose.ORIGINAL
    shipment = command.shipment
    lines = _head(shipment.shipment_id, command.carrier_scac, purpose, settings)
    lines += _numbers(shipment, command.order_id, settings)
    if command.respond_by is not None:
        lines.append(_date(RESPOND_BY, command.respond_by, UTC))
    lines.append(["MS3", command.carrier_scac, "B", "", "M"])
    for stop in shipment.stops:
        lines += _stop(stop, marks)
    return [*lines, *_price(shipment, settings)]


def withdrawal(command: CancelTender, settings: Settings, marks: Delimiters) -> list[Line]:
    """Write that an offer is taken back; the stops are told where they are known."""
    lines = _head(command.shipment_id, command.carrier_scac, TenderPurpose.CANCEL, settings)
    shipment = command.shipment
    if shipment is None:
        lines.append(["L11", command.order_id, settings.order_qualifier or ORDER_NUMBER])
        return [*lines, ["S5", "1", STOP_REASONS[StopRole.PICKUP]]]
    lines += _numbers(shipment, command.order_id, settings)
    for stop in shipment.stops:
        lines += _stop(stop, marks)
    return lines


def _head(shipment_id: str, scac: str, purpose: TenderPurpose, settings: Settings) -> list[Line]:
    if len(shipment_id) > REFERENCE_MAX:
        raise Refused("A number is too long for B2-04, and must come back whole", text=shipment_id)
    return [
        ["ST", "204", ""],
        ["B2", "", scac, "", shipment_id, "", settings.payment],
        ["B2A", PURPOSE_CODES[purpose], "LT"],
    ]


def _numbers(shipment: Shipment, order_id: str, settings: Settings) -> Iterator[Line]:
    orders = dict.fromkeys((order_id, *shipment.order_ids))
    for each in filter(None, orders):
        yield ["L11", each[:REFERENCE_MAX], settings.order_qualifier]
    if shipment.load_id:
        yield ["L11", shipment.load_id[:REFERENCE_MAX], "LO"]
    for reference in dict.fromkeys(shipment.references):
        if code := _code(reference):
            yield ["L11", reference.value[:REFERENCE_MAX], code]


def _price(shipment: Shipment, settings: Settings) -> Iterator[Line]:
    """Write what is offered for the whole load (L3-05), where the carrier's currency can say it.

    A 204 names no currency: charges in another one than the profile's are agreed elsewhere.
    """
    offered = [each.amount for each in shipment.charges]
    if offered and {each.currency for each in offered} == {settings.currency}:
        whole = Money(minor=sum(each.minor for each in offered), currency=settings.currency)
        yield ["L3", "", "", "", "", implied(whole)]


def implied(amount: Money) -> str:
    """Write an amount with two implied decimals. Raises Refused for one that has more."""
    written = Decimal(decimal_text(amount)).scaleb(IMPLIED_DECIMALS)
    if written != int(written):
        raise Refused("X12 writes amounts with two decimals", amount=decimal_text(amount))
    return str(int(written))


def _code(reference: Reference) -> str:
    return REFERENCE_CODES.get(reference.type, "")


def _stop(stop: Stop, marks: Delimiters) -> Iterator[Line]:
    yield ["S5", str(stop.sequence), STOP_REASONS[stop.role]]
    planned = PICKUP_PLANNED if stop.role is StopRole.PICKUP else DELIVERY_PLANNED
    if stop.planned is not None:
        yield date_line(planned, stop.planned, stop.place)
    if stop.promised is not None:
        yield date_line(DELIVERY_PROMISED, stop.promised, stop.place)
    yield from _place(stop, marks)


def date_line(qualifier: str, moment: Moment, place: Location | None) -> Line:
    """Write a date of a load (G62): local at its place where the zone can be found, else UTC."""
    if moment.precision is Precision.DATE:
        return ["G62", qualifier, moment_told(moment, place)[0]]
    return _date(qualifier, moment.at, zone_at(place))


def _date(qualifier: str, at: datetime, zone: tzinfo) -> Line:
    day, time, code = told_at(at, zone)
    return ["G62", qualifier, day, TIME_QUALIFIERS[qualifier], time, code]


def _place(stop: Stop, marks: Delimiters) -> Iterator[Line]:
    place = stop.place
    role = {StopRole.PICKUP: "SF", StopRole.DELIVERY: "ST"}.get(stop.role, "SN")
    name = fitting(place.name, marks)[:NAME_MAX]
    code = ["93", place.location_id] if place.location_id else []
    if name or code:
        yield ["N1", role, name, *code]
    address = place.address
    if address is None:
        return
    if not (name or code):
        yield ["N1", role, fitting(address.city, marks) or "UNKNOWN"]
    lines = [fitting(each, marks)[:LINE_MAX] for each in address.lines if each][:LINES_MAX]
    for first in range(0, len(lines), 2):
        yield ["N3", *lines[first : first + 2]]
    city = fitting(address.city, marks)[:CITY_MAX]
    yield ["N4", city, state_of(address), fitting(address.postal_code, marks), address.country]
