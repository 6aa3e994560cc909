"""Postings: what the ERP and the TMS should know of a load's money, and what they know already.

One posting of a line, an invoice or an order is on its way at a time; what changes meanwhile waits
for its end. An invoice is posted when all it charges stands accrued, an order is billed when all
freight of the load has come to its end.

A leaf of freight_settlement.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
from crossdock.processes.freight_settlement_gate import Due, Part, parts_for, waits
from crossdock.processes.freight_settlement_state import (
    Accrued,
    Bill,
    Paid,
    Settlement,
    Step,
    after_refused,
    billed,
    parts_of,
    shares_of,
    travelling,
    whole_of,
)

OVER = frozenset({LineState.REJECTED, LineState.WITHDRAWN, LineState.INVOICED, LineState.ACCRUED})
_NOTHING: frozenset[str] = frozenset()
CORRECTED = "the load's freight has changed since the ERP refused it"


def post_accruals(state: Settlement, dues: tuple[Due, ...], at: datetime, rules: Rules) -> Step:
    """Accrue, adjust or reverse each part of a line whose posting is not on its way."""
    said: list[Emission] = []
    accrued = dict(state.accrued)
    for due in dues:
        for part in due.parts:
            known = accrued.get(part.name)
            after = _accrual(state, due, part, at, rules)
            if after is None or after == known:
                continue
            if known is not None and known.was_refused:
                key = f"{state.load_id}/{part.name}"
                said.append(drop(AccrueFreight.verb, key, known.revision))
                after = after_refused(known, after)
            accrued[part.name] = after
            if after.is_out:
                said.append(_accrue(state, due, part, after, rules.freight))
    changed = accrued != state.accrued
    return (structs.replace(state, accrued=accrued) if changed else state), tuple(said)


def _accrual(state: Settlement, due: Due, part: Part, at: datetime, rules: Rules) -> Accrued | None:
    """Give what is to be told next of a part; the same as is known where there is nothing."""
    policy, known = rules.freight, state.accrued.get(part.name)
    currency = due.amount.currency
    if known is None:
        if part.minor == 0:
            return None
        day = business_date(policy, _happened(state, due, policy, at), at)
        known = Accrued(
            amount=Money(minor=0, currency=currency),
            revision=0,
            business_date=day,
            company_code=part.company,
            part=part.code,
        )
    elif known.is_out and not known.was_refused:
        return known
    amount, shares = Money(minor=part.minor, currency=currency), part.shares
    elsewhere = known.amount.currency != currency
    if elsewhere and known.stood:  # first out of the books in the currency in which it stands
        amount, shares = Money(minor=0, currency=known.amount.currency), {}
    if not amount.minor:
        shares = {}
    if (known.amount, known.shares) == (amount, shares):
        return known
    if shares == known.standing:  # the ERP refused what is not wanted any more
        return structs.replace(known, amount=amount, shares=shares, settled=known.revision)
    if elsewhere and not known.stood:
        known = structs.replace(known, rate="", rate_date=None)
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
        claims=tuple(dict.fromkeys((*known.claims, *(claimed.identities if claimed else ())))),
    )


def _happened(state: Settlement, due: Due, policy: FreightPolicy, at: datetime) -> date:
    """Tell what day the freight was earned: that of the milestone, else of the last delivery."""
    if due.earned_at is not None:
        return business_day(policy, due.earned_at)
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


def _accrue(
    state: Settlement, due: Due, part: Part, told: Accrued, policy: FreightPolicy
) -> AccrueFreight:
    currency = told.amount.currency
    return AccrueFreight(
        load_id=state.load_id,
        charge=part.name,
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
    posted = (whole_of(name, each) for name, each in state.paid.items())
    for name in dict.fromkeys((*holding, *posted)):
        mine = tuple(
            each
            for each in dues
            if each.line.claimed is not None and each.line.claimed.document == name
        )
        bill = holding.get(name)
        known = parts_of(state.paid, name)
        currency = bill.invoice.total.currency if bill else told_of(known).currency
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
    """Post each part of an invoice whose lines stand accrued; tell the TMS what was posted."""
    if not (state.bills or state.paid):
        return state, ()
    said: list[Emission] = []
    paid = dict(state.paid)
    waiting = frozenset(part.name for due in dues for part in due.parts if waits(state, part))
    today = business_day(rules.freight, at)
    for name, payable in payables_of(state, dues).items():
        mine = parts_of(state.paid, name)
        moved: dict[str, Paid] = {}
        for part in parts_for(state, name, mine, _borne(payable)):
            known = mine.get(part.name)
            after = _payment(payable, part, known, waiting, today)
            if after is None or after == known:
                continue
            if known is not None and known.was_refused:
                said.append(drop(PostFreightInvoice.verb, part.name, known.revision))
                after = after_refused(known, after)
            if after.is_out:
                said.append(_post(state, name, payable, part, after))
            moved[part.name] = after
        if not moved and rules.freight.share_invoices and _is_news(mine):
            said.append(_share(state, name, payable, mine))
            moved = {
                part: structs.replace(each, shared=each.settled) for part, each in mine.items()
            }
        paid |= moved
    return (structs.replace(state, paid=paid) if paid != state.paid else state), tuple(said)


def _borne(payable: Payable) -> dict[str, int]:
    """Sum up what each order bears of an invoice."""
    borne: dict[str, int] = {}
    for due in payable.dues if payable.amount.minor else ():
        for order_id, minor in due.shares.items():
            borne[order_id] = borne.get(order_id, 0) + minor
    return borne


def _is_news(parts: Mapping[str, Paid]) -> bool:
    """Tell whether the TMS has not heard of what is posted, and no part is on its way."""
    return any(each.shared < each.settled for each in parts.values()) and not any(
        each.is_out for each in parts.values()
    )


def _payment(
    payable: Payable, part: Part, known: Paid | None, waiting: frozenset[str], today: date
) -> Paid | None:
    """Give what is to be told next of a part; the same as is known where there is nothing."""
    lines = [each for due in payable.dues for each in due.parts if each.company == part.company]
    charges = tuple(each.name for each in lines if each.minor) if part.minor else ()
    amount = Money(minor=part.minor, currency=payable.amount.currency)
    if known is None and amount.minor == 0:
        return None
    if known is not None and known.is_out and not known.was_refused:
        return known
    concerned = {*(known.charges if known else ()), *(each.name for each in lines)}
    if waiting & concerned or (
        known is not None and (known.payable, known.charges) == (amount, charges)
    ):
        return known
    if known is None:
        known = Paid(
            payable=Money(minor=0, currency=amount.currency),
            revision=0,
            business_date=today,
            company_code=part.company,
            part=part.code,
        )
    if (amount.minor, charges) == (known.stood, known.cleared):  # it was refused: this stands
        return structs.replace(
            known,
            payable=amount,
            charges=charges,
            settled=known.revision,
            shared=known.revision if known.shared == known.settled else known.shared,
        )
    return structs.replace(
        known,
        payable=amount,
        charges=charges,
        revision=known.revision + 1,
        business_date=today,
    )


def _asked(payable: Payable) -> Money:
    if payable.bill is None:
        return Money(minor=0, currency=payable.amount.currency)
    return payable.bill.invoice.total


def _post(
    state: Settlement, name: str, payable: Payable, part: Part, told: Paid
) -> PostFreightInvoice:
    carrier, _, invoice_id = name.partition("/")
    return PostFreightInvoice(
        load_id=state.load_id,
        invoice_id=invoice_id,
        carrier_scac=carrier,
        billed=_asked(payable),
        payable=told.payable,
        revision=told.revision,
        business_date=told.business_date,
        charges=told.charges,
        shares=shares_of(part.shares if told.payable.minor else {}, told.payable.currency),
        rule=", ".join(dict.fromkeys(each.line.rule for each in payable.dues if each.line.rule)),
        company_code=told.company_code,
        part=part.code,
    )


def _share(
    state: Settlement, name: str, payable: Payable, parts: Mapping[str, Paid]
) -> ShareFreightInvoice:
    carrier, _, invoice_id = name.partition("/")
    documents = [each.document for each in parts.values() if each.document]
    return ShareFreightInvoice(
        load_id=state.load_id,
        invoice_id=invoice_id,
        carrier_scac=carrier,
        billed=_asked(payable),
        payable=paid_of(parts),
        revision=sum(each.settled for each in parts.values()),
        document=", ".join(documents),
        business_date=max(each.business_date for each in parts.values()),
    )


def told_of(parts: Mapping[str, Paid]) -> Money:
    """Sum up what was told to be paid of an invoice, over the companies that share it."""
    payables = [each.payable for each in parts.values()]
    return Money(minor=sum(each.minor for each in payables), currency=payables[-1].currency)


def paid_of(parts: Mapping[str, Paid]) -> Money:
    """Sum up what stands to be paid of an invoice, over the companies that share it."""
    return Money(minor=sum(each.stood for each in parts.values()), currency=told_of(parts).currency)


def line_state(state: Settlement, due: Due) -> LineState:
    """Tell how far a line is: agreed, accrued, or cleared by its invoice; or waived as it was."""
    line = due.line
    if line.state is not LineState.CONFIRMED or not due.passage.is_open:
        return line.state
    if due.is_let_go(state):
        return LineState.WAIVED
    if not parts_of(state.accrued, due.name) or not due.stands(state):
        return line.state
    posted = parts_of(state.paid, _document(due))
    cleared = {name for each in posted.values() if not each.is_out for name in each.cleared}
    standing = {each.name for each in due.parts if each.minor}
    return LineState.INVOICED if standing and standing <= cleared else LineState.ACCRUED


def is_over(state: Settlement, dues: tuple[Due, ...], *, but_let_go: bool = False) -> bool:
    """Tell whether all that was claimed has come to its end: what is billed is posted as billed.

    What was expected and never claimed keeps nothing open once something was. Where all that was
    claimed is taken back, the load is to be billed still. `but_let_go`: what the ERP refused and a
    person waived is at its end, too, though it does not stand.
    """
    claimed = [each for each in dues if each.line.state is not LineState.EXPECTED]
    if all(each.line.state is LineState.WITHDRAWN for each in claimed):
        return False
    let_go = _let_go(state, claimed) if but_let_go else _NOTHING
    return all(_has_ended(state, each, let_go) for each in claimed) and not any(
        each.is_out for each in state.paid.values()
    )


def _has_ended(state: Settlement, due: Due, let_go: frozenset[str]) -> bool:
    """Tell whether a line has come to its end; what is accrued waits for the invoice that bills it.

    What was let go has ended where it is decided.
    """
    reached = line_state(state, due)
    if due.name in let_go:
        return reached in OVER | {LineState.WAIVED}
    claimed = due.line.claimed
    is_billed = claimed is not None and claimed.is_invoice and claimed.document not in let_go
    is_awaited = reached is LineState.ACCRUED and is_billed
    return reached in OVER and due.stands(state) and not is_awaited


def _let_go(state: Settlement, dues: Iterable[Due]) -> frozenset[str]:
    """Name the lines that were let go, and the invoices that are not posted for it."""
    lines = [each for each in dues if each.is_let_go(state)]
    posted = (whole_of(name, each) for name, each in state.paid.items() if each.is_let_go)
    return frozenset({*(each.name for each in lines), *map(_document, lines), *posted})


def _document(due: Due) -> str:
    return due.line.claimed.document if due.line.claimed else ""


def is_posting(state: Settlement) -> bool:
    """Tell whether an accrual or an invoice is on its way to the ERP."""
    postings = (*state.accrued.values(), *state.paid.values())
    return any(each.is_out and not each.was_refused for each in postings)
