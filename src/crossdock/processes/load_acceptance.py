"""Load acceptance: decides whether we carry a load that a customer offers us, and answers.

Receives  LoadOffered, OfferCountered, EffectAnswered, WakeUp, ExceptionRetried, ExceptionWaived
Emits     AnswerTender, CarriageAgreed, SetTimer, CancelTimer, OpenException, CloseException,
          PutReference
Key       load

House rules
  1. The customer's last word on a load holds, by its revision; an older one that comes later, and
     the same again, change nothing and are not answered. The same as a person mended it takes the
     place of the first while that is not answered.
  2. The policy's first row that fits an offer answers it: accept, decline, or counter. Where none
     fits, or the row says so, a person is asked: a retry accepts, a waiver declines, and on other
     terms a person counters the word that was looked at.
  3. An offer is answered once. Where the customer waits until a certain time and nobody has
     decided by then, it is declined, unless the policy says to keep silent; a yes that comes after
     that time, or to an offer that came after it, is a decline too. So is one in time that had to
     wait and is looked at after it: a promise counts from when it is given.
  4. What we accepted is carried as offered. A change is an offer of its own: until it is accepted
     the load is carried as agreed before.
  5. An offer that is taken back is asked about no more, and what was agreed on it is off. That is
     confirmed to customers who want a word on it.
  6. How the sending of an answer ended changes nothing here: whom it concerns is asked by flow.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, assert_never

from msgspec import Struct
from msgspec.structs import replace

from crossdock.canonical.moments import Instant
from crossdock.canonical.references import Reference, ReferenceType
from crossdock.canonical.shipment import Shipment
from crossdock.messages.envelope import Key, Message
from crossdock.messages.flow import EffectAnswered, ExceptionRetried, ExceptionWaived, WakeUp
from crossdock.messages.load_acceptance import (
    AnswerTender,
    CarriageAgreed,
    LoadOffered,
    OfferAnswer,
    OfferCountered,
)
from crossdock.messages.order_release import CounterOffer, TenderPurpose
from crossdock.messages.teams import Team
from crossdock.policies.accepting import row_for
from crossdock.policies.rules import AcceptancePolicy, Rules
from crossdock.ports import (
    CancelTimer,
    CloseException,
    Emission,
    OpenException,
    PutReference,
    Received,
    SetTimer,
    Subscriber,
)

OFFERED = "LOAD_OFFERED"
TIMER = "answer"

Heard = LoadOffered | OfferCountered | EffectAnswered | WakeUp | ExceptionRetried | ExceptionWaived


class Verdict(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was decided of an offer, when, by which row or whom, and what the customer is told.

    `counter` are a person's terms; a row's are its reason.
    """

    answer: OfferAnswer
    at: Instant
    by: str
    reason: str = ""
    counter: CounterOffer | None = None


class LoadState(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One load that a customer offers.

    `offer` is its last word and `offered_at` when that came, `verdict` what was decided of it.
    `agreed` is the revision we carry the load by, -1 for none. `asked` is the open question, and
    `due_at` the running timer.
    """

    shipment_id: str
    offer: LoadOffered | None = None
    offered_at: Instant | None = None
    verdict: Verdict | None = None
    agreed: int = -1
    asked: OpenException | None = None
    due_at: Instant | None = None


Step = tuple[LoadState, tuple[Emission, ...]]


def decide(state: LoadState, received: Received[Any], rules: Rules) -> Step:
    """Take in a word on the load, then answer the customer and say what is agreed."""
    body: Heard = received.body
    policy = rules.acceptance
    now = max(received.at, received.taken_at)
    match body:
        case LoadOffered():
            if mends(state, body, received.amends):
                state = replace(state, offer=None)
            return take_offer(state, body, received.at, now, policy)
        case OfferCountered():
            return take_counter(state, body, received.at, now, policy)
        case EffectAnswered():
            return state, ()
        case WakeUp():
            return end_waiting(state, body, policy)
        case ExceptionRetried():
            accepted = Verdict(answer=OfferAnswer.ACCEPT, at=received.at, by=body.by)
            return settle(state, accepted, now, policy)
        case ExceptionWaived():
            declined = Verdict(
                answer=OfferAnswer.DECLINE, at=received.at, by=body.by, reason=body.reason
            )
            return settle(state, declined, now, policy)
        case _:
            assert_never(body)


def mends(state: LoadState, said: LoadOffered, amends: str) -> bool:
    """Tell whether this is the word that waits for an answer, as a person mended it."""
    if not amends or state.offer is None or state.verdict is not None:
        return False
    return state.offer.revision == said.revision and state.offer.purpose is said.purpose


def take_offer(
    state: LoadState, said: LoadOffered, at: datetime, now: datetime, policy: AcceptancePolicy
) -> Step:
    """Let the customer's newest word count, and answer it as far as the policy can."""
    if state.offer is not None and state.offer.revision >= said.revision:
        return state, ()
    number = Reference(type=ReferenceType.SHIPMENT, value=said.offered_as)
    known = PutReference(reference=number, key=Key("load", state.shipment_id))
    first: tuple[Emission, ...] = () if state.offer else (known,)
    state = replace(state, offer=said, offered_at=at, verdict=None)
    if said.purpose is TenderPurpose.CANCEL:
        state, closed = close(state, "the customer took its offer back")
        state, off = call_off(state, said)
        return state, (*first, *closed, *off, *confirm(said, at))
    row = row_for(policy, said, at)
    if row is not None and row.answer != "ask":
        verdict = Verdict(answer=OfferAnswer(row.answer), at=at, by=row.rule_id, reason=row.reason)
        state, asked = settle(state, verdict, now, policy)
    elif waits_no_more(said, now, policy):
        state, asked = settle(state, too_late(now), now, policy)
    else:
        state, asked = ask(state, said)
    return state, (*first, *asked)


def take_counter(
    state: LoadState, said: OfferCountered, at: datetime, now: datetime, policy: AcceptancePolicy
) -> Step:
    """Counter the offer a person looked at; where the customer has said another word, nothing."""
    if state.offer is None or state.offer.revision != said.revision:
        return state, ()
    countered = Verdict(answer=OfferAnswer.COUNTER, at=at, by=said.by, counter=said.counter)
    return settle(state, countered, now, policy)


def end_waiting(state: LoadState, alarm: WakeUp, policy: AcceptancePolicy) -> Step:
    """Decline what nobody has decided by the time the customer gave; an older alarm is silence."""
    if state.due_at is None or alarm.due_at < state.due_at:
        return state, ()
    state = replace(state, due_at=None)
    if not policy.decline_when_late:
        return state, ()
    return settle(state, too_late(alarm.due_at), alarm.due_at, policy)


def too_late(at: datetime) -> Verdict:
    """Decline what the customer waits for no more."""
    return Verdict(answer=OfferAnswer.DECLINE, at=at, by="deadline", reason="not decided in time")


def waits_no_more(offer: LoadOffered, now: datetime, policy: AcceptancePolicy) -> bool:
    """Tell whether only a no may be answered, for the customer's time is over."""
    over = offer.respond_by is not None and now > offer.respond_by
    return over and policy.decline_when_late


def in_time(
    offer: LoadOffered, verdict: Verdict, now: datetime, policy: AcceptancePolicy
) -> Verdict:
    """Let a decision count as far as the customer still waits for it; a no always does."""
    if verdict.answer is OfferAnswer.DECLINE or not waits_no_more(offer, now, policy):
        return verdict
    return too_late(now)


def settle(state: LoadState, verdict: Verdict, now: datetime, policy: AcceptancePolicy) -> Step:
    """Answer the offer, once, and agree on the carriage where we accept it."""
    offer = state.offer
    if offer is None or state.verdict is not None or offer.purpose is TenderPurpose.CANCEL:
        return state, ()
    verdict = in_time(offer, verdict, now, policy)
    state, closed = close(replace(state, verdict=verdict), f"answered: {verdict.answer}")
    answer = answer_to(offer, verdict)
    if verdict.answer is not OfferAnswer.ACCEPT:
        return state, (*closed, answer)
    return replace(state, agreed=offer.revision), (*closed, answer, carriage(offer))


def answer_to(offer: LoadOffered, verdict: Verdict) -> AnswerTender:
    """Tell the customer what was decided of its offer."""
    countered = verdict.answer is OfferAnswer.COUNTER
    return AnswerTender(
        offered_by=offer.offered_by,
        offered_as=offer.offered_as,
        shipment_id=offer.shipment.shipment_id,
        carrier_scac=offer.shipment.carrier_scac,
        answer=verdict.answer,
        answered_at=verdict.at,
        revision=offer.revision,
        reason="" if countered else verdict.reason,
        counter=verdict.counter or CounterOffer(note=verdict.reason) if countered else None,
    )


def confirm(said: LoadOffered, at: datetime) -> tuple[AnswerTender, ...]:
    """Confirm that an offer is off, where its customer wants that; most want no word on it."""
    if not said.confirm:
        return ()
    return (answer_to(said, Verdict(answer=OfferAnswer.CALL_OFF, at=at, by="customer")),)


def call_off(state: LoadState, said: LoadOffered) -> Step:
    """Say that what was agreed is off; where nothing was, there is nothing to say."""
    if state.agreed < 0:
        return state, ()
    return replace(state, agreed=-1), (carriage(said, off=True),)


def carriage(offer: LoadOffered, *, off: bool = False) -> CarriageAgreed:
    """Say what we carry.

    It travels as an order of its own, for no ERP has released it. What the customer pays for it is
    no cost of ours: the charges stay with the offer.
    """
    shipment = replace(offer.shipment, order_ids=(offer.shipment.shipment_id,), charges=())
    return CarriageAgreed(
        offered_by=offer.offered_by,
        customer_id=offer.customer_id,
        offered_as=offer.offered_as,
        shipment=shipment,
        revision=offer.revision,
        off=off,
    )


def ask(state: LoadState, offer: LoadOffered) -> Step:
    """Ask transportation, until the customer's deadline."""
    due_at = offer.respond_by
    until = f"; it waits until {due_at.isoformat()}" if due_at else ""
    again = ", as it changes it," if state.agreed >= 0 else ""
    asked = OpenException(
        code=OFFERED,
        team=Team.TRANSPORTATION,
        cause=f"{offer.offered_by} offers load {offer.offered_as}{again}: "
        f"{_way(offer.shipment)}{until}",
        action="Retry to accept the load, waive to decline it, or counter it: the reason is told",
        about=(offer.offered_as, state.shipment_id, offer.customer_id),
        seen={"revision": str(offer.revision)},
    )
    said: list[Emission] = [asked]
    if due_at is not None:
        said.append(SetTimer(name=TIMER, due_at=due_at))
    elif state.due_at is not None:
        said.append(CancelTimer(name=TIMER))
    return replace(state, asked=asked, due_at=due_at), tuple(said)


def _way(shipment: Shipment) -> str:
    places = [each.place for each in shipment.stops]
    names = [each.address.city if each.address else each.name for each in places]
    return " to ".join([each or "a place without a name" for each in names]) or "no stops are told"


def close(state: LoadState, because: str) -> Step:
    """Ask no more; where nothing is asked, there is nothing to say."""
    said: list[Emission] = []
    if state.asked is not None:
        said.append(CloseException(code=OFFERED, because=because))
    if state.due_at is not None:
        said.append(CancelTimer(name=TIMER))
    return replace(state, asked=None, due_at=None), tuple(said)


def stage(state: LoadState) -> str:
    """Tell where the offer stands."""
    if state.offer is None:
        return "unknown"
    if state.offer.purpose is TenderPurpose.CANCEL:
        return "taken back"
    return f"{state.verdict.answer}ed".replace("eed", "ed") if state.verdict else "offered"


def start(key: Key) -> LoadState:
    """Begin with a load of which nothing was heard."""
    return LoadState(shipment_id=key.id)


def keys(message: Message) -> tuple[Key, ...]:
    """Name the load that is offered; what flow and operators say is addressed."""
    match message.body:
        case LoadOffered(shipment=shipment):
            return (Key("load", shipment.shipment_id),)
        case _:
            return ()


SUBSCRIBER: Subscriber[LoadState, Rules] = Subscriber(
    name="load_acceptance",
    state=LoadState,
    start=start,
    receives=(
        LoadOffered,
        OfferCountered,
        EffectAnswered,
        WakeUp,
        ExceptionRetried,
        ExceptionWaived,
    ),
    keys=keys,
    decide=decide,
    stage=stage,
)
