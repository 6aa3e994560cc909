"""One load's money, whole: charges with their proofs, invoices, postings, documents, decisions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from msgspec import Struct

from crossdock.apis.process.v1.chapters import stuck_of
from crossdock.apis.process.v1.charges import (
    PROCESS,
    Amount,
    Charge,
    Proposed,
    amount_of,
    charges_of,
    picture_of,
    picture_row,
    proposed,
    written,
)
from crossdock.apis.process.v1.freight import Posting, posting_of
from crossdock.apis.process.v1.story import Stuck
from crossdock.messages.envelope import Key
from crossdock.messages.freight_settlement import FreightPicture
from crossdock.messages.registry import decode
from crossdock.ports.store import AuditRow, DocumentRow, DocumentStatus, Reader


class Invoice(Struct, frozen=True, kw_only=True):
    """One invoice of a load."""

    invoice_id: str
    carrier_scac: str
    total: Amount
    payable: Amount | None
    state: str
    document: str
    disagreements: tuple[str, ...]


class Part(Struct, frozen=True, kw_only=True):
    """One order's part of what a load costs."""

    order_id: str
    amount: Amount


class RawDocument(Struct, frozen=True, kw_only=True):
    """A document that the load's charges were read from, by the hash of its bytes."""

    id: str
    endpoint: str
    document: str
    received_at: datetime
    content_type: str
    size: int
    sha256: str
    status: DocumentStatus


class Verdict(Struct, frozen=True, kw_only=True):
    """What a person decided, as the audit log has it."""

    at: datetime
    by: str
    action: str
    detail: str
    reason: str


class Load(Struct, frozen=True, kw_only=True):
    """All that finance may ask about one load; `revision` rises with every change of it.

    `rules` is the digest of the rule book that decided; empty: an earlier release decided, and did
    not tell.
    """

    load_id: str
    carrier_scac: str
    state: str
    order_ids: tuple[str, ...]
    shipment_ids: tuple[str, ...]
    business_date: date | None
    charges: tuple[Charge, ...]
    invoices: tuple[Invoice, ...]
    shares: tuple[Part, ...]
    postings: tuple[Posting, ...]
    documents: tuple[RawDocument, ...]
    decisions: tuple[Verdict, ...]
    notes: tuple[str, ...]
    stuck: tuple[Stuck, ...]
    proposal: Proposed | None
    rules: str
    as_of: datetime
    revision: int


def load(reader: Reader, tenant: str, load_id: str) -> Load:
    """Tell all there is of one load's money. Raises Declined where nothing is known of it."""
    row = picture_row(reader, tenant, load_id)
    picture = picture_of(row)
    subject = f"{PROCESS}/load/{load_id}"
    effects = reader.outbox_of(tenant, PROCESS, Key("load", load_id))
    troubles = list(reader.exceptions(tenant, subject=subject))
    for each in effects:
        troubles += reader.exceptions(tenant, subject=each.id)
    return Load(
        load_id=load_id,
        carrier_scac=picture.carrier_scac,
        state=picture.state,
        order_ids=picture.order_ids,
        shipment_ids=picture.shipment_ids,
        business_date=picture.business_date,
        charges=tuple(charges_of(picture)),
        invoices=tuple(_invoices(picture)),
        shares=tuple(
            Part(order_id=each.order_id, amount=written(each.amount)) for each in picture.shares
        ),
        postings=tuple(posting_of(reader, each) for each in effects),
        documents=tuple(documents(reader, tenant, load_id)),
        decisions=tuple(_verdict(each) for each in reversed(reader.audit(tenant, subject))),
        notes=picture.notes,
        stuck=tuple(stuck_of(each) for each in troubles),
        proposal=proposed(picture.proposal),
        rules=picture.rules,
        as_of=row.updated_at,
        revision=row.revision,
    )


def _invoices(picture: FreightPicture) -> Iterable[Invoice]:
    for each in picture.invoices:
        yield Invoice(
            invoice_id=each.invoice_id,
            carrier_scac=each.carrier_scac,
            total=written(each.total),
            payable=amount_of(each.payable),
            state=each.state,
            document=each.document,
            disagreements=each.disagreements,
        )


def documents(reader: Reader, tenant: str, load_id: str) -> Iterable[RawDocument]:
    """List the raw documents that the load's story was read from, in the order of their arrival."""
    ids: dict[str, None] = {}
    for each in reader.handled(tenant, PROCESS, Key("load", load_id)):
        message = each.step.message
        body = decode(message.type, message.schema, message.body)
        ids |= dict.fromkeys((message.document_id, getattr(body, "document_id", "")))
    found = (reader.document(tenant, each) for each in ids if each)
    yield from (raw_document(row) for row in found if row is not None)


def raw_document(row: DocumentRow) -> RawDocument:
    """Tell of a raw document without its bytes."""
    return RawDocument(
        id=row.id,
        endpoint=row.endpoint,
        document=row.document,
        received_at=row.received_at,
        content_type=row.content_type,
        size=len(row.content),
        sha256=row.sha256,
        status=row.status,
    )


def _verdict(row: AuditRow) -> Verdict:
    return Verdict(at=row.at, by=row.actor, action=row.action, detail=row.detail, reason=row.reason)
