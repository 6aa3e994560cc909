"""The ERP's own shapes; orders and places are the published API's common words."""

from __future__ import annotations

from crossdock.connectors.system_api.words import (
    Amount,
    Id,
    Number,
    Order,
    Place,
    Proof,
    Text,
    Value,
    Words,
)


class OrderTold(Words, frozen=True, kw_only=True):
    """An order was released or changed."""

    event_id: Id
    order: Order


class CancelledOrder(Words, frozen=True, kw_only=True):
    """What is left to say of an order that is cancelled."""

    order_id: Id
    version: Number
    reason: Text = ""


class OrderCancelledTold(Words, frozen=True, kw_only=True):
    """An order was cancelled."""

    event_id: Id
    order: CancelledOrder


class Customer(Words, frozen=True, kw_only=True):
    """A customer."""

    customer_id: Id
    name: Text = ""
    customer_class: Text = ""
    blocked: bool = False


class Item(Words, frozen=True, kw_only=True):
    """An article."""

    item_id: Id
    description: Text = ""
    item_class: Text = ""
    gtin: Text = ""
    weight_kg: Amount = None
    blocked: bool = False


class ShipTo(Place, frozen=True, kw_only=True):
    """A place that goods are sent to: a place with its number and whose it is."""

    location_id: Id
    customer_id: Text = ""
    blocked: bool = False


class Carrier(Words, frozen=True, kw_only=True):
    """A carrier."""

    scac: Id
    name: Text = ""
    modes: tuple[Text, ...] = ()
    blocked: bool = False


class CustomerTold(Words, frozen=True, kw_only=True):
    """A customer's record is now this."""

    event_id: Id
    occurred_at: Id
    version: Number
    record: Customer


class ItemTold(Words, frozen=True, kw_only=True):
    """An item's record is now this."""

    event_id: Id
    occurred_at: Id
    version: Number
    record: Item


class ShipToTold(Words, frozen=True, kw_only=True):
    """A place's record is now this."""

    event_id: Id
    occurred_at: Id
    version: Number
    record: ShipTo


class CarrierTold(Words, frozen=True, kw_only=True):
    """A carrier's record is now this."""

    event_id: Id
    occurred_at: Id
    version: Number
    record: Carrier


class TransportReference(Words, frozen=True, kw_only=True):
    """The shipment that carries an order."""

    order_id: Id
    order_version: Number
    shipment_id: Id
    load_id: Text
    carrier_scac: Text
    revision: Number


class ReferenceWithdrawal(Words, frozen=True, kw_only=True):
    """The order does not travel on that shipment any more; both numbers as they were written."""

    order_version: Number
    revision: Number
    because: Text


class StockLine(Words, frozen=True, kw_only=True):
    """So much of an item for one line of an order, out of one place."""

    line_id: Id
    item_id: Id
    quantity: Id
    unit: Text
    location_id: Text = ""


class Commitment(Words, frozen=True, kw_only=True):
    """What shall be set aside for an order from now on; a line that is left out: nothing."""

    order_version: Number
    revision: Number
    lines: tuple[StockLine, ...]


class CommitmentReversal(Words, frozen=True, kw_only=True):
    """The stock is not wanted any more, but for the lines that have left."""

    order_version: Number
    revision: Number
    because: Text
    lines: tuple[StockLine, ...]


class CommitmentConfirmation(Words, frozen=True, kw_only=True):
    """What of the stock has left with a shipment; no lines: nothing has, after all."""

    shipment_id: Id
    revision: Number
    lines: tuple[StockLine, ...]
    occurred_at: Text = ""


class Posting(Words, frozen=True, kw_only=True):
    """A confirmed milestone, under the ERP's business verb."""

    posting: Id
    order_id: Id
    milestone: Id
    stop: Number
    occurred_at: Id
    occurred_local: Text
    revision: Number
    reversed: bool
    proof: Proof | None = None


class OrderShare(Words, frozen=True, kw_only=True):
    """One order's part of an amount."""

    order_id: Id
    amount: Value


class Proven(Words, frozen=True, kw_only=True):
    """One thing a posting rests on: which condition, since when, and by what."""

    condition: Id
    at: Id
    said: Text


class Accrual(Words, frozen=True, kw_only=True):
    """What shall stand accrued of a charge from now on, and what stood before."""

    charge: Id
    kind: Id
    carrier_scac: Id
    amount: Value
    before: Value
    revision: Number
    business_date: Id
    shares: tuple[OrderShare, ...]
    rule: Text
    proofs: tuple[Proven, ...]
    invoice_id: Text = ""
    ledger_amount: Value | None = None
    rate: Text = ""
    rate_date: Text = ""


class InvoicePosting(Words, frozen=True, kw_only=True):
    """A carrier's invoice as agreed; it clears what was accrued for its charges.

    `part` is the company code whose part of the invoice it is, where several share it.
    """

    invoice_id: Id
    load_id: Id
    carrier_scac: Id
    billed: Value
    payable: Value
    revision: Number
    business_date: Id
    charges: tuple[Id, ...]
    shares: tuple[OrderShare, ...]
    rule: Text
    part: Text = ""


class BillingRelease(Words, frozen=True, kw_only=True):
    """An order that may be billed to its customer, with its part of the freight, or no more.

    `accrued` is what stands accrued for it, where the ERP refused the rest and it was waived.
    """

    load_id: Id
    freight: Value
    revision: Number
    flagged: Text
    reversed: bool
    accrued: Value | None = None
