"""Freight in published words: charges, what a carrier bills, and what is told before it does."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from crossdock.canonical.freight import (
    ChargeBasis,
    ChargeKind,
    ChargeNotice,
    FreightCharge,
    FreightInvoice,
    InvoicePurpose,
)
from crossdock.canonical.moments import Moment
from crossdock.canonical.money import Money, decimal_text
from crossdock.canonical.references import Reference
from crossdock.connectors.system_api import codes, words
from crossdock.connectors.system_api.parts import amount, amount_of_money, reference, scac
from crossdock.connectors.system_api.reading import Element, if_readable
from crossdock.connectors.system_api.times import moment, moment_or_day


def charges(
    element: Element,
    told: tuple[words.Charge, ...],
    basis: ChargeBasis,
    where: str = "",
    of: tuple[str, str] = ("", ""),
) -> tuple[FreightCharge, ...]:
    """Read charges, all or none. A code that nobody knows stays UNCLASSIFIED, with a finding.

    `where` is the place of what they belong to; `of` its load and shipment, where they are known.
    Raises Unreadable for an amount that cannot be read.
    """
    return tuple(
        _charge(element, each, basis, f"{where}/charges/{number}", of)
        for number, each in enumerate(told)
    )


def _charge(
    element: Element, told: words.Charge, basis: ChargeBasis, where: str, of: tuple[str, str]
) -> FreightCharge:
    load_id, shipment_id = of
    return FreightCharge(
        charge_id=told.charge_id,
        load_id=load_id,
        code=told.code,
        amount=amount_of_money(element, told.amount, f"{where}/amount"),
        basis=basis,
        shipment_id=told.shipment_id or shipment_id,
        description=told.description,
        kind=_kind(element, told.code, f"{where}/code"),
        rate=_number(element, told.rate, f"{where}/rate"),
        rate_basis=told.rate_basis,
        weight_kg=_number(element, told.weight_kg, f"{where}/weight_kg"),
        freight_class=told.freight_class,
        pieces=told.pieces,
        evidence=(element.where + where,),
    )


def _kind(element: Element, code: str, where: str) -> ChargeKind:
    if code in codes.CHARGES:
        return codes.CHARGES[code]
    said = "This charge code is in no list of ours; somebody must say what it is for"
    element.notice("UNKNOWN_CHARGE_CODE", said, where, sent=code[:100])
    return ChargeKind.UNCLASSIFIED


def _number(element: Element, sent: words.Amount, where: str) -> Decimal | None:
    """Read a number that explains an amount; one that cannot be read is left out."""
    if sent is None:
        return None
    return if_readable(element, lambda: amount(element, sent, where))


def invoice(element: Element, told: words.Invoice, purpose: InvoicePurpose) -> FreightInvoice:
    """Read an invoice, and hold its lines against its total.

    Raises Unreadable where its day, an amount or the number it speaks of cannot be read.
    """
    carrier = scac(element, told.carrier_scac, "/carrier_scac")
    total = amount_of_money(element, told.total, "/total")
    lines = charges(element, told.charges, ChargeBasis.INVOICE)
    disagreements = tuple(_disagreements(lines, total, purpose))
    for said in disagreements:
        element.notice("SUMS_DISAGREE", f"The invoice does not agree with itself: {said}", "/total")
    return FreightInvoice(
        invoice_id=told.invoice_id,
        carrier_scac=carrier,
        issued=moment(element, told.occurred_at, "/occurred_at", partner=told.time_zone),
        charges=lines,
        total=total,
        purpose=purpose,
        reference=reference(element, told.reference, "/reference", carrier),
        references=_references(element, told.references, carrier),
        weight_kg=_number(element, told.weight_kg, "/weight_kg"),
        pieces=told.pieces,
        stops=told.stops,
        due=_day(element, told.due_at, "/due_at", told.time_zone),
        shipped=_day(element, told.shipped_at, "/shipped_at", told.time_zone),
        delivered=_day(element, told.delivered_at, "/delivered_at", told.time_zone),
        disagreements=disagreements,
    )


def _disagreements(
    lines: tuple[FreightCharge, ...], total: Money, purpose: InvoicePurpose
) -> Iterator[str]:
    """Say where lines and total differ; an invoice taken back need not repeat its lines."""
    if not lines and purpose is InvoicePurpose.CANCELLATION:
        return
    others = sorted({each.amount.currency for each in lines} - {total.currency})
    if others:
        yield f"lines in {', '.join(others)}, the total in {total.currency}"
        return
    summed = Money(minor=sum(each.amount.minor for each in lines), currency=total.currency)
    if summed != total:
        yield (
            f"the lines come to {decimal_text(summed)}, the total says {decimal_text(total)}"
            f" {total.currency}"
        )


def notice(element: Element, told: words.ChargesTold) -> ChargeNotice:
    """Read what a load costs. Raises Unreadable as for an invoice."""
    carrier = scac(element, told.carrier_scac, "/carrier_scac")
    return ChargeNotice(
        notice_id=told.notice_id,
        carrier_scac=carrier,
        reference=reference(element, told.reference, "/reference", carrier),
        charges=charges(element, told.charges, ChargeBasis.NOTICE),
        issued=moment(element, told.occurred_at, "/occurred_at", partner=told.time_zone),
        revision=told.revision,
        references=_references(element, told.references, carrier),
    )


def _references(
    element: Element, told: tuple[words.Ref, ...], carrier: str
) -> tuple[Reference, ...]:
    """Read the other numbers; one of an unknown type is left out, with a finding."""

    def read(number: int, ref: words.Ref) -> Reference | None:
        place = f"/references/{number}"
        return if_readable(element, lambda: reference(element, ref, place, carrier))

    found = (read(number, ref) for number, ref in enumerate(told))
    return tuple(each for each in found if each is not None)


def _day(element: Element, text: str, where: str, zone: str) -> Moment | None:
    if not text:
        return None
    return if_readable(element, lambda: moment_or_day(element, text, where, partner=zone))
