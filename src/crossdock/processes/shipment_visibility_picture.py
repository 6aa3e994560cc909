"""The curated picture: what one customer may see of a shipment, and nothing of anybody else's."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import structs

from crossdock.canonical.documents import ProofOfDelivery
from crossdock.canonical.moments import Moment, end_of
from crossdock.canonical.party import Location
from crossdock.canonical.references import Reference, ReferenceType
from crossdock.canonical.shipment import StopRole
from crossdock.canonical.tracking import (
    PHASES,
    TERMINAL,
    Classifier,
    EvidenceKind,
    Milestone,
    Phase,
)
from crossdock.messages.order_release import ShipmentPlanned
from crossdock.messages.shipment_visibility import (
    CustomerPicture,
    PictureChanged,
    Shown,
    Timeliness,
)
from crossdock.policies.rules import Rules
from crossdock.processes.shipment_visibility_facts import Heard, Visibility
from crossdock.processes.shipment_visibility_gate import judge_gate, orders_of
from crossdock.processes.shipment_visibility_journey import (
    Happening,
    Journey,
    View,
    happenings,
    is_concerned,
    reached,
    view_of,
)
from crossdock.processes.shipment_visibility_timeliness import (
    earliest,
    is_silent,
    overall,
    timeliness_of,
)

# Looked at with every claim of every message: on 3.11 finding a member of an enumeration is a call.
_ACTUAL, _ESTIMATED = Classifier.ACTUAL, Classifier.ESTIMATED
_ORIGINAL, _CORRECTION = EvidenceKind.ORIGINAL, EvidenceKind.CORRECTION
_DELIVERED, _ETA_CHANGED = Milestone.DELIVERED, Milestone.ETA_CHANGED
_PICKUP, _DELIVERY = StopRole.PICKUP, StopRole.DELIVERY
_PROVING = (Milestone.POD_AVAILABLE, Milestone.DELIVERED)  # the one that says more comes first

# Numbers that name an order or a bill of one customer; the others name the transport.
_PRIVATE = frozenset(
    {
        ReferenceType.ORDER,
        ReferenceType.PURCHASE_ORDER,
        ReferenceType.CUSTOMER_REFERENCE,
        ReferenceType.DELIVERY,
        ReferenceType.INVOICE,
    }
)


def picture_for(
    state: Visibility, journey: Journey, customer_id: str, rules: Rules, flags: tuple[str, ...]
) -> PictureChanged:
    """Draw what a customer sees, with the gate's verdict; withheld: what would be seen.

    `flags` are the journey's contradictions, for operations.
    """
    own = orders_of(state, journey, customer_id)
    gate, opened = judge_gate(state, customer_id, own, rules.portal)
    shown = opened or own
    picture = (
        _picture(state, journey, customer_id, shown, rules) if shown else _blank(state, customer_id)
    )
    return PictureChanged(
        shipment_id=state.shipment_id,
        customer_id=customer_id,
        gate=gate,
        picture=structs.replace(picture, flags=flags) if flags else picture,
    )


def _picture(
    state: Visibility, journey: Journey, customer_id: str, order_ids: tuple[str, ...], rules: Rules
) -> CustomerPicture:
    view = view_of(journey, order_ids)
    estimate = estimate_of(journey, view, rules)
    seen = [*_seen(journey, view, rules, estimate).values()]
    stops = timeliness_of(state, journey, view, order_ids, rules.lateness)
    origin, destination = _ends_of(journey, view)
    as_of, source = max([_told_at(each.chosen) for each in seen], default=(None, ""))
    plans = [plan for each in order_ids if (plan := state.orders[each].plan)]
    shipment = journey.shipment
    return CustomerPicture(
        shipment_id=state.shipment_id,
        customer_id=customer_id,
        order_ids=order_ids,
        customer_references=_unique([plan.customer_reference for plan in plans]),
        status=view.status,
        mode=shipment.mode if shipment else "",
        carrier_scac=shipment.carrier_scac if shipment else "",
        service_level=shipment.service_level if shipment else "",
        origin=origin,
        destination=destination,
        promised=_promised(plans, [each.promised for each in stops]),
        estimate=expected(estimate) if estimate else None,
        timeliness=overall(stops),
        stops=stops,
        milestones=tuple([_shown(each) for each in seen]),
        references=numbers_shown(state, journey),
        as_of=as_of,
        source=source,
        silent=view.status not in TERMINAL and is_silent(state, journey),
        proof=_proof(journey, view),
        corrected=_is_corrected(journey, view, rules),
    )


def _blank(state: Visibility, customer_id: str) -> CustomerPicture:
    return CustomerPicture(
        shipment_id=state.shipment_id,
        customer_id=customer_id,
        order_ids=(),
        customer_references=(),
        status=None,
        mode="",
        carrier_scac="",
        service_level="",
        origin=None,
        destination=None,
        promised=None,
        estimate=None,
        timeliness=Timeliness.NO_PROMISE,
        stops=(),
        milestones=(),
        references=(),
        as_of=None,
        source="",
        silent=False,
    )


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({each for each in texts if each}))


def seen_by(
    journey: Journey, order_ids: tuple[str, ...], rules: Rules
) -> dict[tuple[object, ...], Happening]:
    """Give the happenings that the owner of these orders is shown, by their names."""
    view = view_of(journey, order_ids)
    return _seen(journey, view, rules, estimate_of(journey, view, rules))


def _seen(
    journey: Journey, view: View, rules: Rules, estimate: Heard | None
) -> dict[tuple[object, ...], Happening]:
    hidden = rules.portal.hidden
    return {
        name: each
        for name, each in happenings(journey, view).items()
        if each.milestone not in hidden
        and (not _only_estimates(each.chosen) or each.chosen == estimate)
    }


def _shown(each: Happening) -> Shown:
    event = each.chosen.event
    return Shown(
        milestone=each.milestone,
        classifier=each.classifier,
        occurred=event.occurred,
        source=event.source,
        received_at=each.chosen.reported_at,
        stop=each.stop,
        place=event.place,
        note=event.note,
        corrected=event.kind is _CORRECTION,
        partial=each.partial,
        returning=each.returning,
    )


def _told_at(heard: Heard) -> tuple[datetime, str]:
    # A fact is as old as what it tells of; what is planned or expected is as old as its telling.
    if heard.event.classifier is not _ACTUAL:
        return heard.reported_at, heard.event.source
    return min(heard.event.occurred.at, heard.reported_at), heard.event.source


def _only_estimates(heard: Heard) -> bool:
    event = heard.event
    return event.milestone is _ETA_CHANGED or (
        event.classifier is _ESTIMATED and event.milestone is _DELIVERED
    )


def expected(heard: Heard) -> Moment | None:
    """Give the delivery time that a claim expects, beside whatever else it says; None: none."""
    return heard.event.estimate or (heard.event.occurred if _only_estimates(heard) else None)


def estimate_of(journey: Journey, view: View, rules: Rules) -> Heard | None:
    """Choose the estimate worth telling: a later one counts only when it moves by the delta.

    Where sources are ranked, only the best that estimates at all is listened to.
    """
    told = [each for each in journey.claims if each.event.estimate or _only_estimates(each)]
    if not told:
        return None
    told = [each for each in told if is_concerned(journey, view, each)]
    told.sort(key=_in_order_of_telling)
    ranked = [name for name in journey.sources if any(each.event.source == name for each in told)]
    delta = timedelta(minutes=rules.evidence.eta_delta_minutes)
    published: Heard | None = None
    for each in told:
        if ranked and each.event.source != ranked[0]:
            continue
        now, before = expected(each), expected(published) if published else None
        if before is None or (now is not None and abs(now.at - before.at) >= delta):
            published = each
    return published


def _in_order_of_telling(heard: Heard) -> tuple[datetime, str, str]:
    return heard.reported_at, heard.event.source, heard.event.source_event_id


def _ends_of(journey: Journey, view: View) -> tuple[Location | None, Location | None]:
    """Give where the goods of a view are picked up first, and where delivered last."""
    origin: Location | None = None
    destination: Location | None = None
    for stop in journey.shipment.stops if journey.shipment else ():
        if stop.sequence in view.foreign:
            continue
        if stop.role is _DELIVERY:
            destination = stop.place
        elif stop.role is _PICKUP and origin is None:
            origin = stop.place
    return origin, destination


def _promised(plans: list[ShipmentPlanned], stops: list[Moment | None]) -> Moment | None:
    whole_shipment = [plan.promised for plan in plans if plan.promised]
    at_stops = [each for each in stops if each]
    if whole_shipment:
        return earliest(whole_shipment)
    return max(at_stops, key=lambda each: (end_of(each), each.text), default=None)


def numbers_shown(state: Visibility, journey: Journey) -> tuple[Reference, ...]:
    """Give the shipment's numbers; where several customers share it, none of one's own."""
    if journey.shipment is None:
        return ()
    if len(state.customers) == 1:
        return journey.shipment.references
    return tuple(each for each in journey.shipment.references if each.type not in _PRIVATE)


def _proof(journey: Journey, view: View) -> ProofOfDelivery | None:
    for milestone in _PROVING:
        for stop in view.deliveries:
            fact = reached(journey, milestone, stop)
            if fact is not None and fact.event.proof is not None:
                return fact.event.proof
    return None


def _is_corrected(journey: Journey, view: View, rules: Rules) -> bool:
    amended = [last for each in journey.lineages if (last := each[-1]).event.kind is not _ORIGINAL]
    return any(
        each.event.classifier is _ACTUAL
        and each.event.milestone not in rules.portal.hidden
        and PHASES[each.event.milestone] is not Phase.SIGNAL
        and is_concerned(journey, view, each)
        for each in amended
    )
