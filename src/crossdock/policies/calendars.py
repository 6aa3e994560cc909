"""Business calendars: when somebody is at work, and when so many working minutes will have passed.

Hours are local to the calendar's zone, so that a day on which the clocks change is as long as it
really is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from crossdock.faults import Misconfigured

DAYS_MAX = 3660  # a calendar that is closed for ten years is no calendar

Hour = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Weekday = Annotated[int, Meta(ge=1, le=7)]
Date = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]


class Calendar(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a partner or a team works.

    `weekdays` are ISO numbers (1 is Monday); `opens` and `closes` are local times, the same for
    both means all day. Nobody works on the public holidays of `country` (ISO 3166-1, two letters)
    and its `subdivision` (the part after the hyphen in ISO 3166-2: `TX`, `BY`), nor on the days of
    `closed`: a plant's summer. `worked` are holidays on which somebody works all the same.
    """

    name: str
    zone: str = "UTC"
    weekdays: tuple[Weekday, ...] = (1, 2, 3, 4, 5)
    opens: Hour = "08:00"
    closes: Hour = "18:00"
    closed: tuple[Date, ...] = ()
    country: str = ""
    subdivision: str = ""
    worked: tuple[Date, ...] = ()


def calendar_named(calendars: Sequence[Calendar], name: str) -> Calendar | None:
    """Find a calendar; an empty name means that every minute counts.

    Raises Misconfigured for a name nobody has given.
    """
    if not name:
        return None
    found = next((each for each in calendars if each.name == name), None)
    if found is None:
        known = ", ".join(each.name for each in calendars) or "none"
        raise Misconfigured("There is no calendar of this name", calendar=name, known=known)
    return found


def working_minutes_later(calendar: Calendar | None, start: datetime, minutes: int) -> datetime:
    """Tell when so many working minutes will have passed since `start`, in UTC.

    Raises Misconfigured for a calendar on which nobody ever works.
    """
    if calendar is None:
        return start + timedelta(minutes=minutes)
    left = timedelta(minutes=minutes)
    for opens, closes in _hours(calendar, start):
        begins = max(opens, start)
        if closes - begins >= left:
            return begins + left
        left -= closes - begins
    raise Misconfigured("Nobody ever works by this calendar", calendar=calendar.name)


def working_days_later(calendar: Calendar | None, start: datetime, days: int) -> datetime:
    """Tell when so many working days will have passed: the close of the last one, in UTC.

    The day that has begun by `start` is not counted. Without a calendar every day counts, to the
    minute. Raises Misconfigured for a calendar on which nobody ever works.
    """
    if calendar is None:
        return start + timedelta(days=days)
    counted = 0
    for opens, closes in _hours(calendar, start):
        counted += opens >= start
        if counted >= days:
            return closes
    raise Misconfigured("Nobody ever works by this calendar", calendar=calendar.name)


def _hours(calendar: Calendar, start: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Walk the working hours that end after `start`, in UTC."""
    zone = ZoneInfo(calendar.zone)
    opens, closes = time.fromisoformat(calendar.opens), time.fromisoformat(calendar.closes)
    overnight = timedelta(days=1 if closes <= opens else 0)
    closed = _days(calendar.closed)
    day = start.astimezone(zone).date() - timedelta(days=1)
    for _ in range(DAYS_MAX):
        if day.isoweekday() in calendar.weekdays and day not in closed:
            begins = datetime.combine(day, opens, zone).astimezone(UTC)
            ends = datetime.combine(day + overnight, closes, zone).astimezone(UTC)
            if ends > start:
                yield begins, ends
        day += timedelta(days=1)


@lru_cache(maxsize=256)  # a country's holidays of many years are read once, not for each timer
def _days(texts: tuple[str, ...]) -> frozenset[date]:
    return frozenset(date.fromisoformat(each) for each in texts)


def check_calendars(calendars: Sequence[Calendar]) -> Iterator[tuple[int, str, str]]:
    """Name what no calendar may have: its place in the list, the field, and why."""
    names: set[str] = set()
    for place, each in enumerate(calendars):
        if each.name in names:
            yield place, "name", f"two calendars are named `{each.name}`"
        names.add(each.name)
        if not _is_zone(each.zone):
            yield place, "zone", f"`{each.zone}` is no time zone, such as `America/Chicago`"
        if not each.weekdays:
            yield place, "weekdays", "nobody works on no day"
        for field, days in (("closed", each.closed), ("worked", each.worked)):
            for day in days:
                if not _is_date(day):
                    yield place, field, f"`{day}` is no day"


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
