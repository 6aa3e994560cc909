"""Postings: what the ERP and the TMS should know of a load's money, and what they know already.

One posting of a line, an invoice or an order is on its way at a time; what changes meanwhile waits
for its end. An invoice is posted when all it charges stands accrued, an order is billed when all
freight of the load has come to its end.

A leaf of freight_settlement.
"""

from __future__ import annotations

from datetime import date, datetime

from msgspec import Struct, structs

from crossdock.canonical.money import Money
from crossdock.messages.freight_settlement import (
    AccrueFreight,
    LineState,
    PostFreightInvoice,
    ShareFreightInvoice,
)
from crossdock.policies.freight import (
    FreightPolicy,
    business_date,
    business_day,
    exchange_rate,
    exchanged,
)
from crossdock.policies.rules import Rules
from crossdock.ports import DropEffect, Emission
from crossdock.processes.freight_settlement_gate import Due, company_of
from crossdock.processes.freight_settlement_state import (
    Accrued,
    Bill,
    Paid,
    Settlement,
    Step,
    billed,
    shares_of,
    travelling,
)

OVER = frozenset({LineState.REJECTED, LineState.WITHDRAWN, LineState.INVOICED, LineState.ACCRUED})
CORRECTED = "the load's freight has changed since the ERP refused it"


def post_accruals(state: Settlement, dues: tuple[Due, ...], at: datetime, rules: Rules) -> Step:
    """Accrue, adjust or reverse each line whose posting is not on its way."""
    said: list[Emission] = []
    accrued = dict(state.accrued)
    for due in dues:
        known = accrued.get(due.name)
        after = _accrual(state, due, known, at, rules)
        if after is None or after == known:
            continue
        accrued[due.name] = after
        if known is not None and known.was_refused:
            said.append(drop(AccrueFreight.verb, f"{state.load_id}/{due.name}", known.revision))
        if after.is_out:
            said.append(_accrue(state, due, after, rules.freight))
    return (structs.replace(state, accrued=accrued) if said else state), tuple(said)


def _accrual(
    state: Settlement, due: Due, known: Accrued | None, at: datetime, rules: Rules
) -> Accrued | None:
    """Give what is to be told next of a line; the same as is known where there is nothing."""
    company, policy = company_of(state), rules.freight
    if known is None:
        if due.amount.minor == 0:
            return None
        day = business_date(policy, _happened(state, policy, at), at)
        known = Accrued(
            amount=Money(minor=0, currency=due.amount.currency),
            revision=0,
            business_date=day,
            company_code=company,
        )
    elif known.is_out and not known.was_refused:
        return known
    amount, shares = due.amount, due.shares
    elsewhere = (known.amount.currency, known.company_code) != (amount.currency, company)
    if elsewhere and known.stood:  # first out of the books where it stands
        amount, shares = Money(minor=0, currency=known.amount.currency), {}
    if (known.amount, known.shares) == (amount, shares):
        return known
    if amount.minor == 0 == known.stood:  # the ERP refused what is not wanted any more
        return structs.replace(known, amount=amount, shares={}, settled=known.revision)
    if elsewhere and not known.stood:
        known = structs.replace(known, company_code=company, rate="", rate_date=None)
    known = _rated(known, amount, rules)
    if needs_rate(policy, amount.currency) and not known.rate:
        return known if known.revision else None
    claimed = due.line.claimed
    carrier, _, number = claimed.document.partition("/") if claimed else ("", "", "")
    return structs.replace(
        known,
        carrier_scac=carrier or known.carrier_scac,
        invoice_id=number if claimed and claimed.is_invoice else known.invoice_id,
        amount=amount,
        shares=shares,
        revision=known.revision + 1,
        business_date=business_date(policy, known.business_date, at),
    )


def _happened(state: Settlement, policy: FreightPolicy, at: datetime) -> date:
    """Tell what day the freight was earned: that of the last delivery."""
    days = [each.delivered_at for each in travelling(state) if each.delivered_at]
    return business_day(policy, max(days, default=at))


def needs_rate(policy: FreightPolicy, currency: str) -> bool:
    """Tell whether an amount must be converted for the ledger."""
    return policy.ledger_currency not in {"", currency}


def _rated(known: Accrued, amount: Money, rules: Rules) -> Accrued:
    """Fix the rate with the first posting; adjustments and reversals keep it."""
    into = rules.freight.ledger_currency
    if known.rate or not needs_rate(rules.freight, amount.currency):
        return known
    row = exchange_rate(rules.exchange_rates, amount.currency, into, known.business_date)
    if row is None:
        return known
    return structs.replace(known, rate=row.rate, rate_date=date.fromisoformat(row.valid_from))


def drop(verb: str, business_key: str, revision: int) -> DropEffect:
    """Take back what the ERP refused, for something else is to be told."""
    return DropEffect(
        verb=verb, business_key=business_key, version=str(revision), because=CORRECTED
    )


def _accrue(state: Settlement, due: Due, told: Accrued, policy: FreightPolicy) -> AccrueFreight:
    currency = told.amount.currency
    return AccrueFreight(
        load_id=state.load_id,
        charge=due.name,
        kind=due.line.kind,
        carrier_scac=told.carrier_scac,
        amount=told.amount,
        before=Money(minor=told.stood, currency=currency),
        revision=told.revision,
        business_date=told.business_date,
        shares=shares_of(told.shares, currency),
        proofs=due.proofs,
        rule=due.line.rule,
        company_code=told.company_code,
        invoice_id=told.invoice_id,
        ledger_amount=exchanged(told.amount, told.rate, policy.ledger_currency)
        if told.rate
        else None,
        rate=told.rate,
        rate_date=told.rate_date,
    )


class Payable(Struct, frozen=True, kw_only=True):
    """What shall be paid of one invoice, and of which lines; `bill` None: it holds no more."""

    bill: Bill | None
    dues: tuple[Due, ...]
    amount: Money


def payables_of(state: Settlement, dues: tuple[Due, ...]) -> dict[str, Payable]:
    """Say what is payable of each invoice that holds, or was ever posted.

    Nothing is while one of its lines is undecided, or while the gate of one is closed.
    """
    holding = dict(billed(state))
    found: dict[str, Payable] = {}
    for name in dict.fromkeys((*holding, *state.paid)):
        mine = tuple(
            each
            for each in dues
            if each.line.claimed is not None and each.line.claimed.document == name
        )
        bill = holding.get(name)
        currency = bill.invoice.total.currency if bill else state.paid[name].payable.currency
        ready = all(
            each.line.confirmed is not None
            and each.amount == each.line.confirmed
            and each.amount.currency == currency
            for each in mine
        )
        minor = sum(each.amount.minor for each in mine) if ready else 0
        found[name] = Payable(bill=bill, dues=mine, amount=Money(minor=minor, currency=currency))
    return found


def post_invoices(state: Settlement, dues: tuple[Due, ...], at: datetime, rules: Rules) -> Step:
    """Post each invoice whose lines stand accrued as agreed; tell the TMS what was posted."""
    if not (state.bills or state.paid):
        return state, ()
    said: list[Emission] = []
    paid = dict(state.paid)
    waiting = frozenset(each.name for each in dues if not each.stands(state.accrued.get(each.name)))
    today = business_day(rules.freight, at)
    for name, payable in payables_of(state, dues).items():
        known = paid.get(name)
        after = _payment(state, payable, known, waiting, today)
        if after is not None and after != known:
            if known is not None and known.was_refused:
                said.append(drop(PostFreightInvoice.verb, name, known.revision))
            if after.is_out:
                said.append(_post(state, name, payable, after))
            paid[name] = after
        elif known and known.shared < known.settled and rules.freight.share_invoices:
            said.append(_share(state, name, payable, known))
            paid[name] = structs.replace(known, shared=known.settled)
    return (structs.replace(state, paid=paid) if paid != state.paid else state), tuple(said)


def _payment(
    state: Settlement,
    payable: Payable,
    known: Paid | None,
    waiting: frozenset[str],
    today: date,
) -> Paid | None:
    """Give what is to be told next of an invoice; the same as is known where there is nothing."""
    charges = (
        tuple(each.name for each in payable.dues if each.amount.minor)
        if payable.amount.minor
        else ()
    )
    if known is None and payable.amount.minor == 0:
        return None
    if known is not None and known.is_out and not known.was_refused:
        return known
    concerned = {*(known.charges if known else ()), *(each.name for each in payable.dues)}
    if waiting & concerned or (
        known is not None and (known.payable, known.charges) == (payable.amount, charges)
    ):
        return known
    if known is None:
        known = Paid(
            payable=Money(minor=0, currency=payable.amount.currency),
            revision=0,
            business_date=today,
            company_code=company_of(state),
        )
    if payable.amount.minor == 0 == known.stood:
        return structs.replace(known, payable=payable.amount, charges=(), settled=known.revision)
    return structs.replace(
        known,
        payable=payable.amount,
        charges=charges,
        revision=known.revision + 1,
        business_date=today,
    )


def _asked(payable: Payable) -> Money:
    if payable.bill is None:
        return Money(minor=0, currency=payable.amount.currency)
    return payable.bill.invoice.total


def _post(state: Settlement, name: str, payable: Payable, told: Paid) -> PostFreightInvoice:
    carrier, _, invoice_id = name.partition("/")
    shares: dict[str, int] = {}
    for due in payable.dues:
        for order_id, minor in due.shares.items() if told.payable.minor else ():
            shares[order_id] = shares.get(order_id, 0) + minor
    return PostFreightInvoice(
        load_id=state.load_id,
        invoice_id=invoice_id,
        carrier_scac=carrier,
        billed=_asked(payable),
        payable=told.payable,
        revision=told.revision,
        business_date=told.business_date,
        charges=told.charges,
        shares=shares_of(shares, told.payable.currency),
        rule=", ".join(dict.fromkeys(each.line.rule for each in payable.dues if each.line.rule)),
        company_code=told.company_code,
    )


def _share(state: Settlement, name: str, payable: Payable, told: Paid) -> ShareFreightInvoice:
    carrier, _, invoice_id = name.partition("/")
    return ShareFreightInvoice(
        load_id=state.load_id,
        invoice_id=invoice_id,
        carrier_scac=carrier,
        billed=_asked(payable),
        payable=told.payable,
        revision=told.settled,
        document=told.document,
        business_date=told.business_date,
    )


def line_state(state: Settlement, due: Due) -> LineState:
    """Tell how far a line is: agreed, accrued, or cleared by its invoice."""
    line = due.line
    accrued = state.accrued.get(due.name)
    if line.state is not LineState.CONFIRMED or not due.passage.is_open or accrued is None:
        return line.state
    if not due.stands(accrued):
        return line.state
    paid = state.paid.get(line.claimed.document) if line.claimed else None
    cleared = paid is not None and not paid.is_out and due.name in paid.charges
    return LineState.INVOICED if cleared else LineState.ACCRUED


def is_over(state: Settlement, dues: tuple[Due, ...]) -> bool:
    """Tell whether all that was claimed has come to its end: what is billed is posted as billed.

    What was expected and never claimed keeps nothing open once something was.
    """
    claimed = [each for each in dues if each.line.state is not LineState.EXPECTED]
    invoiced = {
        each.name for each in dues if each.line.claimed is not None and each.line.claimed.is_invoice
    }
    for due in claimed:
        reached = line_state(state, due)
        if reached not in OVER or not due.stands(state.accrued.get(due.name)):
            return False
        if due.name in invoiced and reached is LineState.ACCRUED:
            return False
    return bool(claimed) and not any(each.is_out for each in state.paid.values())


def is_posting(state: Settlement) -> bool:
    """Tell whether an accrual or an invoice is on its way to the ERP."""
    postings = (*state.accrued.values(), *state.paid.values())
    return any(each.is_out and not each.was_refused for each in postings)
