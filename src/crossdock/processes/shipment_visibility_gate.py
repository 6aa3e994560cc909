"""The portal's gate: from when on a customer may see an order, and why not yet."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from crossdock.messages.shipment_visibility import GateVerdict
from crossdock.policies.gates import Gate, Passage, Proof, judge
from crossdock.policies.rules import PortalPolicy
from crossdock.processes.shipment_visibility_facts import Confirmation, Consigned, Visibility
from crossdock.processes.shipment_visibility_journey import Journey

REFERENCE_APPLIED = "the ERP has applied the transport reference"


def opened_by(order: Consigned) -> Confirmation | None:
    """Give the ERP's first confirmation since the order was last taken off this shipment."""
    left = order.withdrawal.revision if order.withdrawal else None
    for each in order.confirmations:
        if left is None or each.revision > left:
            return each
    return None


def is_given_to_us(order: Consigned) -> bool:
    """Tell whether a customer gave us this order's load itself, and no ERP knows of it."""
    return order.plan is not None and bool(order.plan.offered_by)


def opened_at(order: Consigned, policy: PortalPolicy) -> datetime | None:
    """Give since when an order's gate is open; None while it is closed."""
    return _since(order, passage_of(order, policy)) if order.travels else None


def passage_of(order: Consigned, policy: PortalPolicy) -> Passage:
    """Hold an order against the portal's gate; who gave us the load itself waits for no ERP."""
    gate = Gate(rule_id=policy.rule_id, needs=()) if is_given_to_us(order) else gate_of(policy)
    return _passage(gate, opened_by(order))


@lru_cache(maxsize=4096)  # an order is held against its gate with every report of its shipment
def _passage(gate: Gate, confirmation: Confirmation | None) -> Passage:
    return judge(gate, proofs_of(confirmation))


def _since(order: Consigned, passage: Passage) -> datetime | None:
    return passage.since or (order.planned_at if passage.is_open else None)


def gate_of(policy: PortalPolicy) -> Gate:
    """Give the portal's gate as the policy wants it."""
    needs = (REFERENCE_APPLIED,) if policy.needs_erp_reference else ()
    return Gate(rule_id=policy.rule_id, needs=needs)


def proofs_of(confirmation: Confirmation | None) -> tuple[Proof, ...]:
    """Give what the ERP's confirmation of an order proves."""
    if confirmation is None:
        return ()
    when = confirmation.applied_at.isoformat()
    said = f"ERP confirmed {confirmation.erp_document} at {when}"
    return (Proof(condition=REFERENCE_APPLIED, at=confirmation.applied_at, said=said),)


def orders_of(state: Visibility, journey: Journey, customer_id: str) -> tuple[str, ...]:
    """Name a customer's orders that travel on this shipment."""
    return tuple(
        [
            order_id
            for order_id in journey.order_ids
            if (plan := state.orders[order_id].plan) and plan.customer_id == customer_id
        ]
    )


def judge_gate(
    state: Visibility, customer_id: str, order_ids: tuple[str, ...], policy: PortalPolicy
) -> tuple[GateVerdict, tuple[str, ...]]:
    """Decide whether a customer sees the shipment, and which of their orders on it.

    One order with an open gate makes it visible, and only orders with an open gate are listed;
    the others are named in the evidence with what they wait for.
    """
    since: dict[str, datetime] = {}
    confirmed: list[str] = []
    waiting: list[str] = []
    for order_id in order_ids:
        order = state.orders[order_id]
        passage = passage_of(order, policy)
        at = _since(order, passage)
        if at is None:
            waiting.append(_waits(order_id))
        else:
            since[order_id] = at
            confirmed += [proof.said for proof in passage.proofs]
    if not since:
        because, *more = waiting or _left(state, customer_id)
        verdict = GateVerdict(
            visible=False, rule=policy.rule_id, because=because, evidence=tuple(more)
        )
        return verdict, ()
    names = ", ".join(since)
    if all(is_given_to_us(state.orders[each]) for each in since):
        because = f"the customer gave us the load itself: {names}"
    elif policy.needs_erp_reference:
        because = f"the ERP confirmed the transport reference of {names}"
    else:
        because = f"planned: {names}; the policy asks for no confirmation by the ERP"
    verdict = GateVerdict(
        visible=True,
        rule=policy.rule_id,
        because=because,
        evidence=(*confirmed, *waiting),
        since=min(since.values()),
    )
    return verdict, tuple(since)


def _waits(order_id: str) -> str:
    return f"withheld: the ERP has not confirmed the transport reference of {order_id}"


def _left(state: Visibility, customer_id: str) -> tuple[str, ...]:
    gone = tuple(
        f"withheld: {order_id} left this shipment: {order.withdrawal.because}"
        for order_id, order in sorted(state.orders.items())
        if order.plan and order.plan.customer_id == customer_id and order.withdrawal
    )
    return gone or ("withheld: no order of this customer travels on this shipment",)
