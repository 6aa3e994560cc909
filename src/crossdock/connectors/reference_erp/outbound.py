"""What crossdock tells the ERP, written; what it answers, read."""

from __future__ import annotations

from crossdock.connectors.reference_erp import wire
from crossdock.connectors.reference_erp.settings import Settings
from crossdock.connectors.system_api.answers import read_answer
from crossdock.connectors.system_api.calls import address
from crossdock.connectors.system_api.times import instant_text
from crossdock.connectors.system_api.writing import post, proof
from crossdock.faults import Misconfigured
from crossdock.messages.envelope import Command
from crossdock.messages.order_release import WithdrawTransportReference, WriteTransportReference
from crossdock.messages.shipment_visibility import PostMilestone
from crossdock.ports import Answer, Exchange, Request


def write(command: Command, _settings: Settings) -> Request:
    """Write a command as a request. Raises Refused for a number that fits into no address."""
    match command:
        case WriteTransportReference():
            path = address("orders", command.order_id, "transport-references")
            return post(command.verb, path, _reference(command))
        case WithdrawTransportReference():
            path = address(
                "orders",
                command.order_id,
                "transport-references",
                command.shipment_id,
                "withdrawals",
            )
            withdrawal = wire.ReferenceWithdrawal(
                order_version=command.order_version,
                revision=command.revision,
                because=command.because,
            )
            return post(command.verb, path, withdrawal)
        case PostMilestone():
            path = address("shipments", command.shipment_id, "postings")
            return post(command.verb, path, _posting(command))
        case _:
            raise Misconfigured("An ERP cannot be asked this", verb=command.verb)


def _reference(command: WriteTransportReference) -> wire.TransportReference:
    return wire.TransportReference(
        order_id=command.order_id,
        order_version=command.order_version,
        shipment_id=command.shipment_id,
        load_id=command.load_id,
        carrier_scac=command.carrier_scac,
        revision=command.revision,
    )


def _posting(command: PostMilestone) -> wire.Posting:
    return wire.Posting(
        posting=command.posting,
        order_id=command.order_id,
        milestone=command.milestone.value,
        stop=command.stop,
        occurred_at=instant_text(command.occurred),
        occurred_local=command.occurred.text,
        revision=command.revision,
        reversed=command.reversed_,
        proof=proof(command.proof) if command.proof else None,
    )


def answer(_operation: str, exchange: Exchange) -> Answer:
    """Read an answer or a look-up's."""
    return read_answer(exchange)
