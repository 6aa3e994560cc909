"""Numbers as partners write them: plain decimals in ASCII, no exponents, exactly as said."""

from __future__ import annotations

import re
from decimal import Decimal

DIGITS_MAX = 18  # what every database and spreadsheet in the chain still holds exactly

_WHOLE = re.compile(r"[+-]?[0-9]+", re.ASCII)
_POINT = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?", re.ASCII)
_COMMA = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?", re.ASCII)


def plain_decimal(text: str, *, comma: bool = False) -> Decimal | None:
    """Read `-12.50` (with `comma` also `-12,50`); None where it is no plain decimal.

    Thousands are not taken apart: nobody can say whether `1.234` with a comma to follow was meant.
    """
    shape = _COMMA if comma else _POINT
    if not shape.fullmatch(text) or sum(map(str.isdigit, text)) > DIGITS_MAX:
        return None
    return Decimal(text.replace(",", "."))


def whole_number(text: str) -> int | None:
    """Read `42`; None where it is no whole number in ASCII digits."""
    if not _WHOLE.fullmatch(text) or sum(map(str.isdigit, text)) > DIGITS_MAX:
        return None
    return int(text)


def exact_text(value: Decimal) -> str:
    """Write a decimal without an exponent: `10`, never `1E+1`."""
    return format(value, "f")
