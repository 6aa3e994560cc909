"""Planning: what the TMS is asked for, what it answers, and how long it may take.

A leaf of order_release.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from crossdock.canonical.order import Order
from crossdock.messages.flow import AnswerKind, WakeUp
from crossdock.messages.load_acceptance import CarriageAgreed
from crossdock.messages.order_release import (
    CancelPlan,
    LoadTendered,
    PlanCancelled,
    PlanConfirmed,
    PlanRejected,
    PlanShipment,
    TenderPurpose,
    TransportAttributes,
)
from crossdock.messages.teams import Team
from crossdock.policies.rules import PlanningPolicy
from crossdock.ports import CancelTimer, DropEffect, Emission, OpenException, SetTimer
from crossdock.processes.order_release_state import (
    Heard,
    OrderState,
    Plan,
    PlanAsk,
    Refusal,
    Step,
    TenderedLoad,
    active_refusal,
    answer_to,
    changed,
    close_exception,
    current_ask,
    forget_exception,
    heard_of,
    is_cancelled,
    newest_planned,
    numbers,
    plan_for_acceptance,
    raise_exception,
    stands,
    taken_out,
)

TIMER = "confirmation"
NOT_CONFIRMED = "PLAN_NOT_CONFIRMED"
REJECTED = "PLAN_REJECTED"
DROPPED = "PLAN_DROPPED"
REVISION_REUSED = "PLAN_REVISION_REUSED"


def requests_for(state: OrderState, order_version: int) -> int:
    """Count the requests the TMS has had for one version of the order."""
    return sum(ask.order_version == order_version for ask in state.asks)


def ask_for_plan(state: OrderState, order: Order, attributes: TransportAttributes) -> Step:
    """Ask the TMS to plan, under a version it has not been asked with before."""
    ask = PlanAsk(order_version=order.version, again=requests_for(state, order.version))
    command = PlanShipment(order=order, attributes=attributes, again=ask.again)
    return changed(state, asks=(*state.asks, ask)), (command,)


def _drop_requests(state: OrderState, wanted: PlanAsk | None, because: str) -> Step:
    """Keep from the TMS all requests but one, as far as it has not been told or has refused."""
    asks: list[PlanAsk] = []
    drops: list[Emission] = []
    for ask in state.asks:
        answer = answer_to(state, PlanShipment.verb, state.order_id, ask.version)
        undone = ask.undone if ask == wanted else taken_out(ask.undone, answer)
        if undone is not ask.undone:
            drops.append(
                DropEffect(
                    verb=PlanShipment.verb,
                    business_key=state.order_id,
                    version=ask.version,
                    because=because,
                )
            )
        asks.append(ask if undone is ask.undone else msgspec.structs.replace(ask, undone=undone))
    return changed(state, asks=tuple(asks)) if drops else state, tuple(drops)


def take_plan(state: OrderState, said: PlanConfirmed, *, amended: bool) -> Step:
    """Remember a confirmed plan; a second plan under the same revision is an exception."""
    if not said.shipments:
        return changed(
            state,
            refusal=_refusal(state, REJECTED, said.order_version, "a plan without shipments"),
        ), ()
    plan = Plan(order_version=said.order_version, revision=said.revision, shipments=said.shipments)
    known = next((p for p in state.plans if p.order_version == plan.order_version), None)
    if known is not None and known.revision == plan.revision and not amended:
        return (state, ()) if known == plan else raise_exception(state, _reused(state, plan))
    if known is not None and known.revision > plan.revision:
        return state, ()
    others = [each for each in state.plans if each.order_version != plan.order_version]
    plans = tuple(sorted([*others, plan], key=lambda each: each.order_version))
    state = _hear(changed(state, plans=plans), plan.order_version, confirmed=plan.revision)
    return close_exception(state, REVISION_REUSED, f"revision {plan.revision} holds")


def take_load(state: OrderState, said: LoadTendered) -> Step:
    """Remember a load that a TMS tenders itself; all of them together are the order's plan."""
    name = said.shipment.shipment_id
    known = state.loads.get(name)
    if known is not None and known.revision >= said.revision:
        return state, ()
    off = said.purpose is TenderPurpose.CANCEL
    load = TenderedLoad(revision=said.revision, shipment=None if off else said.shipment)
    return _plan_by_loads(state, name, load)


def take_carriage(state: OrderState, said: CarriageAgreed) -> Step:
    """Remember a load that a customer gave us to carry; it is a plan that needs no TMS."""
    name = said.shipment.shipment_id
    known = state.loads.get(name)
    if known is not None and known.revision >= said.revision:
        return state, ()
    load = TenderedLoad(
        revision=said.revision,
        shipment=None if said.off else said.shipment,
        customer_id=said.customer_id,
        offered_by=said.offered_by,
        offered_as=said.offered_as,
    )
    return _plan_by_loads(state, name, load)


def _plan_by_loads(state: OrderState, name: str, load: TenderedLoad) -> Step:
    loads = dict(sorted((state.loads | {name: load}).items()))
    plan = Plan(
        order_version=0,
        revision=max(each.revision for each in loads.values()),
        shipments=tuple(each.shipment for each in loads.values() if each.shipment is not None),
    )
    others = tuple(each for each in state.plans if each.order_version != 0)
    plans = (plan, *others) if plan.shipments else others
    state = changed(state, loads=loads, plans=plans)
    if not plan.shipments:
        return _hear(state, 0, dropped=plan.revision), ()
    return _hear(state, 0, confirmed=plan.revision), ()


def _hear(
    state: OrderState, order_version: int, *, confirmed: int = -1, dropped: int = -1
) -> OrderState:
    known = heard_of(state, order_version)
    heard = Heard(
        order_version=order_version,
        confirmed=max(known.confirmed, confirmed),
        dropped=max(known.dropped, dropped),
    )
    others = [each for each in state.heard if each.order_version != order_version]
    by_version = sorted([*others, heard], key=lambda each: each.order_version)
    return changed(state, heard=tuple(by_version))


def _reused(state: OrderState, plan: Plan) -> OpenException:
    return OpenException(
        code=REVISION_REUSED,
        team=Team.TRANSPORTATION,
        cause=(
            f"The TMS confirmed order {state.order_id} twice as revision {plan.revision}, "
            "and differently; the first one holds"
        ),
        action="Let the TMS send the plan that holds under a higher revision",
        about=numbers(state),
        seen={"order_version": str(plan.order_version), "revision": str(plan.revision)},
    )


def take_rejection(state: OrderState, said: PlanRejected) -> Step:
    """Remember that the TMS cannot plan; whether it matters depends on what else was heard."""
    refusal = _refusal(state, REJECTED, said.order_version, said.reason)
    return changed(state, refusal=refusal), ()


def take_plan_cancelled(state: OrderState, said: PlanCancelled) -> Step:
    """Remember up to which revision the TMS has dropped its plans of this order version."""
    version = said.order_version
    # A TMS that does not count revisions means what it has confirmed so far, at least the first.
    dropped = said.revision or max(heard_of(state, version).confirmed, 1)
    refusal = _refusal(state, DROPPED, version, said.reason)
    return _hear(changed(state, refusal=refusal), version, dropped=dropped), ()


def _refusal(state: OrderState, code: str, order_version: int, reason: str) -> Refusal:
    """The refusal to remember: of the newest request; of one request, a drop says more."""
    again = max(requests_for(state, order_version) - 1, 0)
    new = Refusal(order_version=order_version, again=again, code=code, reason=reason)
    known = state.refusal
    if known is None:
        return new
    ranks = [(each.order_version, each.again, each.code == DROPPED) for each in (known, new)]
    return new if ranks[1] > ranks[0] else known


def settle_planning(state: OrderState) -> Step:
    """Say what follows from what the TMS told: cancellations, refusals, what is settled."""
    if is_cancelled(state):
        state, said = _cancel(state)
    else:
        state, said = _drop_requests(state, current_ask(state), "a newer request was made")
    oldest = newest_planned(state)
    kept = tuple(p for p in state.plans if stands(state, p) and p.order_version >= oldest)
    if len(kept) < len(state.plans):
        state = changed(state, plans=kept)
    state, more = _judge_refusal(state)
    return state, said + more


def _cancel(state: OrderState) -> Step:
    cancellation = state.cancellation
    if cancellation is None:
        return state, ()
    state, said = _drop_requests(state, None, "the order is cancelled")
    told = max(state.cancels, default=-1)
    if not any(told < version <= cancellation.version for version in _planned_versions(state)):
        return state, said
    command = CancelPlan(
        order_id=state.order_id, order_version=cancellation.version, reason=cancellation.reason
    )
    return changed(state, cancels=(*state.cancels, cancellation.version)), (*said, command)


def _planned_versions(state: OrderState) -> Iterator[int]:
    """The order versions the TMS may still have something for."""
    for ask in state.asks:
        answer = answer_to(state, PlanShipment.verb, state.order_id, ask.version)
        dropped = heard_of(state, ask.order_version).dropped >= 0 and not ask.again
        if answer is AnswerKind.APPLIED and not dropped:
            yield ask.order_version
    for heard in state.heard:
        if heard.confirmed > heard.dropped:
            yield heard.order_version


def _judge_refusal(state: OrderState) -> Step:
    refusal = active_refusal(state)
    said: tuple[Emission, ...] = ()
    for code in (REJECTED, DROPPED):
        if refusal is None or refusal.code != code:
            state, more = close_exception(state, code, "it holds no longer")
            said += more
    if refusal is None or refusal.waived:
        return state, said
    verb = "cannot plan" if refusal.code == REJECTED else "has dropped its plan of"
    exception = OpenException(
        code=refusal.code,
        team=Team.TRANSPORTATION,
        cause=f"The TMS {verb} order {state.order_id}: {refusal.reason or 'no reason given'}",
        action="Mend the order or the TMS, then retry to ask for a plan again",
        about=numbers(state),
        seen={"order_version": str(refusal.order_version), "reason": refusal.reason},
    )
    state, more = raise_exception(state, exception)
    return state, said + more


def watch_confirmation(state: OrderState, at: datetime, policy: PlanningPolicy) -> Step:
    """Start the timer of a new request; stop it when its answer is there."""
    ask = current_ask(state) if _awaits_confirmation(state) else None
    if ask is None:
        if not state.watched:
            return state, ()
        state = changed(state, watched="", remind_at=None, reminders=0)
        state, closed = close_exception(state, NOT_CONFIRMED, "the TMS is not waited for any more")
        return state, (CancelTimer(name=TIMER), *closed)
    if state.watched == ask.version:
        return state, ()
    due_at = at + timedelta(minutes=policy.confirm_within_minutes)
    state = changed(state, watched=ask.version, remind_at=due_at, reminders=0)
    return state, (SetTimer(name=TIMER, due_at=due_at),)


def _awaits_confirmation(state: OrderState) -> bool:
    ask = current_ask(state)
    if ask is None or is_cancelled(state) or active_refusal(state):
        return False
    stuck = {AnswerKind.REFUSED, AnswerKind.UNRESOLVED}  # flow has opened an exception for these
    answer = answer_to(state, PlanShipment.verb, state.order_id, ask.version)
    return answer not in stuck and plan_for_acceptance(state) is None


def remind(state: OrderState, alarm: WakeUp, policy: PlanningPolicy) -> Step:
    """Tell the planners that the TMS is late, and again until the reminders are used up.

    An alarm that was overtaken by a newer timer, or by the confirmation, says nothing.
    """
    if state.remind_at is None or alarm.due_at < state.remind_at:
        return state, ()
    reminders = state.reminders + 1
    exception = OpenException(
        code=NOT_CONFIRMED,
        team=Team.TRANSPORTATION,
        cause=f"The TMS has not confirmed order {state.order_id}, reminder {reminders}",
        action="Look into the TMS, then waive the reminders or retry to wait anew",
        about=numbers(state),
        seen={"request": state.watched, "due_at": alarm.due_at.isoformat()},
    )
    state, said = raise_exception(changed(state, reminders=reminders, remind_at=None), exception)
    if reminders > policy.reminders_max:
        return state, said
    due_at = alarm.due_at + timedelta(minutes=policy.remind_every_minutes)
    return changed(state, remind_at=due_at), (*said, SetTimer(name=TIMER, due_at=due_at))


def accept_refusal(state: OrderState, code: str) -> Step:
    """Let the order rest without a plan, as an operator decided; a plan that comes still counts."""
    state = forget_exception(state, code)
    if state.refusal is None:
        return state, ()
    return changed(state, refusal=msgspec.structs.replace(state.refusal, waived=True)), ()


def wait_anew(state: OrderState) -> Step:
    """Give the TMS the whole time once more; nothing is asked for a second time."""
    state, said = close_exception(state, NOT_CONFIRMED, "an operator gave the TMS more time")
    return changed(state, watched="", remind_at=None), said


def stop_reminding(state: OrderState) -> Step:
    """Wait for the TMS without a timer, as an operator decided."""
    state = forget_exception(changed(state, remind_at=None), NOT_CONFIRMED)
    return state, (CancelTimer(name=TIMER),)
