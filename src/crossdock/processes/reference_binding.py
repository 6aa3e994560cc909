"""Reference binding: evidence finds its shipment by a number, whichever comes first.

Receives  MilestoneReported, ReferenceAnnounced, ReferenceRevoked, TenderAnswered, TenderAnnounced,
          FreightInvoiceReceived, FreightChargesReported, WakeUp, ExceptionRetried, ExceptionWaived
Emits     EvidenceBound, TenderAnswerBound, FreightClaimBound, PutReference, DropReference,
          SetTimer, CancelTimer, OpenException, CloseException
Key       reference

House rules
  1. Evidence belongs to the one shipment that had its number when it happened. It waits here while
     there is none, and while there are several; nothing that waits is ever thrown away.
  2. Several shipments at that time are an exception, never the first match; it is settled when all
     but one give the number back.
  3. A shipment keeps a number as long as one of its orders says so.
  4. Intake may route a number by itself only while one shipment has it, for all times.
  5. Evidence that has found no shipment for hours is an exception, and goes on waiting. A waiver
     stops the asking, not the waiting; more evidence asks anew.
  6. A carrier's answer that names no order goes to the order that offered the shipment last, and
     waits here as evidence does while nobody has offered it.
  7. A claim for money goes to the one load that has its number, whichever of its shipments; it
     waits as evidence does, and finance is asked. A number that was given back still leads to the
     only load that ever had it; a load's own number needs no announcement.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, assert_never

import msgspec

from crossdock.canonical.references import Reference
from crossdock.canonical.tracking import TrackingEvent
from crossdock.messages.envelope import Key, Message
from crossdock.messages.flow import ExceptionRetried, ExceptionWaived, WakeUp
from crossdock.messages.freight_settlement import FreightChargesReported, FreightInvoiceReceived
from crossdock.messages.order_release import TenderAnswered
from crossdock.messages.reference_binding import (
    EvidenceBound,
    ReferenceAnnounced,
    ReferenceRevoked,
    TenderAnnounced,
    TenderAnswerBound,
)
from crossdock.messages.shipment_visibility import MilestoneReported
from crossdock.messages.teams import Team
from crossdock.policies.rules import BindingPolicy, Rules
from crossdock.ports import (
    CancelTimer,
    CloseException,
    DropReference,
    Emission,
    OpenException,
    PutReference,
    Received,
    SetTimer,
    Subscriber,
)
from crossdock.processes.reference_binding_claims import (
    CLAIM_AMBIGUOUS,
    CLAIM_UNMATCHED,
    ambiguous_claims,
    bindings_at,
    bound_to,
    claimed_by,
    loads_of,
    unmatched_claims,
)
from crossdock.processes.reference_binding_state import (
    Binding,
    BindingState,
    Waiting,
    WaitingAnswer,
    WaitingClaim,
)

TIMER = "unmatched"
AMBIGUOUS = "REFERENCE_AMBIGUOUS"
UNMATCHED = "EVIDENCE_UNMATCHED"
UNOFFERED = "TENDER_ANSWER_UNMATCHED"
CLAIM_CODES = frozenset({CLAIM_AMBIGUOUS, CLAIM_UNMATCHED})
FOUND = "the evidence has found its shipment"


Heard = (
    MilestoneReported
    | ReferenceAnnounced
    | ReferenceRevoked
    | TenderAnswered
    | TenderAnnounced
    | FreightInvoiceReceived
    | FreightChargesReported
    | WakeUp
    | ExceptionRetried
    | ExceptionWaived
)
Step = tuple[BindingState, tuple[Emission, ...]]


def decide(
    state: BindingState, received: Received[Any], rules: Rules
) -> tuple[BindingState, tuple[Emission, ...]]:
    """Take evidence or a binding in, then bring together what belongs together."""
    body: Heard = received.body
    match body:
        case MilestoneReported(evidence=evidence):
            state = wait(state, evidence, received.at, rules.binding)
        case ReferenceAnnounced():
            state = bind(state, body)
        case ReferenceRevoked():
            state = unbind(state, body)
        case TenderAnswered():
            state = wait_answer(state, body, received.at, rules.binding)
        case TenderAnnounced(reference=reference, order_id=order_id):
            state = msgspec.structs.replace(state, tendered_by=order_id, reference=reference)
        case FreightInvoiceReceived() | FreightChargesReported():
            state = wait_claim(state, received, rules.binding)
        case WakeUp():
            state = complain(state, body)
        case ExceptionRetried():
            again = state.raised.get(body.code)
            return state, (again,) if again else ()
        case ExceptionWaived():
            return state, ()
        case _:
            assert_never(body)
    return settle(state)


def wait(
    state: BindingState, evidence: TrackingEvent, at: datetime, policy: BindingPolicy
) -> BindingState:
    """Let evidence wait; what waits already is not kept twice."""
    if any(each.evidence == evidence for each in state.waiting):
        return state
    due_at = at + timedelta(hours=policy.unmatched_after_hours)
    newcomer = Waiting(evidence=evidence, reported_at=at, due_at=due_at)
    return msgspec.structs.replace(
        state, waiting=(*state.waiting, newcomer), reference=evidence.reference
    )


def wait_answer(
    state: BindingState, said: TenderAnswered, at: datetime, policy: BindingPolicy
) -> BindingState:
    """Let a carrier's answer wait; what waits already is not kept twice."""
    if any(each.answer == said for each in state.answers):
        return state
    due_at = at + timedelta(hours=policy.unmatched_after_hours)
    newcomer = WaitingAnswer(answer=said, reported_at=at, due_at=due_at)
    return msgspec.structs.replace(
        state, answers=(*state.answers, newcomer), reference=said.reference
    )


def wait_claim(
    state: BindingState,
    received: Received[FreightInvoiceReceived | FreightChargesReported],
    policy: BindingPolicy,
) -> BindingState:
    """Let a claim for money wait; what waits already is not kept twice."""
    body = received.body
    newcomer = WaitingClaim(
        reported_at=received.at,
        due_at=received.at + timedelta(hours=policy.unmatched_after_hours),
        source=received.origin.removeprefix("partner:"),
        invoice=body.invoice if isinstance(body, FreightInvoiceReceived) else None,
        notice=body.notice if isinstance(body, FreightChargesReported) else None,
        document_id=received.document_id,
    )
    if any(each.says_the_same(newcomer) for each in state.claims):
        return state
    return msgspec.structs.replace(
        state, claims=(*state.claims, newcomer), reference=claimed_by(body)
    )


def release_claims(state: BindingState) -> Step:
    """Send claims to their load where there is exactly one."""
    found = [
        (each, loads_of(each, state.bindings, state.loads, state.reference))
        for each in state.claims
    ]
    if not any(len(loads) == 1 for _, loads in found):
        return state, ()
    said = tuple(bound_to(each, loads[0]) for each, loads in found if len(loads) == 1)
    kept = tuple(each for each, loads in found if len(loads) != 1)
    return msgspec.structs.replace(state, claims=kept), said


def release_answers(state: BindingState) -> Step:
    """Send carriers' answers to the order that offered the shipment."""
    if not state.tendered_by or not state.answers:
        return state, ()
    said = tuple(
        TenderAnswerBound(
            order_id=state.tendered_by, answer=each.answer, reported_at=each.reported_at
        )
        for each in state.answers
    )
    return msgspec.structs.replace(state, answers=()), said


def bind(state: BindingState, said: ReferenceAnnounced) -> BindingState:
    """Let a number mean a shipment; the order's newest word on it counts."""
    binding = Binding(
        shipment_id=said.shipment_id,
        order_id=said.order_id,
        valid_from=said.valid_from,
        valid_until=said.valid_until,
        load_id=said.load_id,
    )
    bindings = (*_without(state, said.shipment_id, said.order_id), binding)
    return msgspec.structs.replace(
        state,
        bindings=_sorted(bindings),
        reference=said.reference,
        loads=tuple(sorted({*state.loads, said.load_id or said.shipment_id})),
    )


def unbind(state: BindingState, said: ReferenceRevoked) -> BindingState:
    """Forget what an order said about a number and a shipment."""
    bindings = _without(state, said.shipment_id, said.order_id)
    return msgspec.structs.replace(state, bindings=bindings, reference=said.reference)


def _without(state: BindingState, shipment_id: str, order_id: str) -> tuple[Binding, ...]:
    named = (shipment_id, order_id)
    return tuple(each for each in state.bindings if (each.shipment_id, each.order_id) != named)


def _sorted(bindings: tuple[Binding, ...]) -> tuple[Binding, ...]:
    return tuple(sorted(bindings, key=lambda each: (each.shipment_id, each.order_id)))


def settle(state: BindingState) -> Step:
    """Bind what has one shipment, and say what has none or several."""
    state, bound = release(state)
    state, answered = release_answers(state)
    state, claimed = release_claims(state)
    state, routed = route(state)
    state, timed = watch(state)
    state, judged = judge(state)
    return state, bound + answered + claimed + routed + timed + judged


def shipments_at(state: BindingState, moment: datetime) -> tuple[str, ...]:
    """Name the shipments that have the number at a time."""
    return tuple(sorted({each.shipment_id for each in bindings_at(state.bindings, moment)}))


def candidates(state: BindingState, waiting: Waiting) -> tuple[str, ...]:
    """Name the shipments a piece of evidence may belong to."""
    return shipments_at(state, waiting.evidence.occurred.at)


def release(state: BindingState) -> Step:
    """Send evidence to its shipment where there is exactly one."""
    kept: list[Waiting] = []
    said: list[Emission] = []
    for each in state.waiting:
        found = candidates(state, each)
        if len(found) == 1:
            said.append(
                EvidenceBound(
                    shipment_id=found[0], evidence=each.evidence, reported_at=each.reported_at
                )
            )
        else:
            kept.append(each)
    return msgspec.structs.replace(state, waiting=tuple(kept)), tuple(said)


def route(state: BindingState) -> Step:
    """Let intake route by this number while it is safe, and searches lead wherever it ever led."""
    reference = state.reference
    if reference is None:
        return state, ()
    shipments = sorted({each.shipment_id for each in state.bindings})
    bounded = any(each.valid_from or each.valid_until for each in state.bindings)
    routed = shipments[0] if len(shipments) == 1 and not bounded else ""
    said: list[Emission] = []
    if state.routed and state.routed != routed:
        said.append(DropReference(reference=reference, key=Key("shipment", state.routed)))
    if routed and state.routed != routed:
        said.append(PutReference(reference=reference, key=Key("shipment", routed), routable=True))
    new = [each for each in shipments if each not in state.listed and each != routed]
    said += [PutReference(reference=reference, key=Key("shipment", each)) for each in new]
    waiting = bool(state.waiting or state.answers or state.claims)
    if waiting and not state.findable:
        said.append(PutReference(reference=reference, key=Key("reference", state.term)))
    return msgspec.structs.replace(
        state,
        routed=routed,
        listed=tuple(sorted({*state.listed, *shipments})),
        findable=state.findable or waiting,
    ), tuple(said)


def watch(state: BindingState) -> Step:
    """Set the alarm for the first evidence that finds nothing in time, or stop it."""
    lonely = [w.due_at for w in state.waiting if not w.told and not candidates(state, w)]
    lonely += [each.due_at for each in state.answers if not each.told]
    lonely += [
        w.due_at
        for w in state.claims
        if not w.told and not loads_of(w, state.bindings, state.loads, state.reference)
    ]
    due_at = min(lonely, default=None)
    if due_at == state.alarm_at:
        return state, ()
    alarm = CancelTimer(name=TIMER) if due_at is None else SetTimer(name=TIMER, due_at=due_at)
    return msgspec.structs.replace(state, alarm_at=due_at), (alarm,)


def complain(state: BindingState, alarm: WakeUp) -> BindingState:
    """Note what has waited too long; an alarm that was overtaken finds nothing."""
    waiting = tuple(
        msgspec.structs.replace(each, told=True)
        if each.due_at <= alarm.due_at and not candidates(state, each)
        else each
        for each in state.waiting
    )
    answers = tuple(
        msgspec.structs.replace(each, told=each.told or each.due_at <= alarm.due_at)
        for each in state.answers
    )
    claims = tuple(
        msgspec.structs.replace(each, told=True)
        if each.due_at <= alarm.due_at
        and not loads_of(each, state.bindings, state.loads, state.reference)
        else each
        for each in state.claims
    )
    overtaken = state.alarm_at is None or alarm.due_at < state.alarm_at
    alarm_at = state.alarm_at if overtaken else None
    return msgspec.structs.replace(
        state, waiting=waiting, answers=answers, claims=claims, alarm_at=alarm_at
    )


def judge(state: BindingState) -> Step:
    """Open or close what is said about evidence that has several shipments, or none for long."""
    several = [each for each in state.waiting if len(candidates(state, each)) > 1]
    lost = [each for each in state.waiting if each.told and not candidates(state, each)]
    state, first = say(state, AMBIGUOUS, ambiguous(state, several) if several else None)
    state, second = say(state, UNMATCHED, unmatched(state, lost) if lost else None)
    unasked = [each for each in state.answers if each.told]
    state, third = say(state, UNOFFERED, unoffered(state, unasked) if unasked else None)
    state, fourth = judge_claims(state)
    return state, first + second + third + fourth


def judge_claims(state: BindingState) -> Step:
    """Open or close what is said about claims that have several loads, or none for long."""
    number = state.reference
    if number is None or not (state.claims or state.raised.keys() & CLAIM_CODES):
        return state, ()
    several = [
        each
        for each in state.claims
        if len(loads_of(each, state.bindings, state.loads, state.reference)) > 1
    ]
    loads = sorted(
        {
            load
            for each in several
            for load in loads_of(each, state.bindings, state.loads, state.reference)
        }
    )
    asked = ambiguous_claims(number, several, loads) if several else None
    state, first = say(state, CLAIM_AMBIGUOUS, asked)
    lost = [
        each
        for each in state.claims
        if each.told and not loads_of(each, state.bindings, state.loads, state.reference)
    ]
    state, second = say(state, CLAIM_UNMATCHED, unmatched_claims(number, lost) if lost else None)
    return state, first + second


def say(state: BindingState, code: str, exception: OpenException | None) -> Step:
    """Open an exception that is new or says something new, or close one that is settled."""
    if exception == state.raised.get(code):
        return state, ()
    others = {key: each for key, each in state.raised.items() if key != code}
    if exception is None:
        found = "the claim has found its load" if code in CLAIM_CODES else FOUND
        settled = CloseException(code=code, because=found)
        return msgspec.structs.replace(state, raised=others), (settled,)
    return msgspec.structs.replace(state, raised=others | {code: exception}), (exception,)


def ambiguous(state: BindingState, several: list[Waiting]) -> OpenException:
    """Ask which of several shipments a number means."""
    shipments = sorted({each for waiting in several for each in candidates(state, waiting)})
    number = several[0].evidence.reference
    return OpenException(
        code=AMBIGUOUS,
        team=Team.CARRIER_RELATIONS,
        cause=(
            f"{number.type} {number.value} means shipments {', '.join(shipments)} at the same "
            f"time, so {len(several)} reports wait"
        ),
        action="Find out which shipment has the number, and let the TMS take it from the others",
        about=(number.value, *shipments),
        seen=evidence_seen(several),
    )


def unmatched(state: BindingState, lost: list[Waiting]) -> OpenException:
    """Ask whose shipment a number is that nobody has told of."""
    first = lost[0].evidence
    number = first.reference
    known = sorted({each.shipment_id for each in state.bindings})
    return OpenException(
        code=UNMATCHED,
        team=Team.CARRIER_RELATIONS,
        cause=(
            f"{first.source} reported {first.raw_code} for {number.type} {number.value}, "
            "and no shipment had that number then"
        ),
        action="Let the TMS tell the number, or correct it and resubmit; the report waits on",
        about=(number.value, *known),
        seen={"number": state.term, **evidence_seen(lost)},
    )


def unoffered(state: BindingState, unasked: list[WaitingAnswer]) -> OpenException:
    """Ask what a carrier answers to, where nobody has offered it such a shipment."""
    answer = unasked[0].answer
    return OpenException(
        code=UNOFFERED,
        team=Team.CARRIER_RELATIONS,
        cause=f"{answer.carrier_scac} answers for {answer.shipment_id}, which nobody has offered",
        action="Ask the carrier what it means; the answer waits on until the shipment is offered",
        about=(answer.shipment_id,),
        seen={"number": state.term, "carrier": answer.carrier_scac},
    )


def evidence_seen(waiting: list[Waiting]) -> dict[str, str]:
    """Tell who reported what when, by the source's own event id."""
    return {
        f"{each.evidence.source}/{each.evidence.source_event_id}": (
            f"{each.evidence.raw_code} {each.evidence.occurred.at.isoformat()}"
        )
        for each in waiting
    }


def start(key: Key) -> BindingState:
    """Begin with a number nobody has spoken of."""
    return BindingState(term=key.id)


def keys(message: Message) -> tuple[Key, ...]:
    """Name the number, where intake did not know it; what operators say is addressed."""
    match message.body:
        case MilestoneReported(evidence=evidence) if message.bound is None:
            return (Key("reference", evidence.reference.term()),)
        case (
            ReferenceAnnounced(reference=reference)
            | ReferenceRevoked(reference=reference)
            | TenderAnnounced(reference=reference)
        ):
            return (Key("reference", reference.term()),)
        case TenderAnswered(order_id="", reference=Reference() as reference):
            return (Key("reference", reference.term()),)
        case FreightInvoiceReceived() | FreightChargesReported():
            return (Key("reference", claimed_by(message.body).term()),)
        case _:
            return ()


def stage(state: BindingState) -> str:
    """Tell whether the number is bound, and whether evidence waits for it."""
    if {AMBIGUOUS, CLAIM_AMBIGUOUS} & state.raised.keys():
        return "ambiguous"
    if state.waiting or state.answers or state.claims:
        lost = {UNMATCHED, UNOFFERED, CLAIM_UNMATCHED} & state.raised.keys()
        return "unmatched" if lost else "waiting"
    return "bound" if state.bindings else "unbound"


SUBSCRIBER: Subscriber[BindingState, Rules] = Subscriber(
    name="reference_binding",
    state=BindingState,
    start=start,
    receives=(
        MilestoneReported,
        ReferenceAnnounced,
        ReferenceRevoked,
        TenderAnswered,
        TenderAnnounced,
        FreightInvoiceReceived,
        FreightChargesReported,
        WakeUp,
        ExceptionRetried,
        ExceptionWaived,
    ),
    keys=keys,
    decide=decide,
    stage=stage,
)
