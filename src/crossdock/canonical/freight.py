"""Freight charges, and how a carrier bills them."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from crossdock.canonical import Canonical
from crossdock.canonical.moments import Moment
from crossdock.canonical.money import Money
from crossdock.canonical.references import Reference


class ChargeBasis(StrEnum):
    """Where a charge comes from."""

    TENDER = "TENDER"
    CONTRACT = "CONTRACT"
    INVOICE = "INVOICE"
    NOTICE = "NOTICE"  # told by API or file, without an invoice


class ChargeKind(StrEnum):
    """What is charged for, in crossdock's own words."""

    ALL_IN = "ALL_IN"  # one price for everything, whatever it is made of
    LINEHAUL = "LINEHAUL"
    FUEL = "FUEL"
    DISCOUNT = "DISCOUNT"
    MINIMUM = "MINIMUM"
    STOP_OFF = "STOP_OFF"
    DETENTION = "DETENTION"
    DEMURRAGE = "DEMURRAGE"
    STORAGE = "STORAGE"
    LAYOVER = "LAYOVER"
    LOADING = "LOADING"
    LIFTGATE = "LIFTGATE"
    INSIDE = "INSIDE"
    RESIDENTIAL = "RESIDENTIAL"
    LIMITED_ACCESS = "LIMITED_ACCESS"
    APPOINTMENT = "APPOINTMENT"
    REDELIVERY = "REDELIVERY"
    RECONSIGNMENT = "RECONSIGNMENT"
    REWEIGH = "REWEIGH"
    HAZARDOUS = "HAZARDOUS"
    TEMPERATURE = "TEMPERATURE"
    OVERSIZE = "OVERSIZE"
    INSURANCE = "INSURANCE"
    CUSTOMS = "CUSTOMS"
    TOLL = "TOLL"
    TAX = "TAX"
    COLLECT_ON_DELIVERY = "COLLECT_ON_DELIVERY"
    EMPTY_MILES = "EMPTY_MILES"
    CANCELLED = "CANCELLED"
    ADMINISTRATION = "ADMINISTRATION"
    OTHER = "OTHER"  # the sender says that it is none of these
    UNCLASSIFIED = "UNCLASSIFIED"  # the sender's code is not known; a work item asks


class FreightCharge(Canonical, frozen=True, kw_only=True):
    """One charge for one load; `code` is the sender's own (`400` freight, `FUE` fuel surcharge).

    `charge_id` names the line within its tender, contract or invoice. `load_id` is empty where the
    sender knows none. `rate` is as written, and `rate_basis` what it is for (X12 element 122: `PH`
    each hundredweight, `FR` flat). `evidence` names the pieces of the document it was read from.
    """

    charge_id: str
    load_id: str
    code: str
    amount: Money
    basis: ChargeBasis
    shipment_id: str = ""
    description: str = ""
    kind: ChargeKind = ChargeKind.UNCLASSIFIED
    rate: Decimal | None = None
    rate_basis: str = ""
    weight_kg: Decimal | None = None
    freight_class: str = ""
    pieces: int | None = None
    evidence: tuple[str, ...] = ()


class InvoicePurpose(StrEnum):
    """What an invoice says of the one of the same number before it."""

    ORIGINAL = "ORIGINAL"
    CORRECTION = "CORRECTION"  # replaces it whole
    CANCELLATION = "CANCELLATION"  # takes it back


class FreightInvoice(Canonical, frozen=True, kw_only=True):
    """What the carrier bills; `total` is what it says itself, its charges may sum to otherwise.

    One invoice bills one load, named by `reference`; `references` are the other numbers it gives.
    `disagreements` tell in words where the document does not agree with itself.
    """

    invoice_id: str
    carrier_scac: str
    issued: Moment
    charges: tuple[FreightCharge, ...]
    total: Money
    purpose: InvoicePurpose = InvoicePurpose.ORIGINAL
    reference: Reference | None = None
    references: tuple[Reference, ...] = ()
    weight_kg: Decimal | None = None
    pieces: int | None = None
    stops: int | None = None
    due: Moment | None = None
    shipped: Moment | None = None
    delivered: Moment | None = None
    disagreements: tuple[str, ...] = ()


class ChargeNotice(Canonical, frozen=True, kw_only=True):
    """What a carrier or the TMS says a load costs, without an invoice.

    `revision` rises with every word under the same `notice_id`; the highest replaces the others
    whole, and no charges at all take it back.
    """

    notice_id: str
    carrier_scac: str
    reference: Reference
    charges: tuple[FreightCharge, ...]
    issued: Moment
    revision: int = 1
    references: tuple[Reference, ...] = ()
