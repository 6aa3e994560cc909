"""The carrier's own shapes; `tracking` and shipments are the published API's common words."""

from __future__ import annotations

from crossdock.connectors.system_api.words import Id, Number, Shipment, Text, Words


class Tender(Words, frozen=True, kw_only=True):
    """A load offered: the shipment whole, and which try it is."""

    shipment: Shipment
    order_id: Id
    tender_version: Number


class TenderCancellation(Words, frozen=True, kw_only=True):
    """A load taken back."""

    order_id: Id
    tender_version: Number


class TenderAnswer(Words, frozen=True, kw_only=True):
    """What the carrier says to a load offered."""

    event_id: Id
    event_type: Id
    shipment_id: Id
    order_id: Id
    carrier_scac: Id
    load_id: Text = ""
    tender_version: Number = 1
    reason: Text = ""
