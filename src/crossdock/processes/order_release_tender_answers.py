"""Tender answers: what carriers say to offers, whichever they mean, and how far each offer came.

A leaf of order_release.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import msgspec

from crossdock.messages.acknowledgement import AcknowledgementNoted, AckStatus
from crossdock.messages.flow import AnswerKind
from crossdock.messages.order_release import (
    TenderAnswered,
    TenderLoad,
    TenderMoved,
    TenderState,
)
from crossdock.messages.teams import Team
from crossdock.ports import CancelTimer, Emission, OpenException
from crossdock.processes.order_release_state import (
    Acked,
    Carriage,
    Offer,
    OfferVerdict,
    OrderState,
    Step,
    chain,
    changed,
    close_exception,
    effect_name,
    forget_exception,
    live,
    numbers,
    raise_exception,
    replaced,
)
from crossdock.processes.order_release_tendering import standing, tender_key, timer_of
from crossdock.processes.order_release_words import (
    heard,
    is_contested,
    may_be_taken,
    standing_word,
    word_of,
)

LATE = "TENDER_ANSWER_LATE"
COUNTERED = "TENDER_COUNTERED"
UNKNOWN = "TENDER_UNKNOWN"
CONTESTED = "TENDER_ANSWER_CONTESTED"

ENDED = {
    OfferVerdict.ACCEPTED: TenderState.ACCEPTED,
    OfferVerdict.DECLINED: TenderState.DECLINED,
    OfferVerdict.COUNTERED: TenderState.COUNTERED,
    OfferVerdict.TIMED_OUT: TenderState.TIMED_OUT,
    OfferVerdict.WITHDRAWN: TenderState.WITHDRAWN,
    OfferVerdict.LOST: TenderState.WITHDRAWN,
    OfferVerdict.REPLACED: TenderState.REPLACED,
}
ACKNOWLEDGED = {
    AckStatus.ACCEPTED: TenderState.ACKNOWLEDGED,
    AckStatus.ACCEPTED_WITH_ERRORS: TenderState.ACKNOWLEDGED_WITH_ERRORS,
    AckStatus.PARTIAL: TenderState.ACKNOWLEDGED_WITH_ERRORS,
    AckStatus.REJECTED: TenderState.UNREADABLE,
    AckStatus.OVERDUE: TenderState.UNACKNOWLEDGED,
}
DELIVERED = {
    AnswerKind.APPLIED: TenderState.DELIVERED,
    AnswerKind.REFUSED: TenderState.NOT_DELIVERED,
    AnswerKind.WAIVED: TenderState.NOT_DELIVERED,
}
WORDS = {
    OfferVerdict.ACCEPTED: "accepted",
    OfferVerdict.DECLINED: "declined",
    OfferVerdict.COUNTERED: "countered",
}


def take_tender_answer(state: OrderState, said: TenderAnswered, at: datetime) -> Step:
    """Note a carrier's word on the offer it means; the same again is silence."""
    carriage = next((c for c in state.carriages if c.shipment_id == said.shipment_id), None)
    offer = meant(carriage, said) if carriage else None
    if carriage is None or offer is None:
        if said.shipment_id in state.strangers:
            return state, ()
        return changed(state, strangers=(*state.strangers, said.shipment_id)), ()
    word = word_of(said)
    if word in offer.overruled or word in (known := heard(offer)):
        return state, ()
    offer = msgspec.structs.replace(offer, words=(*known, word))
    carriage = with_offer(carriage, offer)
    if offer.verdict is not OfferVerdict.OPEN and offer.verdict not in WORDS:
        return replaced(state, with_offer(carriage, note_after_end(offer, at))), ()
    if not carriage.live and may_be_taken(offer):
        return replaced(state, with_offer(carriage, taken_off(offer, at))), ()
    return take_word(state, carriage, offer, at)


def note_after_end(offer: Offer, at: datetime) -> Offer:
    """Note a word on an offer that stands no more: a yes to it comes too late.

    The cancellation of what we took back answers for itself; all else leaves a carrier waiting.
    """
    taken_back = offer.verdict is OfferVerdict.WITHDRAWN
    return msgspec.structs.replace(
        offer,
        late=not taken_back and may_be_taken(offer),
        word=standing_word(offer).verdict if taken_back else offer.word,
        answered_at=offer.answered_at or at,
    )


def taken_off(offer: Offer, at: datetime) -> Offer:
    """Take back an offer whose carrier says yes after all, of a shipment that travels no more."""
    return msgspec.structs.replace(
        offer, verdict=OfferVerdict.WITHDRAWN, ended_at=at, answered_at=offer.answered_at or at
    )


def take_word(state: OrderState, carriage: Carriage, offer: Offer, at: datetime) -> Step:
    """Let the word that counts among all a carrier said to an offer count.

    A yes after a no counts as long as nobody else has the load.
    """
    word = standing_word(offer)
    if offer.verdict is word.verdict:
        return replaced(state, carriage), ()
    if offer.verdict is OfferVerdict.DECLINED and carriage.agreed is not None:
        late = msgspec.structs.replace(offer, late=True)
        return replaced(state, with_offer(carriage, late)), ()
    answered = msgspec.structs.replace(
        offer,
        verdict=word.verdict,
        word=word.verdict,
        answered_at=at,
        said_at=word.said_at,
        said_as=word.said_as,
        reason=word.reason,
        counter=word.counter,
        told=tuple(each for each in offer.told if each is not ENDED[word.verdict]),
    )
    gave_back = offer.verdict is OfferVerdict.ACCEPTED and not offer.by_tms
    carriage = with_offer(carriage, answered)
    if gave_back:
        carriage = msgspec.structs.replace(carriage, agreed=None)
    done = not standing(carriage) and not gave_back
    stop = (CancelTimer(name=timer_of(carriage.shipment_id)),) if done else ()
    return replaced(state, carriage), stop


def meant(carriage: Carriage, said: TenderAnswered) -> Offer | None:
    """Find the offer a carrier means: by version, else the newest it can have known of."""
    own = [each for each in carriage.offers if each.carrier_scac == said.carrier_scac]
    if said.tender_version:
        return next((each for each in own if each.version == said.tender_version), None)
    known = [
        each for each in own if said.answered_at is None or each.offered_at <= said.answered_at
    ]
    return (known or own)[-1] if own else None


def with_offer(carriage: Carriage, offer: Offer) -> Carriage:
    """Give the carriage with one offer changed."""
    return msgspec.structs.replace(
        carriage,
        offers=tuple(offer if each.version == offer.version else each for each in carriage.offers),
    )


def take_acknowledgement(state: OrderState, said: AcknowledgementNoted) -> Step:
    """Remember how far a tender's acknowledgement is; the highest revision holds."""
    name = f"{effect_name(said.verb, said.business_key, said.version)} {said.level}"
    known = state.acks.get(name)
    if known is not None and known.revision >= said.revision:
        return state, ()
    at = said.acknowledged_at or said.due_at or said.sent_at or said.numbered_at
    if at is None:
        return state, ()
    acked = Acked(status=said.status, revision=said.revision, at=at)
    return changed(state, acks=state.acks | {name: acked}), ()


def take_counter(state: OrderState, *, accept: bool) -> Step:
    """Take, or turn down, the other terms that carriers offered, as an operator decided."""
    return _overrule(state, COUNTERED, is_countered, accept=accept)


def settle_contested(state: OrderState, *, accept: bool) -> Step:
    """Take a carrier's yes, or its no, as an operator found out."""
    return _overrule(state, CONTESTED, is_contested, accept=accept)


def _overrule(
    state: OrderState, code: str, meant: Callable[[Offer], bool], *, accept: bool
) -> Step:
    """Let a person's verdict count on the offers that a question was about."""
    state = forget_exception(state, code)
    verdict = OfferVerdict.ACCEPTED if accept else OfferVerdict.DECLINED
    said: tuple[Emission, ...] = ()
    for carriage in live(state):
        for offer in carriage.offers:
            if not meant(offer) or offer.by_tms:
                continue
            settled = msgspec.structs.replace(
                offer, words=(), overruled=(*offer.overruled, *heard(offer))
            )
            if accept and carriage.agreed not in {None, offer.carrier_scac}:
                settled = msgspec.structs.replace(settled, late=True)
            else:
                told = tuple(each for each in offer.told if each is not ENDED[verdict])
                settled = msgspec.structs.replace(
                    settled,
                    verdict=verdict,
                    word=verdict,
                    told=offer.told if offer.verdict is verdict else told,
                )
                said = (CancelTimer(name=timer_of(carriage.shipment_id)),)
            carriage = with_offer(carriage, settled)  # noqa: PLW2901 - one carriage, offer by offer
        state = replaced(state, carriage)
    return state, said


def is_countered(offer: Offer) -> bool:
    """Tell whether a carrier waits for a word on its own terms."""
    return offer.verdict is OfferVerdict.COUNTERED and not offer.by_tms


def settle_late(state: OrderState) -> Step:
    """Take it that an operator has dealt with the answers that came too late."""
    for carriage in state.carriages:
        offers = tuple(msgspec.structs.replace(each, late=False) for each in carriage.offers)
        state = replaced(state, msgspec.structs.replace(carriage, offers=offers))
    return forget_exception(state, LATE), ()


def judge_answers(state: OrderState) -> Step:
    """Ask people about answers that came too late, on other terms, or to no offer at all."""
    offers = [(carriage, offer) for carriage in state.carriages for offer in carriage.offers]
    if not (offers or state.strangers or state.raised):
        return tell_states(state)
    late = [(carriage, offer) for carriage, offer in offers if offer.late]
    offers = [(carriage, offer) for carriage, offer in offers if carriage.live]
    countered = [(carriage, offer) for carriage, offer in offers if is_countered(offer)]
    contested = [
        (carriage, offer)
        for carriage, offer in offers
        if len(offer.words) > 1 and is_contested(offer) and offer.verdict in WORDS
    ]
    if not (late or countered or contested or state.strangers or state.raised):
        return tell_states(state)
    return chain(
        state,
        lambda now: _say(now, LATE, _late(now, late) if late else None),
        lambda now: _say(now, COUNTERED, _countered(now, countered) if countered else None),
        lambda now: _say(now, CONTESTED, _contested(now, contested) if contested else None),
        lambda now: _say(now, UNKNOWN, _stranger(now) if now.strangers else None),
        tell_states,
    )


def _say(state: OrderState, code: str, exception: OpenException | None) -> Step:
    if exception is None:
        return close_exception(state, code, "nothing is left to decide about it")
    return raise_exception(state, exception)


def _late(state: OrderState, late: list[tuple[Carriage, Offer]]) -> OpenException:
    carriage, offer = late[0]
    more = f" (and {len(late) - 1} more)" if len(late) > 1 else ""
    return OpenException(
        code=LATE,
        team=Team.CARRIER_RELATIONS,
        cause=(
            f"{offer.carrier_scac} takes shipment {carriage.shipment_id} of order "
            f"{state.order_id}, whose offer {offer.version} stands no more{more}"
        ),
        action="Tell the carrier who has the shipment, then waive this",
        about=(*numbers(state), carriage.shipment_id),
        seen={
            f"{c.shipment_id} offer {o.version}": f"{o.carrier_scac}, {o.verdict}" for c, o in late
        },
    )


def _countered(state: OrderState, countered: list[tuple[Carriage, Offer]]) -> OpenException:
    carriage, offer = countered[0]
    note = offer.counter.note if offer.counter else ""
    return OpenException(
        code=COUNTERED,
        team=Team.CARRIER_RELATIONS,
        cause=(
            f"{offer.carrier_scac} would take shipment {carriage.shipment_id} of order "
            f"{state.order_id} on other terms: {note or offer.reason or 'it names none'}"
        ),
        action="Retry to take its terms, waive to ask the next carrier; time decides otherwise",
        about=(*numbers(state), carriage.shipment_id),
        seen={each.shipment_id: msgspec.json.encode(o.counter).decode() for each, o in countered},
    )


def _contested(state: OrderState, contested: list[tuple[Carriage, Offer]]) -> OpenException:
    carriage, offer = contested[0]
    return OpenException(
        code=CONTESTED,
        team=Team.CARRIER_RELATIONS,
        cause=(
            f"{offer.carrier_scac} said yes and no to shipment {carriage.shipment_id} of order "
            f"{state.order_id}, and not which came last; until somebody knows it counts as a no"
        ),
        action="Ask the carrier, then retry to take its yes, or waive to take its no",
        about=(*numbers(state), carriage.shipment_id),
        seen={
            f"{c.shipment_id} offer {o.version}": f"{o.carrier_scac}, {o.reason or 'no reason'}"
            for c, o in contested
        },
    )


def _stranger(state: OrderState) -> OpenException:
    spelled = ", ".join(state.strangers)
    return OpenException(
        code=UNKNOWN,
        team=Team.CARRIER_RELATIONS,
        cause=f"A carrier answers for shipment {spelled} of order {state.order_id}, never offered",
        action="Ask the carrier what it means, then waive this",
        about=(*numbers(state), *state.strangers),
        seen={"shipments": spelled},
    )


def tell_states(state: OrderState) -> Step:
    """Tell every state that an offer has reached and that was not told yet, with its time."""
    said: list[Emission] = []
    for carriage in state.carriages:
        for offer in carriage.offers:
            new = [
                (each, at)
                for each, at in reached_states(state, carriage, offer)
                if each not in offer.told
            ]
            if not new:
                continue
            said += [_moved(state, carriage, offer, each, at) for each, at in new]
            told = (*offer.told, *(each for each, _ in new))
            carriage = with_offer(carriage, msgspec.structs.replace(offer, told=told))  # noqa: PLW2901 - one carriage, offer by offer
            state = replaced(state, carriage)
    return state, tuple(said)


def _moved(
    state: OrderState, carriage: Carriage, offer: Offer, reached: TenderState, at: datetime
) -> TenderMoved:
    return TenderMoved(
        order_id=state.order_id,
        shipment_id=carriage.shipment_id,
        carrier_scac=offer.carrier_scac,
        tender_version=offer.version,
        state=reached,
        moved_at=at,
        reason=offer.reason if offer.word and reached is ENDED[offer.word] else "",
    )


def reached_states(
    state: OrderState, carriage: Carriage, offer: Offer
) -> Iterator[tuple[TenderState, datetime]]:
    """List the states an offer has reached by what is known now, each with its time."""
    yield TenderState.SENT, offer.offered_at
    name = effect_name(TenderLoad.verb, tender_key(state, carriage, offer), str(offer.version))
    answered = state.answers.get(name)
    if answered is not None and answered.answer in DELIVERED:
        yield DELIVERED[answered.answer], answered.at
    for key, acked in state.acks.items():
        if key.startswith(f"{name} ") and acked.status in ACKNOWLEDGED:
            yield ACKNOWLEDGED[acked.status], acked.at
    if offer.word is not None:
        yield ENDED[offer.word], offer.answered_at or offer.due_at
    if offer.verdict in ENDED and offer.verdict not in WORDS:
        yield ENDED[offer.verdict], offer.ended_at or offer.due_at
