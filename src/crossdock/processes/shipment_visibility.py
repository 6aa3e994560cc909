"""Shipment visibility: decides what happened on the way, what the customer sees, and what is late.

Receives  MilestoneReported, EvidenceBound, ShipmentPlanned, ShipmentWithdrawn, OrderReferenced,
          EffectAnswered, WakeUp, ExceptionRetried, ExceptionWaived
Emits     MilestoneConfirmed, PictureChanged, MilestoneOverdue, ShipmentWentSilent, GoodsIssued,
          MilestoneSettled, DeliveryClosed, PostMilestone, TellMilestone, SetTimer, CancelTimer,
          OpenException, CloseException, DropEffect
Key       shipment

House rules
  1. Evidence is a set: the same reports in any order, however often, give the same picture.
  2. The last word on an event holds, by the source's revision; a retraction voids the event even
     when it arrives first.
  3. The status never goes back for a late report; a delivery is left only by a correction or by a
     journey back. Exceptions and signals never move it.
  4. A customer sees an order from when the ERP has confirmed its transport reference; the verdict
     is stored, also while it says no.
  5. The ERP is told of a milestone when it has not changed for settle minutes; a later change
     corrects the posting, a retraction takes it back, and equal content is not posted again.
  6. A promise is overdue once, at its end with grace, judged by the timer's due time; whether a
     delivery was late is judged by when it happened, whenever it is told.
  7. A shipment on its way of which nobody speaks for silence hours is called silent once, until
     somebody speaks.
  8. Where stock is set aside for an order, its goods have left when the pickup is settled and, as
     policy asks, posted.
  9. Where the policy names a partner for a customer, it is told each milestone the customer is
     shown, once; what changes is told again, and what is shown no more is taken back.
 10. Facts that cannot all be true are kept, shown, and put before carrier relations.

Everything but the timers' verdicts is derived from the facts; after each message what should be
said (pictures, timers, exceptions) is compared with what was said, and only the difference is said.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, assert_never

import msgspec
from msgspec import Struct, structs

from crossdock.canonical.tracking import PHASES, Classifier, Phase
from crossdock.messages.envelope import Key, Message
from crossdock.messages.flow import EffectAnswered, ExceptionRetried, ExceptionWaived, WakeUp
from crossdock.messages.order_release import OrderReferenced, ShipmentPlanned, ShipmentWithdrawn
from crossdock.messages.reference_binding import EvidenceBound
from crossdock.messages.shipment_visibility import (
    MilestoneConfirmed,
    MilestoneOverdue,
    MilestoneReported,
    ShipmentWentSilent,
)
from crossdock.messages.teams import Team
from crossdock.policies.rules import Rules
from crossdock.ports import (
    CancelTimer,
    CloseException,
    Emission,
    OpenException,
    Received,
    SetTimer,
    Subscriber,
)
from crossdock.processes.shipment_visibility_contradictions import contradictions
from crossdock.processes.shipment_visibility_facts import (
    Visibility,
    confirm_reference,
    first_word,
    hear,
    keep_claims,
    plan,
    withdraw,
)
from crossdock.processes.shipment_visibility_issue import issue_goods
from crossdock.processes.shipment_visibility_journey import (
    Happening,
    Journey,
    journey_of,
    lineages_about,
    turn_without,
)
from crossdock.processes.shipment_visibility_picture import picture_for
from crossdock.processes.shipment_visibility_posting import (
    Due,
    close_deliveries,
    note_answer,
    post,
    settle_milestones,
    unsettled,
)
from crossdock.processes.shipment_visibility_stage import stage_word
from crossdock.processes.shipment_visibility_telling import tell_partners
from crossdock.processes.shipment_visibility_timeliness import (
    Promise,
    heard_last,
    is_silent,
    is_under_way,
    open_promises,
)

OVERDUE = "SHIPMENT_OVERDUE"
SILENT = "SHIPMENT_SILENT"
INCONSISTENT = "EVIDENCE_INCONSISTENT"
SILENCE_TIMER = "silence"

# Looked at with every claim of every message: on 3.11 finding a member of an enumeration is a call.
_ACTUAL, _SIGNAL = Classifier.ACTUAL, Phase.SIGNAL

_encode = msgspec.json.Encoder(order="deterministic").encode

Decision = tuple[Visibility, tuple[Emission, ...]]
Incoming = (
    MilestoneReported
    | EvidenceBound
    | ShipmentPlanned
    | ShipmentWithdrawn
    | OrderReferenced
    | EffectAnswered
    | WakeUp
    | ExceptionRetried
    | ExceptionWaived
)


class Silence(Struct, frozen=True, kw_only=True):
    """Nobody has spoken since `last_heard_at`; at `due_at` that is too long."""

    last_heard_at: datetime
    due_at: datetime


Alarm = Promise | Silence | Due


def decide(state: Visibility, received: Received[Incoming], rules: Rules) -> Decision:
    """Answer a message with the next state and what to emit; the same said again is silence."""
    body, at = received.body, received.at
    match body:
        case MilestoneReported():
            amended_at = at if received.amends else None
            return tell(state, hear(state, body.evidence, at, amended_at), rules)
        case EvidenceBound():
            return tell(state, hear(state, body.evidence, body.reported_at, None), rules)
        case ShipmentPlanned():
            return tell(state, plan(state, body, at), rules)
        case ShipmentWithdrawn():
            return tell(state, withdraw(state, body, at), rules)
        case OrderReferenced():
            return tell(state, confirm_reference(state, body), rules)
        case EffectAnswered():
            return end_posting(state, note_answer(state, body), rules)
        case WakeUp():
            return wake(state, body, rules)
        case ExceptionRetried():
            return look_again(state, body, rules)
        case ExceptionWaived():
            return let_go(state, body, rules)
        case _:
            assert_never(body)


def tell(before: Visibility, after: Visibility, rules: Rules) -> Decision:
    """Say what a message changed; one that changed nothing is answered with silence."""
    if after == before:
        return before, ()
    journey = journey_of(after, rules.evidence)
    confirmed = confirm_milestones(before, after, journey, rules)
    state, closings = close(after, journey, rules)
    state, difference = say_all(state, journey, rules)
    return state, (*confirmed, *closings, *difference)


def end_posting(before: Visibility, after: Visibility, rules: Rules) -> Decision:
    """Say what the end of a posting brings about: no fact has moved, so a delivery's end at most.

    One that tells nothing new is answered with silence.
    """
    if after == before:
        return before, ()
    return close(after, journey_of(after, rules.evidence), rules)


def close(state: Visibility, journey: Journey, rules: Rules) -> Decision:
    """Say which orders' goods have left and which deliveries are closed, as settled by now."""
    if not state.posted:
        return state, ()
    state, issues = issue_goods(state, journey, rules)
    state, closings = close_deliveries(state, journey, rules)
    state, settled = settle_milestones(state, journey, rules)
    return state, (*issues, *closings, *settled)


def confirm_milestones(
    before: Visibility, after: Visibility, journey: Journey, rules: Rules
) -> Iterator[MilestoneConfirmed]:
    """Tell the milestones that the journey has now, has otherwise, or has no more."""
    for each, retracted in news(before, after, journey, rules):
        about = lineages_about(journey, each.milestone, each.stop)
        yield MilestoneConfirmed(
            shipment_id=after.shipment_id,
            milestone=each.milestone,
            stop=each.stop,
            occurred=each.chosen.event.occurred,
            source=each.chosen.event.source,
            revision=sum(len(versions) for versions in about),
            retracted=retracted,
            partial=each.partial,
            returning=each.returning,
            order_ids=journey.order_ids,
        )


def news(
    before: Visibility, after: Visibility, journey: Journey, rules: Rules
) -> list[tuple[Happening, bool]]:
    """List what is published now and was not, or otherwise; True: what was and is no more.

    One more event changes nothing but the happening it is chosen for, unless the goods turn back
    by it; whatever else was heard is held against the journey as it was.
    """
    if not after.evidence:
        return []
    newcomer = first_word(before, after)
    if newcomer is not None and turn_without(journey, newcomer) == journey.turned_back:
        told = [each for each in journey.happenings.values() if each.chosen is newcomer]
        return [(each, False) for each in told if is_published(each)]
    old, new = published(journey_of(before, rules.evidence)), published(journey)
    changed = [(each, False) for name, each in new.items() if _is_news(old.get(name), each)]
    held = {_subject(each) for each in new.values()}
    lost = {_subject(each): each for each in old.values() if _subject(each) not in held}
    return [*changed, *((each, True) for each in lost.values())]


def published(journey: Journey) -> dict[tuple[object, ...], Happening]:
    """Give the facts of a journey that are published."""
    return {name: each for name, each in journey.happenings.items() if is_published(each)}


def is_published(each: Happening) -> bool:
    """Tell whether something really happened, and is more than a signal."""
    return each.classifier is _ACTUAL and PHASES[each.milestone] is not _SIGNAL


def _subject(each: Happening) -> tuple[object, ...]:
    return each.milestone, each.stop, each.partial, each.returning


def _is_news(old: Happening | None, new: Happening) -> bool:
    return old is None or old.chosen.event != new.chosen.event


def wake(state: Visibility, woken: WakeUp, rules: Rules) -> Decision:
    """Judge what a timer was set for, by its due time; one that was set anew since is passed over.

    A timer that was pushed back or dropped rings once more if its wake-up was already on the way:
    that is answered with nothing, for the newer one will ring.
    """
    armed = state.timers.get(woken.timer)
    if armed is None or woken.due_at < armed:
        return state, ()
    state = structs.replace(state, timers=_without(state.timers, woken.timer))
    journey = journey_of(state, rules.evidence)
    running = alarms(state, journey, open_promises(state, journey, rules.lateness), rules)
    alarm = running.get(woken.timer)
    if alarm is None or alarm.due_at > woken.due_at:
        return _ring_later(state, journey, running, rules, ())
    match alarm:
        case Promise():
            state, said = judge_lateness(state, alarm)
        case Silence():
            state, said = judge_silence(state, alarm)
        case Due():
            state, said = post(state, alarm)
            running = _without(running, woken.timer)  # a posting settles what it rang for, no more
            return _ring_later(state, journey, running, rules, said)
        case _:
            assert_never(alarm)
    state, closings = close(state, journey, rules)
    state, difference = say_all(state, journey, rules)
    return state, (*said, *closings, *difference)


def _ring_later(
    state: Visibility,
    journey: Journey,
    running: dict[str, Alarm],
    rules: Rules,
    said: tuple[Emission, ...],
) -> Decision:
    """Set the timers that should be running, where nothing has changed that anybody sees."""
    state, closings = close(state, journey, rules)
    timers, rings = _timers(state, running)
    return structs.replace(state, timers=timers), (*said, *closings, *rings)


def judge_lateness(state: Visibility, promise: Promise) -> Decision:
    """Call a promise overdue whose end and grace have passed and no delivery was told: once.

    A delivery told later makes it late or on time by when it happened.
    """
    overdue = MilestoneOverdue(
        shipment_id=state.shipment_id,
        stop=promise.stop,
        promised=promise.promised,
        due_at=promise.due_at,
    )
    marks = tuple(sorted({*state.overdue, promise.mark}))
    return structs.replace(state, overdue=marks), (overdue,)


def judge_silence(state: Visibility, silence: Silence) -> Decision:
    """Call a shipment silent of which nobody has spoken for too long; the next report ends it."""
    silent = ShipmentWentSilent(
        shipment_id=state.shipment_id,
        last_heard_at=silence.last_heard_at,
        due_at=silence.due_at,
    )
    return structs.replace(state, silent_since=silence.last_heard_at), (silent,)


def look_again(state: Visibility, retried: ExceptionRetried, rules: Rules) -> Decision:
    """Ask anew what an exception asked, where it still holds; else nothing is left to ask."""
    asked = _without(state.asked, retried.code)
    waived = _without(state.waived, retried.code)
    state = structs.replace(state, asked=asked, waived=waived)
    return say_all(state, journey_of(state, rules.evidence), rules)


def let_go(state: Visibility, waiver: ExceptionWaived, rules: Rules) -> Decision:
    """Ask no more what an operator waived, until there is another cause to ask it."""
    if waiver.code not in state.asked:
        return state, ()
    waived = {**state.waived, waiver.code: state.asked[waiver.code]}
    state = structs.replace(state, asked=_without(state.asked, waiver.code), waived=waived)
    return say_all(state, journey_of(state, rules.evidence), rules)


def alarms(
    state: Visibility, journey: Journey, promises: tuple[Promise, ...], rules: Rules
) -> dict[str, Alarm]:
    """Give the timers that should be running, with what each is for."""
    found: dict[str, Alarm] = {
        f"late/{each.mark}": each for each in promises if each.mark not in state.overdue
    }
    found.update((each.timer, each) for each in unsettled(state, journey, rules))
    hours = rules.lateness.silence_hours
    last = heard_last(state, journey) if hours and is_under_way(journey) else None
    if last and state.silent_since != last:
        found[SILENCE_TIMER] = Silence(last_heard_at=last, due_at=last + timedelta(hours=hours))
    return found


def say_all(state: Visibility, journey: Journey, rules: Rules) -> Decision:
    """Say whatever was said otherwise before: pictures, exceptions, timers."""
    flags = contradictions(journey, rules.lateness)
    told, pictures = _pictures(state, journey, rules, flags)
    if rules.telling.rows:
        state, words = tell_partners(state, journey, rules)
        pictures = [*pictures, *words]
    promises = open_promises(state, journey, rules.lateness)
    asked, waived, exceptions = _exceptions(state, troubles(state, journey, promises, flags))
    timers, rings = _timers(state, alarms(state, journey, promises, rules))
    after = structs.replace(
        state,
        told=told,
        asked=asked,
        waived=waived,
        timers=timers,
        stage=stage_word(state, journey),
    )
    return after, (*pictures, *exceptions, *rings)


def _pictures(
    state: Visibility, journey: Journey, rules: Rules, flags: tuple[str, ...]
) -> tuple[dict[str, str], list[Emission]]:
    told = dict(state.told)
    said: list[Emission] = []
    for customer_id in state.customers:
        changed = picture_for(state, journey, customer_id, rules, flags)
        content = _encode(changed)
        digest = hashlib.blake2b(content, digest_size=8).hexdigest()
        if told.get(customer_id) != digest:
            told[customer_id] = digest
            said.append(changed)
    return told, said


def _timers(
    state: Visibility, running: dict[str, Alarm]
) -> tuple[dict[str, datetime], list[Emission]]:
    wanted = {name: each.due_at for name, each in sorted(running.items())}
    if wanted == state.timers:
        return state.timers, []
    dropped = [CancelTimer(name=name) for name in sorted(state.timers) if name not in wanted]
    set_anew = [
        SetTimer(name=name, due_at=due_at)
        for name, due_at in wanted.items()
        if state.timers.get(name) != due_at
    ]
    return wanted, [*dropped, *set_anew]


def _exceptions(
    state: Visibility, troubled: Iterable[OpenException]
) -> tuple[dict[str, str], dict[str, str], list[Emission]]:
    wanted = {each.code: each for each in troubled}
    if not wanted and not state.asked:
        return {}, {}, []
    waived = {
        code: cause
        for code, cause in state.waived.items()
        if code in wanted and _asks(wanted[code]) == cause
    }
    asked = {code: _asks(each) for code, each in wanted.items() if code not in waived}
    closed = [
        CloseException(code=code, because=_SETTLED[code])
        for code in sorted(state.asked)
        if code not in asked
    ]
    opened = [wanted[code] for code, cause in asked.items() if state.asked.get(code) != cause]
    return asked, waived, [*closed, *opened]


def _asks(trouble: OpenException) -> str:
    return f"{trouble.cause}: {', '.join(trouble.about)}"


_SETTLED = {
    OVERDUE: "the delivery was told, or the promise does not hold any more",
    SILENT: "a source was heard again, or the journey is over",
    INCONSISTENT: "the evidence does not contradict itself any more",
}


def troubles(
    state: Visibility, journey: Journey, promises: tuple[Promise, ...], flags: tuple[str, ...]
) -> Iterator[OpenException]:
    """List what teams should look at now."""
    broken = [each for each in promises if each.mark in state.overdue]
    silent = is_silent(state, journey)
    if not (broken or silent or flags):
        return
    loads = (plan.shipment.load_id for each in state.orders.values() if (plan := each.plan))
    about = tuple(dict.fromkeys((state.shipment_id, *journey.order_ids, *filter(None, loads))))
    if broken:
        named = ", ".join(f"stop {each.stop} by {each.promised.text}" for each in broken)
        yield OpenException(
            code=OVERDUE,
            team=Team.CUSTOMER_SERVICE,
            cause=f"Shipment {state.shipment_id} was promised for {named}, and no delivery is told",
            action="Ask the carrier for a new date and tell the customer",
            about=about,
        )
    if silent and state.silent_since:
        since = state.silent_since.isoformat()
        yield OpenException(
            code=SILENT,
            team=Team.CARRIER_RELATIONS,
            cause=f"Nobody has spoken of shipment {state.shipment_id} since {since}",
            action="Ask the carrier where the goods are, and why it does not report",
            about=about,
        )
    if flags:
        yield OpenException(
            code=INCONSISTENT,
            team=Team.CARRIER_RELATIONS,
            cause=f"What is told of shipment {state.shipment_id} cannot all be true: "
            + ", ".join(flags),
            action="Ask the sources which report is wrong, and for its correction",
            about=about,
        )


def _without(named: dict[str, Any], name: str) -> dict[str, Any]:
    return {each: kept for each, kept in named.items() if each != name}


def keys(message: Message) -> tuple[Key, ...]:
    """Choose the shipment: by the number bound at intake, or the one the event names.

    A report whose number is not bound yet is nobody's turn here; it waits in reference_binding.
    """
    body = message.body
    match body:
        case MilestoneReported():
            bound = message.bound
            return (bound,) if bound is not None and bound.kind == "shipment" else ()
        case ShipmentPlanned():
            return (Key("shipment", body.shipment.shipment_id),)
        case EvidenceBound() | ShipmentWithdrawn() | OrderReferenced():
            return (Key("shipment", body.shipment_id),)
        case _:  # answers and wake-ups come addressed
            return ()


def _start(key: Key) -> Visibility:
    return Visibility(shipment_id=key.id)


def _stage(state: Visibility) -> str:
    return state.stage


SUBSCRIBER = Subscriber[Visibility, Rules](
    name="shipment_visibility",
    state=Visibility,
    start=_start,
    receives=(
        MilestoneReported,
        EvidenceBound,
        ShipmentPlanned,
        ShipmentWithdrawn,
        OrderReferenced,
        EffectAnswered,
        WakeUp,
        ExceptionRetried,
        ExceptionWaived,
    ),
    keys=keys,
    decide=decide,
    stage=_stage,
    schema=2,
    upcasters={1: keep_claims},
)
