"""Billing: when the ERP may bill an order to its customer, and with which freight.

A leaf of freight_settlement.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import structs

from crossdock.canonical.money import Money
from crossdock.messages.freight_settlement import Proposal, ReleaseBilling
from crossdock.policies.freight import FreightPolicy, allocate
from crossdock.policies.rules import Rules
from crossdock.ports import Emission
from crossdock.processes.freight_settlement_gate import Due, company_of, weights_of
from crossdock.processes.freight_settlement_postings import drop, is_over
from crossdock.processes.freight_settlement_state import (
    Released,
    Settlement,
    Step,
    travelling,
)
from crossdock.processes.freight_settlement_words import verdict_on

RELEASE = "billing/"
UNCERTAIN = Money(minor=10**15, currency="XXX")  # what is not known may be any amount


def release_billing(state: Settlement, dues: tuple[Due, ...], rules: Rules) -> Step:
    """Let the ERP bill the orders whose freight is certain, or released without being so."""
    if rules.freight.billing == "off":
        return state, ()
    said: list[Emission] = []
    released = dict(state.released)
    certain = is_over(state, dues)
    for order_id in _delivered(state):
        known = released.get(order_id)
        freight = freight_of(dues, order_id, state, rules.freight, certain=certain)
        why = "" if certain else _flag(state, order_id, rules.freight)
        if (
            freight is None
            or why is None
            or (known is not None and known.is_out and not known.was_refused)
        ):
            continue
        if known is not None and (known.freight, known.flagged) == (freight, why):
            continue
        after = Released(
            freight=freight,
            flagged=why,
            revision=known.revision + 1 if known else 1,
            settled=known.settled if known else 0,
            company_code=company_of(state),
        )
        if known is not None and known.was_refused:
            key = f"{order_id}/{state.load_id}"
            said.append(drop(ReleaseBilling.verb, key, known.revision))
        said.append(_release(state, order_id, after))
        released[order_id] = after
    return (structs.replace(state, released=released) if said else state), tuple(said)


def _delivered(state: Settlement) -> Iterator[str]:
    """Name the orders of which all that travels on this load is delivered."""
    orders = travelling(state)
    for order_id in sorted({each.order_id for each in orders}):
        if all(each.delivered for each in orders if each.order_id == order_id):
            yield order_id


def _flag(state: Settlement, order_id: str, policy: FreightPolicy) -> str | None:
    """Say why an order is billed though its freight is not certain; None: it is not."""
    name = release_name(order_id)
    said = verdict_on(state.words, name, UNCERTAIN, policy)
    if said.word is not None:
        return f"released by {' and '.join(said.by)} before the freight was certain"
    return "the freight was not certain in time" if name in state.rung else None


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
    """Sum an order's part of the freight; while uncertain, of what is agreed or else expected.

    None where it is in several currencies: that has no sum.
    """
    parts: list[Money] = []
    weights = weights_of(travelling(state), policy)
    for due in dues:
        if certain:
            parts.append(Money(minor=due.shares.get(order_id, 0), currency=due.amount.currency))
        elif (likely := due.line.confirmed or due.line.expected) is not None:
            parts.append(allocate(likely, weights)[order_id])
    told = [each for each in parts if each.minor] or parts
    currencies = {each.currency for each in told}
    if len(currencies) > 1:
        return None
    currency = currencies.pop() if currencies else policy.ledger_currency or "XXX"
    return Money(minor=sum(each.minor for each in told), currency=currency)


def _release(state: Settlement, order_id: str, told: Released) -> ReleaseBilling:
    return ReleaseBilling(
        order_id=order_id,
        load_id=state.load_id,
        freight=told.freight,
        revision=told.revision,
        flagged=told.flagged,
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
