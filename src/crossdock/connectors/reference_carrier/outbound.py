"""What crossdock asks of the carrier, written; what it answers, read."""

from __future__ import annotations

from crossdock.connectors.reference_carrier import wire
from crossdock.connectors.reference_carrier.settings import Settings
from crossdock.connectors.system_api.answers import read_answer
from crossdock.connectors.system_api.calls import address
from crossdock.connectors.system_api.writing import post, shipment
from crossdock.faults import Misconfigured
from crossdock.messages.envelope import Command
from crossdock.messages.order_release import CancelTender, TenderLoad
from crossdock.ports import Answer, Exchange, Request


def write(command: Command, _settings: Settings) -> Request:
    """Write a command as a request. Raises Refused for a number that fits into no address."""
    match command:
        case TenderLoad():
            tender = wire.Tender(
                shipment=shipment(command.shipment),
                order_id=command.order_id,
                tender_version=command.tender_version,
            )
            return post(command.verb, "/tenders", tender)
        case CancelTender():
            path = address("tenders", command.shipment_id, "cancellations")
            cancellation = wire.TenderCancellation(
                order_id=command.order_id, tender_version=command.tender_version
            )
            return post(command.verb, path, cancellation)
        case _:
            raise Misconfigured("A carrier cannot be asked this", verb=command.verb)


def answer(_operation: str, exchange: Exchange) -> Answer:
    """Read an answer or a look-up's."""
    return read_answer(exchange)
