"""Times as partners write them: RFC 3339, local texts with and without a zone, and plain dates.

Who says the zone is kept with every time; docs/why/0007 tells why.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from crossdock.canonical.moments import (
    ClockChange,
    Moment,
    Precision,
    ZoneSource,
    clock_change,
    local_day,
    zone_named,
)
from crossdock.connectors.system_api.reading import Element

# What lies before is a default that a program wrote for "unknown" (0001-01-01, 1900-01-01).
YEAR_MIN, YEAR_MAX = 1970, 2199
LEAP_SECOND = "60"  # RFC 3339, section 5.7; read as the next minute's first
HOUR_MAX, MINUTE_MAX = "23", 59

# RFC 3339, section 5.6, with the offset and the seconds optional and any number of decimals.
_TIME = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})"
    r"(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]+))?)?"
    r"(?P<offset>[Zz]|[+-][0-9]{2}:[0-9]{2})?",
    re.ASCII,
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def moment(
    element: Element, text: str, where: str, *, place: str = "", partner: str = ""
) -> Moment:
    """Read a time: with an offset, or local in the best zone that is known.

    `partner` is the zone the sender names beside the time, `place` that of the place where it
    happened. Raises Unreadable for what is no time.
    """
    found = _TIME.fullmatch(text.strip())
    if not found:
        raise element.refuse("NOT_A_TIME", "This is not a time", where, text=text[:100])
    try:
        local = _local(found)
        if found["offset"]:
            return _with_offset(local, found["offset"], text)
    except (ValueError, OverflowError) as error:
        said = "This is not a time that can be meant"
        raise element.refuse("NOT_A_TIME", said, where, text=text[:100]) from error
    name, zone, source = _zone(element, where, place=place, partner=partner)
    _notice_clock_change(element, local, zone, where, text)
    at = local.replace(tzinfo=zone).astimezone(UTC)
    return Moment(at=at, text=text, zone=name, zone_source=source)


def moment_or_day(
    element: Element, text: str, where: str, *, place: str = "", partner: str = ""
) -> Moment:
    """Read a time as `moment` does, or a plain date as a local day at that place."""
    if not _DATE.fullmatch(text.strip()):
        return moment(element, text, where, place=place, partner=partner)
    try:
        day = _meant(date.fromisoformat(text.strip()))
    except ValueError as error:
        said = "This is not a day that can be meant"
        raise element.refuse("NOT_A_TIME", said, where, text=text[:100]) from error
    name, _zone_found, source = _zone(element, where, place=place, partner=partner)
    return local_day(day, name, source, text=text)


def instant_text(told: Moment) -> str:
    """Write a time as RFC 3339 in UTC, or as the plain date it was told as."""
    if told.precision is Precision.DATE:
        return told.at.astimezone(ZoneInfo(told.zone)).date().isoformat()
    return utc_text(told.at)


def utc_text(at: datetime) -> str:
    """Write an instant as RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _local(found: re.Match[str]) -> datetime:
    day, hour, minute, second, fraction = found.group("day", "hour", "minute", "second", "fraction")
    if hour > HOUR_MAX:  # some readers take 24:00 for the next midnight; RFC 3339 has none
        raise ValueError(hour)
    leap = second == LEAP_SECOND
    whole = f"{day}T{hour}:{minute}:{'59' if leap else second or '00'}"
    local = datetime.fromisoformat(f"{whole}.{fraction:0<6.6}" if fraction else whole)
    _meant(local)
    return local + timedelta(seconds=1) if leap else local


def _meant(day: date) -> date:
    if not YEAR_MIN <= day.year <= YEAR_MAX:
        raise ValueError(day)
    return day


def _with_offset(local: datetime, offset: str, text: str) -> Moment:
    hours, minutes = (0, 0) if offset in "Zz" else (int(offset[1:3]), int(offset[4:6]))
    if offset[1:3] > HOUR_MAX or minutes > MINUTE_MAX:
        raise ValueError(offset)
    at, zone = local.replace(tzinfo=UTC), "UTC"
    if hours or minutes:
        away = timedelta(hours=hours, minutes=minutes)
        at, zone = at + away if offset[0] == "-" else at - away, offset
    return Moment(at=at, text=text, zone=zone, zone_source=ZoneSource.OFFSET)


def _zone(
    element: Element, where: str, *, place: str, partner: str
) -> tuple[str, tzinfo, ZoneSource]:
    for name, source in _named(partner, place, element.time_zone):
        zone = zone_named(name)
        if zone is not None:
            return name, zone, source
        element.notice("UNKNOWN_TIME_ZONE", "Nobody knows this time zone", where, zone=name[:100])
    said = "Nobody said which zone this local time is in; UTC was taken"
    element.notice("NO_TIME_ZONE", said, where)
    return "UTC", UTC, ZoneSource.ASSUMED


def _named(partner: str, place: str, setting: str) -> Iterator[tuple[str, ZoneSource]]:
    if partner:
        yield partner, ZoneSource.PARTNER
    if place:
        yield place, ZoneSource.PLACE
    if setting:
        yield setting, ZoneSource.SETTING


def _notice_clock_change(
    element: Element, local: datetime, zone: tzinfo, where: str, text: str
) -> None:
    match clock_change(local, zone):
        case ClockChange.TWICE:
            said = "The clocks show this local time twice that day; the first was taken"
            element.notice("LOCAL_TIME_TWICE", said, where, text=text)
        case ClockChange.SKIPPED:
            said = "The clocks skip this local time that day; it was read as if they did not"
            element.notice("LOCAL_TIME_SKIPPED", said, where, text=text)
        case ClockChange.NONE:
            pass
