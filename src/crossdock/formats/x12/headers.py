"""What headers and trailers say: how they are found, and which numbers they may bear."""

from __future__ import annotations

import re
from functools import lru_cache

CONTROL_DIGITS_MAX = 9
SET_CONTROL_MIN = 4
# Element 479, GS01, by the sets of the tables.
FUNCTIONS = {
    "204": "SM",
    "210": "IM",
    "214": "QM",
    "315": "QO",
    "990": "GF",
    "997": "FA",
    "999": "FA",
}
SET_ID_DIGITS = 3
SEEN_MAX = 100_000


@lru_cache(maxsize=64)
def tags(element: str, segment: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Spell the tags of the envelope as a block's first segment, and as any other."""
    end = re.escape(segment)
    tag = rf"[\r\n\t \x00]*(ST|SE|GS|GE|IEA|TA1)(?={re.escape(element)})[^{end}]*"
    return re.compile(tag), re.compile(rf"{end}(?=[\r\n\t \x00SGIT]){tag}")


def element(elements: list[str], number: int) -> str:
    """Give an element without blanks around it; empty where the segment ends before."""
    return elements[number].strip() if number < len(elements) else ""


def came_before(control: str, seen: set[str]) -> bool:
    """Tell whether a number was seen before, among the first of them: memory must not grow."""
    if control in seen:
        return True
    if len(seen) < SEEN_MAX:
        seen.add(control)
    return False


def is_control(text: str) -> bool:
    """Tell whether a text is a control number of an interchange or a group."""
    return text.isdecimal() and len(text) <= CONTROL_DIGITS_MAX


def is_same(one: str, other: str) -> bool:
    """Compare counts and control numbers: numbers by value, so that zeros in front do not count."""
    if one == other:
        return True
    numbers = one.isdecimal() and other.isdecimal()
    return numbers and one.lstrip("0") == other.lstrip("0")


def is_sound(function: str, set_id: str, control: str, seen: set[str]) -> bool:
    """Tell whether nothing is to be said of a set's header, in a group of a function (GS01).

    The number of a set that is sound is `seen` from here on.
    """
    return (
        (not function or FUNCTIONS.get(set_id, function) == function)
        and len(set_id) == SET_ID_DIGITS
        and set_id.isalnum()
        and SET_CONTROL_MIN <= len(control) <= CONTROL_DIGITS_MAX
        and not came_before(control, seen)
    )
