"""Our postings of a business date against a ledger's statement: every difference, and no other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from crossdock.canonical.moments import Instant
from crossdock.canonical.money import Money
from crossdock.messages.freight_reconciliation import (
    AskedLine,
    DifferenceKind,
    LedgerDifference,
    LedgerLine,
    LedgerPosting,
    LedgerTotal,
    PostedLine,
    asked_names,
)
from crossdock.ports import Fact

POSTED = "freight_posting"  # the read model of what ledgers confirmed
ASKED = "freight_asked"  # the read model of what they were asked for last
FIRST = 1  # the revision before which nothing of a posting can stand in a ledger
ABSENT = frozenset({DifferenceKind.MISSING, DifferenceKind.OTHER_DATE})


class Statement(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a ledger says it holds, as of a moment; `role` is what its owner is to us."""

    as_of: Instant
    lines: tuple[LedgerLine, ...]
    role: str = ""


class Ours(NamedTuple):
    """What this house knows of postings: as confirmed, by line; as asked for, by verb and name."""

    posted: Mapping[str, PostedLine]
    asked: Mapping[str, AskedLine]


def ours_of(facts: Iterable[Fact]) -> Ours:
    """Read what was looked at."""
    found = [each for each in facts if each.body is not None]
    return Ours(
        posted={
            each.key.id: msgspec.json.decode(each.body or b"", type=PostedLine)
            for each in found
            if each.key.kind == POSTED
        },
        asked={
            each.key.id: msgspec.json.decode(each.body or b"", type=AskedLine)
            for each in found
            if each.key.kind == ASKED
        },
    )


def is_on_its_way(
    role: str,
    mine: PostedLine | None,
    theirs: Sequence[LedgerLine],
    asked: Mapping[str, AskedLine],
) -> bool:
    """Tell whether a ledger holds of a posting what it was asked for and has not confirmed."""
    line = mine.line if mine is not None else theirs[0]
    known = 0 if mine is None else mine.revision
    held = [each.amount for each in theirs]
    return any(
        one.revision > known and held == ([one.amount] if one.amount.minor else [])
        for one in (asked.get(name) for name in asked_names(role, line))
        if one is not None
    )


class Known(NamedTuple):
    """What is known of lines beside the two lists.

    `elsewhere` are ours that stand under another date there, `strays` theirs that are ours of
    another date; `accepted` are differences that a person let be; `asked` is what ledgers were
    asked for last.
    """

    elsewhere: Mapping[str, date]
    strays: Mapping[str, date]
    accepted: frozenset[str]
    asked: Mapping[str, AskedLine]


def difference_name(one: LedgerDifference) -> str:
    """Name a difference with all that makes it this one: accepted, it is not told again."""
    amounts = "/".join(
        f"{each.minor} {each.currency}" if each else "-" for each in (one.ours, one.theirs)
    )
    return f"{one.kind}/{one.line}/{amounts}/{one.times}/{one.found_on or ''}"


def compare(
    ledger: str, ours: Mapping[str, PostedLine], statement: Statement, known: Known
) -> tuple[LedgerDifference, ...]:
    """Find where a ledger's statement is not what was posted to it.

    What was posted after the statement was drawn is neither missed nor held against it, and what
    is on its way is not judged.
    """
    theirs = grouped(ledger, statement.lines)
    found: list[LedgerDifference] = []
    for name in sorted(set(ours) | set(theirs)):
        one = _difference(ledger, name, ours.get(name), theirs.get(name, ()), statement, known)
        if one is not None:
            found.append(one)
    return tuple(found)


def grouped(ledger: str, lines: Iterable[LedgerLine]) -> dict[str, list[LedgerLine]]:
    """Put a statement's lines under their names; a line of nothing is none."""
    theirs: dict[str, list[LedgerLine]] = {}
    for line in lines:
        if line.amount.minor:
            theirs.setdefault(line.named(ledger), []).append(line)
    return theirs


def _difference(  # noqa: PLR0913, PLR0917 - a line has two sides and what is known besides
    ledger: str,
    name: str,
    mine: PostedLine | None,
    theirs: Sequence[LedgerLine],
    statement: Statement,
    known: Known,
) -> LedgerDifference | None:
    kind = _kind(name, mine, theirs, statement, known)
    if kind is None:
        return None
    if is_on_its_way(statement.role, mine, theirs, known.asked):
        kind = DifferenceKind.ON_ITS_WAY
    line = mine.line if mine is not None else theirs[0]
    one = LedgerDifference(
        ledger=ledger,
        kind=kind,
        line=name,
        posting=line.posting,
        load_id=line.load_id,
        carrier_scac=line.carrier_scac,
        ours=None if mine is None else mine.line.amount,
        theirs=_told_amount(mine, theirs),
        times=len(theirs),
        charge=line.charge,
        invoice_id=line.invoice_id,
        documents=tuple(each.document for each in theirs if each.document),
    )
    return as_known(one, known)


def as_known(one: LedgerDifference, known: Known) -> LedgerDifference:
    """Tell whether what is not there was found under another date, and whether it was let be."""
    if one.kind in ABSENT:
        found_on = known.elsewhere.get(one.line)
        kind = DifferenceKind.MISSING if found_on is None else DifferenceKind.OTHER_DATE
        one = replace(one, kind=kind, found_on=found_on)
    return replace(one, accepted=difference_name(one) in known.accepted)


def _kind(
    name: str,
    mine: PostedLine | None,
    theirs: Sequence[LedgerLine],
    statement: Statement,
    known: Known,
) -> DifferenceKind | None:
    """Tell how a line differs; None where it does not, or is told elsewhere."""
    if mine is None:
        return None if name in known.strays else DifferenceKind.UNKNOWN_TO_US
    later = mine.posted_at > statement.as_of
    if not theirs:
        if later or not mine.line.amount.minor:
            return None
        return DifferenceKind.MISSING
    if len(theirs) > 1:
        return DifferenceKind.DOUBLED
    if theirs[0].amount != mine.line.amount and not (later and mine.revision != FIRST):
        return DifferenceKind.OTHER_AMOUNT
    return None


def _told_amount(mine: PostedLine | None, theirs: Sequence[LedgerLine]) -> Money | None:
    """Tell the ledger's amount; of several the one that is not ours, if there is one."""
    amounts = [each.amount for each in theirs]
    other = [each for each in amounts if mine is None or each != mine.line.amount]
    return next(iter(other or amounts), None)


def totals(
    ledger: str, ours: Mapping[str, PostedLine], statement: Statement | None
) -> tuple[LedgerTotal, ...]:
    """Count and sum both sides by posting, carrier and currency."""
    mine = [each.line for each in ours.values() if each.line.amount.minor]
    theirs = [each for each in (statement.lines if statement else ()) if each.amount.minor]
    groups = sorted({_group(each) for each in (*mine, *theirs)})
    return tuple(
        LedgerTotal(
            ledger=ledger,
            posting=LedgerPosting(posting),
            carrier_scac=carrier,
            currency=currency,
            our_count=sum(_group(each) == (posting, carrier, currency) for each in mine),
            our_sum=_sum(mine, (posting, carrier, currency)),
            their_count=sum(_group(each) == (posting, carrier, currency) for each in theirs),
            their_sum=_sum(theirs, (posting, carrier, currency)),
        )
        for posting, carrier, currency in groups
    )


def _group(line: LedgerLine) -> tuple[str, str, str]:
    return line.posting.value, line.carrier_scac, line.amount.currency


def _sum(lines: Sequence[LedgerLine], group: tuple[str, str, str]) -> Money:
    minor = sum(each.amount.minor for each in lines if _group(each) == group)
    return Money(minor=minor, currency=group[2])
