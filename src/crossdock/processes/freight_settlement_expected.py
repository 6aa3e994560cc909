"""What a load should cost: as tendered, by contract or by rate, the first source that knows.

A leaf of freight_settlement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from crossdock.canonical.freight import ChargeKind, FreightCharge
from crossdock.canonical.money import NO_CURRENCY, Money
from crossdock.policies.freight import Carried, agreed_charges
from crossdock.policies.rules import Rules
from crossdock.processes.freight_settlement_state import Settlement, travelling

# A kind of charge, and the shipment it is for; empty: the load.
Group = tuple[ChargeKind, str]


class Expected(Struct, frozen=True, kw_only=True):
    """What a kind of charge should cost, and by which source or row."""

    amount: Money
    rule: str
    weight_kg: Decimal | None = None
    freight_class: str = ""


def expected_of(state: Settlement, carried: Carried, rules: Rules) -> dict[Group, Expected]:
    """Say what the load should cost, by kind and shipment, from the first source that knows.

    What is expected of the load as a whole stands under no shipment.
    """
    for source in rules.freight.expected_from:
        if source == "tender":
            found = _tendered(state)
        else:
            agreed = agreed_charges(rules.contracts, carried, source)
            found = {
                (kind, ""): Expected(amount=amount, rule=rule, weight_kg=carried.weight_kg)
                for kind, (amount, rule) in agreed.items()
            }
        if found:
            return found
    return {}


def _tendered(state: Settlement) -> dict[Group, Expected]:
    """Gather what planners expect; charges told for the load as a whole count once."""
    offered: dict[tuple[str, str, str], FreightCharge] = {}
    for each in travelling(state):
        for charge in each.charges:
            whole = charge.load_id == state.load_id and not charge.shipment_id
            owner = "" if whole else each.shipment_id
            offered.setdefault((owner, charge.charge_id, charge.code), charge)
    groups: dict[Group, list[Expected]] = {}
    for (owner, _, _), charge in offered.items():
        part = Expected(
            amount=charge.amount,
            rule="tender",
            weight_kg=charge.weight_kg,
            freight_class=charge.freight_class,
        )
        groups.setdefault((charge.kind, owner), []).append(part)
    return {group: summed(parts) for group, parts in groups.items()}


def summed(parts: Sequence[Expected]) -> Expected:
    """Add up what is expected; amounts of several currencies have no sum, and match nothing."""
    currencies = {each.amount.currency for each in parts}
    currency = currencies.pop() if len(currencies) == 1 else NO_CURRENCY
    return Expected(
        amount=Money(minor=sum(each.amount.minor for each in parts), currency=currency),
        rule=parts[0].rule,
        weight_kg=weighed([each.weight_kg for each in parts]),
        freight_class=parts[0].freight_class,
    )


def wanted(expected: Mapping[Group, Expected], group: Group) -> Expected | None:
    """Find what is expected of some claims: of their shipment, or else of the whole load."""
    kind, shipment_id = group
    if shipment_id and group in expected:
        return expected[group]
    if shipment_id and (kind, "") not in expected:
        return None
    parts = [each for (other, _), each in sorted(expected.items()) if other is kind]
    return summed(parts) if parts else None


def weighed(weights: Sequence[Decimal | None]) -> Decimal | None:
    """Add weights up; None where one of them is not told."""
    known = [each for each in weights if each is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(weights) else None
