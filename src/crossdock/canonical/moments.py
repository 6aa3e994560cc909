"""Times: a UTC instant, and what the sender really wrote, in which zone, and who said so."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

from msgspec import Meta

from crossdock.canonical import Canonical

Instant = Annotated[datetime, Meta(tz=True)]


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


def end_of(promise: Moment) -> datetime:
    """Give the instant at which a promise is over: its instant, or the end of its local day."""
    if promise.precision is Precision.INSTANT:
        return promise.at
    zone = ZoneInfo(promise.zone)
    tomorrow = promise.at.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(0), tzinfo=zone).astimezone(UTC)
