"""Freight settlement: decides what a load may cost, and what of it stands in the books.

Receives  ShipmentPlanned, ShipmentWithdrawn, DeliveryClosed, MilestoneSettled, FreightClaimBound,
          FreightDecided, EffectAnswered, WakeUp, ExceptionRetried, ExceptionWaived
Emits     ChargeConfirmed, FreightPictureChanged, FreightSettled, AccrueFreight, PostFreightInvoice,
          ReleaseBilling, ShareFreightInvoice, FreightPosted, FreightNotPosted, SetTimer,
          CancelTimer, OpenException, CloseException, DropEffect, PutReference
Key       load

House rules
  1. Plans, deliveries, claims and words are sets: in any order, however often, they end equal.
  2. A charge is taken without a person only when it agrees with what was expected within the
     tolerance, and its document with itself; what nobody expected waits, unless policy says else.
  3. An invoice is known by its carrier and number: the same again is silence, other charges under
     it are contested, the same charges under another number are never paid unasked.
  4. A correction replaces the invoice whole, a cancellation takes it back; what persons said of
     what it charged before does not count for what it charges now.
  5. Nothing stands accrued without the validated milestone and the agreed charge, in whatever order
     they come; what becomes of either later adjusts the accrual or reverses it. The milestone is
     the delivery, or what policy names for such charges.
  6. One posting of a line is on its way at a time, and what was posted keeps its name. An invoice
     is posted when all it charges stands accrued, an order billed when all freight has come to its
     end or its time is over.
  7. A business date and an exchange rate are decided once, with the first posting they are for.
  8. Where two persons are needed the first proposes; the same person again is no second one.
  9. A load keeps the rules by which the first of its charges was decided. Only where they do not
     tell how its freight is split, it follows those of today. Rates are dated: today's table knows.
  10. What the ERP refused and a person waived does not stand: nothing is reversed or paid of it, an
     order bills it flagged or waits, by policy. It is told again when something else is wanted of
     it, or when finance retries.
  11. What was taken back because it was refused, and is done all the same, for a person had retried
     it just before, stands from then on: what follows starts from it, and puts it right.

All is derived from the facts; after each message what should be said is compared with what was, and
only the difference is said.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, assert_never

from msgspec import structs

from crossdock.canonical.money import Money
from crossdock.canonical.references import Reference, ReferenceType
from crossdock.messages.envelope import Key, Message
from crossdock.messages.flow import (
    AnswerKind,
    EffectAnswered,
    ExceptionRetried,
    ExceptionWaived,
    WakeUp,
)
from crossdock.messages.freight_settlement import (
    ChargeConfirmed,
    FreightClaimBound,
    FreightDecided,
    FreightPictureChanged,
    FreightSettled,
    LineState,
)
from crossdock.messages.order_release import ShipmentPlanned, ShipmentWithdrawn
from crossdock.messages.shipment_visibility import DeliveryClosed, MilestoneSettled
from crossdock.policies.rules import Rules
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
from crossdock.processes.freight_settlement_answers import note_answer, publish
from crossdock.processes.freight_settlement_billing import release_billing
from crossdock.processes.freight_settlement_gate import Due, dues_of
from crossdock.processes.freight_settlement_let_go import keep_what_stands, tell_anew
from crossdock.processes.freight_settlement_names import name_claims
from crossdock.processes.freight_settlement_persons import take_decision
from crossdock.processes.freight_settlement_picture import picture_of, stage_word
from crossdock.processes.freight_settlement_postings import is_posting, post_accruals, post_invoices
from crossdock.processes.freight_settlement_state import (
    Agreed,
    Settlement,
    Step,
    claim,
    close,
    digest_of,
    plan,
    reach,
    withdraw,
)
from crossdock.processes.freight_settlement_troubles import (
    NOT_POSTED,
    REFUSED,
    SETTLED,
    UNSPLIT,
    alarms,
    troubles,
)

DECIDED = frozenset({LineState.CONFIRMED, LineState.DISPUTED, LineState.REJECTED})

Incoming = (
    ShipmentPlanned
    | ShipmentWithdrawn
    | DeliveryClosed
    | MilestoneSettled
    | FreightClaimBound
    | FreightDecided
    | EffectAnswered
    | WakeUp
    | ExceptionRetried
    | ExceptionWaived
)


def decide(state: Settlement, received: Received[Incoming], rules: Rules) -> Step:
    """Answer a message with the next state and what to emit; the same said again is silence."""
    body, at = received.body, received.at
    match body:
        case ShipmentPlanned():
            after = plan(state, body, at)
        case ShipmentWithdrawn():
            after = withdraw(state, body)
        case DeliveryClosed():
            after = close(state, body, at)
        case MilestoneSettled():
            after = reach(state, body, at)
        case FreightClaimBound():
            after = claim(state, body, at)
        case FreightDecided():
            after = take_decision(state, body, dues_of(state, rules), at, rules.freight)
        case EffectAnswered():
            after, posted = note_answer(state, body), publish(state, body)
            if after == state:
                return state, posted
            after, said = settle(after, at, rules, waits=body.answer is AnswerKind.APPLIED)
            return after, (*posted, *said)
        case WakeUp():
            after = ring(state, body, rules)
        case ExceptionRetried():
            asked, waived = _without(state.asked, body.code), _without(state.waived, body.code)
            after = tell_anew(state) if body.code == NOT_POSTED else state
            return settle(structs.replace(after, asked=asked, waived=waived), at, rules)
        case ExceptionWaived():
            return settle(let_go(state, body), at, rules)
        case _:
            assert_never(body)
    return (after, ()) if after == state else settle(after, at, rules)


def settle(state: Settlement, at: datetime, rules: Rules, *, waits: bool = False) -> Step:
    """Say whatever follows from what is known and was not said before.

    A load of which nobody claims anything has no money to speak of yet. `waits`: a posting is done,
    and the picture is told when those that are still on their way are done too.
    """
    if not state.concerns_money and rules.freight.billing == "off":
        return state, ()
    dues = dues_of(state, rules)
    state, confirmed = confirm(keep_rules(state, dues, rules), dues, rules)
    state, accruals = post_accruals(state, dues, at, rules)
    state, invoices = post_invoices(state, dues, at, rules)
    state, bills = release_billing(state, dues, rules)
    stage = stage_word(state, dues)
    state, ended = judge_end(state, stage)
    waits = waits and is_posting(state)
    state, shown = (state, ()) if waits else show(structs.replace(state, stage=stage), dues, rules)
    state, found = list_numbers(state)
    state, asked = ask(state, troubles(state, dues, rules))
    state, rings = run_timers(state, dues, rules)
    return state, (*confirmed, *accruals, *invoices, *bills, *ended, *shown, *found, *asked, *rings)


def keep_rules(state: Settlement, dues: tuple[Due, ...], rules: Rules) -> Settlement:
    """Keep the rules from the first decision about a charge on, and for what is in the books."""
    decided = bool(state.accrued) or any(due.line.state in DECIDED for due in dues)
    return structs.replace(state, rules=rules.digest if decided else "")


def confirm(state: Settlement, dues: tuple[Due, ...], rules: Rules) -> Step:
    """Tell the charges that are agreed now, agreed otherwise, or agreed no more."""
    said: list[Emission] = []
    agreed = dict(state.agreed)
    for due in dues:
        before, line = agreed.get(due.name), due.line
        nothing = Money(minor=0, currency=due.amount.currency)
        amount = line.confirmed or nothing
        if amount == (before.amount if before else nothing):
            continue
        revision = before.revision + 1 if before else 1
        agreed[due.name] = Agreed(amount=amount, revision=revision)
        said.append(
            ChargeConfirmed(
                load_id=state.load_id,
                charge=due.name,
                kind=line.kind,
                amount=amount,
                revision=revision,
                rule=line.rule,
                by=line.by,
                rules=rules.digest,
            )
        )
    return (structs.replace(state, agreed=agreed) if said else state), tuple(said)


def judge_end(state: Settlement, stage: str) -> Step:
    """Say that all is posted and cleared, or that it is open again: once each time."""
    settled = stage == "settled"
    if settled == state.settled:
        return state, ()
    sums: dict[str, int] = {}
    for paid in state.paid.values():
        sums[paid.payable.currency] = sums.get(paid.payable.currency, 0) + paid.payable.minor
    said = FreightSettled(
        load_id=state.load_id,
        totals=tuple(Money(minor=each, currency=name) for name, each in sorted(sums.items())),
        revision=state.settlements + 1,
        settled=settled,
    )
    after = structs.replace(state, settled=settled, settlements=state.settlements + 1)
    return after, (said,)


def show(state: Settlement, dues: tuple[Due, ...], rules: Rules) -> Step:
    """Tell what finance sees, where it is another picture than before."""
    if not state.concerns_money:
        return state, ()
    picture = picture_of(state, dues, rules)
    digest = digest_of(picture)
    if digest == state.picture:
        return state, ()
    said = FreightPictureChanged(picture=picture)
    return structs.replace(state, picture=digest), (said,)


def list_numbers(state: Settlement) -> Step:
    """Let searches for the load, or for an invoice of it, lead here."""
    names = [name for name in (state.load_id, *sorted(state.bills)) if name not in state.listed]
    if not names or not state.concerns_money:
        return state, ()
    said = tuple(
        PutReference(reference=_number(state, each), key=Key("load", state.load_id))
        for each in names
    )
    return structs.replace(state, listed=(*state.listed, *names)), said


def _number(state: Settlement, name: str) -> Reference:
    if name == state.load_id:
        return Reference(type=ReferenceType.LOAD, value=name)
    carrier, _, number = name.partition("/")
    return Reference(type=ReferenceType.INVOICE, value=number, issuer=carrier)


def ask(state: Settlement, troubled: Iterable[OpenException]) -> Step:
    """Open the exceptions that are new or say something new, and close those that are settled."""
    wanted = {each.code: each for each in troubled}
    if not (wanted or state.asked or state.waived):
        return state, ()
    waived = {
        code: cause
        for code, cause in state.waived.items()
        if code in wanted and wanted[code].cause == cause
    }
    asked = {code: each.cause for code, each in wanted.items() if code not in waived}
    closed = [
        CloseException(code=code, because=SETTLED[code])
        for code in sorted(state.asked)
        if code not in asked
    ]
    opened = [wanted[code] for code, cause in asked.items() if state.asked.get(code) != cause]
    return structs.replace(state, asked=asked, waived=waived), (*closed, *opened)


def let_go(state: Settlement, waiver: ExceptionWaived) -> Settlement:
    """Ask no more what an operator waived, until there is another cause to ask it."""
    if waiver.code == REFUSED:
        return structs.replace(state, refusal="", asked=_without(state.asked, REFUSED))
    if waiver.code not in state.asked:
        return state
    waived = {**state.waived, waiver.code: state.asked[waiver.code]}
    return structs.replace(state, asked=_without(state.asked, waiver.code), waived=waived)


def ring(state: Settlement, woken: WakeUp, rules: Rules) -> Settlement:
    """Note that a clock has run out, by its due time; one that was set anew is passed over."""
    armed = state.timers.get(woken.timer)
    if armed is None or woken.due_at < armed:
        return state
    alarm = alarms(state, dues_of(state, rules), rules).get(woken.timer)
    state = structs.replace(state, timers=_without(state.timers, woken.timer))
    if alarm is None or alarm.due_at > woken.due_at:
        return state
    return structs.replace(state, rung=tuple(sorted({*state.rung, alarm.mark})))


def run_timers(state: Settlement, dues: tuple[Due, ...], rules: Rules) -> Step:
    """Set the clocks that should run and do not, stop those that should not."""
    wanted = {name: each.due_at for name, each in sorted(alarms(state, dues, rules).items())}
    if wanted == state.timers:
        return state, ()
    dropped = [CancelTimer(name=name) for name in sorted(state.timers) if name not in wanted]
    set_anew = [
        SetTimer(name=name, due_at=due_at)
        for name, due_at in wanted.items()
        if state.timers.get(name) != due_at
    ]
    return structs.replace(state, timers=wanted), (*dropped, *set_anew)


def _without(named: dict[str, Any], name: str) -> dict[str, Any]:
    return {each: kept for each, kept in named.items() if each != name}


def keys(message: Message) -> tuple[Key, ...]:
    """Choose the load, and the one it left; what persons, flow and clocks say is addressed."""
    body = message.body
    match body:
        case ShipmentPlanned(shipment=shipment, left_load=left):
            loads = (shipment.carried_as, left) if left else (shipment.carried_as,)
            return tuple(Key("load", each) for each in loads)
        case ShipmentWithdrawn() | DeliveryClosed() | MilestoneSettled():
            return (Key("load", body.load_id or body.shipment_id),)
        case FreightClaimBound():
            return (Key("load", body.load_id),)
        case _:
            return ()


def pinned(state: Settlement) -> str:
    """Keep the rules that decided; today's decide where those kept do not tell the split."""
    return "" if UNSPLIT in {*state.asked, *state.waived} else state.rules


def _start(key: Key) -> Settlement:
    return Settlement(load_id=key.id)


def _stage(state: Settlement) -> str:
    return state.stage


SUBSCRIBER = Subscriber[Settlement, Rules](
    name="freight_settlement",
    state=Settlement,
    start=_start,
    receives=(
        ShipmentPlanned,
        ShipmentWithdrawn,
        DeliveryClosed,
        MilestoneSettled,
        FreightClaimBound,
        FreightDecided,
        EffectAnswered,
        WakeUp,
        ExceptionRetried,
        ExceptionWaived,
    ),
    keys=keys,
    decide=decide,
    stage=_stage,
    schema=3,
    pinned=pinned,
    upcasters={1: name_claims, 2: keep_what_stands},
)
