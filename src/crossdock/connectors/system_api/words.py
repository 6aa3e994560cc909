"""The shapes of the published system API in its own words: places, orders, shipments, tracking.

Reading is tolerant of words we do not know and of `null`, which means left out. Amounts are decimal
texts, times texts; both are kept as sent until somebody asks what they mean.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

Id = Annotated[str, Meta(min_length=1, max_length=200)]
Text = Annotated[str, Meta(max_length=1000)]
Number = Annotated[int, Meta(ge=0)]
Amount = Any  # decimal text; a JSON number is understood too


class Words(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The base of every shape; what is left out is not written."""


class Place(Words, frozen=True, kw_only=True):
    """Where something is: as much of it as the sender knows."""

    location_id: Text = ""
    name: Text = ""
    country: Text = ""
    city: Text = ""
    postal_code: Text = ""
    subdivision: Text = ""
    lines: tuple[Text, ...] = ()
    unlocode: Text = ""
    gln: Text = ""
    time_zone: Text = ""


class Ref(Words, frozen=True, kw_only=True):
    """Another number something is known by."""

    type: Id
    value: Id
    issuer: Text = ""


class Value(Words, frozen=True, kw_only=True):
    """An amount of money."""

    amount: Amount
    currency: Id


class Line(Words, frozen=True, kw_only=True):
    """One line of an order; `unit` is of UN/ECE Recommendation 20, EA where it is left out."""

    line_id: Id
    item_id: Text = ""
    quantity: Amount = None
    unit: Text = ""
    description: Text = ""
    weight_kg: Amount = None
    value: Value | None = None


class Order(Words, frozen=True, kw_only=True):
    """An order as its ERP knows it."""

    order_id: Id
    version: Number
    company_code: Text = ""
    customer_id: Text = ""
    customer_reference: Text = ""
    ship_from: Place | None = None
    ship_to: Place | None = None
    requested_delivery: Text = ""
    lines: tuple[Line, ...] = ()
    references: tuple[Ref, ...] = ()


class Charge(Words, frozen=True, kw_only=True):
    """One charge for freight; `code` is of the published list of charges."""

    charge_id: Id
    code: Id
    amount: Value
    description: Text = ""
    shipment_id: Text = ""
    rate: Amount = None
    rate_basis: Text = ""
    weight_kg: Amount = None
    freight_class: Text = ""
    pieces: Number | None = None


class Stop(Words, frozen=True, kw_only=True):
    """A place on a shipment's way; times are RFC 3339 or a date."""

    sequence: Number
    role: Id
    place: Place = Place()
    planned_at: Text = ""
    promised_at: Text = ""
    line_ids: tuple[Id, ...] = ()


class Leg(Words, frozen=True, kw_only=True):
    """One carrier's part of the way."""

    sequence: Number
    mode: Id
    carrier_scac: Id
    from_stop: Number
    to_stop: Number


class Portion(Words, frozen=True, kw_only=True):
    """How much of an order's line a shipment carries, where the line is split by quantity."""

    line_id: Id
    quantity: Amount
    unit: Text = ""


class Shipment(Words, frozen=True, kw_only=True):
    """A planned shipment."""

    shipment_id: Id
    load_id: Text = ""
    mode: Text = ""
    carrier_scac: Text = ""
    service_level: Text = ""
    stops: tuple[Stop, ...]
    legs: tuple[Leg, ...] = ()
    order_ids: tuple[Id, ...] = ()
    references: tuple[Ref, ...] = ()
    portions: tuple[Portion, ...] = ()
    charges: tuple[Charge, ...] = ()


class Invoice(Words, frozen=True, kw_only=True):
    """What a carrier bills for a load, corrects, or takes back."""

    event_id: Id
    occurred_at: Id
    invoice_id: Id
    carrier_scac: Id
    reference: Ref
    total: Value
    charges: tuple[Charge, ...] = ()
    references: tuple[Ref, ...] = ()
    time_zone: Text = ""
    weight_kg: Amount = None
    pieces: Number | None = None
    stops: Number | None = None
    due_at: Text = ""
    shipped_at: Text = ""
    delivered_at: Text = ""


class ChargesTold(Words, frozen=True, kw_only=True):
    """What a load costs, told without an invoice; no charges take back what was told."""

    event_id: Id
    occurred_at: Id
    notice_id: Id
    carrier_scac: Id
    reference: Ref
    revision: Number = 1
    charges: tuple[Charge, ...] = ()
    references: tuple[Ref, ...] = ()
    time_zone: Text = ""


class Proof(Words, frozen=True, kw_only=True):
    """Who took the goods, and the paper that shows it."""

    received_by: Text = ""
    document_number: Text = ""
    url: Text = ""
    sha256: Text = ""


class Tracking(Words, frozen=True, kw_only=True):
    """One thing a carrier says of a shipment, or takes back."""

    event_id: Id
    occurred_at: Id
    status_code: Id
    classifier: Id
    reference: Ref
    kind: Id = "original"
    revision: Number = 0
    time_zone: Text = ""
    carrier_scac: Text = ""
    place: Place = Place()
    stop_sequence: Number = 0
    partial: bool = False
    reason_code: Text = ""
    note: Text = ""
    estimated_at: Text = ""
    proof: Proof | None = None


class Done(Words, frozen=True, kw_only=True):
    """What a partner answers to a request and to a look-up."""

    document_id: str = ""
    status: str = ""
    error: str = ""
    detail: str = ""
