"""How much of the input space was reached: every fault, message, outcome, state and exception code.

A run that never reaches something says nothing about it, so what must be reached is listed here,
and a test demands all of it of the seeds that CI runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from crossdock.testing.simulation.faults import FAULTS

# Strikes that are the partners' own are seen in what they bring about, not where they are drawn.
DRAWN_BY_PARTNERS = {name for name, fault in FAULTS.items() if fault.business} - {
    "garbage",
    "identity_reused",
    "offer_again",
    "offer_changed",
    "offer_withdrawn",
}


def _words(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.strip().splitlines())


REACHED: tuple[str, ...] = _words("""
    audit log sealed
    told order.released
    told order.changed
    told order.cancelled
    told plan.confirmed
    told plan.rejected
    told plan.cancelled
    told tracking
    told tender.accepted
    told tender.declined
    told ship_to.changed
    document translated
    document partial
    document unreadable
    send tms.plan
    send tms.cancel
    send erp.write_reference
    send erp.withdraw_reference
    send erp.post_milestone
    send erp.commit_inventory
    send erp.confirm_inventory
    send erp.reverse_inventory
    send carrier.tender
    look_up tms.plan
    look_up erp.write_reference
    outcome applied
    outcome not_applied
    outcome refused
    outcome throttled
    outcome unknown
    outcome locked_out
    effect applied
    effect refused
    effect unknown
    effect unresolved
    effect waiting
    result too late
    breaker open
    breaker closed
    operator retry document
    operator waive document
    operator retry process
    operator waive process
    operator counter process
    operator retry effect
    operator waive effect
    operator edit effect
    effect mended
    tenant moved in
    tenant acme sends
    tenant acme shows
    operator retry endpoint
    operator retry step
    exception EFFECT_REFUSED
    exception EFFECT_UNRESOLVED
    exception EFFECT_GAVE_UP
    exception ENDPOINT_DOWN
    exception ENDPOINT_LOCKED_OUT
    exception STEP_FAILED
    exception STEP_POISON
    exception ID_REUSED
    exception UNREADABLE
    exception UNKNOWN_STATUS_CODE
    exception PLAN_NOT_CONFIRMED
    exception PLAN_REJECTED
    exception SHIPMENT_OVERDUE
    exception EVIDENCE_INCONSISTENT
    exception ACK_OVERDUE
    exception ACK_REJECTED
    exception ACK_UNKNOWN
    send partner.answer
    told in X12
    stage acknowledgement accepted
    stage acknowledgement rejected
    stage acknowledgement waiting
    stage acknowledgement overdue
    stage acknowledgement reviewed
    told invoice.issued
    told invoice.corrected
    told invoice.cancelled
    told charges.reported
    told ledger.statement
    send erp.accrue
    erp refused erp.accrue
    send erp.post_freight_invoice
    send erp.release_billing
    send tms.share_freight_invoice
    customer sent offer
    customer received customer.answer_tender
    customer received customer.tell_milestone
    exception LOAD_OFFERED
    stage load_acceptance offered
    stage load_acceptance accepted
    stage load_acceptance declined
    stage load_acceptance countered
    stage load_acceptance taken back
    charge of several companies
    load replayed by kept rules
    finance approve
    finance short_pay
    finance dispute
    finance settle
    finance reject
    finance release
    exception FREIGHT_UNDER_REVIEW
    exception FREIGHT_INVOICE_CONTESTED
    exception FREIGHT_DECISION_REFUSED
    exception FREIGHT_NOT_POSTED
    exception FREIGHT_CLAIM_UNMATCHED
    exception LEDGER_DIFFERS
    stage freight_settlement expected
    stage freight_settlement confirmed
    stage freight_settlement accrued
    stage freight_settlement waived
    stage freight_settlement settled
    stage freight_settlement under review
    stage freight_settlement disputed
    stage freight_settlement rejected
    stage freight_reconciliation agrees
    stage freight_reconciliation differs
    stage inventory_commitment awaiting_erp
    stage inventory_commitment committed
    stage inventory_commitment confirmed
    stage inventory_commitment reversed
    stage inventory_commitment uncommitted
    stage order_release delivered
    stage order_release cancelled
    stage order_release open
    stage order_release incomplete
    stage order_release awaiting_master_data
    stage order_release awaiting_commitment
    stage order_release awaiting_confirmation
    stage order_release awaiting_reference
    stage order_release plan_rejected
    stage order_release tendering
""")


def missing(struck: Mapping[str, int], reached: Mapping[str, int]) -> Iterator[str]:
    """Name everything that was never reached."""
    for name in FAULTS:
        if name not in DRAWN_BY_PARTNERS and not struck.get(name):
            yield f"fault {name}"
    for name in REACHED:
        if not reached.get(name):
            yield name


def table(struck: Mapping[str, int], reached: Mapping[str, int]) -> Iterator[str]:
    """Tell how often everything was reached, a line each; what is listed and was not counts 0."""
    counts = {f"fault {name}": number for name, number in struck.items()} | dict(reached)
    for name in missing(struck, reached):
        counts.setdefault(name, 0)
    for name in sorted(counts):
        yield f"{counts[name]:>9}  {name}"
