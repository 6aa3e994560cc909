"""Claims for money that go by a number: they wait for its load as evidence does for a shipment.

A leaf of reference_binding.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from crossdock.canonical.references import Reference, ReferenceType
from crossdock.messages.freight_settlement import (
    FreightChargesReported,
    FreightClaimBound,
    FreightInvoiceReceived,
)
from crossdock.messages.teams import Team
from crossdock.ports import OpenException
from crossdock.processes.reference_binding_state import Binding, WaitingClaim

CLAIM_AMBIGUOUS = "FREIGHT_CLAIM_AMBIGUOUS"
CLAIM_UNMATCHED = "FREIGHT_CLAIM_UNMATCHED"


def claimed_by(body: FreightInvoiceReceived | FreightChargesReported) -> Reference:
    """Name the number a claim goes by; a bill without any by its own."""
    if isinstance(body, FreightChargesReported):
        return body.notice.reference
    invoice = body.invoice
    own = Reference(
        type=ReferenceType.INVOICE, value=invoice.invoice_id, issuer=invoice.carrier_scac
    )
    return invoice.reference or own


def bindings_at(bindings: Sequence[Binding], moment: datetime) -> tuple[Binding, ...]:
    """Give what orders say of a number for a time."""
    return tuple(
        each
        for each in bindings
        if (each.valid_from is None or each.valid_from <= moment)
        and (each.valid_until is None or moment < each.valid_until)
    )


def loads_of(
    claim: WaitingClaim,
    bindings: Sequence[Binding],
    ever: tuple[str, ...],
    number: Reference | None,
) -> tuple[str, ...]:
    """Name the loads a claim may be for; a load's own number needs nobody to announce it.

    A number that was given back leads to the only load that `ever` had it: a carrier bills late.
    """
    when = claim.happened_at
    valid = bindings if when is None else bindings_at(bindings, when)
    loads = {each.load_id or each.shipment_id for each in valid}
    if not loads and number is not None and number.type is ReferenceType.LOAD:
        return (number.value,)
    if not bindings and len(ever) == 1:
        return ever
    return tuple(sorted(loads))


def bound_to(claim: WaitingClaim, load_id: str) -> FreightClaimBound:
    """Send a claim to its load."""
    return FreightClaimBound(
        load_id=load_id,
        reported_at=claim.reported_at,
        source=claim.source,
        invoice=claim.invoice,
        notice=claim.notice,
        document_id=claim.document_id,
    )


def ambiguous_claims(
    number: Reference, claims: Sequence[WaitingClaim], loads: Sequence[str]
) -> OpenException:
    """Ask which of several loads is billed."""
    return OpenException(
        code=CLAIM_AMBIGUOUS,
        team=Team.FINANCE,
        cause=(
            f"{number.type} {number.value} means loads {', '.join(loads)} at the same time, "
            f"so {_count(claims)} cannot be matched"
        ),
        action="Find out which load is meant, and let the TMS take the number from the others",
        about=(number.value, *loads, *_numbers(claims)),
        seen=_seen(claims),
    )


def unmatched_claims(number: Reference, claims: Sequence[WaitingClaim]) -> OpenException:
    """Ask for whose load somebody wants money."""
    return OpenException(
        code=CLAIM_UNMATCHED,
        team=Team.FINANCE,
        cause=(
            f"{claims[0].source} sent {_count(claims)} for {number.type} {number.value}, "
            "and no load has that number"
        ),
        action="Ask the carrier which load it means, or let the TMS tell the number; it waits on",
        about=(number.value, *_numbers(claims)),
        seen={"number": number.term(), **_seen(claims)},
    )


def _count(claims: Sequence[WaitingClaim]) -> str:
    bills = sum(each.invoice is not None for each in claims)
    words = [
        f"{count} {noun}{'s' if count > 1 else ''}"
        for count, noun in ((bills, "invoice"), (len(claims) - bills, "charge notice"))
        if count
    ]
    return " and ".join(words)


def _numbers(claims: Sequence[WaitingClaim]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_name(each) for each in claims))


def _name(claim: WaitingClaim) -> str:
    if claim.invoice is not None:
        return claim.invoice.invoice_id
    return claim.notice.notice_id if claim.notice else ""


def _seen(claims: Sequence[WaitingClaim]) -> dict[str, str]:
    return {f"{each.source}/{_name(each)}": each.reported_at.isoformat() for each in claims}
