"""Working time: nights, holidays, and days on which the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.faults import Misconfigured
from crossdock.governance.load import load_rules
from crossdock.policies.calendars import Calendar, calendar_named, working_minutes_later

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = Calendar(name="office", zone="Europe/Berlin", opens="08:00", closes="16:00")
NIGHT = Calendar(name="night", zone="Europe/Berlin", opens="22:00", closes="06:00")
ALL_DAY = Calendar(
    name="all day",
    zone="Europe/Berlin",
    opens="00:00",
    closes="00:00",
    weekdays=(1, 2, 3, 4, 5, 6, 7),
)


def local(day: int, hour: int, minute: int = 0, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("calendar", "start", "minutes", "end"),
    [
        (None, local(27, 15), 600, local(28, 1)),
        (OFFICE, local(26, 9), 60, local(26, 10)),
        (OFFICE, local(26, 15), 60, local(26, 16)),
        (OFFICE, local(26, 15), 61, local(27, 8, 1)),
        (OFFICE, local(26, 5), 60, local(26, 9)),
        (OFFICE, local(27, 20), 60, local(30, 9)),
        (OFFICE, local(26, 8), 5 * 8 * 60, local(1, 16, month=4)),
        (NIGHT, local(26, 23), 60 * 8, local(27, 23)),
        (NIGHT, local(26, 3), 60 * 4, local(26, 23)),
        # The clocks go forward in the night to the 29th: it has 23 hours.
        (ALL_DAY, local(29, 0), 60 * 23, local(30, 0)),
    ],
)
def test_working_minutes_pass_only_while_somebody_works(
    calendar: Calendar | None, start: datetime, minutes: int, end: datetime
) -> None:
    assert working_minutes_later(calendar, start.astimezone(UTC), minutes) == end


def test_nobody_works_on_a_closed_day() -> None:
    closed = Calendar(name="office", zone="Europe/Berlin", closed=("2026-03-27",))

    due_at = working_minutes_later(closed, local(26, 17).astimezone(UTC), 120)

    assert due_at == local(30, 9)


def test_a_calendar_on_which_nobody_works_is_refused() -> None:
    never = Calendar(name="never", weekdays=())

    with pytest.raises(Misconfigured, match="Nobody ever works"):
        working_minutes_later(never, local(26, 9).astimezone(UTC), 1)


def test_a_name_nobody_gave_is_refused() -> None:
    with pytest.raises(Misconfigured, match="no calendar of this name"):
        calendar_named((OFFICE,), "offce")


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - the strategy adds the zone
    st.integers(1, 3000),
    st.integers(1, 3000),
)
def test_waiting_twice_is_waiting_for_the_sum(start: datetime, first: int, second: int) -> None:
    once = working_minutes_later(OFFICE, working_minutes_later(OFFICE, start, first), second)

    assert once == working_minutes_later(OFFICE, start, first + second)
    assert once - start >= timedelta(minutes=first + second)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "calendars",
            '[[calendars]]\nname = "a"\nzone = "Europe/Ulm"\n',
            "calendars.toml:3: `Europe/Ulm` is no time zone",
        ),
        (
            "calendars",
            '[[calendars]]\nname = "a"\n[[calendars]]\nname = "a"\n',
            "calendars.toml:4: two calendars are named `a`",
        ),
        (
            "calendars",
            '[[calendars]]\nname = "a"\nclosed = ["2026-02-30"]\n',
            "calendars.toml:3: `2026-02-30` is no day",
        ),
        (
            "calendars",
            '[[calendars]]\nname = "a"\nweekdays = []\n',
            "calendars.toml:3: nobody works on no day",
        ),
        (
            "tendering",
            'calendar = "office"\n',
            "tendering.toml:1: there is no calendar `office`",
        ),
        (
            "acknowledgement",
            '[[partners]]\npartner = "road"\ncalendar = "office"\n',
            "acknowledgement.toml:3: there is no calendar `office`",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_at_its_line(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    (tmp_path / f"{name}.toml").write_text(text, "utf-8")

    with pytest.raises(Misconfigured) as refused:
        load_rules(tmp_path)

    assert said in refused.value.said


def loaded(folder: Path, text: str) -> Calendar:
    (folder / "calendars.toml").write_text(f'[[calendars]]\nname = "office"\n{text}', "utf-8")
    return load_rules(folder).calendars[0]


def test_a_country_closes_its_public_holidays_and_own_days_come_on_top(tmp_path: Path) -> None:
    texan = loaded(
        tmp_path,
        'zone = "America/Chicago"\ncountry = "US"\nsubdivision = "TX"\n'
        'closed = ["2026-11-27"]\nworked = ["2026-11-11"]\n',
    )

    november = [each for each in texan.closed if each.startswith("2026-11")]

    assert november == ["2026-11-26", "2026-11-27"]  # Thanksgiving and its Friday, no Veterans Day


def test_an_offer_made_before_easter_is_answered_after_it(tmp_path: Path) -> None:
    bavarian = loaded(
        tmp_path, 'zone = "Europe/Berlin"\ncountry = "DE"\nsubdivision = "BY"\ncloses = "16:00"\n'
    )

    due_at = working_minutes_later(bavarian, local(2, 15, month=4).astimezone(UTC), 120)

    assert due_at == local(7, 9, month=4)  # Good Friday, the weekend and Easter Monday pass


def test_holidays_are_those_of_thirty_years_whenever_the_files_are_loaded(tmp_path: Path) -> None:
    scot = loaded(tmp_path, 'country = "GB"\nsubdivision = "SCT"\n')

    assert (scot.closed[0], scot.closed[-1][:4]) == ("2020-01-01", "2049")
    assert "2026-11-30" in scot.closed  # St. Andrew's Day, which no other part of GB keeps


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('country = "XQ"', "3: the holidays of `XQ` are not known; write `DE`"),
        ('country = "DE"\nsubdivision = "TX"', "4: `DE` has no subdivision `TX`"),
        ('subdivision = "TX"', "3: a subdivision needs its country"),
        ('worked = ["2026-02-30"]', "3: `2026-02-30` is no day"),
    ],
)
def test_holidays_that_nobody_knows_are_refused_at_their_line(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(Misconfigured, match=said):
        loaded(tmp_path, text + "\n")
