"""Times of X12: a day, a time of day and a code for the zone, each missing or wrong at times.

Who says the zone is kept with every time. In order: the code beside it (`PARTNER`), the place where
it happened (`PLACE`), the partner's settings (`SETTING`); where nobody says, UTC is taken
(`ASSUMED`) and a finding tells.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple

from msgspec import Struct

from crossdock.canonical.moments import (
    ClockChange,
    Moment,
    ZoneSource,
    clock_change,
    local_day,
    zone_named,
)
from crossdock.canonical.zones import PlaceZone
from crossdock.connectors.x12_carrier.codes.times import LOCAL, ZONES
from crossdock.connectors.x12_carrier.inbound.context import SetContext
from crossdock.connectors.x12_carrier.wire import Row
from crossdock.formats.x12.envelope import Group

KIND = "time"
UNIVERSAL = "UTC"
YEAR_MIN, YEAR_MAX = 1970, 2199
DAY_DIGITS, SHORT_DIGITS, CENTURY = 8, 6, "20"  # before 004010 days were written YYMMDD
MINUTE_DIGITS, SECOND_DIGITS = 4, 6
MIDNIGHT_AFTER = "2400"  # some write the end of a day so
DAY = timedelta(days=1)
AHEAD_MAX = timedelta(hours=26)  # what is further ahead of its own envelope is no fact yet

SAID = {
    "NOT_A_TIME": "This is no day, or no time of day, that can be meant",
    "NO_TIME": "There is no day here",
    "SHORT_DATE": "This day has no century; this one was taken",
    "UNKNOWN_TIME_CODE": "This time code is in no list; the zone of the place was taken",
    "ZONE_AMBIGUOUS": "The state or country has parts in two time zones; that of most was taken",
    "NO_TIME_ZONE": "Nobody said which zone this local time is in; UTC was taken",
    "LOCAL_TIME_TWICE": "The clocks show this local time twice that day; the first was taken",
    "LOCAL_TIME_SKIPPED": "The clocks skip this local time that day; it was read as if not",
    "ZONE_DISAGREES": "The time code and the place do not have the same time that day",
    "TIME_AHEAD": "This is told as a fact and lies ahead of the message that tells it",
}
CHANGES = {
    ClockChange.TWICE: "LOCAL_TIME_TWICE",
    ClockChange.SKIPPED: "LOCAL_TIME_SKIPPED",
    ClockChange.NONE: "",
}


class Day(NamedTuple):
    """A day as told, its zone, who said so, and the codes of what is to be said about it.

    `midnight` is when it begins, where no clock is changed near it, and `codes_of_times` is what is
    to be said about a time of such a day.
    """

    date: date
    zone: str
    source: ZoneSource
    codes: tuple[str, ...]
    midnight: datetime | None = None
    codes_of_times: tuple[str, ...] = ()


class Read(Struct, frozen=True):
    """What a time was read as, and the codes of what is to be said about it."""

    moment: Moment | None
    codes: tuple[str, ...] = ()


def moment_at(
    context: SetContext, row: Row, first: int, place: PlaceZone | None = None
) -> Moment | None:
    """Read three elements from `first` on: day, time, zone. None, with a finding, where none is."""
    return moment_told(context, row, first, (row[first], row[first + 1], row[first + 2]), place)


def moment_in_window(context: SetContext, row: Row, place: PlaceZone | None) -> Moment | None:
    """Read the day, time and zone of a G62, between which stands a qualifier."""
    return moment_told(context, row, 2, (row[2], row[4], row[5]), place)


def moment_told(
    context: SetContext, row: Row, first: int, texts: tuple[str, str, str], place: PlaceZone | None
) -> Moment | None:
    """Read a day, a time and a zone of a segment, whose first element is `first`."""
    settings = context.settings
    code = settings.zone_codes.get(texts[2], texts[2]) if settings.zone_codes else texts[2]
    read = read_time(texts[0], texts[1], code, place, settings.time_zone)
    for each in read.codes:
        context.notice(each, SAID[each], row, first, KIND, text=" ".join(texts).strip())
    return read.moment


def moment_with(
    context: SetContext, row: Row, first: int, code: str, place: PlaceZone | None = None
) -> Moment | None:
    """Read a day and a time from `first` on whose zone's code stands elsewhere, or nowhere."""
    return moment_told(context, row, first, (row[first], row[first + 1], code), place)


def day_at(
    context: SetContext, row: Row, number: int, place: PlaceZone | None = None
) -> Moment | None:
    """Read one element as a day at a place. None, with a finding, where it is none."""
    return moment_told(context, row, number, (row[number], "", ""), place)


def written_at(group: Group, time_zone: str) -> Moment | None:
    """Tell when a group was written; GS says no zone, so the partner's is taken, else UTC."""
    return read_time(group.date, group.time, "", None, time_zone).moment


def is_ahead(moment: Moment, context: SetContext) -> bool:
    """Tell whether something lies further ahead of its envelope than any zone explains."""
    return context.written is not None and moment.at > context.written.at + AHEAD_MAX


@lru_cache(maxsize=8192)  # one message tells many times of the same minute and place
def read_time(day: str, clock: str, code: str, place: PlaceZone | None, setting: str) -> Read:
    """Read a time: `day` CCYYMMDD, `clock` HHMM or more digits or empty, `code` of element 623.

    `code` may also be an IANA zone or an offset, where a partner's settings say so.
    """
    if not day:
        return Read(None, ("NO_TIME",))
    try:
        told = _day_told(day, code, place, setting)
        since = _since_midnight(clock) if clock else None
    except ValueError:
        return Read(None, ("NOT_A_TIME",))
    text = f"{day} {clock} {code}".strip()
    if since is None:
        return Read(_day(told.date, told.zone, told.source, text), told.codes)
    if told.midnight is not None and since < DAY:
        at, codes = told.midnight + since, told.codes_of_times
    else:
        at, codes = _looked_up(told, datetime.combine(told.date, time()) + since, place)
    return Read(Moment(at=at, text=text, zone=told.zone, zone_source=told.source), codes)


@lru_cache(maxsize=4096)
def _day_told(day: str, code: str, place: PlaceZone | None, setting: str) -> Day:
    """Read a day, and find its zone. Raises ValueError for what is no day."""
    date_told = _date(day)
    zone, source, codes = _zone(code, place, setting)
    if len(day) == SHORT_DIGITS:
        codes = (*codes, "SHORT_DATE")
    told = Day(date_told, zone, source, codes)
    zones = filter(None, (zone, _compared(zone, source, place)))
    if any(_steady(date_told, each) is None for each in zones):
        return told
    at, codes = _looked_up(told, datetime.combine(date_told, time()), place)
    return told._replace(midnight=at, codes_of_times=codes)


def _looked_up(
    told: Day, local: datetime, place: PlaceZone | None
) -> tuple[datetime, tuple[str, ...]]:
    """Find the instant of a local time, and all that is to be said about it."""
    at, change = _instant(local, told.zone)
    compared = _compared(told.zone, told.source, place)
    disagrees = compared is not None and _instant(local, compared)[0] != at
    said = (change, "ZONE_DISAGREES" if disagrees else "")
    return at, (*told.codes, *filter(None, said))


def _instant(local: datetime, name: str) -> tuple[datetime, str]:
    """Find the instant of a local time in a zone, and what is to be said of the clocks that day."""
    steady = _steady(local.date(), name)
    if steady is not None:
        return (local - steady).replace(tzinfo=UTC), ""
    zone = _zone_of(name)
    change = "" if zone is None else CHANGES[clock_change(local, zone)]
    return local.replace(tzinfo=zone).astimezone(UTC), change


@lru_cache(maxsize=1024)
def _steady(day: date, name: str) -> timedelta | None:
    """Tell how far a zone is ahead of UTC all of a day; None where its clocks may be changed."""
    zone = _zone_of(name)
    noon = datetime.combine(day, time(12), tzinfo=zone)
    offsets = {(noon + timedelta(days=days)).utcoffset() for days in (-1, 0, 1)}
    return offsets.pop() if len(offsets) == 1 else None


def _zone_of(name: str) -> tzinfo | None:
    """Find a zone by its IANA name or its offset."""
    if name[:1] in "+-":
        return datetime.fromisoformat(f"2000-01-01T00:00{name}").tzinfo
    return zone_named(name)


def _day(day: date, name: str, source: ZoneSource, text: str) -> Moment:
    zone = name if name[:1] not in "+-" else _fixed(name)
    return local_day(day, zone, source, text=text)


def _fixed(offset: str) -> str:
    """Name the zone of whole hours; POSIX counts them the other way round."""
    hours = int(offset[1:3])
    return f"Etc/GMT{'-' if offset[0] == '+' else '+'}{hours}" if hours else "UTC"


@lru_cache(maxsize=1024)
def _date(text: str) -> date:
    if len(text) == SHORT_DIGITS:
        text = CENTURY + text
    if len(text) != DAY_DIGITS or not text.isdecimal():
        raise ValueError(text)
    day = date(int(text[:4]), int(text[4:6]), int(text[6:]))
    if not YEAR_MIN <= day.year <= YEAR_MAX:
        raise ValueError(text)
    return day


@lru_cache(maxsize=4096)
def _since_midnight(clock: str) -> timedelta:
    """Read a time of day. Raises ValueError for what is none."""
    if len(clock) < MINUTE_DIGITS or not clock.isdecimal() or len(clock) % 2:
        raise ValueError(clock)
    if clock.startswith(MIDNIGHT_AFTER) and not clock[MINUTE_DIGITS:].strip("0"):
        return DAY
    second = int(clock[4:6] or 0)
    micro = int(clock[6:].ljust(6, "0")[:6]) if len(clock) > SECOND_DIGITS else 0
    told = time(int(clock[:2]), int(clock[2:4]), second, micro)
    return timedelta(
        hours=told.hour, minutes=told.minute, seconds=told.second, microseconds=told.microsecond
    )


def _zone(
    code: str, place: PlaceZone | None, setting: str
) -> tuple[str, ZoneSource, tuple[str, ...]]:
    told: tuple[str, ...] = ()
    if code and code != LOCAL:
        name = ZONES.get(code, "") or (code if _is_zone(code) else "")
        if name:
            return name, ZoneSource.PARTNER, ()
        told = ("UNKNOWN_TIME_CODE",)
    if place is not None:
        ambiguous = ("ZONE_AMBIGUOUS",) if place.split else ()
        return place.zone, ZoneSource.PLACE, (*told, *ambiguous)
    if setting and zone_named(setting) is not None:
        return setting, ZoneSource.SETTING, told
    return "UTC", ZoneSource.ASSUMED, (*told, "NO_TIME_ZONE")


def _is_zone(code: str) -> bool:
    offset = len(code) == len("+00:00") and code[0] in "+-" and code[1:3].isdecimal()
    return offset or ("/" in code and zone_named(code) is not None)


def _compared(zone: str, source: ZoneSource, place: PlaceZone | None) -> str | None:
    """Tell which zone a code must agree with: `ES` in July is not the time its place keeps.

    Whoever writes UTC means no place's time.
    """
    told = source is ZoneSource.PARTNER and zone != UNIVERSAL
    return place.zone if told and place is not None and not place.split else None
