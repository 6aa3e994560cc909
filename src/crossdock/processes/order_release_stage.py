"""The stage of an order: one word for the board, read from its state.

A leaf of order_release.
"""

from __future__ import annotations

from crossdock.messages.flow import AnswerKind
from crossdock.messages.order_release import CancelPlan, PlanShipment, WriteTransportReference
from crossdock.processes.order_release_intake import INCOMPLETE, MASTER_DATA, NOT_ROUTED
from crossdock.processes.order_release_planning import DROPPED, REJECTED
from crossdock.processes.order_release_references import is_referenced, written
from crossdock.processes.order_release_state import (
    OrderState,
    active_refusal,
    answer_to,
    current_ask,
    is_cancelled,
    live,
    plan_for_acceptance,
    waits_at_intake,
)

INTAKE = {INCOMPLETE: "incomplete", MASTER_DATA: "awaiting_master_data", NOT_ROUTED: "not_routed"}
REFUSALS = {REJECTED: "plan_rejected", DROPPED: "plan_dropped"}
STUCK = {AnswerKind.REFUSED, AnswerKind.UNRESOLVED}


def stage(state: OrderState) -> str:
    """Tell where an order stands: the first thing that keeps it from being delivered."""
    stuck = _stuck(state)
    if stuck:
        return stuck
    if is_cancelled(state):
        return "cancelled"
    if state.release is None:
        return "unreleased"
    if waits_at_intake(state):
        return next((word for code, word in INTAKE.items() if code in state.raised), "released")
    refusal = active_refusal(state)
    if refusal is not None:
        return REFUSALS[refusal.code]
    if plan_for_acceptance(state) is None:
        waits = current_ask(state) is None and state.acceptance and state.acceptance.holds_planning
        return "awaiting_commitment" if waits else "awaiting_confirmation"
    return _under_way(state)


def _under_way(state: OrderState) -> str:
    carriages = live(state)
    if any(each.agreed is None for each in carriages):
        return "tendering"
    if not all(is_referenced(each) for each in carriages):
        return "awaiting_reference"
    return "delivered" if all_delivered(state) else "open"


def all_delivered(state: OrderState) -> bool:
    """Tell whether every shipment the order travels on has been delivered."""
    verdicts = [state.deliveries.get(each.shipment_id) for each in live(state)]
    return bool(verdicts) and all(verdict and verdict.delivered for verdict in verdicts)


def _stuck(state: OrderState) -> str:
    """The first effect this order needs now that ended badly; flow has opened its exception."""
    ask = current_ask(state)
    if is_cancelled(state):
        for version in state.cancels[-1:]:
            answer = answer_to(state, CancelPlan.verb, state.order_id, str(version))
            if answer in STUCK:
                return _words(CancelPlan.verb, answer)
    elif ask is not None and plan_for_acceptance(state) is None:
        answer = answer_to(state, PlanShipment.verb, state.order_id, ask.version)
        if answer in STUCK:
            return _words(PlanShipment.verb, answer)
    for carriage in live(state):
        for write in carriage.writes[-1:]:
            answered = written(state, carriage, write)
            if answered is not None and answered.answer in STUCK:
                return _words(WriteTransportReference.verb, answered.answer)
    return ""


def _words(verb: str, answer: AnswerKind | None) -> str:
    return f"stuck: {verb} {answer.lower()}" if answer else f"stuck: {verb}"
