"""What crossdock tells the ERP, written; what it answers, read."""

from __future__ import annotations

from crossdock.canonical.inventory import StockLine
from crossdock.connectors.reference_erp import wire
from crossdock.connectors.reference_erp.settings import Settings
from crossdock.connectors.system_api.answers import read_answer
from crossdock.connectors.system_api.calls import address
from crossdock.connectors.system_api.times import instant_text, utc_text
from crossdock.connectors.system_api.words import Words
from crossdock.connectors.system_api.writing import post, proof, value
from crossdock.faults import Misconfigured
from crossdock.formats.numbers import exact_text
from crossdock.messages.envelope import Command
from crossdock.messages.freight_settlement import (
    AccrueFreight,
    PostFreightInvoice,
    ReleaseBilling,
    Share,
)
from crossdock.messages.inventory_commitment import (
    CommitInventory,
    ConfirmInventory,
    ReverseInventory,
)
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
        case CommitInventory() | ReverseInventory() | ConfirmInventory():
            return _stock(command)
        case AccrueFreight():
            path = address("loads", command.load_id, "accruals")
            return post(command.verb, path, _accrual(command))
        case PostFreightInvoice():
            return post(command.verb, "/freight-invoices", _invoice(command))
        case ReleaseBilling():
            path = address("orders", command.order_id, "billing-releases")
            release = wire.BillingRelease(
                load_id=command.load_id,
                freight=value(command.freight),
                revision=command.revision,
                flagged=command.flagged,
                reversed=command.reversed_,
                accrued=None if command.accrued is None else value(command.accrued),
            )
            return post(command.verb, path, release)
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


# What is said of an order's stock -> the door for it, beside its `inventory-commitments`.
STOCK_DOORS: dict[str, tuple[str, ...]] = {
    CommitInventory.verb: (),
    ReverseInventory.verb: ("reversals",),
    ConfirmInventory.verb: ("confirmations",),
}


def _stock(command: CommitInventory | ReverseInventory | ConfirmInventory) -> Request:
    door = STOCK_DOORS[command.verb]
    path = address("orders", command.order_id, "inventory-commitments", *door)
    lines = tuple(_stock_line(each) for each in command.lines)
    match command:
        case CommitInventory():
            told: Words = wire.Commitment(
                order_version=command.order_version, revision=command.revision, lines=lines
            )
        case ReverseInventory():
            told = wire.CommitmentReversal(
                order_version=command.order_version,
                revision=command.revision,
                because=command.because,
                lines=lines,
            )
        case ConfirmInventory():
            told = wire.CommitmentConfirmation(
                shipment_id=command.shipment_id,
                revision=command.revision,
                lines=lines,
                occurred_at=instant_text(command.occurred) if command.occurred else "",
            )
    return post(command.verb, path, told)


def _stock_line(line: StockLine) -> wire.StockLine:
    return wire.StockLine(
        line_id=line.line_id,
        item_id=line.item_id,
        quantity=exact_text(line.quantity.value),
        unit=line.quantity.unit,
        location_id=line.location_id,
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


def _accrual(command: AccrueFreight) -> wire.Accrual:
    return wire.Accrual(
        charge=command.charge,
        kind=command.kind.value,
        carrier_scac=command.carrier_scac,
        amount=value(command.amount),
        before=value(command.before),
        revision=command.revision,
        business_date=command.business_date.isoformat(),
        shares=_shares(command.shares),
        rule=command.rule,
        proofs=tuple(
            wire.Proven(condition=each.condition, at=utc_text(each.at), said=each.said)
            for each in command.proofs
        ),
        invoice_id=command.invoice_id,
        ledger_amount=None if command.ledger_amount is None else value(command.ledger_amount),
        rate=command.rate,
        rate_date=command.rate_date.isoformat() if command.rate_date else "",
    )


def _invoice(command: PostFreightInvoice) -> wire.InvoicePosting:
    return wire.InvoicePosting(
        invoice_id=command.invoice_id,
        load_id=command.load_id,
        carrier_scac=command.carrier_scac,
        billed=value(command.billed),
        payable=value(command.payable),
        revision=command.revision,
        business_date=command.business_date.isoformat(),
        charges=command.charges,
        shares=_shares(command.shares),
        rule=command.rule,
        part=command.part,
    )


def _shares(shares: tuple[Share, ...]) -> tuple[wire.OrderShare, ...]:
    return tuple(
        wire.OrderShare(order_id=each.order_id, amount=value(each.amount)) for each in shares
    )


def answer(_operation: str, exchange: Exchange) -> Answer:
    """Read an answer or a look-up's."""
    return read_answer(exchange)
