"""The gate of money: what may stand in the ERP for each line, what proves it, and whose it is.

A leaf of freight_settlement.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from crossdock.canonical.money import Money
from crossdock.messages.freight_settlement import LineState, Proven
from crossdock.policies.freight import FreightPolicy, OpeningRow, allocate, opening_rule
from crossdock.policies.gates import Gate, Passage, Proof, judge
from crossdock.policies.rules import Rules
from crossdock.processes.freight_settlement_match import Line, carried_by, lines_of, written
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
SPLIT = "split_known"
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

    @property
    def wanted(self) -> dict[str, int]:
        """Give the shares that shall stand; none of nothing."""
        return self.shares if self.minor else {}


class Due(Struct, frozen=True, kw_only=True):
    """One line and what shall stand accrued of it: nothing while the gate is closed.

    `shares` are the orders' in minor units, `parts` their companies'. `earned_at` is when the
    milestone happened that opened the gate, where policy names another than the delivery, and
    `unsplit` says why it cannot be split over its orders.
    """

    line: Line
    passage: Passage
    amount: Money
    shares: dict[str, int]
    parts: tuple[Part, ...]
    earned_at: datetime | None = None
    unsplit: str = ""

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

    def is_let_go(self, state: Settlement) -> bool:
        """Tell whether all that does not stand as it shall was refused, and waived by a person."""
        waiting = [each for each in self.parts if waits(state, each)]
        return bool(waiting) and all(_is_let_go(state, each) for each in waiting)


def _is_let_go(state: Settlement, part: Part) -> bool:
    known = state.accrued.get(part.name)
    return known is not None and known.is_let_go and known.shares == part.wanted


def waits(state: Settlement, part: Part) -> bool:
    """Tell whether a part of a line does not stand accrued as it shall."""
    known = state.accrued.get(part.name)
    if known is None:
        return part.minor != 0
    return known.is_out or known.standing != part.wanted


def dues_of(state: Settlement, rules: Rules) -> tuple[Due, ...]:
    """Hold every line of the load against the gate."""
    orders = travelling(state)
    return tuple(_due(state, line, orders, rules.freight) for line in lines_of(state, rules))


def _due(
    state: Settlement, line: Line, orders: tuple[Consigned, ...], policy: FreightPolicy
) -> Due:
    orders = orders_of(line, orders)
    row = opening_rule(policy, carried_by(state), line.kind) if policy.opens else None
    reached = _reached(orders, row) if row else None
    milestone = _validated(reached, row) if row else _milestone(orders, policy)
    found = measured(orders, policy)
    needs = (MILESTONE, CHARGE, SPLIT) if _bear_together(orders) else (MILESTONE, CHARGE)
    gate = Gate(rule_id=row.rule_id if row else policy.rule_id, needs=needs)
    passage = judge(gate, (*milestone, *_charge(line), *_split(found, orders)))
    currency = _currency(state, line)
    amount = line.confirmed if line.confirmed and passage.is_open else None
    split = allocate(amount, found.weights or {}) if amount and amount.minor else {}
    shares = {order_id: part.minor for order_id, part in split.items()}
    return Due(
        line=line,
        passage=passage,
        amount=amount or Money(minor=0, currency=currency),
        shares=shares,
        parts=parts_for(state, line.name, parts_of(state.accrued, line.name), shares),
        earned_at=reached[1].occurred_at if reached else None,
        unsplit="" if found.weights is not None else found.said,
    )


def _currency(state: Settlement, line: Line) -> str:
    if line.claimed is not None:
        return line.claimed.charge.amount.currency
    for each in parts_of(state.accrued, line.name).values():
        return each.amount.currency
    return line.expected.currency if line.expected else ""


def orders_of(line: Line, orders: tuple[Consigned, ...]) -> tuple[Consigned, ...]:
    """Give the orders a line is charged for: those of its shipment, or all of the load."""
    shipment_id = line.claimed.charge.shipment_id if line.claimed else ""
    own = tuple(each for each in orders if each.shipment_id == shipment_id)
    return own or orders


class Measured(Struct, frozen=True, kw_only=True):
    """By what freight is split over orders: `said` tells in words; `weights` None: by nothing."""

    weights: dict[str, Decimal] | None
    said: str
    since: datetime | None = None


def measured(orders: Iterable[Consigned], policy: FreightPolicy) -> Measured:
    """Measure orders as the policy says, or as it says otherwise where one does not tell it."""
    orders = tuple(orders)
    names = tuple(dict.fromkeys(each.order_id for each in orders))
    since = max((each.planned_at for each in orders if each.planned_at), default=None)
    ways = (policy.allocation, policy.allocation_otherwise)
    lacking: list[str] = []
    for way in dict.fromkeys(ways):
        why = f", for {', '.join(lacking)}" if lacking else ""
        if way == "even" or len(names) == 1:
            weights = dict.fromkeys(names, Decimal(1))
            return Measured(weights=weights, said=f"split evenly{why}", since=since)
        if way == "ask":
            continue
        lacks = tuple(_lacks(orders, way))
        if not lacks:
            weights, told = _weighed(orders, way)
            said = ", ".join(f"{name} {told[name]}" for name in names)
            return Measured(weights=weights, said=f"split by {way}{why}: {said}", since=since)
        lacking += lacks
    return Measured(weights=None, said=", ".join(lacking), since=since)


def _measure(order: Consigned, way: str) -> Decimal | None:
    if way == "weight":
        return order.weight_kg
    return None if order.value is None else Decimal(order.value.minor)


def _lacks(orders: tuple[Consigned, ...], way: str) -> Iterator[str]:
    """Say which orders do not tell a measure, or why it has no sum."""
    for each in orders:
        measure = _measure(each, way)
        if measure is None or measure < 0:
            yield f"{each.order_id} tells no {way}"
    currencies = {each.value.currency for each in orders if each.value}
    if way == "value" and len(currencies) > 1:
        yield f"the values are in {', '.join(sorted(currencies))}"


def _weighed(orders: tuple[Consigned, ...], way: str) -> tuple[dict[str, Decimal], dict[str, str]]:
    """Sum up the measure of each order, and spell it."""
    weights: dict[str, Decimal] = {}
    for each in orders:
        measure = _measure(each, way) or Decimal(0)
        weights[each.order_id] = weights.get(each.order_id, Decimal(0)) + measure
    currency = next((each.value.currency for each in orders if each.value), "")
    if way == "weight":
        return weights, {name: f"{weight} kg" for name, weight in weights.items()}
    values = {name: Money(minor=int(each), currency=currency) for name, each in weights.items()}
    return weights, {name: written(each) for name, each in values.items()}


def _split(found: Measured, orders: tuple[Consigned, ...]) -> tuple[Proof, ...]:
    """Prove by what freight is split, where several orders bear it."""
    if found.weights is None or found.since is None or not _bear_together(orders):
        return ()
    return (Proof(condition=SPLIT, at=found.since, said=found.said),)


def _bear_together(orders: tuple[Consigned, ...]) -> bool:
    return len({each.order_id for each in orders}) > 1


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
