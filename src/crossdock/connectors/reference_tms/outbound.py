"""What crossdock asks of the TMS, written; what it answers, read."""

from __future__ import annotations

from crossdock.connectors.reference_tms import wire
from crossdock.connectors.reference_tms.settings import Settings
from crossdock.connectors.system_api.answers import read_answer
from crossdock.connectors.system_api.calls import address
from crossdock.connectors.system_api.writing import order, post, value
from crossdock.faults import Misconfigured
from crossdock.messages.envelope import Command
from crossdock.messages.freight_settlement import ShareFreightInvoice
from crossdock.messages.order_release import CancelPlan, PlanShipment
from crossdock.ports import Answer, Exchange, Request


def write(command: Command, _settings: Settings) -> Request:
    """Write a command as a request. Raises Refused for a number that fits into no address."""
    match command:
        case PlanShipment():
            attributes = command.attributes
            plan = wire.PlanRequest(
                order=order(command.order),
                order_version=command.order.version,
                mode=attributes.mode,
                service_level=attributes.service_level,
                carriers=attributes.carriers,
                rule_id=attributes.rule_id,
            )
            return post(command.verb, "/shipment-requests", plan)
        case CancelPlan():
            path = address("shipment-requests", command.order_id, "cancellations")
            cancellation = wire.PlanCancellation(
                order_version=command.order_version, reason=command.reason
            )
            return post(command.verb, path, cancellation)
        case ShareFreightInvoice():
            path = address("loads", command.load_id, "freight-invoices")
            shared = wire.SharedInvoice(
                invoice_id=command.invoice_id,
                carrier_scac=command.carrier_scac,
                billed=value(command.billed),
                payable=value(command.payable),
                revision=command.revision,
                document=command.document,
                business_date=command.business_date.isoformat() if command.business_date else "",
            )
            return post(command.verb, path, shared)
        case _:
            raise Misconfigured("A TMS cannot be asked this", verb=command.verb)


def answer(_operation: str, exchange: Exchange) -> Answer:
    """Read an answer or a look-up's."""
    return read_answer(exchange)
