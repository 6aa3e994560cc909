"""Amounts of a 210: whole numbers with two implied decimals, and what senders make of them.

`65940` is 659.40. Many write a point where the standard implies it: then the amount is taken as
written, and a finding says so. Rates (L1-02, L3-03) have points by the standard.
"""

from __future__ import annotations

from decimal import Decimal

from crossdock.canonical.money import Money, money
from crossdock.connectors.x12_carrier.inbound.context import SetContext
from crossdock.connectors.x12_carrier.wire import Row
from crossdock.faults import Unreadable
from crossdock.formats.numbers import exact_text, plain_decimal

KIND = "money"
POINT = "."
IMPLIED_DECIMALS = 2
CENT = Decimal("0.01")


def amount(context: SetContext, row: Row | None, number: int) -> Decimal | None:
    """Read an amount with implied decimals; None where there is none, with a finding for junk."""
    if row is None or not row[number]:
        return None
    text = row[number]
    value = amount_of(text)
    if value is None:
        context.notice("NOT_AN_AMOUNT", "This is no amount", row, number, "lost", text=text)
    elif POINT in text:
        said = "This amount has a point where the standard implies one; it was taken as written"
        context.notice("EXPLICIT_DECIMAL", said, row, number, KIND, text=text)
    return value


def amount_of(text: str) -> Decimal | None:
    """Read an amount: as written where it has a point, else with two decimals implied."""
    value = plain_decimal(text)
    return value if value is None or POINT in text else value.scaleb(-IMPLIED_DECIMALS)


def pointed(row: Row | None, number: int) -> Decimal | None:
    """Read an amount where none belongs: only a point makes a text one."""
    text = "" if row is None else row[number]
    return plain_decimal(text) if POINT in text else None


def in_currency(
    context: SetContext, value: Decimal, currency: str, row: Row, number: int
) -> Money | None:
    """Make money of an amount; None, with a finding, for more decimals than the currency has."""
    try:
        return money(exact_text(value), currency)
    except Unreadable as fault:
        seen = {"text": row[number], "currency": currency}
        context.notice("NOT_AN_AMOUNT", fault.said, row, number, "lost", **seen)
        return None
