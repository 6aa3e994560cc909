"""The carrier's documents, read: the way, what it says to loads offered, and what it charges."""

from __future__ import annotations

from crossdock.connectors.reference_carrier import wire
from crossdock.connectors.reference_carrier.codes import MILESTONES, TENDER_ANSWERS
from crossdock.connectors.reference_carrier.settings import Settings
from crossdock.connectors.system_api import freight, words
from crossdock.connectors.system_api.codes import INVOICE_EVENTS
from crossdock.connectors.system_api.parts import scac
from crossdock.connectors.system_api.reading import Element, choose, read_each, shaped
from crossdock.connectors.system_api.tracking import evidence, identity
from crossdock.messages.freight_settlement import FreightChargesReported, FreightInvoiceReceived
from crossdock.messages.order_release import TenderAnswered
from crossdock.messages.shipment_visibility import MilestoneReported
from crossdock.ports import Reading, Reported

NAME = "reference_carrier"


def tracking(raw: bytes, settings: Settings) -> Reading:
    """Read what happened, was corrected or was taken back."""

    def read_one(element: Element) -> Reported:
        choose(element, {"tracking": True})
        event = shaped(element, words.Tracking)
        source = settings.partner or NAME
        report = MilestoneReported(evidence=evidence(element, event, source, MILESTONES))
        return Reported(identity=identity(event), report=report, where=element.where)

    return read_each(raw, settings.time_zone, read_one)


def tenders(raw: bytes, settings: Settings) -> Reading:
    """Read the carrier's answers to loads it was offered."""

    def read_one(element: Element) -> Reported:
        accepted = choose(element, TENDER_ANSWERS)
        event = shaped(element, wire.TenderAnswer)
        report = TenderAnswered(
            load_id=event.load_id,
            shipment_id=event.shipment_id,
            order_id=event.order_id,
            carrier_scac=scac(element, event.carrier_scac, "/carrier_scac"),
            accepted=accepted,
            tender_version=event.tender_version,
            reason=event.reason,
        )
        return Reported(identity=event.event_id, report=report, where=element.where)

    return read_each(raw, settings.time_zone, read_one)


def invoices(raw: bytes, settings: Settings) -> Reading:
    """Read what the carrier bills, corrects or takes back."""

    def read_one(element: Element) -> Reported:
        purpose = choose(element, INVOICE_EVENTS)
        event = shaped(element, words.Invoice)
        report = FreightInvoiceReceived(invoice=freight.invoice(element, event, purpose))
        return Reported(identity=event.event_id, report=report, where=element.where)

    return read_each(raw, settings.time_zone, read_one)


def charges(raw: bytes, settings: Settings) -> Reading:
    """Read what loads cost, told before or without an invoice."""

    def read_one(element: Element) -> Reported:
        choose(element, {"charges.reported": True})
        event = shaped(element, words.ChargesTold)
        report = FreightChargesReported(notice=freight.notice(element, event))
        return Reported(identity=event.event_id, report=report, where=element.where)

    return read_each(raw, settings.time_zone, read_one)
