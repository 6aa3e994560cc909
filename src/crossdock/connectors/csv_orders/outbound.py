"""What crossdock tells the ERP, written as one small file each; what became of it, read.

The file's name is made of our key by the client: the same thing said again is the same file.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from crossdock.connectors.csv_orders.settings import Settings
from crossdock.connectors.csv_orders.wire import (
    POSTING_COLUMNS,
    REFERENCE_COLUMNS,
    WITHDRAWAL_COLUMNS,
)
from crossdock.connectors.system_api.times import instant_text
from crossdock.faults import Misconfigured
from crossdock.formats import csv
from crossdock.messages.envelope import Command
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
            return _file(command, "reference", REFERENCE_COLUMNS, _reference(command), settings)
        case WithdrawTransportReference():
            return _file(command, "withdrawal", WITHDRAWAL_COLUMNS, _withdrawal(command), settings)
        case PostMilestone():
            return _file(command, "posting", POSTING_COLUMNS, _posting(command), settings)
        case _:
            raise Misconfigured("This ERP cannot be told this", verb=command.verb)


def _file(
    command: Command,
    kind: str,
    columns: tuple[str, ...],
    row: dict[str, str],
    settings: Settings,
) -> Request:
    dialect = csv.Dialect(delimiter=settings.delimiter, encoding=settings.encoding)
    return Request(
        operation=command.verb,
        method="PUT",
        path=kind,
        body=csv.write(columns, [row], dialect),
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
