"""What crossdock tells the ERP, written as one small file each; what became of it, read.

The file's name is made of our key by the client: the same thing said again is the same file.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from crossdock.canonical.money import decimal_text
from crossdock.connectors.csv_orders.settings import Settings
from crossdock.connectors.csv_orders.wire import (
    ACCRUAL_COLUMNS,
    BILLING_RELEASE_COLUMNS,
    FREIGHT_INVOICE_COLUMNS,
    POSTING_COLUMNS,
    REFERENCE_COLUMNS,
    WITHDRAWAL_COLUMNS,
)
from crossdock.connectors.system_api.times import instant_text, utc_text
from crossdock.faults import Misconfigured
from crossdock.formats import csv
from crossdock.messages.envelope import Command
from crossdock.messages.freight_settlement import (
    AccrueFreight,
    PostFreightInvoice,
    ReleaseBilling,
    Share,
)
from crossdock.messages.order_release import WithdrawTransportReference, WriteTransportReference
from crossdock.messages.shipment_visibility import PostMilestone
from crossdock.ports import Answer, Exchange, Request, Stage

# The answers of the client, in HTTP's numbers, so that they are judged like any other.
CREATED, FOUND, ABSENT = 201, 200, 404


class Written(Struct, frozen=True, kw_only=True):
    """What the client answers: the file that is there, or its absence."""

    document_id: str = ""


def write(command: Command, settings: Settings) -> Request:
    """Write a command as a file. Raises Refused for a letter that the encoding lacks."""
    match command:
        case WriteTransportReference():
            return _file(command, "reference", REFERENCE_COLUMNS, [_reference(command)], settings)
        case WithdrawTransportReference():
            rows = [_withdrawal(command)]
            return _file(command, "withdrawal", WITHDRAWAL_COLUMNS, rows, settings)
        case PostMilestone():
            return _file(command, "posting", POSTING_COLUMNS, [_posting(command)], settings)
        case AccrueFreight():
            return _file(command, "accrual", ACCRUAL_COLUMNS, _accrual(command), settings)
        case PostFreightInvoice():
            rows = _invoice(command)
            return _file(command, "freight_invoice", FREIGHT_INVOICE_COLUMNS, rows, settings)
        case ReleaseBilling():
            rows = [_release(command)]
            return _file(command, "billing_release", BILLING_RELEASE_COLUMNS, rows, settings)
        case _:
            raise Misconfigured("This ERP cannot be told this", verb=command.verb)


def _file(
    command: Command,
    kind: str,
    columns: tuple[str, ...],
    rows: list[dict[str, str]],
    settings: Settings,
) -> Request:
    dialect = csv.Dialect(delimiter=settings.delimiter, encoding=settings.encoding)
    return Request(
        operation=command.verb,
        method="PUT",
        path=kind,
        body=csv.write(columns, rows, dialect),
        content_type="text/csv",
    )


def _reference(command: WriteTransportReference) -> dict[str, str]:
    return {
        "order_no": command.order_id,
        "order_version": str(command.order_version),
        "shipment_id": command.shipment_id,
        "load_id": command.load_id,
        "carrier_scac": command.carrier_scac,
        "revision": str(command.revision),
    }


def _withdrawal(command: WithdrawTransportReference) -> dict[str, str]:
    return {
        "order_no": command.order_id,
        "order_version": str(command.order_version),
        "shipment_id": command.shipment_id,
        "revision": str(command.revision),
        "because": command.because,
    }


def _posting(command: PostMilestone) -> dict[str, str]:
    proof = command.proof
    return {
        "order_no": command.order_id,
        "shipment_id": command.shipment_id,
        "posting": command.posting,
        "milestone": command.milestone.value,
        "stop": str(command.stop),
        "occurred_at": instant_text(command.occurred),
        "occurred_local": command.occurred.text,
        "revision": str(command.revision),
        "reversed": "Y" if command.reversed_ else "N",
        "received_by": proof.received_by if proof else "",
        "document_no": proof.document.number if proof and proof.document else "",
    }


def _accrual(command: AccrueFreight) -> list[dict[str, str]]:
    ledger = command.ledger_amount
    row = {
        "load_id": command.load_id,
        "charge": command.charge,
        "kind": command.kind.value,
        "carrier_scac": command.carrier_scac,
        "invoice_no": command.invoice_id,
        "currency": command.amount.currency,
        "amount": decimal_text(command.amount),
        "before": decimal_text(command.before),
        "revision": str(command.revision),
        "business_date": command.business_date.isoformat(),
        "ledger_currency": ledger.currency if ledger else "",
        "ledger_amount": decimal_text(ledger) if ledger else "",
        "rate": command.rate,
        "rate_date": command.rate_date.isoformat() if command.rate_date else "",
        "rule": command.rule,
        "proof": " | ".join(
            f"{each.condition} {utc_text(each.at)} {each.said}" for each in command.proofs
        ),
    }
    return _by_share(row, command.shares)


def _invoice(command: PostFreightInvoice) -> list[dict[str, str]]:
    row = {
        "load_id": command.load_id,
        "invoice_no": command.invoice_id,
        "carrier_scac": command.carrier_scac,
        "currency": command.payable.currency,
        "billed": decimal_text(command.billed),
        "payable": decimal_text(command.payable),
        "revision": str(command.revision),
        "business_date": command.business_date.isoformat(),
        "charges": " ".join(command.charges),
        "rule": command.rule,
        "part": command.part,
    }
    return _by_share(row, command.shares)


def _by_share(row: dict[str, str], shares: tuple[Share, ...]) -> list[dict[str, str]]:
    """Repeat a posting for each order's share; one that nobody shares stands alone."""
    rows = [
        row | {"order_no": each.order_id, "share": decimal_text(each.amount)} for each in shares
    ]
    return rows or [row | {"order_no": "", "share": ""}]


def _release(command: ReleaseBilling) -> dict[str, str]:
    return {
        "order_no": command.order_id,
        "load_id": command.load_id,
        "currency": command.freight.currency,
        "freight": decimal_text(command.freight),
        "revision": str(command.revision),
        "flagged": command.flagged,
        "reversed": "Y" if command.reversed_ else "N",
        "accrued": "" if command.accrued is None else decimal_text(command.accrued),
    }


def answer(_operation: str, exchange: Exchange) -> Answer:
    """Read what became of a file: written, found, or not there."""
    if exchange.stage is not Stage.ANSWERED:
        return Answer(understood=False, said=exchange.said)
    try:
        document = msgspec.json.decode(exchange.body, type=Written).document_id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Answer(understood=False, said="this is not what the file's writer answers")
    found = {CREATED: None, FOUND: True}.get(exchange.status, False)
    return Answer(understood=True, document=document, said=exchange.said, found=found)
