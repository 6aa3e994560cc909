"""The totals of a 210: what is due, wherever a sender writes it, held against its charges.

By the standard B3-07 is what is due, L3-05 sums L1-04, L3-06 the advances and L3-07 what was paid
before. Senders write the total elsewhere, with a point: that is recognised, and said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from crossdock.canonical.freight import FreightCharge
from crossdock.canonical.money import decimal_text
from crossdock.connectors.x12_carrier.inbound.amounts import (
    KIND,
    amount,
    amount_of,
    pointed,
)
from crossdock.connectors.x12_carrier.inbound.context import SetContext
from crossdock.connectors.x12_carrier.inbound.invoice_lines import ADVANCE, PAID, Terms
from crossdock.connectors.x12_carrier.wire import Row
from crossdock.formats.numbers import exact_text

DUE = 7  # B3-07
CHARGES, ADVANCES, PREPAID = 5, 6, 7  # of L3
ELSEWHERE = {"B3": (4, 5, 6), "L3": (4, 3)}  # where totals were seen, in this order


class Told(NamedTuple):
    """An amount of the head or the foot, and where it stands."""

    value: Decimal
    row: Row
    number: int


class Sums(NamedTuple):
    """What is told of a bill's money: its charges, what is due, L3 and what that sums."""

    billed: Sequence[FreightCharge]
    due: Told | None
    l3: Row | None
    charged: Told | None


def due(context: SetContext, b3: Row) -> Told | None:
    """Read what is due; None where B3 does not say."""
    return _told(context, b3, DUE)


def charged(context: SetContext, l3: Row | None) -> Told | None:
    """Read what L3 says all charges sum to; None where it does not say."""
    return None if l3 is None else _told(context, l3, CHARGES)


def _told(context: SetContext, row: Row, number: int) -> Told | None:
    """Read a total in its place, else where a text with a point stands instead of it."""
    if amount_of(row[number]) is None:
        for other in ELSEWHERE[row.tag]:
            value = pointed(row, other)
            if value is not None:
                said = f"The total stands here, and not in {row.tag}-{number:02d}"
                context.notice("TOTAL_ELSEWHERE", said, row, other, KIND, text=row[other])
                return Told(value, row, other)
    value = amount(context, row, number)
    return None if value is None else Told(value, row, number)


def check(context: SetContext, terms: Terms, sums: Sums) -> None:
    """Notice each sum that does not agree: of the charges, of L3, and of what is due."""
    if len({each.amount.currency for each in sums.billed}) > 1:
        return  # told with the charges: nobody can add them
    for told, name, value in _sums(context, sums):
        if told.value == value:
            continue
        place = f"{told.row.tag}-{told.number:02d}"
        said = f"{name} {exact_text(value)}, and {place} says {exact_text(told.value)}"
        if value in {told.value * 100, told.value / 100}:
            said += ": a decimal point is meant, or is not"
        seen = {"told": exact_text(told.value), "summed": exact_text(value)}
        context.notice("SUMS_DISAGREE", said, told.row, told.number, KIND, **seen)
        terms.disagreements.append(said)


def _sums(context: SetContext, sums: Sums) -> Iterator[tuple[Told, str, Decimal]]:
    """Give each total that is told, and what it should be."""
    parts = dict.fromkeys(("", ADVANCE, PAID), Decimal("0.00"))
    for each in sums.billed:
        end = next((end for end in (ADVANCE, PAID) if each.charge_id.endswith(end)), "")
        parts[end] += Decimal(decimal_text(each.amount))
    advances = _foot(context, sums.l3, ADVANCES)
    prepaid = _foot(context, sums.l3, PREPAID)
    if sums.billed:
        beside = (
            (sums.charged, "The charges sum to", parts[""]),
            (advances, "The advances sum to", parts[ADVANCE]),
            (prepaid, "What was paid before sums to", -parts[PAID]),
            (sums.due, "All lines come to", sum(parts.values(), Decimal(0))),
        )
        yield from ((told, name, value) for told, name, value in beside if told is not None)
    if sums.due is not None and sums.charged is not None:
        foot = sums.charged.value
        foot += advances.value if advances else 0
        foot -= prepaid.value if prepaid else 0
        yield sums.due, "L3 comes to", foot


def _foot(context: SetContext, l3: Row | None, number: int) -> Told | None:
    value = amount(context, l3, number)
    return None if value is None or l3 is None else Told(value, l3, number)
