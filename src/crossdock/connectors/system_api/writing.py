"""The way back: canonical objects in published words, and requests made of them."""

from __future__ import annotations

import msgspec

from crossdock.canonical.documents import ProofOfDelivery
from crossdock.canonical.freight import FreightCharge
from crossdock.canonical.money import Money, decimal_text
from crossdock.canonical.order import Order, OrderLine
from crossdock.canonical.party import Address, Location
from crossdock.canonical.references import Reference
from crossdock.canonical.shipment import Shipment
from crossdock.connectors.system_api import words
from crossdock.connectors.system_api.times import instant_text
from crossdock.formats.numbers import exact_text
from crossdock.ports import Request


def post(verb: str, path: str, body: words.Words) -> Request:
    """Make the request that posts a body; equal bodies are equal bytes."""
    return Request(operation=verb, method="POST", path=path, body=msgspec.json.encode(body))


def place(at: Location) -> words.Place:
    """Write a place."""
    address = at.address or Address(country="", city="")
    return words.Place(
        location_id=at.location_id,
        name=at.name,
        country=address.country,
        city=address.city,
        postal_code=address.postal_code,
        subdivision=address.subdivision,
        lines=address.lines,
        unlocode=at.unlocode,
        gln=at.gln,
        time_zone=at.zone,
    )


def refs(references: tuple[Reference, ...]) -> tuple[words.Ref, ...]:
    """Write numbers."""
    return tuple(
        words.Ref(type=each.type.value, value=each.value, issuer=each.issuer) for each in references
    )


def order(told: Order) -> words.Order:
    """Write a complete order."""
    return words.Order(
        order_id=told.order_id,
        version=told.version,
        company_code=told.company_code,
        customer_id=told.customer_id,
        customer_reference=told.customer_reference,
        ship_from=place(told.ship_from),
        ship_to=place(told.ship_to),
        requested_delivery=instant_text(told.requested_delivery) if told.requested_delivery else "",
        lines=tuple(_line(each) for each in told.lines),
        references=refs(told.references),
    )


def _line(line: OrderLine) -> words.Line:
    return words.Line(
        line_id=line.line_id,
        item_id=line.item_id,
        quantity=exact_text(line.quantity.value),
        unit=line.quantity.unit,
        description=line.description,
        weight_kg=None if line.weight_kg is None else exact_text(line.weight_kg),
        value=None if line.value is None else value(line.value),
    )


def value(amount: Money) -> words.Value:
    """Write an amount of money."""
    return words.Value(amount=decimal_text(amount), currency=amount.currency)


def charge(told: FreightCharge) -> words.Charge:
    """Write a charge, under its sender's code."""
    return words.Charge(
        charge_id=told.charge_id,
        code=told.code,
        amount=value(told.amount),
        description=told.description,
        shipment_id=told.shipment_id,
        rate=None if told.rate is None else exact_text(told.rate),
        rate_basis=told.rate_basis,
        weight_kg=None if told.weight_kg is None else exact_text(told.weight_kg),
        freight_class=told.freight_class,
        pieces=told.pieces,
    )


def shipment(told: Shipment) -> words.Shipment:
    """Write a shipment."""
    return words.Shipment(
        shipment_id=told.shipment_id,
        load_id=told.load_id,
        mode=told.mode.value,
        carrier_scac=told.carrier_scac,
        service_level=told.service_level,
        stops=tuple(
            words.Stop(
                sequence=stop.sequence,
                role=stop.role.value,
                place=place(stop.place),
                planned_at=instant_text(stop.planned) if stop.planned else "",
                promised_at=instant_text(stop.promised) if stop.promised else "",
                line_ids=stop.line_ids,
            )
            for stop in told.stops
        ),
        legs=tuple(
            words.Leg(
                sequence=leg.sequence,
                mode=leg.mode.value,
                carrier_scac=leg.carrier_scac,
                from_stop=leg.from_stop,
                to_stop=leg.to_stop,
            )
            for leg in told.legs
        ),
        order_ids=told.order_ids,
        references=refs(told.references),
        portions=tuple(
            words.Portion(
                line_id=each.line_id,
                quantity=exact_text(each.quantity.value),
                unit=each.quantity.unit,
            )
            for each in told.portions
        ),
        charges=tuple(charge(each) for each in told.charges),
    )


def proof(told: ProofOfDelivery) -> words.Proof:
    """Write who signed, and the paper."""
    paper = told.document
    return words.Proof(
        received_by=told.received_by,
        document_number=paper.number if paper else "",
        url=paper.url if paper else "",
        sha256=paper.sha256 if paper else "",
    )
