"""Troubles of a load's money: what finance should look at, and the clocks that run.

A leaf of freight_settlement.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec import Struct

from crossdock.messages.freight_settlement import LineState
from crossdock.messages.teams import Team
from crossdock.policies.rules import Rules
from crossdock.ports import OpenException
from crossdock.processes.freight_settlement_billing import (
    delivered,
    is_billable,
    late_mark,
    release_name,
)
from crossdock.processes.freight_settlement_gate import MILESTONE, Due
from crossdock.processes.freight_settlement_let_go import said_let_go
from crossdock.processes.freight_settlement_match import Line, written
from crossdock.processes.freight_settlement_picture import dispute_ends
from crossdock.processes.freight_settlement_postings import needs_rate
from crossdock.processes.freight_settlement_state import (
    Settlement,
    in_force,
    parts_of,
    travelling,
)

REVIEW = "FREIGHT_UNDER_REVIEW"
CONTESTED = "FREIGHT_INVOICE_CONTESTED"
UNPLANNED = "FREIGHT_LOAD_UNPLANNED"
OVERDUE = "FREIGHT_DISPUTE_OVERDUE"
NO_RATE = "FREIGHT_RATE_MISSING"
REFUSED = "FREIGHT_DECISION_REFUSED"
UNSPLIT = "FREIGHT_SPLIT_UNKNOWN"
UNPROVEN = "FREIGHT_UNDELIVERED"
NOT_POSTED = "FREIGHT_NOT_POSTED"

SETTLED = {
    REVIEW: "all that was claimed is decided, or taken back",
    CONTESTED: "the carrier has corrected or cancelled the invoice",
    UNPLANNED: "the load is planned, or nobody claims anything for it any more",
    OVERDUE: "the dispute is settled, or the charge taken back",
    NO_RATE: "the exchange rate is known",
    REFUSED: "a later decision was taken",
    UNSPLIT: "the freight can be split over the load's orders",
    UNPROVEN: "what is billed was delivered, or is agreed no more",
    NOT_POSTED: "what was waived is posted after all, or wanted no more",
}


class Alarm(Struct, frozen=True, kw_only=True):
    """A clock that runs until `due_at`; `mark` is noted when it has rung."""

    due_at: datetime
    mark: str


def alarms(state: Settlement, dues: tuple[Due, ...], rules: Rules) -> dict[str, Alarm]:
    """Give the clocks that should run, by name."""
    running = dict(_disputes(dues, rules))
    running.update(_billing(state, dues, rules))
    unplanned = _unplanned(state, rules)
    if unplanned is not None:
        running[unplanned.mark] = unplanned
    if travelling(state) and (unproven := tuple(_unproven(dues))):
        hours = timedelta(hours=rules.freight.undelivered_after_hours)
        since = min(each.line.since for each in unproven if each.line.since)
        running["undelivered"] = Alarm(due_at=since + hours, mark=_late(since))
    return {name: each for name, each in running.items() if each.mark not in state.rung}


def _disputes(dues: tuple[Due, ...], rules: Rules) -> Iterator[tuple[str, Alarm]]:
    for due in dues:
        ends = dispute_ends(due.line, rules)
        if ends is not None:
            yield f"dispute/{due.name}", Alarm(due_at=ends, mark=_mark(due.line))


def _mark(line: Line) -> str:
    content = line.claimed.content if line.claimed else ""
    since = line.disputed_at.isoformat() if line.disputed_at else ""
    return f"dispute/{content}/{since}"


def _billing(state: Settlement, dues: tuple[Due, ...], rules: Rules) -> Iterator[tuple[str, Alarm]]:
    """Let each delivered order wait for its freight so long and no longer."""
    policy = rules.freight
    if policy.billing == "off" or not policy.billing_after_hours:
        return
    for order_id, since in delivered(state).items():
        known = state.released.get(order_id)
        waits = known is None or known.reversed_
        if waits and not is_billable(state, dues, order_id, policy):
            due_at = since + timedelta(hours=policy.billing_after_hours)
            yield release_name(order_id), Alarm(due_at=due_at, mark=late_mark(order_id, since))


def _unproven(dues: tuple[Due, ...]) -> Iterator[Due]:
    """Walk what is billed and agreed, and waits for its milestone alone."""
    for due in dues:
        claimed = due.line.claimed
        billed = claimed is not None and claimed.is_invoice and due.line.since is not None
        if billed and due.line.confirmed and MILESTONE in due.passage.missing:
            yield due


def _late(since: datetime) -> str:
    """Name among alarms that what was billed then has waited for its milestone."""
    return f"undelivered/{since.isoformat()}"


def _unplanned(state: Settlement, rules: Rules) -> Alarm | None:
    if travelling(state):
        return None
    heard = [bill.heard_at for bills in state.bills.values() for bill in bills]
    heard += [each.first_at for each in state.notices.values()]
    if not heard:
        return None
    hours = timedelta(hours=rules.freight.unplanned_after_hours)
    return Alarm(due_at=min(heard) + hours, mark="unplanned")


def troubles(state: Settlement, dues: tuple[Due, ...], rules: Rules) -> Iterator[OpenException]:
    """List what finance should look at now."""
    about = numbers(state)
    if travelling(state):
        yield from _reviews(state, dues, about)
    elif "unplanned" in state.rung and any(each.line.claimed for each in dues):
        yield OpenException(
            code=UNPLANNED,
            team=Team.FINANCE,
            cause=f"Load {state.load_id} is charged for, and no order travels on it"
            + _why_left(state),
            action="Ask the carrier what it billed, and reject what was not ordered",
            about=about,
        )
    contested = [
        f"{name}, {written(each.invoice.total)}"
        for name, bills in sorted(state.bills.items())
        for each in in_force(bills)[1]
    ]
    if contested:
        yield OpenException(
            code=CONTESTED,
            team=Team.FINANCE,
            cause="The carrier sent an invoice again with other charges and no word of correction: "
            + "; ".join(contested),
            action="Ask the carrier which one holds, and for a correction; the first one stands",
            about=about,
        )
    yield from _late_disputes(state, dues, about)
    yield from _missing_rates(state, dues, rules, about)
    yield from _unsplit(state, dues, about)
    yield from _undelivered(state, dues, rules, about)
    yield from _not_posted(state, about)
    if state.refusal:
        yield OpenException(
            code=REFUSED,
            team=Team.FINANCE,
            cause=f"A decision about load {state.load_id} was not taken: {state.refusal}",
            action="Look at the load again and decide anew, or waive this",
            about=about,
        )


def numbers(state: Settlement) -> tuple[str, ...]:
    """List the numbers the load's money may be searched by."""
    orders = [each for _, each in sorted(state.consigned.items())]
    bills = [bills[0].invoice.invoice_id for _, bills in sorted(state.bills.items())]
    named = (
        state.load_id,
        *(each.shipment_id for each in orders),
        *(each.order_id for each in orders),
        *bills,
    )
    return tuple(dict.fromkeys(named))


def _why_left(state: Settlement) -> str:
    reasons = {each.because for each in state.consigned.values() if each.because}
    return f" any more: {', '.join(sorted(reasons))}" if reasons else ""


def _reviews(
    state: Settlement, dues: tuple[Due, ...], about: tuple[str, ...]
) -> Iterator[OpenException]:
    held = [each.line for each in dues if each.line.state is LineState.UNDER_REVIEW]
    if not held:
        return
    alike: dict[str, list[str]] = {}  # what is held for the same reason
    for each in held:
        if each.claimed:
            alike.setdefault(each.because, []).append(f"{each.name}: {each.claimed.said}")
    claims = "; ".join(f"{', '.join(said)}, {why}" for why, said in alike.items())
    yield OpenException(
        code=REVIEW,
        team=Team.FINANCE,
        cause=f"Charges of load {state.load_id} need a decision: {claims}",
        action="Approve, short-pay, dispute or reject them in the finance view of the load",
        about=about,
        seen={each.name: written(each.claimed.charge.amount) for each in held if each.claimed},
    )


def _late_disputes(
    state: Settlement, dues: tuple[Due, ...], about: tuple[str, ...]
) -> Iterator[OpenException]:
    late = [
        each.line
        for each in dues
        if each.line.disputed_at is not None and _mark(each.line) in state.rung
    ]
    if late:
        named = ", ".join(each.name for each in late)
        yield OpenException(
            code=OVERDUE,
            team=Team.FINANCE,
            cause=f"The dispute about {named} of load {state.load_id} is not settled in its time",
            action="Ask the carrier for its answer, then settle, approve or reject",
            about=about,
        )


def _unsplit(
    state: Settlement, dues: tuple[Due, ...], about: tuple[str, ...]
) -> Iterator[OpenException]:
    why = dict.fromkeys(each.unsplit for each in dues if each.unsplit and each.line.confirmed)
    if why:
        yield OpenException(
            code=UNSPLIT,
            team=Team.FINANCE,
            cause=f"The freight of load {state.load_id} cannot be split over its orders: "
            + "; ".join(why),
            action="Have it told by the order or the item's master data and released again, or "
            "name another split in freight.toml (allocation_otherwise), then retry",
            about=about,
        )


def _undelivered(
    state: Settlement, dues: tuple[Due, ...], rules: Rules, about: tuple[str, ...]
) -> Iterator[OpenException]:
    """Ask about freight that is agreed and waits for its milestone longer than policy lets it.

    A carrier bills what it has carried: either nobody told us, or the ERP knows nothing of it.
    """
    waiting = tuple(_unproven(dues))
    rung = any(_late(each.line.since) in state.rung for each in waiting if each.line.since)
    if not (rung and travelling(state)):
        return
    open_ = [
        f"the delivery of {each.order_id} on {each.shipment_id}"
        for each in travelling(state)
        if not each.delivered
    ]
    named = ", ".join(each.name for each in waiting)
    yield OpenException(
        code=UNPROVEN,
        team=Team.FINANCE,
        cause=f"{named} of load {state.load_id} is billed and agreed, and nothing proves after "
        f"{rules.freight.undelivered_after_hours} hours that it was earned: waits for "
        f"{', '.join(open_) or 'the milestone that policy names'}",
        action="Look at the trace of these orders: have a missing delivery told, or the load "
        "planned again where its transport reference was waived; or reject the charge",
        about=about,
    )


def _not_posted(state: Settlement, about: tuple[str, ...]) -> Iterator[OpenException]:
    """Ask about what the ERP refused and a person waived: it is agreed, and does not stand."""
    let_go = tuple(said_let_go(state))
    if let_go:
        yield OpenException(
            code=NOT_POSTED,
            team=Team.FINANCE,
            cause=f"The ledger is not as agreed about load {state.load_id}, for the ERP refused it "
            f"and the posting was waived: {'; '.join(let_go)}",
            action="Have the ERP mended, then retry: it is posted anew, and the invoice that waits "
            "for it after it; or book it by hand and waive this: it stays as it is",
            about=about,
        )


def _missing_rates(
    state: Settlement, dues: tuple[Due, ...], rules: Rules, about: tuple[str, ...]
) -> Iterator[OpenException]:
    lacking = sorted(
        {
            each.amount.currency
            for each in dues
            if each.amount.minor
            and needs_rate(rules.freight, each.amount.currency)
            and not any(part.rate for part in parts_of(state.accrued, each.name).values())
        }
    )
    if lacking:
        into = rules.freight.ledger_currency
        yield OpenException(
            code=NO_RATE,
            team=Team.FINANCE,
            cause=f"Load {state.load_id} is charged in {', '.join(lacking)}, and there is no rate "
            f"into {into}",
            action="Add the rate to exchange_rates.toml, then retry",
            about=about,
        )
