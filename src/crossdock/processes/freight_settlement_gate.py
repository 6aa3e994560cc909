"""The gate of money: what may stand in the ERP for each line, what proves it, and whose it is.

A leaf of freight_settlement.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from crossdock.canonical.money import Money
from crossdock.messages.freight_settlement import LineState, Proven
from crossdock.policies.freight import FreightPolicy, OpeningRow, allocate, opening_rule
from crossdock.policies.gates import Gate, Passage, Proof, judge
from crossdock.policies.rules import Rules
from crossdock.processes.freight_settlement_match import Line, carried_by, lines_of
from crossdock.processes.freight_settlement_state import (
    Consigned,
    Posting,
    Reached,
    Settlement,
    companies_of,
    parts_of,
    travelling,
)

MILESTONE = "milestone_validated"
CHARGE = "charge_confirmed"
NAMELESS = "-"  # the part of orders that name no company


class Part(Struct, frozen=True, kw_only=True):
    """One company's part of a line or an invoice, as it shall stand; `shares` in minor units.

    `name` is that of its posting, `code` the company's where it is not alone.
    """

    name: str
    code: str
    company: str
    shares: dict[str, int]

    @property
    def minor(self) -> int:
        """Sum the orders' shares."""
        return sum(self.shares.values())


class Due(Struct, frozen=True, kw_only=True):
    """One line and what shall stand accrued of it: nothing while the gate is closed.

    `shares` are the orders' in minor units, `parts` their companies'. `earned_at` is when the
    milestone happened that opened the gate, where policy names another than the delivery.
    """

    line: Line
    passage: Passage
    amount: Money
    shares: dict[str, int]
    parts: tuple[Part, ...]
    earned_at: datetime | None = None

    @property
    def name(self) -> str:
        """Name the line."""
        return self.line.name

    @property
    def proofs(self) -> tuple[Proven, ...]:
        """Spell what the posting rests on."""
        return tuple(
            Proven(condition=each.condition, at=each.at, said=each.said)
            for each in self.passage.proofs
        )

    def stands(self, state: Settlement) -> bool:
        """Tell whether each company's ERP has accrued just its part of this."""
        return not any(waits(state, each) for each in self.parts)


def waits(state: Settlement, part: Part) -> bool:
    """Tell whether a part of a line does not stand accrued as it shall."""
    known = state.accrued.get(part.name)
    if known is None:
        return part.minor != 0
    return known.is_out or known.stood != part.minor


def dues_of(state: Settlement, rules: Rules) -> tuple[Due, ...]:
    """Hold every line of the load against the gate."""
    return tuple(_due(state, line, rules.freight) for line in lines_of(state, rules))


def _due(state: Settlement, line: Line, policy: FreightPolicy) -> Due:
    orders = orders_of(state, line)
    row = opening_rule(policy, carried_by(state), line.kind) if policy.opens else None
    reached = _reached(orders, row) if row else None
    milestone = _validated(reached, row) if row else _milestone(orders, policy)
    gate = Gate(rule_id=row.rule_id if row else policy.rule_id, needs=(MILESTONE, CHARGE))
    passage = judge(gate, (*milestone, *_charge(line)))
    currency = _currency(state, line)
    amount = line.confirmed if line.confirmed and passage.is_open else None
    split = allocate(amount, weights_of(orders, policy)) if amount and amount.minor else {}
    shares = {order_id: part.minor for order_id, part in split.items()}
    return Due(
        line=line,
        passage=passage,
        amount=amount or Money(minor=0, currency=currency),
        shares=shares,
        parts=parts_for(state, line.name, parts_of(state.accrued, line.name), shares),
        earned_at=reached[1].occurred_at if reached else None,
    )


def _currency(state: Settlement, line: Line) -> str:
    if line.claimed is not None:
        return line.claimed.charge.amount.currency
    for each in parts_of(state.accrued, line.name).values():
        return each.amount.currency
    return line.expected.currency if line.expected else ""


def orders_of(state: Settlement, line: Line) -> tuple[Consigned, ...]:
    """Give the orders a line is charged for: those of its shipment, or all of the load."""
    orders = travelling(state)
    shipment_id = line.claimed.charge.shipment_id if line.claimed else ""
    own = tuple(each for each in orders if each.shipment_id == shipment_id)
    return own or orders


def weights_of(orders: Iterable[Consigned], policy: FreightPolicy) -> dict[str, Decimal]:
    """Weigh orders as the policy says; evenly where one of them does not tell its measure."""
    measured: dict[str, list[Decimal | None]] = {}
    currencies = set[str]()
    for each in orders:
        measure: Decimal | None = None
        if policy.allocation == "weight":
            measure = each.weight_kg
        elif policy.allocation == "value" and each.value is not None:
            measure = Decimal(each.value.minor)
            currencies.add(each.value.currency)
        measured.setdefault(each.order_id, []).append(measure)
    known = {
        order_id: sum((each for each in parts if each is not None), Decimal(0))
        for order_id, parts in measured.items()
    }
    told = all(each is not None and each >= 0 for parts in measured.values() for each in parts)
    if not told or len(currencies) > 1:
        return dict.fromkeys(known, Decimal(1))
    return known


def _milestone(orders: tuple[Consigned, ...], policy: FreightPolicy) -> tuple[Proof, ...]:
    """Prove that the goods are there: the last delivery of the load, or the first, by policy."""
    closed = sorted(
        ((each.closed_at, each) for each in orders if each.delivered and each.closed_at),
        key=lambda each: (each[0], each[1].shipment_id, each[1].order_id),
    )
    if not closed or (policy.opens_with == "last_delivery" and len(closed) < len(orders)):
        return ()
    at, last = closed[-1] if policy.opens_with == "last_delivery" else closed[0]
    when = last.delivered_at.isoformat() if last.delivered_at else "a time nobody told"
    said = f"{last.order_id} on {last.shipment_id} was delivered at {when}"
    more = f", the last of {len(orders)}" if len(orders) > 1 else ""
    return (Proof(condition=MILESTONE, at=at, said=said + more),)


def _reached(orders: tuple[Consigned, ...], row: OpeningRow) -> tuple[Consigned, Reached] | None:
    """Find the order whose milestone opens the gate: the last of all, or the first, by policy."""
    there = sorted(
        (
            (each, known)
            for each in orders
            if (known := each.reached.get(row.milestone)) and known.holds
        ),
        key=lambda each: (each[1].heard_at, each[0].shipment_id, each[0].order_id),
    )
    if not there or (row.of == "every_order" and len(there) < len(orders)):
        return None
    return there[-1] if row.of == "every_order" else there[0]


def _validated(reached: tuple[Consigned, Reached] | None, row: OpeningRow) -> tuple[Proof, ...]:
    if reached is None:
        return ()
    order, known = reached
    when = known.occurred_at.isoformat() if known.occurred_at else "a time nobody told"
    said = f"{order.order_id} on {order.shipment_id} reached {row.milestone} at {when}"
    return (Proof(condition=MILESTONE, at=known.heard_at, said=f"{said} ({row.rule_id})"),)


def _charge(line: Line) -> tuple[Proof, ...]:
    """Prove that the charge is agreed: by rule, or by persons."""
    agreed = line.state is LineState.CONFIRMED and line.claimed is not None
    if not agreed or line.claimed is None or line.since is None:
        return ()
    who = f" and agreed by {', '.join(line.by)}" if line.by else ""
    said = f"{line.claimed.said}{who}: {line.because} ({line.rule})"
    return (Proof(condition=CHARGE, at=line.since, said=said),)


def parts_for(
    state: Settlement, whole: str, known: Mapping[str, Posting], shares: Mapping[str, int]
) -> tuple[Part, ...]:
    """Split what shall stand of a line or an invoice by company, under the names of its postings.

    Where one company has all of it, and nothing was posted before, its part is the whole. A company
    that has no part any more shall have nothing.
    """
    companies = companies_of(state)
    wanted: dict[str, dict[str, int]] = {}
    for order_id, minor in sorted(shares.items()):
        wanted.setdefault(companies[order_id], {})[order_id] = minor
    named = {each.company_code: (name, each.part) for name, each in known.items()}
    alone = not known and len(set(companies.values())) == 1
    for company in wanted:
        code = company or NAMELESS
        named.setdefault(company, (whole, "") if alone else (f"{whole}@{code}", code))
    return tuple(
        Part(name=name, code=code, company=company, shares=wanted.get(company, {}))
        for company, (name, code) in sorted(named.items())
    )
