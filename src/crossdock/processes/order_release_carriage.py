"""Carriage: shipments are told to visibility, and their numbers announced.

A leaf of order_release.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

import msgspec

from crossdock.canonical.moments import Instant, Moment
from crossdock.canonical.money import Money
from crossdock.canonical.order import OrderLineDraft
from crossdock.canonical.references import Reference, ReferenceType
from crossdock.canonical.shipment import Shipment, StopRole
from crossdock.messages.envelope import Key
from crossdock.messages.order_release import ShipmentPlanned, ShipmentWithdrawn
from crossdock.messages.reference_binding import ReferenceAnnounced, ReferenceRevoked
from crossdock.messages.shipment_visibility import DeliveryClosed
from crossdock.policies.rules import Rules
from crossdock.ports import Emission, PutReference
from crossdock.processes.order_release_references import (
    note_references,
    undo_references,
    why_given_up,
    write_reference,
)
from crossdock.processes.order_release_state import (
    Carriage,
    Carried,
    Delivery,
    OrderState,
    Plan,
    Step,
    Told,
    carriage_of,
    changed,
    live,
    order_numbers,
    plan_in_force,
    replaced,
)
from crossdock.processes.order_release_tendering import (
    carried_by,
    find_carrier,
    undo_offers,
    withdraw_offers,
)

# Numbers by which partners speak of one shipment. A load or a purchase order may hold several.
ANNOUNCED = frozenset(
    {
        ReferenceType.SHIPMENT,
        ReferenceType.DELIVERY,
        ReferenceType.PRO,
        ReferenceType.BILL_OF_LADING,
        ReferenceType.TRACKING,
        ReferenceType.CONTAINER,
        ReferenceType.BOOKING,
        ReferenceType.SSCC,
    }
)


def take_delivery(state: OrderState, said: DeliveryClosed) -> Step:
    """Remember the newest verdict on a shipment's delivery."""
    known = state.deliveries.get(said.shipment_id)
    if known is not None and known.revision >= said.revision:
        return state, ()
    delivery = Delivery(revision=said.revision, delivered=said.delivered, occurred=said.occurred)
    return changed(state, deliveries=state.deliveries | {said.shipment_id: delivery}), ()


def settle_carriages(state: OrderState, at: datetime, rules: Rules) -> Step:
    """Bring every shipment to where the plan in force wants it, and say the difference."""
    plan = plan_in_force(state)
    wanted = {shipment.shipment_id for shipment in plan.shipments} if plan else frozenset()
    said: tuple[Emission, ...] = ()
    for carriage in live(state):
        if carriage.shipment_id not in wanted:
            state, more = _give_up(state, carriage, plan, at)
            said += more
    for carriage in state.carriages:
        if not carriage.live:
            state, more = _undo(state, carriage)
            said += more
    if plan is None:
        return state, said
    for shipment in plan.shipments:
        state, more = _carry(state, shipment, plan, at, rules)
        said += more
    return state, said


def _undo(state: OrderState, carriage: Carriage) -> Step:
    carriage, offers = undo_offers(state, carriage)
    carriage, references = undo_references(state, carriage)
    return replaced(state, carriage), offers + references


def _give_up(state: OrderState, carriage: Carriage, plan: Plan | None, at: datetime) -> Step:
    carriage, said = withdraw_offers(carriage, at)
    because = why_given_up(state)
    told = carriage.told
    if told is not None:
        revision = max(told.revision, plan.revision if plan else 0)
        withdrawn = ShipmentWithdrawn(
            shipment_id=carriage.shipment_id,
            order_id=state.order_id,
            revision=revision,
            because=because,
            load_id=carriage.load_id,
        )
        said = (*said, withdrawn, *_revoked(state, carriage, carriage.references))
    left = msgspec.structs.replace(
        carriage,
        live=False,
        told=None,
        references=(),
        containers_until=None,
        terms="",
        agreed=None,
        exhausted=False,
    )
    return replaced(state, left), said


def _carry(state: OrderState, shipment: Shipment, plan: Plan, at: datetime, rules: Rules) -> Step:
    known = carriage_of(state, shipment.shipment_id)
    carriage = known or Carriage(shipment_id=shipment.shipment_id)
    if not carriage.live:
        carriage = msgspec.structs.replace(carriage, live=True)
    carriage, said = find_carrier(state, carriage, shipment, at, rules)
    if carriage.agreed is not None:
        carried = carried_by(shipment, carriage.agreed)
        moved = carriage.told is not None and carriage.load_id != carried.load_id
        carriage, told = _tell(state, carriage, carried, plan)
        carriage, announced = _announce(state, carriage, carried, anew=moved)
        reuse_after = timedelta(hours=rules.binding.reuse_after_hours)
        carriage, bounded = _bound_containers(state, carriage, reuse_after)
        said = said + told + announced + bounded
        if state.acceptance is not None:  # the ERP hears of nothing that it has not released
            carriage, written = write_reference(state, carriage, carried, plan)
            carriage, referenced = note_references(state, carriage)
            said = said + written + referenced
    state, undone = _undo(replaced(state, carriage), carriage)
    return state, said + undone


def _tell(state: OrderState, carriage: Carriage, shipment: Shipment, plan: Plan) -> Carried:
    accepted = state.acceptance  # none yet, where a TMS tendered a load the ERP has not released
    told = Told(
        order_version=plan.order_version,
        revision=plan.revision,
        accepted_version=accepted.version if accepted else 0,
        edition=accepted.edition if accepted else 0,
        carrier_scac=shipment.carrier_scac,
    )
    if carriage.told == told:
        return carriage, ()
    weight_kg, value = goods_on(state, shipment)
    left = carriage.load_id or shipment.shipment_id
    given = state.loads.get(shipment.shipment_id)
    planned = ShipmentPlanned(
        shipment=shipment,
        order_id=state.order_id,
        customer_id=accepted.customer_id if accepted else given.customer_id if given else "",
        customer_reference=accepted.customer_reference if accepted else "",
        order_version=plan.order_version,
        revision=plan.revision,
        company_code=accepted.company_code if accepted else "",
        promised=promise(shipment, accepted.requested_delivery if accepted else None),
        shipments=len(plan.shipments),
        commits_stock=accepted.commits_stock if accepted else False,
        weight_kg=weight_kg,
        value=value,
        left_load=left if carriage.told and left != shipment.carried_as else "",
        offered_by=given.offered_by if given else "",
        offered_as=given.offered_as if given else "",
    )
    found = _search_numbers(state, shipment) if carriage.told is None else ()
    after = msgspec.structs.replace(carriage, told=told, load_id=shipment.load_id)
    return after, (planned, *found)


def goods_on(state: OrderState, shipment: Shipment) -> tuple[Decimal | None, Money | None]:
    """Sum what the order's goods on a shipment weigh and are worth, where every line tells.

    A line that tells no weight weighs what its item's record said when the order was accepted; of
    one that is split by quantity a shipment has the part that its portion states.
    """
    release, accepted = state.release, state.acceptance
    lines = release.draft.lines if release else ()
    of_items = (
        accepted.weights
        if accepted and release and accepted.version == release.draft.version
        else {}
    )
    unloaded = {
        name
        for stop in shipment.stops
        if stop.role is StopRole.DELIVERY
        for name in stop.line_ids
        if name.startswith(f"{state.order_id}/")
    }
    there = [
        each for each in lines if not unloaded or f"{state.order_id}/{each.line_id}" in unloaded
    ]
    parts = {each.line_id: _part(state, each, shipment) for each in there}
    weights = [
        weight * parts[each.line_id]
        for each in there
        if (weight := _first(each.weight_kg, of_items.get(each.line_id))) is not None
    ]
    values = [each.value for each in there if each.value is not None]
    currencies = {each.currency for each in values}
    worth = sum(
        (each.value.minor * parts[each.line_id] for each in there if each.value), Decimal(0)
    )
    weighed = bool(there) and len(weights) == len(there)
    valued = len(values) == len(there) and len(currencies) == 1
    return (
        sum(weights, Decimal(0)) if weighed else None,
        Money(minor=int(worth.to_integral_value(ROUND_HALF_EVEN)), currency=currencies.pop())
        if valued
        else None,
    )


def _first(told: Decimal | None, of_item: Decimal | None) -> Decimal | None:
    return told if told is not None else of_item


def _part(state: OrderState, line: OrderLineDraft, shipment: Shipment) -> Decimal:
    """Tell which part of a line a shipment carries: all of it, where no portion of it is stated."""
    name = f"{state.order_id}/{line.line_id}"
    stated = next((each for each in shipment.portions if each.line_id == name), None)
    whole = line.quantity
    if stated is None or whole is None or whole.value <= 0 or stated.quantity.unit != whole.unit:
        return Decimal(1)
    return stated.quantity.value / whole.value


def promise(shipment: Shipment, requested: Moment | None) -> Moment | None:
    """Tell until when the whole shipment shall be there: its last promised stop, or the order's."""
    stops = sorted(shipment.stops, key=lambda stop: stop.sequence)
    promised = [stop.promised for stop in stops if stop.role is StopRole.DELIVERY and stop.promised]
    return promised[-1] if promised else requested


def _search_numbers(state: OrderState, shipment: Shipment) -> tuple[Emission, ...]:
    by_order, by_shipment = Key("order", state.order_id), Key("shipment", shipment.shipment_id)
    own = Reference(type=ReferenceType.SHIPMENT, value=shipment.shipment_id)
    load = Reference(type=ReferenceType.LOAD, value=shipment.load_id)
    loads = (load,) if shipment.load_id else ()
    others = tuple(each for each in shipment.references if each.type not in ANNOUNCED)
    orders = order_numbers(state.release.draft) if state.release else ()
    return (
        *(PutReference(reference=each, key=by_order) for each in (own, *loads)),
        *(
            PutReference(reference=each, key=by_shipment)
            for each in dict.fromkeys((*loads, *orders, *others))
        ),
    )


def _announce(state: OrderState, carriage: Carriage, shipment: Shipment, *, anew: bool) -> Carried:
    """Announce the numbers that are new, or all of them where another load carries them now."""
    own = Reference(type=ReferenceType.SHIPMENT, value=shipment.shipment_id)
    wanted = tuple(
        dict.fromkeys((own, *(each for each in shipment.references if each.type in ANNOUNCED)))
    )
    if wanted == carriage.references and not anew:
        return carriage, ()
    new = tuple(each for each in wanted if anew or each not in carriage.references)
    old = tuple(each for each in carriage.references if each not in wanted)
    said = (*_revoked(state, carriage, old), *_announced(state, carriage, new))
    return msgspec.structs.replace(carriage, references=wanted), said


def _announced(
    state: OrderState, carriage: Carriage, references: tuple[Reference, ...]
) -> tuple[Emission, ...]:
    return tuple(
        ReferenceAnnounced(
            reference=each,
            shipment_id=carriage.shipment_id,
            order_id=state.order_id,
            valid_until=(
                carriage.containers_until if each.type is ReferenceType.CONTAINER else None
            ),
            load_id=carriage.load_id,
        )
        for each in references
    )


def _revoked(
    state: OrderState, carriage: Carriage, references: tuple[Reference, ...]
) -> tuple[Emission, ...]:
    return tuple(
        ReferenceRevoked(reference=each, shipment_id=carriage.shipment_id, order_id=state.order_id)
        for each in references
    )


def _bound_containers(state: OrderState, carriage: Carriage, reuse_after: timedelta) -> Carried:
    """Let a box go to other goods some time after the delivery, and back if that is reversed."""
    delivery = state.deliveries.get(carriage.shipment_id)
    until: Instant | None = None
    if delivery is not None and delivery.delivered and delivery.occurred is not None:
        until = delivery.occurred.at + reuse_after
    if carriage.containers_until == until:
        return carriage, ()
    bounded = msgspec.structs.replace(carriage, containers_until=until)
    boxes = [each for each in carriage.references if each.type is ReferenceType.CONTAINER]
    return bounded, _announced(state, bounded, tuple(boxes))
