"""Times: a UTC instant, and what the sender really wrote, in which zone, and who said so."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo

from msgspec import Meta

from crossdock.canonical import Canonical

Instant = Annotated[datetime, Meta(tz=True)]

# IANA tz database, file Theory, "Timezone identifiers"; the longest there is has 32 characters.
_ZONE = re.compile(r"[A-Za-z0-9_+/-]{1,64}", re.ASCII)


class ZoneSource(StrEnum):
    """Who said which zone a local time is in, most certain first."""

    OFFSET = "OFFSET"  # the text carries its own offset
    PARTNER = "PARTNER"  # the partner names the zone in the message
    PLACE = "PLACE"  # the zone of the place where it happened
    SETTING = "SETTING"  # the partner's configured zone
    ASSUMED = "ASSUMED"  # nobody said; UTC was taken, and a finding says so


class Precision(StrEnum):
    """How exactly the sender knew the time."""

    INSTANT = "INSTANT"
    DATE = "DATE"  # a local day: `at` is its noon, `end_of` its end


_DATE = Precision.DATE  # asked of every moment: on 3.11 finding a member is a call


class Moment(Canonical, frozen=True, kw_only=True):
    """A point in time as told: `at` in UTC, `text` as written, `zone` as an IANA name or offset."""

    at: Instant
    text: str
    zone: str
    zone_source: ZoneSource
    precision: Precision = Precision.INSTANT


def local_day(day: date, zone: str, zone_source: ZoneSource, *, text: str = "") -> Moment:
    """Tell a date without a time of day, as a moment at that place's noon."""
    noon = datetime.combine(day, time(12), tzinfo=ZoneInfo(zone))
    return Moment(
        at=noon.astimezone(UTC),
        text=text or day.isoformat(),
        zone=zone,
        zone_source=zone_source,
        precision=Precision.DATE,
    )


class ClockChange(StrEnum):
    """What the clocks of a zone do to a local time."""

    NONE = "NONE"
    TWICE = "TWICE"  # they show it twice that day
    SKIPPED = "SKIPPED"  # they never show it that day


def clock_change(local: datetime, zone: tzinfo) -> ClockChange:
    """Tell whether the clocks of a zone show a local time once, twice or never."""
    first, second = local.replace(tzinfo=zone, fold=0), local.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return ClockChange.NONE
    shown = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == local
    return ClockChange.TWICE if shown else ClockChange.SKIPPED


@lru_cache(maxsize=512)
def zone_named(name: str) -> ZoneInfo | None:
    """Find a zone by its IANA name; None where nobody knows it.

    A name is looked for among modules, so a partner's text must look like one before.
    """
    if not _ZONE.fullmatch(name):
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # no such name, no name at all, a folder of names
        return None


def zone_of(moment: Moment) -> tzinfo:
    """Give the zone a moment was told in: an IANA name, an offset such as `+02:00`, else UTC."""
    return _zone(moment.zone)


@lru_cache(maxsize=1024)  # zones come from partners; do not keep every text they invent
def _zone(text: str) -> tzinfo:
    if text[:1] in {"+", "-"}:
        try:
            return datetime.fromisoformat(f"2000-01-01T00:00:00{text}").tzinfo or UTC
        except ValueError:
            return UTC
    return zone_named(text) or UTC


def day_of(moment: Moment) -> date:
    """Give the local day of a moment, in the zone it was told in."""
    return moment.at.astimezone(zone_of(moment)).date()


def is_later(one: Moment, other: Moment) -> bool:
    """Tell whether one moment is surely after the other; where one is only a day, days compare."""
    if one.precision is _DATE or other.precision is _DATE:
        return day_of(one) > day_of(other)
    return one.at > other.at


def end_of(promise: Moment) -> datetime:
    """Give the instant at which a promise is over: its instant, or the end of its local day."""
    if promise.precision is _DATE:
        return _end_of_day(promise.at, promise.zone)
    return promise.at


@lru_cache(maxsize=1024)  # a shipment's promise is looked at with every report of it
def _end_of_day(at: datetime, zone_name: str) -> datetime:
    zone = _zone(zone_name)
    tomorrow = at.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(0), tzinfo=zone).astimezone(UTC)
