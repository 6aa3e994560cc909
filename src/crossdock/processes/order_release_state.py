"""What order release remembers of one order: what it heard, what it decided, what it asked for.

What was heard is kept so that the order of arrival does not matter; what follows from it is
derived by the questions below, and each step says the difference to what was said before.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum

import msgspec
from msgspec import Struct

from crossdock.canonical.moments import Instant, Moment
from crossdock.canonical.order import OrderDraft
from crossdock.canonical.references import Reference, ReferenceType
from crossdock.canonical.shipment import Shipment
from crossdock.messages.acknowledgement import AckStatus
from crossdock.messages.flow import AnswerKind
from crossdock.messages.master_data import MasterKind
from crossdock.messages.order_release import CounterOffer, TenderState, TransportAttributes
from crossdock.ports import CloseException, Emission, OpenException

# An effect's answers only ever rise: a refused effect may be sent again, an applied one stays.
FINALITY = (AnswerKind.REFUSED, AnswerKind.UNRESOLVED, AnswerKind.WAIVED, AnswerKind.APPLIED)


class Kept(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The base of everything that is kept in the state."""


class Release(Kept, frozen=True, kw_only=True):
    """The order as the ERP released it last; `edition` counts an operator's edits of a version.

    `waived`: an operator decided to use its master data as it is.
    """

    draft: OrderDraft
    released_at: Instant
    edition: int = 1
    waived: bool = False
    document_id: str = ""


class Cancellation(Kept, frozen=True, kw_only=True):
    """The ERP's highest word that the order is off."""

    version: int
    reason: str = ""


class Plan(Kept, frozen=True, kw_only=True):
    """How the order travels, as the TMS confirmed it."""

    order_version: int
    revision: int
    shipments: tuple[Shipment, ...]


class Heard(Kept, frozen=True, kw_only=True):
    """Up to which revision the TMS confirmed, and dropped, its plans of an order version."""

    order_version: int
    confirmed: int = -1
    dropped: int = -1


class Refusal(Kept, frozen=True, kw_only=True):
    """The TMS has no plan: `code` tells whether it rejected or dropped, `again` which request.

    `waived`: an operator knows, and nobody needs to be told again.
    """

    order_version: int
    again: int
    code: str
    reason: str
    waived: bool = False


class Delivery(Kept, frozen=True, kw_only=True):
    """What visibility decided about a shipment's delivery."""

    revision: int
    delivered: bool
    occurred: Moment | None = None


class Answered(Kept, frozen=True, kw_only=True):
    """How an effect ended."""

    answer: AnswerKind
    at: Instant
    endpoint: str = ""
    document: str = ""


class Acceptance(Kept, frozen=True, kw_only=True):
    """What was accepted, and which request to the TMS speaks of it (`again`).

    `commits_stock`: the ERP is asked to set stock aside; `holds_planning`: planning waits for that.
    `weights` are kilograms by line, of the lines that tell none and whose item's record does.
    """

    version: int
    edition: int
    again: int
    customer_id: str
    customer_reference: str
    company_code: str
    requested_delivery: Moment | None
    attributes: TransportAttributes
    rules: str
    due_at: Instant
    commits_stock: bool = False
    holds_planning: bool = False
    weights: dict[str, Decimal] = {}


class Awaited(Kept, frozen=True, kw_only=True):
    """A record the order waits for, and the version it looked at."""

    kind: MasterKind
    id: str
    seen_version: int


class Undone(StrEnum):
    """How an effect was taken back."""

    NOT = ""
    DROPPED = "dropped"  # not to be sent; if it was on its way all the same, its answer tells
    CLEARED = "cleared"  # refused, and cleared out of the line in which it stood
    REVERSED = "reversed"  # done, and its reversal asked for


class PlanAsk(Kept, frozen=True, kw_only=True):
    """One request for a plan."""

    order_version: int
    again: int
    undone: Undone = Undone.NOT

    @property
    def version(self) -> str:
        """The command's version: `3`, then `3.r1`."""
        return f"{self.order_version}.r{self.again}" if self.again else str(self.order_version)


class Write(Kept, frozen=True, kw_only=True):
    """One transport reference the ERP was asked to write."""

    order_version: int
    revision: int
    load_id: str
    carrier_scac: str
    again: int = 0
    company_code: str = ""
    referenced: bool = False
    undone: Undone = Undone.NOT


class OfferVerdict(StrEnum):
    """Where a tender stands, as far as the carrier and the clock tell."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    COUNTERED = "countered"  # other terms are offered, and a person is asked
    TIMED_OUT = "timed_out"
    WITHDRAWN = "withdrawn"
    LOST = "lost"  # asked at the same time as others, and another one has it
    REPLACED = "replaced"  # the same carrier has a newer offer


class Word(Kept, frozen=True, kw_only=True):
    """What a carrier once said to an offer; `said_at` is its own time and `said_as` its own count.

    A carrier may tell neither: then nobody knows which of its words came last.
    """

    verdict: OfferVerdict
    said_at: Instant | None = None
    said_as: int = 0
    reason: str = ""
    counter: CounterOffer | None = None


class Offer(Kept, frozen=True, kw_only=True):
    """One tender to one carrier; whether it was delivered stands with the effects' answers.

    `words` are all the carrier said, `overruled` those that a person has decided about since.
    `word` is the one that counts, with its `said_at`, `said_as`, `reason` and `counter`, and
    `answered_at` when it reached us; `ended_at` is when we took the offer back, and `late` that a
    yes came to an offer that did not stand any more. `told` are the states that were told of it.
    `by_tms`: the TMS made it, and we follow it.
    """

    version: int
    carrier_scac: str
    offered_at: Instant
    due_at: Instant
    verdict: OfferVerdict = OfferVerdict.OPEN
    word: OfferVerdict | None = None
    answered_at: Instant | None = None
    said_at: Instant | None = None
    said_as: int = 0
    ended_at: Instant | None = None
    reason: str = ""
    counter: CounterOffer | None = None
    words: tuple[Word, ...] = ()
    overruled: tuple[Word, ...] = ()
    replaces: int = 0
    by_tms: bool = False
    late: bool = False
    undone: Undone = Undone.NOT
    told: tuple[TenderState, ...] = ()


class TenderedLoad(Kept, frozen=True, kw_only=True):
    """What was said last of a load that comes planned; `shipment` None: it is off.

    A TMS tenders it itself, or, where `offered_by` names one, a customer gave it to us.
    """

    revision: int
    shipment: Shipment | None = None
    customer_id: str = ""
    offered_by: str = ""
    offered_as: str = ""


class Acked(Kept, frozen=True, kw_only=True):
    """What is known of the acknowledgement of a tender; the highest revision holds."""

    status: AckStatus
    revision: int
    at: Instant


class Told(Kept, frozen=True, kw_only=True):
    """Under what a shipment was announced last: another of these announces it again."""

    order_version: int
    revision: int
    accepted_version: int
    edition: int
    carrier_scac: str


class Carriage(Kept, frozen=True, kw_only=True):
    """One shipment of the order, from the plan that brought it on; never forgotten.

    `terms` is the fingerprint of what a carrier was offered, `tried_from` where the present round
    of offers begins, `agreed` the carrier that took it; `announced`: carriers may speak of it by
    its number. `load_id` is the load it was told to travel on. `led_by` is the order that tenders
    for all orders of the shipment, empty where it is this one, and `waits_until` when that should
    be done. `containers_until` tells how long a box's number leads here.
    """

    shipment_id: str
    live: bool = True
    told: Told | None = None
    references: tuple[Reference, ...] = ()
    containers_until: Instant | None = None
    writes: tuple[Write, ...] = ()
    terms: str = ""
    tried_from: int = 0
    offers: tuple[Offer, ...] = ()
    agreed: str | None = None
    announced: bool = False
    exhausted: bool = False
    led_by: str = ""
    waits_until: Instant | None = None
    load_id: str = ""


class OrderState(Kept, frozen=True, kw_only=True):
    """One order on its way from the ERP to the portal.

    `heard` tells which plans there ever were, `plans` those that may still hold. `settled` are
    carriers that other orders of a shipment found. `answers` are by effect (verb, business key,
    version), `acks` by effect and level. `strangers` are shipments a carrier spoke of that were
    never offered to it, `loads` those a TMS tenders itself. `watched` names the request whose
    confirmation timer runs, `remind_at` when it is due.
    """

    order_id: str
    release: Release | None = None
    cancellation: Cancellation | None = None
    plans: tuple[Plan, ...] = ()
    heard: tuple[Heard, ...] = ()
    refusal: Refusal | None = None
    settled: dict[str, str] = {}
    deliveries: dict[str, Delivery] = {}
    answers: dict[str, Answered] = {}
    acks: dict[str, Acked] = {}
    strangers: tuple[str, ...] = ()
    loads: dict[str, TenderedLoad] = {}
    acceptance: Acceptance | None = None
    awaited: tuple[Awaited, ...] = ()
    asks: tuple[PlanAsk, ...] = ()
    cancels: tuple[int, ...] = ()
    carriages: tuple[Carriage, ...] = ()
    raised: dict[str, OpenException] = {}
    watched: str = ""
    remind_at: Instant | None = None
    reminders: int = 0


Step = tuple[OrderState, tuple[Emission, ...]]
Leaf = Callable[[OrderState], Step]
Carried = tuple[Carriage, tuple[Emission, ...]]


def chain(state: OrderState, *leaves: Leaf) -> Step:
    """Take one leaf after the other, each from the state the one before left."""
    said: tuple[Emission, ...] = ()
    for leaf in leaves:
        state, more = leaf(state)
        said += more
    return state, said


def changed(state: OrderState, **changes: object) -> OrderState:
    """Give the state with some of it changed."""
    return msgspec.structs.replace(state, **changes)


def is_cancelled(state: OrderState) -> bool:
    """Tell whether the ERP's last word is that the order is off."""
    if state.cancellation is None:
        return False
    return state.release is None or state.cancellation.version >= state.release.draft.version


def is_accepted(state: OrderState) -> bool:
    """Tell whether the release heard last is the one that was accepted."""
    release, acceptance = state.release, state.acceptance
    return (
        release is not None
        and acceptance is not None
        and (acceptance.version, acceptance.edition) == (release.draft.version, release.edition)
    )


def waits_at_intake(state: OrderState) -> bool:
    """Tell whether a release is there that is neither accepted nor cancelled."""
    return state.release is not None and not is_cancelled(state) and not is_accepted(state)


def stands(state: OrderState, plan: Plan) -> bool:
    """Tell whether neither the ERP nor the TMS has taken a plan back."""
    called_off = state.cancellation.version if state.cancellation else -1
    dropped = heard_of(state, plan.order_version).dropped
    return plan.order_version > called_off and plan.revision > dropped


def heard_of(state: OrderState, order_version: int) -> Heard:
    """Find what the TMS told of an order version."""
    for each in state.heard:
        if each.order_version == order_version:
            return each
    return Heard(order_version=order_version)


def plan_in_force(state: OrderState) -> Plan | None:
    """Find the plan that holds: the newest heard of up to the accepted version, if it stands.

    Where the TMS dropped that one, no older one comes back.
    """
    if not state.plans or is_cancelled(state):
        return None
    newest = newest_planned(state)
    for plan in state.plans:
        if plan.order_version == newest and stands(state, plan):
            return plan
    return None


def newest_planned(state: OrderState) -> int:
    """Tell the newest order version the TMS spoke of, up to the accepted one; -1 for none.

    Version 0 are the loads a TMS tenders itself, which come without asking and name no version.
    """
    accepted = state.acceptance.version if state.acceptance else 0
    newest = -1
    for each in state.heard:
        if newest < each.order_version <= accepted:
            newest = each.order_version
    return newest


def plan_for_acceptance(state: OrderState) -> Plan | None:
    """Find the plan of exactly the accepted version; an older plan in force is none.

    Loads that name no version are a plan of any.
    """
    if state.acceptance is None:
        return None
    plan = plan_in_force(state)
    if plan is None:
        return None
    return plan if plan.order_version in {state.acceptance.version, 0} else None


def current_ask(state: OrderState) -> PlanAsk | None:
    """Find the request to the TMS that speaks of the accepted order."""
    if state.acceptance is None:
        return None
    accepted = state.acceptance
    for ask in state.asks:
        if ask.order_version == accepted.version and ask.again == accepted.again:
            return ask
    return None


def active_refusal(state: OrderState) -> Refusal | None:
    """Find the TMS's refusal, where it answers the current request and no plan came after it."""
    refusal = state.refusal
    if refusal is None or is_cancelled(state):
        return None
    ask = current_ask(state)
    if ask is None:
        return None
    same = (refusal.order_version, refusal.again) == (ask.order_version, ask.again)
    return refusal if same and plan_for_acceptance(state) is None else None


def answer_to(state: OrderState, verb: str, business_key: str, version: str) -> AnswerKind | None:
    """Tell how an effect ended; None while nobody has answered."""
    answered = state.answers.get(effect_name(verb, business_key, version))
    return answered.answer if answered else None


def effect_name(verb: str, business_key: str, version: str) -> str:
    """Spell an effect as one word."""
    return f"{verb} {business_key} {version}"


def taken_out(undone: Undone, answer: AnswerKind | None) -> Undone:
    """Tell how an unwanted effect stands once it is kept from being sent, where that can be."""
    if answer is AnswerKind.REFUSED and undone in {Undone.NOT, Undone.DROPPED}:
        return Undone.CLEARED
    if answer is None and undone is Undone.NOT:
        return Undone.DROPPED
    return undone


def live(state: OrderState) -> tuple[Carriage, ...]:
    """List the shipments the order travels on."""
    return tuple([each for each in state.carriages if each.live])


def carriage_of(state: OrderState, shipment_id: str) -> Carriage | None:
    """Find a shipment that is or was the order's."""
    for each in state.carriages:
        if each.shipment_id == shipment_id:
            return each
    return None


def replaced(state: OrderState, carriage: Carriage) -> OrderState:
    """Give the state with one shipment changed, or added at the end."""
    known = carriage_of(state, carriage.shipment_id)
    if known is carriage:
        return state
    if known is None:
        return changed(state, carriages=(*state.carriages, carriage))
    return changed(
        state,
        carriages=tuple(
            carriage if each.shipment_id == carriage.shipment_id else each
            for each in state.carriages
        ),
    )


def raise_exception(state: OrderState, exception: OpenException, *, anew: bool = False) -> Step:
    """Open an exception; one that is open and says the same is not said again unless `anew`."""
    if state.raised.get(exception.code) == exception and not anew:
        return state, ()
    return changed(state, raised=state.raised | {exception.code: exception}), (exception,)


def close_exception(state: OrderState, code: str, because: str) -> Step:
    """Close an exception this order has open; none open is no step."""
    if code not in state.raised:
        return state, ()
    return forget_exception(state, code), (CloseException(code=code, because=because),)


def forget_exception(state: OrderState, code: str) -> OrderState:
    """Take it that an operator closed an exception."""
    return changed(state, raised={key: e for key, e in state.raised.items() if key != code})


def order_numbers(draft: OrderDraft) -> tuple[Reference, ...]:
    """List the numbers that lead to an order in a search."""
    order = Reference(type=ReferenceType.ORDER, value=draft.order_id)
    told = Reference(type=ReferenceType.CUSTOMER_REFERENCE, value=draft.customer_reference)
    own = (order, told) if draft.customer_reference else (order,)
    return tuple(dict.fromkeys((*own, *draft.references)))


def numbers(state: OrderState) -> tuple[str, ...]:
    """List the numbers an operator may search this order's exceptions by."""
    reference = state.release.draft.customer_reference if state.release else ""
    return (state.order_id, reference) if reference else (state.order_id,)
