"""Inventory commitment: decides what stock the ERP sets aside for an order, and what has left.

Receives  OrderAccepted, OrderCancelled, GoodsIssued, EffectAnswered, ExceptionRetried,
          ExceptionWaived
Emits     CommitInventory, ConfirmInventory, ReverseInventory, CommitmentMoved, DropEffect,
          OpenException, CloseException
Key       order

House rules
  1. Stock is set aside when an order is accepted, where the policy names its company; a changed
     version changes the commitment, and equal content is not told again.
  2. Each command says how much there shall be, so that a repeated one changes nothing. All of one
     order go to the ERP in line, the next only when the one before is answered.
  3. What leaves with a shipment is confirmed for that shipment, within what is set aside: never
     more is confirmed than committed, and never less is committed than confirmed.
  4. A line that is split by quantity leaves by its portions, any other whole with the first
     shipment that carries it. The parts never come to more than was ordered; what a plan says
     beyond that is for order management.
  5. A cancelled order gives back what has not left. So does an order whose shipments have all left
     with less than was ordered. A pickup that is taken back takes its confirmation back.
  6. What the ERP refuses waits for order management, who retry or let it go. While the
     commitment is not settled nothing is confirmed. What was refused is dropped when the order
     shall have other stock.
  7. How the stock stands is told when the ERP has answered, and not while an answer is on its way.
"""

from __future__ import annotations

from typing import Any, assert_never

from msgspec.structs import replace

from crossdock.messages.envelope import Key, Message
from crossdock.messages.flow import EffectAnswered, ExceptionRetried, ExceptionWaived
from crossdock.messages.order_release import OrderAccepted, OrderCancelled
from crossdock.messages.shipment_visibility import GoodsIssued
from crossdock.messages.teams import Team
from crossdock.policies.rules import Rules
from crossdock.ports import CloseException, Emission, OpenException, Received, Subscriber
from crossdock.processes.inventory_commitment_picture import stage, tell_movement
from crossdock.processes.inventory_commitment_state import (
    CommitmentState,
    Step,
    accept,
    cancel,
    issue,
    note_answer,
)
from crossdock.processes.inventory_commitment_targets import Departures, departures
from crossdock.processes.inventory_commitment_telling import tell_commitment, tell_confirmations

NOT_AS_ORDERED = "GOODS_NOT_AS_ORDERED"

Heard = (
    OrderAccepted
    | OrderCancelled
    | GoodsIssued
    | EffectAnswered
    | ExceptionRetried
    | ExceptionWaived
)


def decide(state: CommitmentState, received: Received[Any], _rules: Rules) -> Step:
    """Take in a message, then say what follows; one that tells nothing new is silence."""
    body: Heard = received.body
    match body:
        case OrderAccepted():
            after = accept(state, body)
        case OrderCancelled():
            after = cancel(state, body)
        case GoodsIssued():
            after = issue(state, body)
        case EffectAnswered():
            after = note_answer(state, body)
        case ExceptionRetried():
            after = replace(state, asked="", waived="")
        case ExceptionWaived():
            after = replace(state, asked="", waived=state.asked)
        case _:
            assert_never(body)
    return settle(after) if after != state else (state, ())


def settle(state: CommitmentState) -> Step:
    """Tell the ERP what shall be, ask somebody what cannot be, and say how it stands."""
    gone = departures(state)
    state, telling = tell_erp(state, gone)
    state, asking = judge_departures(state, gone)
    state, moving = tell_movement(state)
    return state, (*telling, *asking, *moving)


def tell_erp(state: CommitmentState, gone: Departures) -> Step:
    """Tell the ERP what shall be, until nothing is left to tell.

    What is dropped for one shipment makes room for another, and no answer will come to say so.
    """
    before = None
    said: list[Emission] = []
    while state != before:
        before = state
        state, confirming = tell_confirmations(state, gone)
        state, committing = tell_commitment(state, gone.all())
        said += [*confirming, *committing]
    return state, tuple(said)


def judge_departures(state: CommitmentState, gone: Departures) -> Step:
    """Ask order management about what left otherwise than ordered, until it is as ordered.

    The same question is not asked twice, nor one that an operator has let go.
    """
    cause = "; ".join(gone.odd)
    if cause == state.asked or (cause and cause == state.waived):
        return state, ()
    if not cause:
        said: tuple[Emission, ...] = (
            (CloseException(code=NOT_AS_ORDERED, because="what left is as it was ordered"),)
            if state.asked
            else ()
        )
        return replace(state, asked=""), said
    question = OpenException(
        code=NOT_AS_ORDERED,
        team=Team.ORDER_MANAGEMENT,
        cause=f"What left for order {state.order_id} is not as ordered: {cause}",
        action="Let the TMS mend its plan or the ERP its order, or waive to leave it so",
        about=(state.order_id, *state.issued),
    )
    return replace(state, asked=cause), (question,)


def keys(message: Message) -> tuple[Key, ...]:
    """Name the order whose stock it is about; answers come addressed."""
    match message.body:
        case OrderAccepted(commits_stock=True, order=order):
            return (Key("order", order.order_id),)
        case OrderCancelled(order_id=order_id) | GoodsIssued(order_id=order_id):
            return (Key("order", order_id),)
        case _:
            return ()


def _start(key: Key) -> CommitmentState:
    return CommitmentState(order_id=key.id)


SUBSCRIBER: Subscriber[CommitmentState, Rules] = Subscriber(
    name="inventory_commitment",
    state=CommitmentState,
    start=_start,
    receives=(
        OrderAccepted,
        OrderCancelled,
        GoodsIssued,
        EffectAnswered,
        ExceptionRetried,
        ExceptionWaived,
    ),
    keys=keys,
    decide=decide,
    stage=stage,
)
