"""Tendering: the planned carrier is asked first, then the routing guide, one at a time.

A leaf of order_release.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

import msgspec

from crossdock.canonical.references import Reference, ReferenceType
from crossdock.canonical.shipment import Shipment
from crossdock.messages.flow import AnswerKind, WakeUp
from crossdock.messages.order_release import (
    CancelTender,
    TenderLoad,
    TenderSettled,
)
from crossdock.messages.reference_binding import TenderAnnounced
from crossdock.messages.teams import Team
from crossdock.policies.calendars import calendar_named, working_minutes_later
from crossdock.policies.rules import Rules
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
from crossdock.processes.order_release_words import is_contested

EXHAUSTED = "TENDER_EXHAUSTED"
NOT_SETTLED = "TENDER_NOT_SETTLED"
TIMER = "tender/"


def timer_of(shipment_id: str) -> str:
    """Name the timer of a shipment's tender."""
    return f"{TIMER}{shipment_id}"


def time_out(state: OrderState, alarm: WakeUp) -> Step:
    """Give up waiting for carriers, or for the order that should have found one."""
    shipment_id = alarm.timer.removeprefix(TIMER)
    carriage = next((c for c in live(state) if c.shipment_id == shipment_id), None)
    if carriage is None:
        return state, ()
    late = {each.version for each in standing(carriage) if each.due_at <= alarm.due_at}
    if late:
        offers = tuple(
            msgspec.structs.replace(
                each, verdict=OfferVerdict.TIMED_OUT, ended_at=each.ended_at or each.due_at
            )
            if each.version in late
            else each
            for each in carriage.offers
        )
        left = msgspec.structs.replace(carriage, offers=offers)
        return replaced(state, left), tuple(_alarm(left))
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
    state: OrderState, carriage: Carriage, shipment: Shipment, at: datetime, rules: Rules
) -> Carried:
    """Bring a shipment one step nearer to its carrier: agreed, offered, waiting, or exhausted."""
    if shipment.shipment_id in state.loads:
        return _follow_tms(state, carriage, shipment, at)
    if shipment.mode.value not in rules.tendering.modes:
        if carriage.agreed == shipment.carrier_scac:
            return carriage, ()
        return msgspec.structs.replace(carriage, agreed=shipment.carrier_scac), ()
    said: tuple[Emission, ...] = ()
    terms = _fingerprint(shipment)
    if carriage.terms != terms:
        carriage, said = withdraw_offers(carriage, at)
        carriage = msgspec.structs.replace(
            carriage, terms=terms, tried_from=len(carriage.offers), agreed=None, exhausted=False
        )
    leader = min({*shipment.order_ids, state.order_id})
    if leader != state.order_id:
        carriage = msgspec.structs.replace(carriage, led_by=leader)
        carriage, more = _follow(state, carriage, shipment, at, rules)
    else:
        carriage = msgspec.structs.replace(carriage, led_by="")
        carriage, more = _lead(state, carriage, shipment, at, rules)
    return carriage, said + more


def _follow_tms(state: OrderState, carriage: Carriage, shipment: Shipment, at: datetime) -> Carried:
    """Note the offer that the TMS made by itself; the carrier's answer to it is told, no more."""
    carrier = shipment.carrier_scac
    if not carriage.offers or carriage.offers[-1].carrier_scac != carrier:
        offer = Offer(
            version=len(carriage.offers) + 1,
            carrier_scac=carrier,
            offered_at=at,
            due_at=at,
            by_tms=True,
        )
        carriage = msgspec.structs.replace(carriage, offers=(*carriage.offers, offer))
    carriage, known = _announced(state, carriage)
    return msgspec.structs.replace(carriage, agreed=carrier), known


def _follow(
    state: OrderState, carriage: Carriage, shipment: Shipment, at: datetime, rules: Rules
) -> Carried:
    settled = state.settled.get(shipment.shipment_id)
    if settled is not None:
        stop = (CancelTimer(name=timer_of(shipment.shipment_id)),) if carriage.waits_until else ()
        found = msgspec.structs.replace(carriage, agreed=settled, exhausted=False, waits_until=None)
        return found, stop
    if carriage.agreed is not None or carriage.waits_until is not None:
        return carriage, ()
    offers_max = 2 if rules.tendering.strategy == "broadcast" else len(_guide(state, shipment)) + 1
    minutes = rules.tendering.answer_within_minutes * offers_max
    calendar = calendar_named(rules.calendars, rules.tendering.calendar)
    due_at = working_minutes_later(calendar, at, minutes)
    timer = SetTimer(name=timer_of(shipment.shipment_id), due_at=due_at)
    return msgspec.structs.replace(carriage, waits_until=due_at), (timer,)


def _lead(
    state: OrderState, carriage: Carriage, shipment: Shipment, at: datetime, rules: Rules
) -> Carried:
    plan = plan_in_force(state)
    if carriage.agreed is not None or plan is None:
        return carriage, ()
    tried = carriage.offers[carriage.tried_from :]
    taker = next((each for each in tried if each.verdict is OfferVerdict.ACCEPTED), None)
    if taker is not None:
        carriage, stop = _let_others_go(carriage, at)
        agreed = msgspec.structs.replace(carriage, agreed=taker.carrier_scac)
        return agreed, (*stop, *_tell_others(state, shipment, taker.carrier_scac, plan))
    waiting = standing(carriage)
    at_once = rules.tendering.strategy == "broadcast"
    if waiting and (not at_once or any(o.verdict is OfferVerdict.COUNTERED for o in waiting)):
        return (carriage, ()) if at_once else _let_newer_go(carriage, at)
    asked = {offer.carrier_scac for offer in tried if offer.verdict is not OfferVerdict.LOST}
    candidates = [each for each in _guide(state, shipment) if each not in asked]
    if not candidates:
        return msgspec.structs.replace(carriage, exhausted=not waiting), ()
    said: list[Emission] = []
    for candidate in candidates if at_once else candidates[:1]:
        carriage, tender = _offer(state, carriage, carried_by(shipment, candidate), at, rules)
        said.append(tender)
    carriage, known = _announced(state, carriage)
    return carriage, (*said, *_alarm(carriage), *known)


def _offer(
    state: OrderState, carriage: Carriage, shipment: Shipment, at: datetime, rules: Rules
) -> tuple[Carriage, TenderLoad]:
    carrier = shipment.carrier_scac
    before = _changed_by_this(state, carriage, carrier)
    offer = Offer(
        version=len(carriage.offers) + 1,
        carrier_scac=carrier,
        offered_at=at,
        due_at=answer_due(rules, carrier, at),
        replaces=before.version if before else 0,
    )
    offers = tuple(
        msgspec.structs.replace(each, verdict=OfferVerdict.REPLACED) if each == before else each
        for each in carriage.offers
    )
    tender = TenderLoad(
        shipment=shipment,
        order_id=state.order_id,
        carrier_scac=carrier,
        tender_version=offer.version,
        replaces=offer.replaces,
        respond_by=offer.due_at,
    )
    return msgspec.structs.replace(carriage, offers=(*offers, offer)), tender


def _changed_by_this(state: OrderState, carriage: Carriage, carrier: str) -> Offer | None:
    """Find the offer that a new one to the same carrier changes: just taken back, not yet undone.

    What the carrier refused or never got it cannot change.
    """
    own = [each for each in carriage.offers if each.carrier_scac == carrier]
    last = own[-1] if own else None
    if last is None or last.verdict is not OfferVerdict.WITHDRAWN or last.undone is not Undone.NOT:
        return None
    answer = tender_answer(state, carriage, last)
    return None if answer in {AnswerKind.REFUSED, AnswerKind.WAIVED} else last


def answer_due(rules: Rules, carrier: str, at: datetime) -> datetime:
    """Tell until when a carrier has time to answer, in its own working hours."""
    policy = rules.tendering
    own = next((each for each in policy.carriers if each.carrier_scac == carrier), None)
    minutes = (own.answer_within_minutes if own else 0) or policy.answer_within_minutes
    name = (own.calendar if own else "") or policy.calendar
    return working_minutes_later(calendar_named(rules.calendars, name), at, minutes)


def _let_newer_go(carriage: Carriage, at: datetime) -> Carried:
    """Keep the first of the offers that stand: a carrier that had declined speaks of terms again.

    The next carrier is asked anew where nothing comes of them.
    """
    _, *others = standing(carriage)
    newer = {each.version for each in others}
    offers = tuple(
        msgspec.structs.replace(each, verdict=OfferVerdict.LOST, ended_at=at)
        if each.version in newer
        else each
        for each in carriage.offers
    )
    kept = msgspec.structs.replace(carriage, offers=offers)
    return kept, _alarm(kept) if others else ()


def _let_others_go(carriage: Carriage, at: datetime) -> Carried:
    """Take back what others were offered at the same time as the one who has it."""
    others = {each.version for each in standing(carriage)}
    offers = tuple(
        msgspec.structs.replace(each, verdict=OfferVerdict.LOST, ended_at=at)
        if each.version in others
        else each
        for each in carriage.offers
    )
    stop = (CancelTimer(name=timer_of(carriage.shipment_id)),) if others else ()
    return msgspec.structs.replace(carriage, offers=offers), stop


def _alarm(carriage: Carriage) -> tuple[Emission, ...]:
    """Wake us when the first of the offers that stand is over."""
    due_at = min((each.due_at for each in standing(carriage)), default=None)
    return () if due_at is None else (SetTimer(name=timer_of(carriage.shipment_id), due_at=due_at),)


def _announced(state: OrderState, carriage: Carriage) -> Carried:
    """Let the answers of carriers that know nothing but the shipment's number find this order."""
    if carriage.announced:
        return carriage, ()
    said = TenderAnnounced(
        reference=Reference(type=ReferenceType.SHIPMENT, value=carriage.shipment_id),
        shipment_id=carriage.shipment_id,
        order_id=state.order_id,
    )
    return msgspec.structs.replace(carriage, announced=True), (said,)


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


def standing(carriage: Carriage) -> tuple[Offer, ...]:
    """List the offers that a carrier may still take, or has countered."""
    waiting = {OfferVerdict.OPEN, OfferVerdict.COUNTERED}
    return tuple(each for each in carriage.offers if each.verdict in waiting and not each.by_tms)


def withdraw_offers(carriage: Carriage, at: datetime) -> Carried:
    """Take back the offers that stand or may have been accepted, and stop waiting."""
    waiting = carriage.waits_until is not None or bool(standing(carriage))
    given = {OfferVerdict.OPEN, OfferVerdict.COUNTERED, OfferVerdict.ACCEPTED}
    offers = tuple(
        msgspec.structs.replace(offer, verdict=OfferVerdict.WITHDRAWN, ended_at=at)
        if offer.verdict in given
        or (offer.verdict is OfferVerdict.DECLINED and is_contested(offer))
        else offer
        for offer in carriage.offers
    )
    withdrawn = msgspec.structs.replace(carriage, offers=offers, waits_until=None)
    stop = (CancelTimer(name=timer_of(carriage.shipment_id)),) if waiting else ()
    return withdrawn, stop


def tender_answer(state: OrderState, carriage: Carriage, offer: Offer) -> AnswerKind | None:
    """Tell how the sending of an offer ended; None while nobody has answered."""
    key = tender_key(state, carriage, offer)
    return answer_to(state, TenderLoad.verb, key, str(offer.version))


def tender_key(state: OrderState, carriage: Carriage, offer: Offer) -> str:
    """Name an offer as its command does."""
    return f"{state.order_id}/{carriage.shipment_id}/{offer.carrier_scac}"


def undo_offers(state: OrderState, carriage: Carriage) -> Carried:
    """Tell carriers that an offer is off, or keep it from reaching them if it has not yet."""
    if not carriage.offers:
        return carriage, ()
    over = {OfferVerdict.TIMED_OUT, OfferVerdict.WITHDRAWN, OfferVerdict.LOST}
    offers: list[Offer] = []
    said: list[Emission] = []
    for offer in carriage.offers:
        undone, emission = offer.undone, None
        if offer.verdict in over and not offer.by_tms:
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
    if not stuck and not state.raised:
        return state, ()
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
