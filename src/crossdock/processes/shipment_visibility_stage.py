"""The stage of a shipment: one word for the board, read from its journey.

A leaf of shipment_visibility.
"""

from __future__ import annotations

from crossdock.canonical.tracking import PHASES, Milestone, Phase
from crossdock.processes.shipment_visibility_facts import Visibility
from crossdock.processes.shipment_visibility_journey import Journey

_STAGES: dict[Phase, str] = {
    Phase.PLAN: "planned",
    Phase.PICKUP: "pickup",
    Phase.TRANSIT: "in transit",
    Phase.DELIVERY: "out for delivery",
    Phase.CLOSE: "returned",
}
_LAST_STAGES = {
    Milestone.DELIVERED: "delivered",
    Milestone.POD_AVAILABLE: "delivered",
    Milestone.EMPTY_RETURNED: "delivered",
    Milestone.CANCELLED: "cancelled",
}


def stage_word(state: Visibility, journey: Journey) -> str:
    """Give the word for the board: how far the whole shipment is."""
    if not journey.order_ids:
        return "withdrawn" if state.customers else "awaiting plan"
    status = journey.whole.status
    if status is None:
        return "planned"
    return _LAST_STAGES.get(status) or _STAGES[PHASES[status]]
