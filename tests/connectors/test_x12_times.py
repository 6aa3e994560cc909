"""Local times of X12 in their zones: the instants, whatever the clocks do that day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.canonical.zones import PlaceZone
from crossdock.connectors.x12_carrier.inbound.times import read_time

# Half an hour of summer time, a day that was left out, changes at midnight, none at all.
ZONES = (
    "America/Chicago",
    "America/Phoenix",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Asia/Beirut",
    "Pacific/Apia",
    "America/Havana",
    "Europe/Dublin",
    "Africa/Casablanca",
)
HOURS = st.integers(min_value=0, max_value=24 * 366 * 16)


@given(zone=st.sampled_from(ZONES), hours=HOURS, minute=st.integers(0, 59))
def test_a_local_time_is_the_instant_that_its_zone_says(zone: str, hours: int, minute: int) -> None:
    local = datetime(2010, 1, 1) + timedelta(hours=hours, minutes=minute)  # noqa: DTZ001 - local

    read = read_time(f"{local:%Y%m%d}", f"{local:%H%M}", "LT", PlaceZone(zone), "")

    assert read.moment is not None
    assert read.moment.at == local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("day", "clock", "at", "codes"),
    [
        ("20260307", "2359", "2026-03-08T05:59", ()),
        ("20260308", "0159", "2026-03-08T07:59", ()),
        ("20260308", "0230", "2026-03-08T08:30", ("LOCAL_TIME_SKIPPED",)),
        ("20260308", "2400", "2026-03-09T05:00", ()),
        ("20261101", "0130", "2026-11-01T06:30", ("LOCAL_TIME_TWICE",)),
        ("20261101", "0230", "2026-11-01T08:30", ()),
        ("20261102", "0000", "2026-11-02T06:00", ()),
    ],
)
def test_the_clocks_of_chicago_are_followed_on_both_sides_of_a_change(
    day: str, clock: str, at: str, codes: tuple[str, ...]
) -> None:
    read = read_time(day, clock, "LT", PlaceZone("America/Chicago"), "")

    assert read.moment is not None
    assert (f"{read.moment.at:%Y-%m-%dT%H:%M}", read.codes) == (at, codes)
