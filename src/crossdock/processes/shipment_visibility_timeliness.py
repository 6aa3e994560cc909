"""Promises: which there are, when each is over, and what a delivery means against it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache

from msgspec import Struct

from crossdock.canonical.moments import Moment, Precision, day_of, end_of, zone_of
from crossdock.canonical.tracking import TERMINAL, Milestone
from crossdock.messages.shipment_visibility import StopTimeliness, Timeliness
from crossdock.policies.rules import LatenessPolicy
from crossdock.processes.shipment_visibility_facts import Visibility
from crossdock.processes.shipment_visibility_journey import (
    Journey,
    View,
    reached,
    view_of,
)

_ENDED_OTHERWISE = TERMINAL - {Milestone.DELIVERED}
_INSTANT_BEFORE = timedelta(microseconds=1)
_DELIVERED, _DATE = Milestone.DELIVERED, Precision.DATE
_WORST_FIRST = (Timeliness.LATE, Timeliness.OVERDUE, Timeliness.OPEN, Timeliness.ON_TIME)


class Promise(Struct, frozen=True, kw_only=True, gc=False):
    """What was promised for a stop; `due_at` is its end with grace.

    `mark` is its name: the stop and the instant it ends; a new date is a new promise.
    """

    stop: int
    promised: Moment
    due_at: datetime
    mark: str


def promise_for(
    state: Visibility, journey: Journey, stop: int, order_ids: Iterable[str], policy: LatenessPolicy
) -> Promise | None:
    """Give the earliest promise that holds for a stop: its own, or that of the orders."""
    stops = journey.shipment.stops if journey.shipment else ()
    promised = [each.promised for each in stops if each.sequence == stop and each.promised]
    if not promised:
        plans = [state.orders[each].plan for each in order_ids]
        promised = [each.promised for each in plans if each is not None and each.promised]
    return _promise(stop, earliest(promised), policy.grace_minutes) if promised else None


def earliest(promised: list[Moment]) -> Moment:
    """Choose the promise that is over first; there must be one."""
    if len(promised) == 1:
        return promised[0]
    return min(promised, key=lambda each: (end_of(each), each.text))


@lru_cache(maxsize=1024)  # looked at with every report, and the same for many shipments
def _promise(stop: int, promised: Moment, grace_minutes: int) -> Promise:
    end = end_of(promised)
    return Promise(
        stop=stop,
        promised=promised,
        due_at=end + timedelta(minutes=grace_minutes),
        mark=f"{stop}/{end.isoformat()}",
    )


def open_promises(
    state: Visibility, journey: Journey, policy: LatenessPolicy
) -> tuple[Promise, ...]:
    """List the promises of travelling orders that no delivery has met or broken yet."""
    if journey.whole.status in _ENDED_OTHERWISE:
        return ()
    found: dict[str, Promise] = {}
    for order_id in journey.order_ids:
        for stop in view_of(journey, (order_id,)).deliveries:
            if reached(journey, _DELIVERED, stop) is None:
                promise = promise_for(state, journey, stop, (order_id,), policy)
                if promise is not None:
                    found[promise.mark] = promise
    return tuple(found[mark] for mark in sorted(found))


def is_late(happened: Moment, promise: Promise) -> bool:
    """Tell whether a delivery broke its promise: it happened after the promise's end and grace.

    A delivery known only by its day is late when that day is after the promised one, with grace.
    """
    if happened.precision is not _DATE:
        return happened.at > promise.due_at
    within = promise.promised.precision is _DATE
    last = promise.due_at - _INSTANT_BEFORE if within else promise.due_at
    return day_of(happened) > last.astimezone(zone_of(promise.promised)).date()


def timeliness_of(
    state: Visibility,
    journey: Journey,
    view: View,
    order_ids: tuple[str, ...],
    policy: LatenessPolicy,
) -> tuple[StopTimeliness, ...]:
    """Hold each delivery stop of a view against its promise."""
    return tuple(
        [
            _stop_timeliness(
                state, journey, stop, promise_for(state, journey, stop, order_ids, policy)
            )
            for stop in view.deliveries
        ]
    )


def _stop_timeliness(
    state: Visibility, journey: Journey, stop: int, promise: Promise | None
) -> StopTimeliness:
    fact = reached(journey, _DELIVERED, stop)
    happened = fact.event.occurred if fact else None
    return StopTimeliness(
        stop=stop,
        verdict=_verdict(state, promise, happened),
        promised=promise.promised if promise else None,
        happened=happened,
    )


def _verdict(state: Visibility, promise: Promise | None, happened: Moment | None) -> Timeliness:
    if promise is None:
        return Timeliness.NO_PROMISE
    if happened is not None:
        return Timeliness.LATE if is_late(happened, promise) else Timeliness.ON_TIME
    return Timeliness.OVERDUE if promise.mark in state.overdue else Timeliness.OPEN


def overall(stops: Iterable[StopTimeliness]) -> Timeliness:
    """Sum up the stops: the worst counts, and all must be on time to be on time."""
    verdicts = {each.verdict for each in stops}
    return next((worst for worst in _WORST_FIRST if worst in verdicts), Timeliness.NO_PROMISE)


def heard_last(state: Visibility, journey: Journey) -> datetime | None:
    """Give since when somebody should be speaking: the last receipt, or the planned pickup.

    None where nothing was said and no pickup is planned: then only the promise is watched.
    """
    heard = [each.reported_at for versions in state.evidence.values() for each in versions]
    stops = journey.shipment.stops if journey.shipment else ()
    starts = [
        each.planned.at for each in stops if each.planned and each.sequence in journey.pickups
    ]
    return max([*heard, *starts[:1]], default=None)


def is_silent(state: Visibility, journey: Journey) -> bool:
    """Tell whether the silence that was called still lasts."""
    return (
        state.silent_since is not None
        and state.silent_since == heard_last(state, journey)
        and is_under_way(journey)
    )


def is_under_way(journey: Journey) -> bool:
    """Tell whether an order still travels on this shipment and its end was not told."""
    return bool(journey.order_ids) and journey.whole.status not in TERMINAL
