"""Tendering: the planned carrier is asked first, then the routing guide, one at a time.

A leaf of order_release.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from crossdock.canonical.shipment import Shipment
from crossdock.messages.flow import AnswerKind, WakeUp
from crossdock.messages.order_release import (
    CancelTender,
    TenderAnswered,
    TenderLoad,
    TenderSettled,
)
from crossdock.messages.teams import Team
from crossdock.policies.rules import TenderingPolicy
from crossdock.ports import CancelTimer, DropEffect, Emission, OpenException, SetTimer
from crossdock.processes.order_release_state import (
    Carriage,
    Carried,
    Offer,
    OfferVerdict,
    OrderState,
    Plan,
    Step,
    Undone,
    answer_to,
    chain,
    changed,
    close_exception,
    forget_exception,
    live,
    numbers,
    plan_in_force,
    raise_exception,
    replaced,
    taken_out,
)

EXHAUSTED = "TENDER_EXHAUSTED"
NOT_SETTLED = "TENDER_NOT_SETTLED"
TIMER = "tender/"


def timer_of(shipment_id: str) -> str:
    """Name the timer of a shipment's tender."""
    return f"{TIMER}{shipment_id}"


def take_tender_answer(state: OrderState, said: TenderAnswered, at: datetime) -> Step:
    """Note a carrier's word on the offer that is open; on any other it comes too late."""
    carriage = next((c for c in live(state) if c.shipment_id == said.shipment_id), None)
    offer = _open_offer(carriage) if carriage else None
    if carriage is None or offer is None:
        return state, ()
    if (offer.carrier_scac, offer.version) != (said.carrier_scac, said.tender_version):
        return state, ()
    verdict = OfferVerdict.ACCEPTED if said.accepted else OfferVerdict.DECLINED
    answered = msgspec.structs.replace(offer, verdict=verdict, answered_at=at, reason=said.reason)
    return replaced(state, _with_last(carriage, answered)), (
        CancelTimer(name=timer_of(said.shipment_id)),
    )


def time_out(state: OrderState, alarm: WakeUp) -> Step:
    """Give up waiting for a carrier, or for the order that should have found one."""
    shipment_id = alarm.timer.removeprefix(TIMER)
    carriage = next((c for c in live(state) if c.shipment_id == shipment_id), None)
    if carriage is None:
        return state, ()
    offer = _open_offer(carriage)
    if offer is not None and alarm.due_at >= offer.due_at:
        late = msgspec.structs.replace(offer, verdict=OfferVerdict.TIMED_OUT)
        return replaced(state, _with_last(carriage, late)), ()
    if carriage.waits_until is not None and alarm.due_at >= carriage.waits_until:
        return replaced(state, msgspec.structs.replace(carriage, exhausted=True)), ()
    return state, ()


def take_settlement(state: OrderState, said: TenderSettled) -> Step:
    """Remember the carrier that another order of the same shipment has found."""
    return changed(state, settled=state.settled | {said.shipment_id: said.carrier_scac}), ()


def offer_anew(state: OrderState) -> Step:
    """Begin the routing guide from its top for the shipments nobody took."""
    for carriage in live(state):
        if carriage.exhausted and not carriage.led_by:
            state = replaced(
                state,
                msgspec.structs.replace(carriage, exhausted=False, tried_from=len(carriage.offers)),
            )
    return state, ()


def go_untendered(state: OrderState, code: str) -> Step:
    """Let the planned carrier have the shipments nobody took, as an operator decided."""
    state = forget_exception(state, code)
    plan = plan_in_force(state)
    planned = {each.shipment_id: each for each in plan.shipments} if plan else {}
    said: tuple[Emission, ...] = ()
    for carriage in live(state):
        shipment = planned.get(carriage.shipment_id)
        meant = carriage.exhausted and bool(carriage.led_by) == (code == NOT_SETTLED)
        if meant and shipment is not None and plan is not None:
            agreed = msgspec.structs.replace(
                carriage, exhausted=False, waits_until=None, agreed=shipment.carrier_scac
            )
            state = replaced(state, agreed)
            if not carriage.led_by:
                said += _tell_others(state, shipment, shipment.carrier_scac, plan)
    return state, said


def find_carrier(
    state: OrderState, carriage: Carriage, shipment: Shipment, at: datetime, policy: TenderingPolicy
) -> Carried:
    """Bring a shipment one step nearer to its carrier: agreed, offered, waiting, or exhausted."""
    if shipment.mode.value not in policy.modes:
        return msgspec.structs.replace(carriage, agreed=shipment.carrier_scac), ()
    said: tuple[Emission, ...] = ()
    terms = _fingerprint(shipment)
    if carriage.terms != terms:
        carriage, said = withdraw_offers(carriage)
        carriage = msgspec.structs.replace(
            carriage, terms=terms, tried_from=len(carriage.offers), agreed=None, exhausted=False
        )
    leader = min({*shipment.order_ids, state.order_id})
    if leader != state.order_id:
        carriage = msgspec.structs.replace(carriage, led_by=leader)
        carriage, more = _follow(state, carriage, shipment, at, policy)
    else:
        carriage = msgspec.structs.replace(carriage, led_by="")
        carriage, more = _lead(state, carriage, shipment, at, policy)
    return carriage, said + more


def _follow(
    state: OrderState, carriage: Carriage, shipment: Shipment, at: datetime, policy: TenderingPolicy
) -> Carried:
    settled = state.settled.get(shipment.shipment_id)
    if settled is not None:
        stop = (CancelTimer(name=timer_of(shipment.shipment_id)),) if carriage.waits_until else ()
        found = msgspec.structs.replace(carriage, agreed=settled, exhausted=False, waits_until=None)
        return found, stop
    if carriage.agreed is not None or carriage.waits_until is not None:
        return carriage, ()
    offers_max = len(_guide(state, shipment)) + 1
    due_at = at + timedelta(minutes=policy.answer_within_minutes * offers_max)
    timer = SetTimer(name=timer_of(shipment.shipment_id), due_at=due_at)
    return msgspec.structs.replace(carriage, waits_until=due_at), (timer,)


def _lead(
    state: OrderState, carriage: Carriage, shipment: Shipment, at: datetime, policy: TenderingPolicy
) -> Carried:
    plan = plan_in_force(state)
    if carriage.agreed is not None or _open_offer(carriage) is not None or plan is None:
        return carriage, ()
    tried = carriage.offers[carriage.tried_from :]
    if tried and tried[-1].verdict is OfferVerdict.ACCEPTED:
        taker = tried[-1].carrier_scac
        agreed = msgspec.structs.replace(carriage, agreed=taker)
        return agreed, _tell_others(state, shipment, taker, plan)
    asked = {offer.carrier_scac for offer in tried}
    candidate = next((each for each in _guide(state, shipment) if each not in asked), None)
    if candidate is None:
        return msgspec.structs.replace(carriage, exhausted=True), ()
    return _offer(state, carriage, carried_by(shipment, candidate), at, policy)


def _offer(
    state: OrderState, carriage: Carriage, shipment: Shipment, at: datetime, policy: TenderingPolicy
) -> Carried:
    offer = Offer(
        version=len(carriage.offers) + 1,
        carrier_scac=shipment.carrier_scac,
        offered_at=at,
        due_at=at + timedelta(minutes=policy.answer_within_minutes),
    )
    tender = TenderLoad(
        shipment=shipment,
        order_id=state.order_id,
        carrier_scac=offer.carrier_scac,
        tender_version=offer.version,
    )
    timer = SetTimer(name=timer_of(shipment.shipment_id), due_at=offer.due_at)
    return msgspec.structs.replace(carriage, offers=(*carriage.offers, offer)), (tender, timer)


def _guide(state: OrderState, shipment: Shipment) -> tuple[str, ...]:
    """The carriers to ask: the planned one, then those of the routing table's row."""
    guide = state.acceptance.attributes.carriers if state.acceptance else ()
    return tuple(dict.fromkeys(each for each in (shipment.carrier_scac, *guide) if each))


def carried_by(shipment: Shipment, carrier_scac: str) -> Shipment:
    """Give the shipment to a carrier, with all legs the planned carrier had."""
    if carrier_scac == shipment.carrier_scac:
        return shipment
    legs = tuple(
        msgspec.structs.replace(leg, carrier_scac=carrier_scac)
        if leg.carrier_scac == shipment.carrier_scac
        else leg
        for leg in shipment.legs
    )
    return msgspec.structs.replace(shipment, carrier_scac=carrier_scac, legs=legs)


def _tell_others(
    state: OrderState, shipment: Shipment, carrier_scac: str, plan: Plan
) -> tuple[Emission, ...]:
    return tuple(
        TenderSettled(
            shipment_id=shipment.shipment_id,
            order_id=order_id,
            carrier_scac=carrier_scac,
            revision=plan.revision,
        )
        for order_id in sorted({*shipment.order_ids} - {state.order_id})
    )


def _fingerprint(shipment: Shipment) -> str:
    """What a carrier is offered: numbers and orders may be added without asking it again."""
    offered = msgspec.structs.replace(shipment, references=(), order_ids=())
    content = msgspec.json.encode(offered, order="deterministic")
    return hashlib.blake2b(content, digest_size=8).hexdigest()


def _open_offer(carriage: Carriage) -> Offer | None:
    last = carriage.offers[-1] if carriage.offers else None
    return last if last is not None and last.verdict is OfferVerdict.OPEN else None


def _with_last(carriage: Carriage, offer: Offer) -> Carriage:
    return msgspec.structs.replace(carriage, offers=(*carriage.offers[:-1], offer))


def withdraw_offers(carriage: Carriage) -> Carried:
    """Take back the offer that is open or was accepted, and stop waiting."""
    given = {OfferVerdict.OPEN, OfferVerdict.ACCEPTED}
    waiting = carriage.waits_until is not None or _open_offer(carriage) is not None
    offers = tuple(
        msgspec.structs.replace(offer, verdict=OfferVerdict.WITHDRAWN)
        if offer.verdict in given
        else offer
        for offer in carriage.offers
    )
    withdrawn = msgspec.structs.replace(carriage, offers=offers, waits_until=None)
    stop = (CancelTimer(name=timer_of(carriage.shipment_id)),) if waiting else ()
    return withdrawn, stop


def undo_offers(state: OrderState, carriage: Carriage) -> Carried:
    """Tell carriers that an offer is off, or keep it from reaching them if it has not yet."""
    over = {OfferVerdict.TIMED_OUT, OfferVerdict.WITHDRAWN}
    offers, said = list[Offer](), list[Emission]()
    for offer in carriage.offers:
        undone, emission = offer.undone, None
        if offer.verdict in over:
            undone, emission = _undo(state, carriage, offer)
        offers.append(msgspec.structs.replace(offer, undone=undone))
        said += [emission] if emission is not None else []
    return msgspec.structs.replace(carriage, offers=tuple(offers)), tuple(said)


def _undo(state: OrderState, carriage: Carriage, offer: Offer) -> tuple[Undone, Emission | None]:
    reversal = CancelTender(
        shipment_id=carriage.shipment_id,
        order_id=state.order_id,
        carrier_scac=offer.carrier_scac,
        tender_version=offer.version,
    )
    key, version = reversal.business_key(), reversal.version()
    answer = answer_to(state, TenderLoad.verb, key, version)
    if answer is AnswerKind.APPLIED or offer.answered_at is not None:
        return Undone.REVERSED, reversal if offer.undone is not Undone.REVERSED else None
    undone = taken_out(offer.undone, answer)
    if undone is offer.undone:
        return undone, None
    drop = DropEffect(
        verb=TenderLoad.verb, business_key=key, version=version, because=offer.verdict.value
    )
    return undone, drop


def judge_tenders(state: OrderState) -> Step:
    """Ask people to look where no carrier is left, or where another order finds none."""
    stuck = [each for each in live(state) if each.exhausted]
    leading = [each for each in stuck if not each.led_by]
    following = [each for each in stuck if each.led_by]
    return chain(
        state,
        lambda now: _judge(now, leading, EXHAUSTED, "No carrier is left to ask"),
        lambda now: _judge(now, following, NOT_SETTLED, "Another order has found no carrier"),
    )


def _judge(state: OrderState, stuck: Sequence[Carriage], code: str, cause: str) -> Step:
    if not stuck:
        return close_exception(state, code, "nobody waits for a carrier any more")
    shipments = ", ".join(each.shipment_id for each in stuck)
    exception = OpenException(
        code=code,
        team=Team.CARRIER_RELATIONS,
        cause=f"{cause} for shipment {shipments} of order {state.order_id}",
        action="Waive to go on with the planned carrier, or retry to ask all of them again",
        about=(*numbers(state), *(each.shipment_id for each in stuck)),
        seen={each.shipment_id: _history(each) for each in stuck},
    )
    return raise_exception(state, exception)


def _history(carriage: Carriage) -> str:
    if carriage.led_by:
        return f"tendered by order {carriage.led_by}"
    return ", ".join(f"{offer.carrier_scac} {offer.verdict}" for offer in carriage.offers)
