"""The ERP's documents, read: orders as released, changed and cancelled, and master data."""

from __future__ import annotations

from collections.abc import Callable

from crossdock.canonical.item import Item, Quantity
from crossdock.canonical.moments import Moment
from crossdock.canonical.order import OrderDraft, OrderLineDraft
from crossdock.canonical.party import Location
from crossdock.canonical.references import Reference
from crossdock.connectors.reference_erp import wire
from crossdock.connectors.reference_erp.codes import ORDER_EVENTS, RECORD_EVENTS
from crossdock.connectors.reference_erp.settings import Settings
from crossdock.connectors.system_api import ledger, words
from crossdock.connectors.system_api.parts import amount, amount_of_money, location, reference, scac
from crossdock.connectors.system_api.reading import (
    Element,
    choose,
    if_readable,
    read_each,
    shaped,
)
from crossdock.connectors.system_api.times import moment, moment_or_day
from crossdock.messages.envelope import Report
from crossdock.messages.freight_reconciliation import LedgerStatementReceived
from crossdock.messages.master_data import (
    Carrier,
    CarrierReported,
    Customer,
    CustomerReported,
    ItemReported,
    ShipTo,
    ShipToReported,
)
from crossdock.messages.order_release import OrderCancelled, OrderReleased
from crossdock.ports import Reading, Reported

NAME = "reference_erp"


def orders(raw: bytes, settings: Settings) -> Reading:
    """Read orders as the ERP released, changed and cancelled them."""
    return read_each(raw, settings.time_zone, _order_event)


def _order_event(element: Element) -> Reported:
    if choose(element, ORDER_EVENTS):
        told = shaped(element, wire.OrderTold)
        report: Report = OrderReleased(draft=_draft(element, told.order))
        return Reported(identity=told.event_id, report=report, where=element.where)
    gone = shaped(element, wire.OrderCancelledTold)
    report = OrderCancelled(
        order_id=gone.order.order_id, version=gone.order.version, reason=gone.order.reason
    )
    return Reported(identity=gone.event_id, report=report, where=element.where)


def _draft(element: Element, order: words.Order) -> OrderDraft:
    """Read an order as it came: what is left out is None, what cannot be read a finding too."""
    return OrderDraft(
        order_id=order.order_id,
        version=order.version,
        customer_id=order.customer_id or None,
        ship_from=location(element, order.ship_from or words.Place(), "/order/ship_from"),
        ship_to=location(element, order.ship_to or words.Place(), "/order/ship_to"),
        lines=tuple(
            _line(element, line, f"/order/lines/{number}")
            for number, line in enumerate(order.lines)
        ),
        requested_delivery=_requested(element, order),
        customer_reference=order.customer_reference,
        company_code=order.company_code,
        references=_references(element, order.references),
    )


def _line(element: Element, line: words.Line, where: str) -> OrderLineDraft:
    quantity = weight = value = None
    if line.quantity is not None:
        quantity = if_readable(element, lambda: amount(element, line.quantity, f"{where}/quantity"))
    if line.weight_kg is not None:
        weight = if_readable(element, lambda: amount(element, line.weight_kg, f"{where}/weight_kg"))
    if (worth := line.value) is not None:
        value = if_readable(element, lambda: amount_of_money(element, worth, f"{where}/value"))
    return OrderLineDraft(
        line_id=line.line_id,
        item_id=line.item_id or None,
        quantity=None if quantity is None else Quantity(value=quantity, unit=line.unit or "EA"),
        description=line.description,
        weight_kg=weight,
        value=value,
    )


def _requested(element: Element, order: words.Order) -> Moment | None:
    if not order.requested_delivery:
        return None
    zone = order.ship_to.time_zone if order.ship_to else ""
    return if_readable(
        element,
        lambda: moment_or_day(
            element, order.requested_delivery, "/order/requested_delivery", place=zone
        ),
    )


def _references(element: Element, refs: tuple[words.Ref, ...]) -> tuple[Reference, ...]:
    """Read the order's other numbers; one of an unknown type is left out, with a finding."""

    def read(number: int, ref: words.Ref) -> Reference | None:
        return if_readable(element, lambda: reference(element, ref, f"/order/references/{number}"))

    found = (read(number, ref) for number, ref in enumerate(refs))
    return tuple(each for each in found if each is not None)


def master_data(raw: bytes, settings: Settings) -> Reading:
    """Read customers, items, places and carriers as the ERP knows them now."""

    def read_one(element: Element) -> Reported:
        kind = choose(element, RECORD_EVENTS)
        event_id, report = RECORDS[kind](element)
        return Reported(identity=event_id, report=report, where=element.where)

    return read_each(raw, settings.time_zone, read_one)


def _customer(element: Element) -> tuple[str, Report]:
    told = shaped(element, wire.CustomerTold)
    record = Customer(
        customer_id=told.record.customer_id,
        name=told.record.name,
        customer_class=told.record.customer_class,
        blocked=told.record.blocked,
    )
    as_of = moment(element, told.occurred_at, "/occurred_at").at
    return told.event_id, CustomerReported(record=record, version=told.version, as_of=as_of)


def _item(element: Element) -> tuple[str, Report]:
    told = shaped(element, wire.ItemTold)
    sent = told.record.weight_kg
    weight = None
    if sent is not None:
        weight = if_readable(element, lambda: amount(element, sent, "/record/weight_kg"))
    record = Item(
        item_id=told.record.item_id,
        description=told.record.description,
        item_class=told.record.item_class,
        gtin=told.record.gtin,
        weight_kg=weight,
    )
    as_of = moment(element, told.occurred_at, "/occurred_at").at
    return told.event_id, ItemReported(
        record=record, version=told.version, as_of=as_of, blocked=told.record.blocked
    )


def _ship_to(element: Element) -> tuple[str, Report]:
    told = shaped(element, wire.ShipToTold)
    place = told.record
    record = ShipTo(
        location=location(element, place, "/record") or Location(location_id=place.location_id),
        customer_id=place.customer_id,
        blocked=place.blocked,
    )
    as_of = moment(element, told.occurred_at, "/occurred_at").at
    return told.event_id, ShipToReported(record=record, version=told.version, as_of=as_of)


def _carrier(element: Element) -> tuple[str, Report]:
    told = shaped(element, wire.CarrierTold)
    record = Carrier(
        scac=scac(element, told.record.scac, "/record/scac"),
        name=told.record.name,
        modes=told.record.modes,
        blocked=told.record.blocked,
    )
    as_of = moment(element, told.occurred_at, "/occurred_at").at
    return told.event_id, CarrierReported(record=record, version=told.version, as_of=as_of)


RECORDS: dict[str, Callable[[Element], tuple[str, Report]]] = {
    "customer": _customer,
    "item": _item,
    "ship_to": _ship_to,
    "carrier": _carrier,
}


def statement(raw: bytes, settings: Settings) -> Reading:
    """Read all that the ledger holds of freight under one business date."""

    def report(stated: ledger.Stated) -> LedgerStatementReceived:
        return LedgerStatementReceived(
            ledger=settings.partner or NAME,
            role="erp",
            business_date=stated.business_date,
            as_of=stated.as_of,
            lines=stated.lines,
        )

    return ledger.statements(raw, settings.time_zone, report)
