"""Billing: when the ERP may bill an order to its customer, and with which freight.

A leaf of freight_settlement.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import structs

from crossdock.canonical.money import NO_CURRENCY, Money
from crossdock.messages.freight_settlement import Proposal, ReleaseBilling
from crossdock.policies.freight import FreightPolicy, allocate
from crossdock.policies.rules import Rules
from crossdock.ports import Emission
from crossdock.processes.freight_settlement_gate import Due, measured
from crossdock.processes.freight_settlement_match import written
from crossdock.processes.freight_settlement_postings import drop, is_over
from crossdock.processes.freight_settlement_state import (
    Released,
    Settlement,
    Step,
    after_refused,
    companies_of,
    travelling,
)
from crossdock.processes.freight_settlement_words import verdict_on

RELEASE = "billing/"
UNCERTAIN = Money(minor=10**15, currency=NO_CURRENCY)  # what is not known may be any amount


def release_billing(state: Settlement, dues: tuple[Due, ...], rules: Rules) -> Step:
    """Let the ERP bill the orders whose freight is certain, or released without being so.

    What is not delivered after all, or left the load, is billed no more. Freight of which the ERP
    refused a part, and a person waived it, is told with what stands of it, and flagged; or it waits
    for its time or for persons, by policy (`billing_waived`).
    """
    if rules.freight.billing == "off":
        return state, ()
    said: list[Emission] = []
    released = dict(state.released)
    arrived = delivered(state)
    for order_id in sorted({*arrived, *released}):
        known = released.get(order_id)
        if known is not None and known.is_out and not known.was_refused:
            continue
        if order_id in arrived:
            after = _release_of(state, dues, order_id, rules.freight)
        else:
            after = _taken_back(known)
        if after is None:
            continue
        if known is not None and known.was_refused:
            key = f"{order_id}/{state.load_id}"
            said.append(drop(ReleaseBilling.verb, key, known.revision))
            after = after_refused(known, after)
        if after.is_out:
            said.append(_release(state, order_id, after))
        released[order_id] = after
    changed = released != state.released
    return (structs.replace(state, released=released) if changed else state), tuple(said)


def _release_of(
    state: Settlement, dues: tuple[Due, ...], order_id: str, policy: FreightPolicy
) -> Released | None:
    """Give what the ERP is to be told of a delivered order; None where it knows that already."""
    known = state.released.get(order_id)
    ended = _has_ended(state, dues, order_id)
    freight = freight_of(dues, order_id, state, policy, certain=ended)
    accrued = _accrued_instead(state, dues, order_id) if ended else None
    why: str | None = ""
    if accrued is not None and policy.billing_waived == "flagged":
        why = (
            f"{written(accrued)} of it stands accrued: the ERP refused the rest, and it was waived"
        )
    elif accrued is not None or not ended:
        why = _flag(state, order_id, policy)
    if freight is None or why is None:
        return None
    if known is None:
        known = Released(freight=freight, revision=0, company_code=companies_of(state)[order_id])
    after = structs.replace(known, freight=freight, flagged=why, accrued=accrued, reversed_=False)
    if known.revision and after == known:
        return None
    if after.stands:  # the ERP refused what is not wanted any more
        return structs.replace(after, settled=known.revision)
    return structs.replace(after, revision=known.revision + 1)


def is_billable(
    state: Settlement, dues: tuple[Due, ...], order_id: str, policy: FreightPolicy
) -> bool:
    """Tell whether an order's freight waits for nothing more: it stands accrued, or policy lets it.

    What the ERP refused and a person waived does not stand, and policy says whether that is waited
    for.
    """
    return _has_ended(state, dues, order_id) and (
        policy.billing_waived == "flagged" or _accrued_instead(state, dues, order_id) is None
    )


def _has_ended(state: Settlement, dues: tuple[Due, ...], order_id: str) -> bool:
    """Tell whether an order's freight is settled, or let go; not while no charge has a part."""
    return any(order_id in due.shares for due in dues) and is_over(state, dues, but_let_go=True)


def _accrued_instead(state: Settlement, dues: tuple[Due, ...], order_id: str) -> Money | None:
    """Sum what stands accrued for an order, where that is not its freight; None: just that."""
    bears = [due for due in dues if order_id in due.shares]
    borne = sum(due.shares[order_id] for due in bears)
    stands = sum(each.standing.get(order_id, 0) for each in state.accrued.values())
    return None if stands == borne else Money(minor=stands, currency=bears[0].amount.currency)


def _taken_back(known: Released | None) -> Released | None:
    """Give what the ERP is to be told of an order it may bill no more; None: nothing."""
    if known is None or known.reversed_:
        return None
    nothing = Money(minor=0, currency=known.freight.currency)
    after = structs.replace(known, freight=nothing, flagged="", accrued=None, reversed_=True)
    if known.stood is not None:
        return structs.replace(after, revision=known.revision + 1)
    return structs.replace(after, settled=known.revision)  # the ERP refused it: nothing stands


def delivered(state: Settlement) -> dict[str, datetime]:
    """Give the orders of which all that travels on this load is delivered, and since when."""
    closings: dict[str, list[datetime | None]] = {}
    for each in travelling(state):
        closed_at = each.closed_at if each.delivered else None
        closings.setdefault(each.order_id, []).append(closed_at)
    since = {order_id: [at for at in ends if at] for order_id, ends in closings.items()}
    return {
        order_id: max(ends)
        for order_id, ends in sorted(since.items())
        if len(ends) == len(closings[order_id])
    }


def _flag(state: Settlement, order_id: str, policy: FreightPolicy) -> str | None:
    """Say why an order is billed though its freight is not certain; None: it is not."""
    name = release_name(order_id)
    said = verdict_on(state.words, name, UNCERTAIN, policy)
    if said.word is not None:
        return f"released by {' and '.join(said.by)} before the freight was certain"
    rung = late_mark(order_id, delivered(state)[order_id]) in state.rung
    return "the freight was not certain in time" if rung else None


def late_mark(order_id: str, since: datetime) -> str:
    """Name among alarms that an order, delivered since then, has waited for its freight."""
    return f"{release_name(order_id)}/{since.isoformat()}"


def release_name(order_id: str) -> str:
    """Name the release of an order among words and alarms."""
    return f"{RELEASE}{order_id}"


def freight_of(
    dues: tuple[Due, ...],
    order_id: str,
    state: Settlement,
    policy: FreightPolicy,
    *,
    certain: bool,
) -> Money | None:
    """Sum an order's part of the freight; of a line not split yet, of what is agreed or expected.

    None where it is in several currencies: that has no sum.
    """
    parts: list[Money] = []
    orders = travelling(state)
    even = dict.fromkeys((each.order_id for each in orders), Decimal(1))
    weights = measured(orders, policy).weights or even
    for due in dues:
        if certain or due.shares:
            parts.append(Money(minor=due.shares.get(order_id, 0), currency=due.amount.currency))
        elif (likely := due.line.confirmed or due.line.expected) is not None:
            parts.append(allocate(likely, weights)[order_id])
    told = [each for each in parts if each.minor] or parts
    currencies = {each.currency for each in told}
    if len(currencies) > 1:
        return None
    currency = currencies.pop() if currencies else policy.ledger_currency or NO_CURRENCY
    return Money(minor=sum(each.minor for each in told), currency=currency)


def _release(state: Settlement, order_id: str, told: Released) -> ReleaseBilling:
    return ReleaseBilling(
        order_id=order_id,
        load_id=state.load_id,
        freight=told.freight,
        revision=told.revision,
        flagged=told.flagged,
        accrued=told.accrued,
        reversed_=told.reversed_,
        company_code=told.company_code,
    )


def release_proposal(state: Settlement, policy: FreightPolicy) -> Proposal | None:
    """Give the release of an order that waits for a second person."""
    for content in sorted({each.content for each in state.words}):
        if content.startswith(RELEASE):
            said = verdict_on(state.words, content, UNCERTAIN, policy)
            if said.proposal is not None:
                return said.proposal
    return None
