"""Each message in one sentence, for people who read a trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crossdock.apis import words
from crossdock.canonical.freight import ChargeNotice, FreightInvoice, InvoicePurpose
from crossdock.canonical.money import Money, decimal_text
from crossdock.canonical.tracking import Classifier, EvidenceKind, TrackingEvent
from crossdock.messages import (
    acknowledgement,
    flow,
    freight_reconciliation,
    freight_settlement,
    inventory_commitment,
    master_data,
    order_release,
    reference_binding,
)
from crossdock.messages import shipment_visibility as visibility
from crossdock.messages.envelope import Body, Command

_CLASSIFIED = {
    Classifier.ACTUAL: "",
    Classifier.ESTIMATED: " (expected)",
    Classifier.PLANNED: " (planned)",
}
_KINDS = {
    EvidenceKind.ORIGINAL: "",
    EvidenceKind.CORRECTION: ", correcting what was said before",
    EvidenceKind.RETRACTION: ", taking it back",
}


def tell(body: Body) -> str:
    """Say a message in one sentence; a kind without a sentence says its own name."""
    say = _SENTENCES.get(type(body))
    if say is not None:
        return say(body)
    if isinstance(body, Command):
        return f"Ask for {body.verb} {body.business_key()}, version {body.version()}"
    return type(body).__name__


def _evidence(told: TrackingEvent) -> str:
    place = words.place_words(told.place)
    return (
        f"{words.MILESTONES[told.milestone]}{_CLASSIFIED[told.classifier]} "
        f"{words.local(told.occurred)}{f' in {place}' if place else ''}"
        f"{_KINDS[told.kind]} (code {told.raw_code}, {told.reference.type} {told.reference.value})"
    )


def _picture(told: visibility.PictureChanged) -> str:
    status = words.status_words(told.picture.status)
    seen = "sees" if told.gate.visible else "would see, and does not yet see"
    return f"Customer {told.customer_id} {seen}: {status}; {told.gate.because}"


def _plan(told: order_release.PlanConfirmed) -> str:
    ships = ", ".join(each.shipment_id for each in told.shipments)
    return f"Planned as {ships} (order version {told.order_version}, plan {told.revision})"


def _tender(told: order_release.TenderAnswered) -> str:
    if told.accepted:
        verdict = "accepts"
    elif told.counter is not None:
        verdict = f"counters ({told.counter.note or told.reason or 'names no terms'})"
    else:
        verdict = f"declines ({told.reason or 'no reason given'})"
    return f"{told.carrier_scac} {verdict} shipment {told.shipment_id}"


def _moved(told: order_release.TenderMoved) -> str:
    reason = f" ({told.reason})" if told.reason else ""
    state = told.state.replace("_", " ")
    return (
        f"Offer {told.tender_version} of shipment {told.shipment_id} to {told.carrier_scac} is "
        f"{state}{reason} since {words.utc(told.moved_at)}"
    )


def _load(told: order_release.LoadTendered) -> str:
    load = told.shipment
    said = {"original": "offered to", "change": "offered otherwise to", "cancel": "taken back from"}
    return f"The TMS says: load {load.shipment_id} {said[told.purpose]} {load.carrier_scac}"


def _acknowledged(told: acknowledgement.AcknowledgementReceived) -> str:
    found = f": {'; '.join(told.faults)}" if told.faults else ""
    return f"{told.level} {told.number} is {told.verdict.replace('_', ' ')}{found}"


def _noted(told: acknowledgement.AcknowledgementNoted) -> str:
    return (
        f"The acknowledgement of {told.level} {told.number} by {told.endpoint} is "
        f"{told.status.replace('_', ' ')}"
    )


def _released(told: order_release.OrderReleased) -> str:
    draft = told.draft
    return f"Order {draft.order_id} version {draft.version}, {len(draft.lines)} line(s)"


def _accepted(told: order_release.OrderAccepted) -> str:
    added = told.attributes
    return (
        f"Complete and known: {added.mode} {added.service_level} by rule {added.rule_id}, "
        f"{added.sla_hours} hours from release"
    )


def _confirmed(told: visibility.MilestoneConfirmed) -> str:
    what = words.MILESTONES[told.milestone]
    if told.retracted:
        return f"{what} does not hold any more (told by {told.source})"
    return f"{what} {words.local(told.occurred)}, told by {told.source}"


def _closed(told: visibility.DeliveryClosed) -> str:
    verdict = "is delivered" if told.delivered else "is not delivered after all"
    return f"Order {told.order_id} on shipment {told.shipment_id} {verdict}"


def _settled(told: visibility.MilestoneSettled) -> str:
    verdict = "is settled" if told.reached else "does not hold any more"
    what = words.MILESTONES[told.milestone]
    return f"{what}: {verdict} for order {told.order_id} on shipment {told.shipment_id}"


def _issued(told: visibility.GoodsIssued) -> str:
    verdict = "have left" if told.left else "have not left after all"
    return f"The goods of order {told.order_id} {verdict} with shipment {told.shipment_id}"


def _stock(told: inventory_commitment.CommitmentMoved) -> str:
    counts = "; ".join(
        f"line {each.line_id}: {words.number(each.committed)} of {words.number(each.ordered)} "
        f"{each.unit} set aside, {words.number(each.confirmed)} left, "
        f"{words.number(each.reversed)} given back"
        for each in told.lines
    )
    refused = f" ({told.said})" if told.said else ""
    return f"Stock of order {told.order_id} is {told.status.lower()}{refused}: {counts}"


def _answered(told: flow.EffectAnswered) -> str:
    document = f", document {told.document}" if told.document else ""
    said = f": {told.said}" if told.said else ""
    return (
        f"{told.endpoint} to {told.verb} {told.business_key}: {told.answer.lower()}{document}{said}"
    )


def _money(amount: Money) -> str:
    return f"{decimal_text(amount)} {amount.currency}"


def _billed(invoice: FreightInvoice) -> str:
    purpose = {
        InvoicePurpose.ORIGINAL: "",
        InvoicePurpose.CORRECTION: ", correcting it",
        InvoicePurpose.CANCELLATION: ", taking it back",
    }[invoice.purpose]
    wrong = f"; {'; '.join(invoice.disagreements)}" if invoice.disagreements else ""
    return (
        f"{invoice.carrier_scac} bills {_money(invoice.total)} with {invoice.invoice_id}{purpose}"
        f"{wrong}"
    )


def _noticed(notice: ChargeNotice) -> str:
    kinds = ", ".join(f"{each.kind} {_money(each.amount)}" for each in notice.charges)
    return f"{notice.carrier_scac} tells of {kinds or 'no charges any more'} ({notice.notice_id})"


def _claimed(told: freight_settlement.FreightClaimBound) -> str:
    claim = _billed(told.invoice) if told.invoice else ""
    claim += _noticed(told.notice) if told.notice else ""
    return f"Found to be of load {told.load_id}: {claim}"


def _verdict(told: freight_settlement.FreightDecided) -> str:
    at = f" at {_money(told.amount)}" if told.amount else ""
    what = told.charge or "all that is open"
    return f"{told.by} says {told.verdict.replace('_', ' ')} of {what}{at}: {told.reason}"


def _finance(told: freight_settlement.FreightPictureChanged) -> str:
    lines = ", ".join(
        f"{each.charge} {each.state.replace('_', ' ')}" for each in told.picture.lines
    )
    state = told.picture.state.replace("_", " ")
    return f"Load {told.picture.load_id} is {state}: {lines or 'no charge yet'}"


def _confirmed_charge(told: freight_settlement.ChargeConfirmed) -> str:
    by = f" by {', '.join(told.by)}" if told.by else ""
    book = f" of rule book {told.rules}" if told.rules else ""
    return (
        f"{told.charge} of load {told.load_id}: {_money(told.amount)} agreed{by}, "
        f"rule {told.rule}{book}"
    )


def _accrue(told: freight_settlement.AccrueFreight) -> str:
    return (
        f"Accrue {_money(told.amount)} for {told.charge} of load {told.load_id} in place of "
        f"{_money(told.before)}, dated {told.business_date}"
    )


_SENTENCES: dict[type[Body], Callable[[Any], str]] = {
    acknowledgement.EnvelopeReceived: lambda told: (
        f"{told.level} {told.number} of {told.stream}, {told.verdict.replace('_', ' ')}"
    ),
    acknowledgement.AcknowledgementReceived: _acknowledged,
    acknowledgement.AcknowledgementNoted: _noted,
    acknowledgement.ExchangeNumbered: lambda told: (
        f"{told.verb} for {told.business_key} is {told.level} {told.number} to {told.endpoint}"
    ),
    acknowledgement.ExchangeEnded: lambda told: (
        f"{told.level} {told.number} to {told.endpoint} was {told.ending.replace('_', ' ')}"
    ),
    flow.WakeUp: lambda told: f"Time for `{told.timer}`, due {words.utc(told.due_at)}",
    flow.EffectAnswered: _answered,
    flow.ExceptionRetried: lambda told: f"{told.by} asks to try again: {told.reason}",
    flow.ExceptionWaived: lambda told: f"{told.by} waives it: {told.reason}",
    inventory_commitment.CommitmentMoved: _stock,
    freight_reconciliation.LedgerStatementReceived: lambda told: (
        f"{told.ledger} holds {len(told.lines)} posting(s) under {told.business_date}"
    ),
    freight_reconciliation.LedgerLineStrayed: lambda told: (
        f"Of {told.business_date} {len(told.found) or 'no'} posting(s) more and "
        f"{len(told.gone) or 'none'} less stand under {told.found_on}"
    ),
    freight_reconciliation.FreightReconciled: lambda told: (
        f"Of {told.business_date} {sum(each.is_open for each in told.differences) or 'no'} "
        "posting(s) differ"
    ),
    freight_settlement.FreightInvoiceReceived: lambda told: _billed(told.invoice),
    freight_settlement.FreightChargesReported: lambda told: _noticed(told.notice),
    freight_settlement.FreightClaimBound: _claimed,
    freight_settlement.FreightDecided: _verdict,
    freight_settlement.FreightPictureChanged: _finance,
    freight_settlement.ChargeConfirmed: _confirmed_charge,
    freight_settlement.AccrueFreight: _accrue,
    freight_settlement.PostFreightInvoice: lambda told: (
        f"Post invoice {told.invoice_id} of {told.carrier_scac}: {_money(told.payable)} of "
        f"{_money(told.billed)} billed"
    ),
    freight_settlement.ReleaseBilling: lambda told: (
        f"Bill order {told.order_id} no more"
        if told.reversed_
        else f"Let order {told.order_id} be billed with {_money(told.freight)} freight"
        f"{f' ({told.flagged})' if told.flagged else ''}"
    ),
    freight_settlement.ShareFreightInvoice: lambda told: (
        f"Tell of invoice {told.invoice_id} of {told.carrier_scac}: {_money(told.payable)} of "
        f"{_money(told.billed)} billed"
    ),
    freight_settlement.FreightPosted: lambda told: (
        f"{told.endpoint} has {_money(told.amount)} for {told.charge or told.invoice_id} of load "
        f"{told.load_id}, document {told.document}"
    ),
    freight_settlement.FreightNotPosted: lambda told: (
        f"{told.endpoint} will not have {_money(told.amount)} for "
        f"{told.charge or told.invoice_id} of load {told.load_id}: refused there, and waived"
    ),
    freight_settlement.FreightSettled: lambda told: (
        f"Load {told.load_id} is {'settled' if told.settled else 'open again'} at "
        f"{' and '.join(_money(each) for each in told.totals)}"
    ),
    master_data.CustomerReported: lambda told: f"Customer {told.record.customer_id}",
    master_data.ItemReported: lambda told: f"Item {told.record.item_id}",
    master_data.ShipToReported: lambda told: f"Ship-to {told.record.location.location_id}",
    master_data.CarrierReported: lambda told: f"Carrier {told.record.scac}",
    master_data.MasterDataChanged: lambda told: f"{told.kind} {told.id}, version {told.version}",
    master_data.MasterDataAwaited: lambda told: f"Waits for {told.kind} {told.id}",
    master_data.MasterDataArrived: lambda told: f"{told.kind} {told.id} is there",
    order_release.OrderReleased: _released,
    order_release.OrderCancelled: lambda told: f"Order {told.order_id} is cancelled",
    order_release.OrderAccepted: _accepted,
    order_release.PlanConfirmed: _plan,
    order_release.PlanRejected: lambda told: f"Cannot be planned: {told.reason}",
    order_release.PlanCancelled: lambda told: f"Nothing is planned for {told.order_id} any more",
    order_release.LoadTendered: _load,
    order_release.TenderAnswered: _tender,
    order_release.TenderMoved: _moved,
    order_release.ShipmentPlanned: lambda told: (
        f"Order {told.order_id} travels on shipment {told.shipment.shipment_id}"
    ),
    order_release.ShipmentWithdrawn: lambda told: (
        f"Order {told.order_id} left shipment {told.shipment_id}: {told.because}"
    ),
    order_release.OrderReferenced: lambda told: (
        f"The ERP has shipment {told.shipment_id} on order {told.order_id}, "
        f"document {told.erp_document}"
    ),
    order_release.TenderSettled: lambda told: (
        f"{told.carrier_scac} carries shipment {told.shipment_id}"
    ),
    reference_binding.ReferenceAnnounced: lambda told: (
        f"{told.reference.type} {told.reference.value} means shipment {told.shipment_id}"
    ),
    reference_binding.ReferenceRevoked: lambda told: (
        f"{told.reference.type} {told.reference.value} does not mean {told.shipment_id} any more"
    ),
    reference_binding.TenderAnnounced: lambda told: (
        f"Carriers speak of {told.shipment_id} by {told.reference.value}"
    ),
    reference_binding.TenderAnswerBound: lambda told: (
        f"Found to be of order {told.order_id}: {_tender(told.answer)}"
    ),
    reference_binding.EvidenceBound: lambda told: (
        f"Found to be of shipment {told.shipment_id}: {_evidence(told.evidence)}"
    ),
    visibility.MilestoneReported: lambda told: _evidence(told.evidence),
    visibility.MilestoneConfirmed: _confirmed,
    visibility.MilestoneOverdue: lambda told: (
        f"Promised by {words.local(told.promised)}, and no delivery was told"
    ),
    visibility.ShipmentWentSilent: lambda told: (
        f"Nobody has spoken since {words.utc(told.last_heard_at)}"
    ),
    visibility.DeliveryClosed: _closed,
    visibility.MilestoneSettled: _settled,
    visibility.GoodsIssued: _issued,
    visibility.PictureChanged: _picture,
}
