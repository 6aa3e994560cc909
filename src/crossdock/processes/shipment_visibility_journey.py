"""The journey: what all evidence together says happened, whatever order it came in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property

from msgspec import Struct, structs

from crossdock.canonical.moments import Moment, is_later
from crossdock.canonical.shipment import Shipment, StopRole
from crossdock.canonical.tracking import (
    PHASES,
    Classifier,
    EvidenceKind,
    Milestone,
    Phase,
)
from crossdock.policies.rules import EvidencePolicy
from crossdock.processes.shipment_visibility_facts import (
    Claim,
    Heard,
    Visibility,
    shipment_of,
    travelling,
)

# Looked at with every claim of every message: on 3.11 finding a member of an enumeration is a call.
_ACTUAL, _RETRACTION = Classifier.ACTUAL, EvidenceKind.RETRACTION
_DELIVERED, _POD, _RETURNED = Milestone.DELIVERED, Milestone.POD_AVAILABLE, Milestone.RETURNED
_CANCELLED = Milestone.CANCELLED
_PICKUP, _DELIVERY = StopRole.PICKUP, StopRole.DELIVERY
_WHOLE = (0,)  # the stops of a plan that names none: the shipment as a whole

# How far a phase is; exceptions and signals have no place on the way.
_PROGRESS = {
    phase: place
    for place, phase in enumerate(
        (Phase.PLAN, Phase.PICKUP, Phase.TRANSIT, Phase.DELIVERY, Phase.CLOSE)
    )
}
_MOVING = frozenset({Phase.PICKUP, Phase.TRANSIT, Phase.DELIVERY})
_ORDINAL = {milestone: place for place, milestone in enumerate(Milestone)}
_CLOSING = {Milestone.DELIVERED: 1, Milestone.POD_AVAILABLE: 2}
_PLACES = {
    milestone: (_PROGRESS[phase], _CLOSING.get(milestone, 0))
    for milestone, phase in PHASES.items()
    if phase in _PROGRESS
}

# These happen once at a stop: several reports are one happening. All others may happen again.
_ONCE = frozenset(
    {
        Milestone.BOOKED,
        Milestone.INFO_RECEIVED,
        Milestone.EMPTY_RELEASED,
        Milestone.PICKED_UP,
        Milestone.DELIVERED,
        Milestone.POD_AVAILABLE,
        Milestone.EMPTY_RETURNED,
        Milestone.RETURNED,
        Milestone.CANCELLED,
    }
)
# The kind of stop at which a milestone happens; those not listed happen on the way.
_AT_STOPS = {
    Phase.PICKUP: StopRole.PICKUP,
    Phase.DELIVERY: StopRole.DELIVERY,
    Phase.CLOSE: StopRole.DELIVERY,
}
_ROLES = {
    milestone: _AT_STOPS[phase] for milestone, phase in PHASES.items() if phase in _AT_STOPS
} | {
    Milestone.PICKUP_APPOINTED: StopRole.PICKUP,
    Milestone.PICKUP_FAILED: StopRole.PICKUP,
    Milestone.DELIVERY_FAILED: StopRole.DELIVERY,
}
# What sets goods in motion again after their delivery: the way back to the sender.
_TURNING = (Milestone.PICKED_UP, Milestone.IN_TRANSIT)
_TURNED_BY = frozenset({*_TURNING, Milestone.DELIVERED})


class Journey(Struct, frozen=True, kw_only=True, dict=True):
    """All that is derived from the facts in common.

    `claims` are what sources maintain now: the last word on each event, without what was taken
    back; `facts` are those of them that claim all the goods really did it, by milestone.
    `order_ids` are the orders that travel. `deliveries` and `pickups` are stop sequences; (0,)
    stands for a plan without such stops; `is_shared`: no stop is for some of the lines alone.
    `turned_back` is when the goods started on their way back to the sender.
    """

    shipment: Shipment | None
    order_ids: tuple[str, ...]
    claims: Sequence[Heard]
    facts: Mapping[Milestone, Sequence[Heard]]
    lineages: Sequence[tuple[Heard, ...]]
    pickups: tuple[int, ...]
    deliveries: tuple[int, ...]
    is_shared: bool
    turned_back: Moment | None
    sources: tuple[str, ...]

    @cached_property
    def accounts(self) -> dict[Milestone, list[tuple[Heard, ...]]]:
        """Give the events that ever told of a milestone as a fact, with all that was said since."""
        found: dict[Milestone, list[tuple[Heard, ...]]] = {}
        for versions in self.lineages:
            for each in versions:
                event = each.event
                if event.classifier is _ACTUAL:
                    about = found.setdefault(event.milestone, [])
                    if not about or about[-1] is not versions:
                        about.append(versions)
        return found

    @cached_property
    def whole(self) -> View:
        """Look at the whole shipment."""
        return _view(self, self.deliveries, frozenset())

    @cached_property
    def happenings(self) -> dict[tuple[object, ...], Happening]:
        """Tell what happened to the whole shipment; see `happenings`."""
        return _happenings(self, self.claims)


class View(Struct, frozen=True, kw_only=True, gc=False):
    """The part of a journey that concerns some orders.

    `deliveries` are their delivery stops, `foreign` the stops that are others' alone;
    `delivered_at` is when all their delivery stops had been reached, `status` how far they are.
    """

    deliveries: tuple[int, ...]
    foreign: frozenset[int]
    delivered_at: Moment | None
    status: Milestone | None = None


class Happening(Struct, frozen=True, kw_only=True, gc=False):
    """One milestone of the journey: the claim chosen among all that speak of it."""

    milestone: Milestone
    stop: int
    classifier: Classifier
    partial: bool
    returning: bool
    chosen: Heard


def journey_of(state: Visibility, policy: EvidencePolicy) -> Journey:
    """Read the journey out of the facts."""
    shipment = shipment_of(state)
    pickups: list[int] = []
    deliveries: list[int] = []
    is_shared = True
    for stop in shipment.stops if shipment else ():
        if stop.role is _DELIVERY:
            deliveries.append(stop.sequence)
        elif stop.role is _PICKUP:
            pickups.append(stop.sequence)
        if stop.line_ids:
            is_shared = False
    lineages = [state.evidence[name] for name in sorted(state.evidence)]
    claims: list[Heard] = []
    facts: dict[Milestone, list[Heard]] = {}
    for versions in lineages:
        last = versions[-1]
        event = last.event
        if event.kind is not _RETRACTION:
            claims.append(last)
            if event.classifier is _ACTUAL and not event.partial:
                facts.setdefault(event.milestone, []).append(last)
    return Journey(
        shipment=shipment,
        order_ids=travelling(state),
        claims=claims,
        facts=facts,
        lineages=lineages,
        pickups=tuple(pickups) or _WHOLE,
        deliveries=tuple(deliveries) or _WHOLE,
        is_shared=is_shared,
        turned_back=_turned_back(facts, deliveries or _WHOLE),
        sources=policy.sources,
    )


def view_of(journey: Journey, order_ids: Iterable[str]) -> View:
    """Look at the stops where goods of these orders are handled; a stop without lines is all's."""
    if journey.shipment is None or journey.is_shared:
        return journey.whole
    own = tuple(f"{each}/" for each in order_ids)
    mine = {
        stop.sequence
        for stop in journey.shipment.stops
        if not stop.line_ids or any(line.startswith(own) for line in stop.line_ids)
    }
    foreign = frozenset(stop.sequence for stop in journey.shipment.stops) - mine
    if not foreign:
        return journey.whole
    own_deliveries = tuple(each for each in journey.deliveries if each in mine)
    return _view(journey, own_deliveries or journey.deliveries, foreign)


def _view(journey: Journey, deliveries: tuple[int, ...], foreign: frozenset[int]) -> View:
    delivered_at = closed_at(journey, deliveries, _DELIVERED)
    view = View(deliveries=deliveries, foreign=foreign, delivered_at=delivered_at)
    return structs.replace(view, status=_status(journey, view))


def _turned_back(
    facts: Mapping[Milestone, Sequence[Heard]], deliveries: Sequence[int]
) -> Moment | None:
    # Every source that tells of a delivery must have told of one before the goods moved again:
    # two sources that differ by minutes about the delivery are no journey back.
    if _DELIVERED not in facts:
        return None
    turns = [each.event.occurred for milestone in _TURNING for each in facts.get(milestone, ())]
    if not turns:
        return None
    delivered: dict[str, list[Claim]] = {}
    for each in facts[_DELIVERED]:
        delivered.setdefault(each.event.source, []).append(each.event)

    def is_turn(start: Moment) -> bool:
        earlier = {
            source: [each for each in told if is_later(start, each.occurred)]
            for source, told in delivered.items()
        }
        reached = [each.stop for told in earlier.values() for each in told]
        return all(earlier.values()) and all(
            len(deliveries) == 1 or stop in reached or 0 in reached for stop in deliveries
        )

    starts = filter(is_turn, turns)
    return min(starts, key=lambda start: (start.at, start.text), default=None)


def turn_without(journey: Journey, claim: Heard) -> Moment | None:
    """Give when the goods would have started on their way back, had a claim not been made."""
    milestone = claim.event.milestone
    if milestone not in _TURNED_BY or _DELIVERED not in journey.facts:
        return journey.turned_back
    facts = {name: told for name, told in journey.facts.items() if name is not milestone}
    others = tuple(each for each in journey.facts.get(milestone, ()) if each is not claim)
    return _turned_back({**facts, milestone: others} if others else facts, journey.deliveries)


def is_returning(journey: Journey, heard: Heard) -> bool:
    """Tell whether a claim speaks of the way back to the sender."""
    turn = journey.turned_back
    if turn is None or heard.event.milestone is _POD:
        return False
    if heard.event.classifier is not _ACTUAL:
        return heard.reported_at >= turn.at
    return heard.event.occurred.at >= turn.at


def role_stops(journey: Journey, milestone: Milestone) -> tuple[int, ...]:
    """Give the stops at which a milestone can happen; none where it happens on the way."""
    role = _ROLES.get(milestone)
    if role is None:
        return ()
    return journey.pickups if role is _PICKUP else journey.deliveries


def named_stop(journey: Journey, event: Claim) -> int:
    """Give the stop an event is told under: 0, the whole shipment, where there is but one."""
    stops = role_stops(journey, event.milestone)
    return 0 if len(stops) == 1 else event.stop


def covers(journey: Journey, event: Claim, stop: int) -> bool:
    """Tell whether an event counts for a stop: a source that names no stop means all of them."""
    if not stop or not event.stop or stop == event.stop:
        return True
    return len(role_stops(journey, event.milestone)) <= 1


def trust(journey: Journey, heard: Heard) -> tuple[int, int, datetime, str, str]:
    """Order claims about one happening, best first: by source, revision, time, and name."""
    event = heard.event
    ranks = journey.sources
    rank = ranks.index(event.source) if event.source in ranks else len(ranks)
    return rank, -event.revision, event.occurred.at, event.source, event.source_event_id


def reached(journey: Journey, milestone: Milestone, stop: int) -> Heard | None:
    """Give the fact that a stop was reached, on the way out, as best told; None: not yet."""
    facts = journey.facts.get(milestone)
    if facts is None:
        return None
    out = journey.turned_back is None or milestone is _RETURNED
    if out and (not stop or len(role_stops(journey, milestone)) <= 1):
        return best(journey, facts)  # every report counts
    told = [
        each
        for each in facts
        if covers(journey, each.event, stop) and (out or not is_returning(journey, each))
    ]
    return best(journey, told) if told else None


def best(journey: Journey, told: Sequence[Heard]) -> Heard:
    """Choose the claim to trust among those about one happening."""
    if len(told) == 1:
        return told[0]
    return min(told, key=lambda each: trust(journey, each))


def closed_at(journey: Journey, deliveries: tuple[int, ...], milestone: Milestone) -> Moment | None:
    """Give when all of these delivery stops had reached a milestone; None while one is open."""
    last: Moment | None = None
    for stop in deliveries:
        fact = reached(journey, milestone, stop)
        if fact is None:
            return None
        if last is None or fact.event.occurred.at > last.at:
            last = fact.event.occurred
    return last


def is_concerned(journey: Journey, view: View, heard: Heard) -> bool:
    """Tell whether a claim speaks of a view's goods, and not of others' on the same conveyance."""
    if not view.foreign:
        return True
    if heard.event.stop in view.foreign:
        return False
    if PHASES[heard.event.milestone] not in {Phase.PICKUP, Phase.TRANSIT}:
        return True
    end = view.delivered_at
    gone_on = end is not None and is_later(heard.event.occurred, end)
    return not gone_on or journey.turned_back is not None


def _status(journey: Journey, view: View) -> Milestone | None:
    """Give how far the goods are: by phase, then by time of the event; None: nothing happened.

    A late report of something earlier never takes it back; a delivery is left only by a
    correction, or by a journey back.
    """
    if journey.turned_back is not None:
        return _RETURNED
    facts = journey.facts
    left_out: set[Milestone] = set()
    if view.delivered_at is None:
        left_out.add(_DELIVERED)
    if _POD in facts and closed_at(journey, view.deliveries, _POD) is None:
        left_out.add(_POD)
    if _CANCELLED in facts and _resumed(journey):
        left_out.add(_CANCELLED)
    steps = [
        (_PLACES[milestone], each.event.occurred.at, _ORDINAL[milestone], milestone)
        for milestone, told in facts.items()
        if milestone in _PLACES and milestone not in left_out
        for each in told
        if not view.foreign or is_concerned(journey, view, each)
    ]
    return max(steps)[-1] if steps else None


def _resumed(journey: Journey) -> bool:
    # Goods that moved after their cancellation was told: it did not hold.
    cancelled = [each.event.occurred for each in journey.facts[_CANCELLED]]
    moved = [
        each.event.occurred
        for milestone, told in journey.facts.items()
        if PHASES[milestone] in _MOVING
        for each in told
    ]
    return any(is_later(later, earlier) for later in moved for earlier in cancelled)


def happenings(journey: Journey, view: View) -> dict[tuple[object, ...], Happening]:
    """Tell what happened, each once: planned, estimated and actual apart, in order of time.

    The key names the happening, whichever claim of it is chosen.
    """
    if not view.foreign:
        return journey.happenings
    return _happenings(
        journey, [each for each in journey.claims if is_concerned(journey, view, each)]
    )


def _happenings(journey: Journey, claims: Iterable[Heard]) -> dict[tuple[object, ...], Happening]:
    groups: dict[tuple[object, ...], list[Happening]] = {}
    for each in claims:
        told = _happening(journey, each)
        groups.setdefault(_name(told), []).append(told)
    found = [(name, _best_of(journey, each)) for name, each in groups.items()]
    found.sort(key=_in_time)
    return dict(found)


def _happening(journey: Journey, heard: Heard) -> Happening:
    event = heard.event
    return Happening(
        milestone=event.milestone,
        stop=event.stop and named_stop(journey, event),
        classifier=event.classifier,
        partial=event.partial,
        returning=journey.turned_back is not None and is_returning(journey, heard),
        chosen=heard,
    )


def _name(told: Happening) -> tuple[object, ...]:
    milestone, partial = told.milestone, told.partial
    if milestone in _ONCE and not partial:
        return milestone, told.stop, told.classifier, partial, told.returning
    event = told.chosen.event
    place = event.place
    where = (place.unlocode or place.location_id or place.name) if place else ""
    return milestone, told.stop, told.classifier, partial, told.returning, event.occurred.at, where


def _best_of(journey: Journey, told: list[Happening]) -> Happening:
    # Of one name they differ in nothing but the claim.
    return told[0] if len(told) == 1 else min(told, key=lambda each: trust(journey, each.chosen))


def _in_time(told: tuple[object, Happening]) -> tuple[datetime, int, int, str, str, str]:
    _, each = told
    event = each.chosen.event
    return (
        event.occurred.at,
        _ORDINAL[each.milestone],
        each.stop,
        each.classifier,
        event.source,
        event.source_event_id,
    )


def lineages_about(
    journey: Journey, milestone: Milestone, stop: int
) -> Sequence[tuple[Heard, ...]]:
    """Give the events that ever claimed a milestone for a stop, whatever was said of them since."""
    about = journey.accounts.get(milestone, ())
    if not stop:  # all of them count
        return about
    return [
        versions
        for versions in about
        if any(
            each.event.milestone is milestone
            and each.event.classifier is _ACTUAL
            and covers(journey, each.event, stop)
            for each in versions
        )
    ]
