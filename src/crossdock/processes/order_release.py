"""Order release: an order goes from the ERP to the TMS, and its shipments back to the ERP.

Receives  OrderReleased, OrderCancelled, PlanConfirmed, PlanRejected, PlanCancelled,
          LoadTendered, CarriageAgreed, TenderAnswered, TenderAnswerBound, TenderSettled,
          AcknowledgementNoted, MasterDataArrived, CommitmentMoved, DeliveryClosed, EffectAnswered,
          WakeUp, ExceptionRetried, ExceptionWaived
Emits     OrderAccepted, MasterDataAwaited, PlanShipment, CancelPlan, TenderLoad, CancelTender,
          TenderAnnounced, TenderMoved, TenderSettled, ShipmentPlanned, ShipmentWithdrawn,
          ReferenceAnnounced, ReferenceRevoked, WriteTransportReference,
          WithdrawTransportReference, OrderReferenced, SetTimer, CancelTimer, OpenException,
          CloseException, DropEffect, PutReference
Key       order

House rules
  1. What was heard is kept, and what follows is derived from it: messages that change places or
     come twice end in the same state.
  2. Nothing leaves the house for an order that lacks a field or whose customer, items or ship-to
     are unknown or blocked. Stale master data is used, and the check says so. An operator may
     waive the master data; nobody can waive a missing field or a missing route.
  3. The higher order version holds. The same version with other content is an exception and the
     first content holds, until an operator's edit or a higher version replaces it.
  4. One request for each order version. An operator's retry asks again only after the TMS said
     that it has no plan, and an edit asks again with the new content; each under a version of its
     own (`3`, then `3.r1`), so that the idempotency key changes when and only when a person asked.
     A retry of PLAN_NOT_CONFIRMED waits anew and asks nothing: what was asked is still on its way.
  5. The highest revision of a plan holds, whole: shipments it does not have are withdrawn. The
     plan of an older order version holds until the TMS has confirmed the newer. A confirmation is
     stronger than a rejection of the same version, whichever came first.
  6. A cancelled order ends cancelled wherever it stood. What was not sent is dropped; what was
     done, or turns out to be done later, is taken back. A release of a higher version revives it.
  7. One carrier has a shipment: the planned one is asked, then the routing guide, one at a time or
     all at once, and the first to accept has it. Other terms offered to the same carrier change its
     offer. The first order of a shipment, by number, tenders for all its orders. What a TMS tenders
     itself is followed, and not offered again; so is a load that a customer gave us to carry, which
     travels as an order of its own that no ERP has released.
  8. Shipments and their numbers are told when the plan is confirmed and the carrier found; only
     the gate to the portal waits for the ERP.
  9. An accepted order keeps its rule book; while it waits at intake it follows today's.
 10. A carrier has its own working hours to answer. A yes to an offer that stands no more, and a
     counter-offer, are for people; a carrier that gives a load back has it offered to the next.
     A yes and a no of which nobody knows the later count as a no, and one question asks a person.
 11. Where the policy says so, an order is planned only when its stock is set aside, or when an
     operator has let that go; else planning does not wait for the stock.
"""

from __future__ import annotations

from functools import partial
from typing import Any, assert_never

import msgspec

from crossdock.messages.acknowledgement import AcknowledgementNoted
from crossdock.messages.envelope import Body, Key, Message
from crossdock.messages.flow import (
    EffectAnswered,
    ExceptionRetried,
    ExceptionWaived,
    WakeUp,
)
from crossdock.messages.inventory_commitment import CommitmentMoved
from crossdock.messages.load_acceptance import CarriageAgreed
from crossdock.messages.master_data import MasterDataArrived
from crossdock.messages.order_release import (
    LoadTendered,
    OrderCancelled,
    OrderReleased,
    PlanCancelled,
    PlanConfirmed,
    PlanRejected,
    TenderAnswered,
    TenderLoad,
    TenderSettled,
)
from crossdock.messages.reference_binding import TenderAnswerBound
from crossdock.messages.shipment_visibility import DeliveryClosed
from crossdock.policies.master_data import keys_wanted
from crossdock.policies.rules import Rules
from crossdock.ports import Emission, OpenException, Received, Subscriber
from crossdock.processes.order_release_carriage import settle_carriages, take_delivery
from crossdock.processes.order_release_intake import (
    INCOMPLETE,
    INTAKE_CODES,
    MASTER_DATA,
    NOT_ROUTED,
    ask_again,
    close_everything,
    examine,
    take_arrival,
    take_as_it_is,
    take_cancellation,
    take_commitment,
    take_release,
)
from crossdock.processes.order_release_planning import (
    DROPPED,
    NOT_CONFIRMED,
    REJECTED,
    TIMER,
    accept_refusal,
    remind,
    settle_planning,
    stop_reminding,
    take_carriage,
    take_load,
    take_plan,
    take_plan_cancelled,
    take_rejection,
    wait_anew,
    watch_confirmation,
)
from crossdock.processes.order_release_references import take_answer
from crossdock.processes.order_release_stage import stage
from crossdock.processes.order_release_state import (
    OrderState,
    Step,
    chain,
    forget_exception,
    is_accepted,
    is_cancelled,
    waits_at_intake,
)
from crossdock.processes.order_release_tender_answers import (
    ACKNOWLEDGED,
    CONTESTED,
    COUNTERED,
    LATE,
    UNKNOWN,
    judge_answers,
    settle_contested,
    settle_late,
    take_acknowledgement,
    take_counter,
    take_tender_answer,
)
from crossdock.processes.order_release_tendering import (
    EXHAUSTED,
    NOT_SETTLED,
    go_untendered,
    judge_tenders,
    offer_anew,
    take_settlement,
    time_out,
)

Heard = (
    OrderReleased
    | OrderCancelled
    | PlanConfirmed
    | PlanRejected
    | PlanCancelled
    | LoadTendered
    | CarriageAgreed
    | TenderAnswered
    | TenderAnswerBound
    | TenderSettled
    | AcknowledgementNoted
    | MasterDataArrived
    | CommitmentMoved
    | DeliveryClosed
    | EffectAnswered
    | WakeUp
    | ExceptionRetried
    | ExceptionWaived
)


def decide(
    state: OrderState, received: Received[Any], rules: Rules
) -> tuple[OrderState, tuple[Emission, ...]]:
    """Take in a message, then say what follows from all that was heard and was not said before."""
    body: Heard = received.body
    match body:
        case OrderReleased():
            step = take_release(state, received, rules)
        case OrderCancelled():
            step = take_cancellation(state, body)
        case PlanConfirmed():
            step = take_plan(state, body, amended=bool(received.amends))
        case PlanRejected():
            step = take_rejection(state, body)
        case PlanCancelled():
            step = take_plan_cancelled(state, body)
        case LoadTendered():
            step = take_load(state, body)
        case CarriageAgreed():
            step = take_carriage(state, body)
        case TenderAnswered():
            step = take_tender_answer(state, body, received.at)
        case TenderAnswerBound(answer=answer, reported_at=at):
            step = take_tender_answer(state, answer, at)
        case AcknowledgementNoted():
            step = take_acknowledgement(state, body)
        case TenderSettled():
            step = take_settlement(state, body)
        case MasterDataArrived():
            step = take_arrival(state, received, rules)
        case CommitmentMoved():
            step = take_commitment(state, body, rules)
        case DeliveryClosed():
            step = take_delivery(state, body)
        case EffectAnswered():
            step = take_answer(state, body)
        case WakeUp():
            step = wake(state, body, rules)
        case ExceptionRetried():
            step = retry(state, received, rules)
        case ExceptionWaived():
            step = waive(state, received, rules)
        case _:
            assert_never(body)
    return insist(settle(step, received, rules), body)


def settle(step: Step, received: Received[Any], rules: Rules) -> Step:
    """Say what now follows: to the TMS, to carriers, to visibility and to the ERP."""
    state, said = step
    state, more = chain(
        state,
        settle_planning,
        partial(settle_carriages, at=received.at, rules=rules),
        judge_tenders,
        judge_answers,
        partial(watch_confirmation, at=received.at, policy=rules.planning),
        close_everything,
    )
    return state, said + more


def wake(state: OrderState, alarm: WakeUp, rules: Rules) -> Step:
    """Remind of the confirmation, or give up waiting for a carrier."""
    if alarm.timer == TIMER:
        return remind(state, alarm, rules.planning)
    return time_out(state, alarm)


def retry(state: OrderState, received: Received[ExceptionRetried], rules: Rules) -> Step:
    """Try again what an exception stopped, from where the order stands."""
    code = received.body.code
    if code in INTAKE_CODES:
        return examine(state, received, rules, anew=True)
    if code in {REJECTED, DROPPED}:
        return ask_again(state, rules)
    if code == NOT_CONFIRMED:
        return wait_anew(state)
    if code == EXHAUSTED:
        return offer_anew(state)
    if code == COUNTERED:
        return take_counter(state, accept=True)
    if code == CONTESTED:
        return settle_contested(state, accept=True)
    return state, ()


def waive(state: OrderState, received: Received[ExceptionWaived], rules: Rules) -> Step:
    """Go on without what an exception asked, where an order can; else say why it cannot."""
    code = received.body.code
    if code == MASTER_DATA:
        return take_as_it_is(state, received, rules)
    if code in {INCOMPLETE, NOT_ROUTED}:
        return say_it_cannot_be_waived(state, received.body)
    if code in {REJECTED, DROPPED}:
        return accept_refusal(state, code)
    if code == NOT_CONFIRMED:
        return stop_reminding(state)
    if code in {EXHAUSTED, NOT_SETTLED}:
        return go_untendered(state, code)
    if code == COUNTERED:
        return take_counter(state, accept=False)
    if code == CONTESTED:
        return settle_contested(state, accept=False)
    if code == LATE:
        return settle_late(state)
    if code == UNKNOWN:
        state = msgspec.structs.replace(state, strangers=())
    return forget_exception(state, code), ()


def say_it_cannot_be_waived(state: OrderState, waiver: ExceptionWaived) -> Step:
    """Open the exception again, with the reason; one that is settled stays so."""
    exception = state.raised.get(waiver.code)
    if exception is None:
        return state, ()
    cause = f"{exception.cause}; {waiver.by} waived it, but nothing can be planned without"
    return state, (msgspec.structs.replace(exception, cause=cause),)


def insist(step: Step, body: Heard) -> Step:
    """Say an exception again that a retry did not settle: the operator closed nothing."""
    state, said = step
    if not isinstance(body, ExceptionRetried) or body.code not in state.raised:
        return step
    if any(isinstance(each, OpenException) and each.code == body.code for each in said):
        return step
    return state, (*said, state.raised[body.code])


def start(key: Key) -> OrderState:
    """Begin with an order of which nothing was heard."""
    return OrderState(order_id=key.id)


def keys(message: Message) -> tuple[Key, ...]:
    """Name the order a message speaks of; what flow and operators say is addressed."""
    match message.body:
        case OrderReleased(draft=draft):
            return (Key("order", draft.order_id),)
        case (
            OrderCancelled(order_id=order_id)
            | PlanConfirmed(order_id=order_id)
            | PlanRejected(order_id=order_id)
            | PlanCancelled(order_id=order_id)
            | TenderAnswerBound(order_id=order_id)
            | TenderSettled(order_id=order_id)
            | MasterDataArrived(order_id=order_id)
            | DeliveryClosed(order_id=order_id)
        ):
            return (Key("order", order_id),)
        case TenderAnswered(order_id=order_id) if order_id:
            return (Key("order", order_id),)
        case CommitmentMoved(order_id=order_id, holds_planning=True):
            return (Key("order", order_id),)
        case LoadTendered(shipment=shipment) | CarriageAgreed(shipment=shipment):
            return tuple(Key("order", each) for each in shipment.order_ids)
        case AcknowledgementNoted(asker=asker, verb=TenderLoad.verb, status=status) if asker:
            return (asker,) if status in ACKNOWLEDGED else ()
        case _:
            return ()


def facts(state: OrderState, body: Body) -> tuple[Key, ...]:
    """Ask for the master data of an order that is to be examined."""
    if isinstance(body, OrderReleased):
        return keys_wanted(body.draft)
    examining = isinstance(body, MasterDataArrived | ExceptionRetried | ExceptionWaived)
    if examining and waits_at_intake(state) and state.release is not None:
        return keys_wanted(state.release.draft)
    return ()


def pinned(state: OrderState) -> str:
    """Keep the rule book of an accepted order; what waits or is over follows today's."""
    if state.acceptance is None or is_cancelled(state) or not is_accepted(state):
        return ""
    return state.acceptance.rules


SUBSCRIBER: Subscriber[OrderState, Rules] = Subscriber(
    name="order_release",
    state=OrderState,
    start=start,
    receives=(
        OrderReleased,
        OrderCancelled,
        PlanConfirmed,
        PlanRejected,
        PlanCancelled,
        LoadTendered,
        CarriageAgreed,
        TenderAnswered,
        TenderAnswerBound,
        TenderSettled,
        AcknowledgementNoted,
        MasterDataArrived,
        CommitmentMoved,
        DeliveryClosed,
        EffectAnswered,
        WakeUp,
        ExceptionRetried,
        ExceptionWaived,
    ),
    keys=keys,
    decide=decide,
    stage=stage,
    facts=facts,
    pinned=pinned,
)
