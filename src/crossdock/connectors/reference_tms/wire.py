"""The TMS's own shapes; orders, shipments and `tracking` are the published API's common words."""

from __future__ import annotations

from crossdock.connectors.system_api.words import (
    Id,
    Number,
    Order,
    Shipment,
    Text,
    Value,
    Words,
)


class PlanRequest(Words, frozen=True, kw_only=True):
    """An order to plan; a higher version replaces what was planned."""

    order: Order
    order_version: Number
    mode: Text
    service_level: Text
    carriers: tuple[Text, ...]
    rule_id: Text


class PlanCancellation(Words, frozen=True, kw_only=True):
    """An order that needs no transport any more."""

    order_version: Number
    reason: Text


class SharedInvoice(Words, frozen=True, kw_only=True):
    """What a carrier billed for a load, and what is paid of it."""

    invoice_id: Id
    carrier_scac: Id
    billed: Value
    payable: Value
    revision: Number
    document: Text
    business_date: Text = ""


class PlanConfirmedTold(Words, frozen=True, kw_only=True):
    """The plan: every shipment that carries the order."""

    event_id: Id
    order_id: Id
    order_version: Number
    revision: Number
    shipments: tuple[Shipment, ...]


class PlanAnswerTold(Words, frozen=True, kw_only=True):
    """A plan that cannot be made, or is no more."""

    event_id: Id
    order_id: Id
    order_version: Number
    revision: Number = 0
    reason: Text = ""
