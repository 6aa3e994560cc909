"""Contradictions: facts that cannot all be true. They are kept, and flagged for operations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from crossdock.canonical.moments import Moment, Precision, day_of, is_later, zone_of
from crossdock.canonical.party import Address
from crossdock.canonical.tracking import Classifier, Milestone
from crossdock.policies.rules import LatenessPolicy
from crossdock.processes.shipment_visibility_facts import Heard
from crossdock.processes.shipment_visibility_journey import (
    Journey,
    is_returning,
    role_stops,
)

_ACTUAL, _DATE = Classifier.ACTUAL, Precision.DATE
_PICKED_UP, _DEPARTED, _ARRIVED = Milestone.PICKED_UP, Milestone.DEPARTED, Milestone.ARRIVED
_AT_A_STOP = (_PICKED_UP, Milestone.DELIVERED)
_BEFORE_DELIVERY = (_PICKED_UP, _DEPARTED, _ARRIVED)


def contradictions(journey: Journey, policy: LatenessPolicy) -> tuple[str, ...]:
    """Name what cannot be true together, sorted: `DEPARTED_AFTER_DELIVERED`.

    Pickup, departure, arrival and delivery follow each other; nothing has happened later than it
    was reported, beyond the skew of clocks; a stop that is named is in the plan; goods are picked
    up and delivered in the country and the state where that was planned.
    """
    found = {*_in_the_future(journey, policy), *_at_no_stop(journey), *_elsewhere(journey)}
    if journey.whole.delivered_at is not None:
        found.update(_after_delivery(journey, journey.whole.delivered_at))
    if _DEPARTED in journey.facts:
        found.update((*_before_pickup(journey), *_before_departure(journey)))
    return tuple(sorted(found))


def _outbound(journey: Journey, milestone: Milestone) -> Sequence[Heard]:
    told = journey.facts.get(milestone, ())
    if journey.turned_back is None:
        return told
    return [each for each in told if not is_returning(journey, each)]


def _first(told: Sequence[Heard]) -> Moment | None:
    return min([each.event.occurred for each in told], key=lambda each: each.at, default=None)


def _after_delivery(journey: Journey, end: Moment) -> Iterator[str]:
    for milestone in _BEFORE_DELIVERY:
        if any(is_later(each.event.occurred, end) for each in _outbound(journey, milestone)):
            yield f"{milestone}_AFTER_DELIVERED"


def _before_pickup(journey: Journey) -> Iterator[str]:
    picked_up = _first(_outbound(journey, _PICKED_UP))
    departed = _first(_outbound(journey, _DEPARTED))
    if picked_up and departed and is_later(picked_up, departed):
        yield "DEPARTED_BEFORE_PICKED_UP"


def _before_departure(journey: Journey) -> Iterator[str]:
    # Only within a leg that is named for both: hubs are reached and left many times.
    for each in _outbound(journey, _DEPARTED):
        leg = each.event.leg
        ends = [end for end in _outbound(journey, _ARRIVED) if end.event.leg == leg] if leg else []
        if ends and all(is_later(each.event.occurred, end.event.occurred) for end in ends):
            yield f"ARRIVED_BEFORE_DEPARTED/leg {leg}"


def _in_the_future(journey: Journey, policy: LatenessPolicy) -> Iterator[str]:
    skew = timedelta(minutes=policy.future_skew_minutes)
    for each in journey.claims:
        event = each.event
        if event.classifier is _ACTUAL and _is_after(event.occurred, each.reported_at + skew):
            yield f"{event.milestone}_IN_THE_FUTURE/{event.source}"


def _is_after(told: Moment, limit: datetime) -> bool:
    if told.precision is _DATE:
        return day_of(told) > limit.astimezone(zone_of(told)).date()
    return told.at > limit


def _at_no_stop(journey: Journey) -> Iterator[str]:
    named = [each.event for each in journey.claims if each.event.stop]
    if journey.shipment is None or not named:
        return
    planned = [stop.sequence for stop in journey.shipment.stops]
    for event in named:
        if event.stop not in planned and len(role_stops(journey, event.milestone)) > 1:
            yield f"{event.milestone}_AT_UNKNOWN_STOP/{event.stop}"


def _elsewhere(journey: Journey) -> Iterator[str]:
    placed = [each for each in journey.claims if each.event.place is not None]
    if journey.shipment is None or not placed:
        return
    places = {stop.sequence: stop.place for stop in journey.shipment.stops}
    for each in placed:
        event = each.event
        told = event.place.address if event.place else None
        if event.milestone not in _AT_A_STOP or told is None or is_returning(journey, each):
            continue
        planned = [places[stop].address for stop in role_stops(journey, event.milestone)]
        if planned and not any(_may_be(told, address) for address in planned):
            yield f"{event.milestone}_ELSEWHERE/{told.city or told.subdivision or told.country}"


def _may_be(told: Address, planned: Address | None) -> bool:
    """Tell whether nothing speaks against two addresses being of one region."""
    if planned is None:
        return True
    pairs = ((told.country, planned.country), (told.subdivision, planned.subdivision))
    return all(not one or not other or one == other for one, other in pairs)
