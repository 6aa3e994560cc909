"""Which zone a time is in: the codes of element 623, beside the times of AT7 and G62.

Source: ASC X12 004010, element 623. The codes 01 to 24 count hours: 01 to 12 ahead of UTC, 13 to 24
behind (13 is twelve hours, 24 is one); P and M with two digits are what they stand for.
"""

from __future__ import annotations

from collections.abc import Mapping

LOCAL = "LT"  # local time at the place of the event

_NAMED = {
    "GM": "UTC",
    "UT": "UTC",
    "AT": "America/Halifax",
    "AS": "-04:00",
    "AD": "-03:00",
    "CT": "America/Chicago",
    "CS": "-06:00",
    "CD": "-05:00",
    "ET": "America/New_York",
    "ES": "-05:00",
    "ED": "-04:00",
    "HT": "Pacific/Honolulu",
    "HS": "-10:00",
    "HD": "-09:00",
    "MT": "America/Denver",
    "MS": "-07:00",
    "MD": "-06:00",
    "NT": "America/St_Johns",
    "NS": "-03:30",
    "ND": "-02:30",
    "PT": "America/Los_Angeles",
    "PS": "-08:00",
    "PD": "-07:00",
    "TT": "America/Anchorage",
    "TS": "-09:00",
    "TD": "-08:00",
}
_AHEAD = {f"{hours:02d}": f"+{hours:02d}:00" for hours in range(1, 13)}
_BEHIND = {f"{25 - hours:02d}": f"-{hours:02d}:00" for hours in range(1, 13)}
_SPELT = {f"P{hours:02d}": f"+{hours:02d}:00" for hours in range(1, 15)} | {
    f"M{hours:02d}": f"-{hours:02d}:00" for hours in range(1, 13)
}

# Code -> IANA zone, or an offset from UTC where the code fixes one.
ZONES: Mapping[str, str] = {**_NAMED, **_AHEAD, **_BEHIND, **_SPELT}
