"""Freight settlement: what is charged, decided about it, posted to the ERP and told to the TMS."""

from __future__ import annotations

from crossdock.canonical.freight import FreightInvoice
from crossdock.messages.envelope import Report


class FreightInvoiceReceived(Report, frozen=True, kw_only=True):
    """A carrier bills a load, corrects its bill, or takes it back."""

    invoice: FreightInvoice
