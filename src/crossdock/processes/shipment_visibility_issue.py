"""Goods issue: which orders' goods have left with this shipment, as the ERP has it too.

A leaf of shipment_visibility.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import structs

from crossdock.canonical.shipment import Shipment, Stop, StopRole
from crossdock.canonical.tracking import Milestone
from crossdock.messages.order_release import ShipmentPlanned
from crossdock.messages.shipment_visibility import GoodsIssued
from crossdock.policies.rules import Rules
from crossdock.processes.shipment_visibility_facts import Visibility
from crossdock.processes.shipment_visibility_journey import Journey
from crossdock.processes.shipment_visibility_posting import (
    posted_orders,
    posting_key,
    posting_stops,
    row_of,
)


def issue_goods(
    state: Visibility, journey: Journey, rules: Rules
) -> tuple[Visibility, tuple[GoodsIssued, ...]]:
    """Say of each order with stock set aside that its goods have left, or have not after all.

    They have when the pickup at each of its stops is settled; the same is not said again.
    """
    said = tuple(_issues(state, journey, rules))
    if not said:
        return state, ()
    issued = {**state.issued, **{each.order_id: each for each in said}}
    return structs.replace(state, issued=issued), said


def _issues(state: Visibility, journey: Journey, rules: Rules) -> Iterator[GoodsIssued]:
    for order_id in posted_orders(state):
        plan, known = state.orders[order_id].plan, state.issued.get(order_id)
        if plan is None or not (plan.commits_stock or known):
            continue
        row = row_of(rules, Milestone.PICKED_UP)
        posted = [
            state.posted.get(posting_key(state.shipment_id, order_id, stop, row))
            for stop in posting_stops(journey, order_id, Milestone.PICKED_UP)
        ]
        ends = [each for each in posted if each is not None and each.settled == each.revision]
        left = not any(each.taken_back for each in ends)
        if len(ends) < len(posted) or not (left or known):
            continue
        occurred = max((each.occurred for each in ends), key=lambda each: each.at)
        issue = GoodsIssued(
            shipment_id=state.shipment_id,
            order_id=order_id,
            left=left,
            occurred=occurred,
            revision=known.revision if known else 0,
            order_version=plan.order_version,
            plan_revision=plan.revision,
            shipments=plan.shipments,
            line_ids=_line_ids(plan),
            portions=tuple(each for each in plan.shipment.portions if _is_of(plan, each.line_id)),
        )
        if issue != known:
            yield structs.replace(issue, revision=issue.revision + 1)


def _line_ids(plan: ShipmentPlanned) -> tuple[str, ...]:
    """Name the order's lines that a shipment delivers; none where the plan does not tell them."""
    listed = [each.line_ids for each in _deliveries(plan.shipment)]
    if not all(listed):
        return ()
    own = {line_id for line_ids in listed for line_id in line_ids if _is_of(plan, line_id)}
    return tuple(sorted(own))


def _deliveries(shipment: Shipment) -> Iterator[Stop]:
    return (each for each in shipment.stops if each.role is StopRole.DELIVERY)


def _is_of(plan: ShipmentPlanned, line_id: str) -> bool:
    return line_id.startswith(f"{plan.order_id}/")
