"""Times written: local at a place where its reader can find the zone, else in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from crossdock.canonical.moments import (
    ClockChange,
    Moment,
    Precision,
    clock_change,
    zone_named,
    zone_of,
)
from crossdock.canonical.party import Address, Location
from crossdock.canonical.zones import zone_of_place
from crossdock.connectors.x12_carrier.codes.times import LOCAL

UNIVERSAL = "UT"
STATE_LETTERS = 2  # element 156


def state_of(address: Address) -> str:
    """Give a state as X12 can write it; empty where it cannot."""
    return address.subdivision if len(address.subdivision) == STATE_LETTERS else ""


def zone_at(place: Location | None) -> tzinfo:
    """Give the zone that everybody can find by the written country and state; UTC for none."""
    address = place.address if place else None
    found = zone_of_place(address.country, state_of(address)) if address else None
    return (zone_named(found.zone) if found and not found.split else None) or UTC


def told_at(at: datetime, zone: tzinfo) -> tuple[str, str, str]:
    """Write an instant as date, time and time code; in UTC where clocks show the local time twice.

    Seconds are written where there are any.
    """
    local = at.astimezone(zone)
    if zone is UTC or clock_change(local.replace(tzinfo=None), zone) is not ClockChange.NONE:
        local, code = at.astimezone(UTC), UNIVERSAL
    else:
        code = LOCAL
    time = f"{local:%H%M%S}" if local.second else f"{local:%H%M}"
    return f"{local:%Y%m%d}", time, code


def moment_told(moment: Moment, place: Location | None) -> tuple[str, str, str]:
    """Write a moment as date, time and time code; a day has neither time nor code."""
    if moment.precision is Precision.DATE:
        return f"{moment.at.astimezone(zone_of(moment)):%Y%m%d}", "", ""
    return told_at(moment.at, zone_at(place))
