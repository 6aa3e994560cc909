"""Public holidays: a calendar's country becomes days on which nobody works, once, at loading.

The days come from the `holidays` package, offline. They are part of the rule book from then on: a
case that keeps its version keeps its holidays, and deciding looks at nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import holidays
import msgspec

from crossdock.policies.calendars import Calendar

# Fixed, so that the same files give the same rule book in whatever year they are loaded.
YEARS = range(2020, 2050)


def with_holidays(calendar: Calendar) -> Calendar:
    """Close a calendar on its country's holidays, less those on which somebody works."""
    days = {*calendar.closed, *_public(calendar)} - {*calendar.worked}
    return msgspec.structs.replace(calendar, closed=tuple(sorted(days)))


def _public(calendar: Calendar) -> Iterator[str]:
    if calendar.country:
        subdivision = calendar.subdivision or None
        found = holidays.country_holidays(calendar.country, subdivision, years=YEARS)
        yield from (day.isoformat() for day in found)


def check_holidays(calendars: Sequence[Calendar]) -> Iterator[tuple[int, str, str]]:
    """Name the countries and subdivisions whose holidays nobody knows: place, field, and why."""
    known = holidays.list_supported_countries(include_aliases=False)
    for place, each in enumerate(calendars):
        if each.country and each.country not in known:
            yield place, "country", f"the holidays of `{each.country}` are not known; write `DE`"
        elif each.subdivision and each.subdivision not in known.get(each.country, ()):
            parts = ", ".join(known.get(each.country, ())) or "none"
            said = f"`{each.country}` has no subdivision `{each.subdivision}`; there are: {parts}"
            yield place, "subdivision", said if each.country else "a subdivision needs its country"
