"""The picture of a load's money, as finance sees it.

A leaf of freight_settlement.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from crossdock.canonical.money import Money
from crossdock.messages.freight_settlement import (
    FreightLine,
    FreightPicture,
    InvoiceLine,
    LineState,
    Share,
)
from crossdock.policies.calendars import calendar_named, working_days_later
from crossdock.policies.rules import Rules
from crossdock.processes.freight_settlement_billing import release_proposal
from crossdock.processes.freight_settlement_gate import Due
from crossdock.processes.freight_settlement_let_go import said_let_go
from crossdock.processes.freight_settlement_match import Line, written
from crossdock.processes.freight_settlement_postings import (
    is_over,
    line_state,
    payables_of,
)
from crossdock.processes.freight_settlement_state import (
    Posting,
    Settlement,
    in_force,
    parts_of,
    travelling,
)

# What a load is called, by the first of these states that one of its lines is in.
_STAGES = (
    (LineState.UNDER_REVIEW, "under review"),
    (LineState.DISPUTED, "disputed"),
    (LineState.CONFIRMED, "confirmed"),
    (LineState.WAIVED, "waived"),
    (LineState.ACCRUED, "accrued"),
    (LineState.INVOICED, "invoiced"),
    (LineState.EXPECTED, "expected"),
    (LineState.REJECTED, "rejected"),
    (LineState.WITHDRAWN, "withdrawn"),
)
_AGREED = frozenset({LineState.CONFIRMED, LineState.WAIVED, LineState.ACCRUED, LineState.INVOICED})


def stage_word(state: Settlement, dues: tuple[Due, ...]) -> str:
    """Give the word for the board: how far the money of the load is."""
    reached = {line_state(state, each) for each in dues}
    if LineState.INVOICED in reached and is_over(state, dues):
        return "settled"
    return next((word for each, word in _STAGES if each in reached), "open")


def dispute_ends(line: Line, rules: Rules) -> datetime | None:
    """Tell when the clock of a dispute ends. Raises Misconfigured for an unknown calendar."""
    if line.disputed_at is None:
        return None
    policy = rules.freight
    calendar = calendar_named(rules.calendars, policy.dispute_calendar)
    return working_days_later(calendar, line.disputed_at, policy.dispute_days)


def picture_of(state: Settlement, dues: tuple[Due, ...], rules: Rules) -> FreightPicture:
    """Show every line with what was expected, billed, agreed and posted, and why.

    The state must be told its stage already.
    """
    orders = travelling(state)
    dates = [each.business_date for each in state.accrued.values()]
    return FreightPicture(
        load_id=state.load_id,
        carrier_scac=orders[0].carrier_scac if orders else "",
        order_ids=tuple(sorted({each.order_id for each in orders})),
        shipment_ids=tuple(sorted({each.shipment_id for each in orders})),
        state=state.stage,
        lines=tuple(_line(state, each, rules) for each in dues),
        invoices=tuple(_invoices(state, dues)),
        shares=tuple(_shares(dues)),
        business_date=max(dates, default=None),
        notes=tuple(_notes(state)),
        proposal=release_proposal(state, rules.freight),
        rules=rules.digest,
    )


def _line(state: Settlement, due: Due, rules: Rules) -> FreightLine:
    line, parts = due.line, tuple(parts_of(state.accrued, due.name).values())
    claimed = line.claimed
    reached = line_state(state, due)
    agreed = reached in _AGREED
    stood = [each for each in parts if each.settled > 0]
    return FreightLine(
        charge=line.name,
        kind=line.kind,
        state=reached,
        expected=line.expected,
        invoiced=claimed.charge.amount if claimed else None,
        confirmed=line.confirmed,
        posted=Money(minor=sum(each.stood for each in stood), currency=stood[0].amount.currency)
        if stood
        else None,
        variance=line.variance,
        rule=line.rule,
        because=line.because,
        by=", ".join(line.by),
        description=claimed.charge.description if claimed else "",
        invoice_id=claimed.document.partition("/")[2] if claimed and claimed.is_invoice else "",
        documents=tuple(name for each in parts for name in each.documents),
        evidence=claimed.charge.evidence if claimed else (),
        proofs=due.proofs if agreed else (),
        missing=due.passage.missing if agreed else (),
        dispute_until=dispute_ends(line, rules),
        since=_since(due, state, reached),
        proposal=line.proposal,
    )


def _since(due: Due, state: Settlement, reached: LineState) -> datetime | None:
    """Tell since when a line is in its state."""
    if reached in {LineState.ACCRUED, LineState.WAIVED}:
        return _ended_at(parts_of(state.accrued, due.name))
    if reached is LineState.INVOICED and due.line.claimed:
        return _ended_at(parts_of(state.paid, due.line.claimed.document))
    return due.line.since


def _ended_at(parts: Mapping[str, Posting]) -> datetime | None:
    return max((each.ended_at for each in parts.values() if each.ended_at), default=None)


def _invoices(state: Settlement, dues: tuple[Due, ...]) -> Iterator[InvoiceLine]:
    for name, payable in sorted(payables_of(state, dues).items()):
        carrier, _, invoice_id = name.partition("/")
        told = parts_of(state.paid, name).values()
        posted = [each.document for each in told]
        states = {line_state(state, each) for each in payable.dues}
        undecided = states & {LineState.UNDER_REVIEW, LineState.DISPUTED}
        word = "agreed"
        if payable.bill is None:
            word = "withdrawn"
        elif undecided:
            word = "under review"
        elif states == {LineState.REJECTED}:
            word = "rejected"
        elif LineState.WAIVED in states or any(each.is_let_go for each in told):
            word = "waived"
        elif LineState.INVOICED in states:
            word = "posted"
        invoice = payable.bill.invoice if payable.bill else None
        nothing = Money(minor=0, currency=payable.amount.currency)
        agreed = [each.line.confirmed.minor for each in payable.dues if each.line.confirmed]
        yield InvoiceLine(
            invoice_id=invoice_id,
            carrier_scac=carrier,
            total=invoice.total if invoice else nothing,
            payable=None
            if undecided
            else Money(minor=sum(agreed), currency=payable.amount.currency),
            state=word,
            document=", ".join(filter(None, posted)),
            disagreements=invoice.disagreements if invoice else (),
        )


def _shares(dues: tuple[Due, ...]) -> Iterator[Share]:
    sums: dict[tuple[str, str], int] = {}
    for due in dues:
        for order_id, minor in due.shares.items():
            name = (order_id, due.amount.currency)
            sums[name] = sums.get(name, 0) + minor
    for (order_id, currency), minor in sorted(sums.items()):
        yield Share(order_id=order_id, amount=Money(minor=minor, currency=currency))


def _notes(state: Settlement) -> Iterator[str]:
    for what in said_let_go(state):
        yield f"{what}: the ERP refused it, and the posting was waived"
    for name, bills in sorted(state.bills.items()):
        for each in in_force(bills)[1]:
            total = written(each.invoice.total)
            yield f"{name} was sent again with other charges, {total}, and no word of correction"
    for order_id, released in sorted(state.released.items()):
        if released.flagged:
            yield f"{order_id} is billed: {released.flagged}"
        elif released.reversed_:
            yield f"{order_id} is billed no more: {_why_not(state, order_id)}"


def _why_not(state: Settlement, order_id: str) -> str:
    here = any(each.order_id == order_id for each in travelling(state))
    return "its delivery was taken back" if here else "it left the load"
