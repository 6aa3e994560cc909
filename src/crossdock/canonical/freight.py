"""Freight charges and the carrier's invoice."""

from __future__ import annotations

from enum import StrEnum

from crossdock.canonical import Canonical
from crossdock.canonical.moments import Moment
from crossdock.canonical.money import Money


class ChargeBasis(StrEnum):
    """Where a charge comes from."""

    TENDER = "TENDER"
    CONTRACT = "CONTRACT"
    INVOICE = "INVOICE"


class FreightCharge(Canonical, frozen=True, kw_only=True):
    """One charge for one load; `code` as in the contract (`400` freight, `405` fuel surcharge)."""

    charge_id: str
    load_id: str
    code: str
    amount: Money
    basis: ChargeBasis
    shipment_id: str = ""
    description: str = ""


class FreightInvoice(Canonical, frozen=True, kw_only=True):
    """What the carrier bills; `total` is the sum of the charges, checked and reported apart."""

    invoice_id: str
    carrier_scac: str
    issued: Moment
    charges: tuple[FreightCharge, ...]
    total: Money
