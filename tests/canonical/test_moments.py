"""Stories of nasty moments: nights when clocks change, midnights, days without a time."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.canonical.moments import (
    Moment,
    Precision,
    ZoneSource,
    day_of,
    end_of,
    is_later,
    local_day,
    zone_of,
)

ZONES = ["Europe/Berlin", "America/New_York", "Pacific/Auckland", "Asia/Kathmandu", "UTC"]
days = st.dates(date(1990, 1, 2), date(2060, 12, 30))


def day(text: str, zone: str) -> Moment:
    return local_day(date.fromisoformat(text), zone, ZoneSource.PLACE)


def instant(text: str, zone: str = "UTC") -> Moment:
    at = datetime.fromisoformat(text)
    return Moment(at=at.astimezone(UTC), text=text, zone=zone, zone_source=ZoneSource.OFFSET)


@pytest.mark.parametrize(
    ("told", "end"),
    [
        (day("2026-03-28", "Europe/Berlin"), "2026-03-28T23:00:00+00:00"),
        (day("2026-03-29", "Europe/Berlin"), "2026-03-29T22:00:00+00:00"),
        (day("2026-10-24", "Europe/Berlin"), "2026-10-24T22:00:00+00:00"),
        (day("2026-10-25", "Europe/Berlin"), "2026-10-25T23:00:00+00:00"),
        (day("2026-03-07", "America/New_York"), "2026-03-08T05:00:00+00:00"),
        (day("2026-03-08", "America/New_York"), "2026-03-09T04:00:00+00:00"),
        (day("2026-12-31", "Pacific/Auckland"), "2026-12-31T11:00:00+00:00"),
        (day("2024-02-28", "Asia/Kathmandu"), "2024-02-28T18:15:00+00:00"),
        (instant("2026-03-29T02:30:00+01:00"), "2026-03-29T01:30:00+00:00"),
    ],
)
def test_a_promise_ends_with_its_local_day_or_at_its_instant(told: Moment, end: str) -> None:
    assert end_of(told) == datetime.fromisoformat(end)


def test_a_day_promised_where_midnight_does_not_exist_ends_when_the_next_begins() -> None:
    # Beirut sprang from 00:00 to 01:00 on 29 March 2026: the 28th ends at 22:00 UTC.
    assert end_of(day("2026-03-28", "Asia/Beirut")) == datetime(2026, 3, 28, 22, tzinfo=UTC)


@given(days, st.sampled_from(ZONES))
def test_a_day_is_told_at_its_noon_and_ends_within_thirteen_hours(on: date, zone: str) -> None:
    told = local_day(on, zone, ZoneSource.SETTING)

    assert told.at.astimezone(ZoneInfo(zone)).time() == time(12)
    assert timedelta(hours=11) <= end_of(told) - told.at <= timedelta(hours=13)


@given(days, st.sampled_from(ZONES))
def test_a_day_keeps_its_date_and_is_not_later_than_itself(on: date, zone: str) -> None:
    told = local_day(on, zone, ZoneSource.SETTING)

    assert (told.text, day_of(told)) == (on.isoformat(), on)
    assert not is_later(told, told)


def test_the_two_half_past_twos_of_an_autumn_night_are_an_hour_apart() -> None:
    night = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    first, second = (instant(night.replace(fold=fold).isoformat()) for fold in (0, 1))

    assert second.at - first.at == timedelta(hours=1)
    assert (is_later(second, first), is_later(first, second)) == (True, False)


@pytest.mark.parametrize(
    ("one", "other", "later"),
    [
        (day("2026-03-30", "Europe/Berlin"), day("2026-03-29", "Europe/Berlin"), True),
        (day("2026-03-29", "Europe/Berlin"), instant("2026-03-29T23:59:00+00:00"), False),
        (instant("2026-03-29T23:59:00+00:00"), day("2026-03-29", "Europe/Berlin"), False),
        (instant("2026-03-30T00:00:00+00:00"), day("2026-03-29", "Europe/Berlin"), True),
        (instant("2026-03-29T12:00:00+00:00"), instant("2026-03-29T12:00:00+00:00"), False),
    ],
)
def test_a_day_is_compared_by_days(one: Moment, other: Moment, *, later: bool) -> None:
    assert is_later(one, other) is later


@pytest.mark.parametrize(
    ("zone", "hours"),
    [
        ("Europe/Berlin", 2),
        ("+05:30", 5.5),
        ("-0800", -8),
        ("Nowhere/Land", 0),
        ("../../etc/passwd", 0),
        ("+99:00", 0),
        ("", 0),
    ],
)
def test_a_zone_is_a_name_or_an_offset_and_otherwise_utc(zone: str, hours: float) -> None:
    told = instant("2026-07-01T12:00:00+00:00", zone)

    assert zone_of(told).utcoffset(told.at.replace(tzinfo=None)) == timedelta(hours=hours)


def test_a_day_told_with_an_offset_for_a_zone_ends_there_too() -> None:
    noon = datetime(2026, 3, 29, 10, tzinfo=UTC)
    told = Moment(
        at=noon,
        text="2026-03-29",
        zone="+02:00",
        zone_source=ZoneSource.PARTNER,
        precision=Precision.DATE,
    )

    assert end_of(told) == datetime(2026, 3, 29, 22, tzinfo=UTC)
