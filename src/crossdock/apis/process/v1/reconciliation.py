"""Each business date as ledgers hold it and as it was posted: counts, sums and every difference."""

from __future__ import annotations

from datetime import date, datetime

import msgspec
from msgspec import Struct

from crossdock.apis import problems
from crossdock.apis.problems import Declined
from crossdock.apis.process.v1.charges import Amount, amount_of, written
from crossdock.messages.freight_reconciliation import (
    DifferenceKind,
    FreightReconciled,
    LedgerDifference,
    LedgerPosting,
    LedgerTotal,
)
from crossdock.ports.store import Reader

KIND = "freight_reconciliation"  # the read model's name
DAYS = 1000  # of which the newest are listed
LISTED = 31


class Ledger(Struct, frozen=True, kw_only=True):
    """A ledger, and as of when its statement is; none where it has sent none."""

    ledger: str
    as_of: datetime | None


class Total(Struct, frozen=True, kw_only=True):
    """Count and sum of one kind of posting, for a carrier and currency: ours and the ledger's."""

    ledger: str
    posting: LedgerPosting
    carrier_scac: str
    our_count: int
    our_sum: Amount
    their_count: int
    their_sum: Amount

    @property
    def agrees(self) -> bool:
        """Tell whether both sides count and sum alike."""
        return (self.our_count, self.our_sum) == (self.their_count, self.their_sum)


class Difference(Struct, frozen=True, kw_only=True):
    """One posting that differs, and how; `accepted` where a person let it be.

    `line` names it for ever: its ledger, what it is, and its load and charge or its invoice.
    """

    line: str
    ledger: str
    kind: DifferenceKind
    posting: LedgerPosting
    load_id: str
    charge: str
    invoice_id: str
    carrier_scac: str
    ours: Amount | None
    theirs: Amount | None
    times: int
    found_on: date | None
    documents: tuple[str, ...]
    accepted: bool


class Day(Struct, frozen=True, kw_only=True):
    """One business date held against every ledger."""

    business_date: date
    state: str
    ledgers: tuple[Ledger, ...]
    totals: tuple[Total, ...]
    differences: tuple[Difference, ...]


class Days(Struct, frozen=True, kw_only=True):
    """Business dates, the newest first."""

    days: tuple[Day, ...]


def days(reader: Reader, tenant: str, asked: str = "") -> Days:
    """Tell one business date (`2026-03-29`), or the newest. Raises Declined for no date."""
    if asked:
        found = reader.projections(tenant, KIND, [_date(asked).isoformat()])
        return Days(days=tuple(_day(row.body) for row in found.values()))
    rows = reader.find(tenant, KIND, {}, limit=DAYS)
    newest = sorted(rows, key=lambda row: row.key, reverse=True)[:LISTED]
    return Days(days=tuple(_day(row.body) for row in newest))


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Declined(problems.BAD_REQUEST, f"{text} is no date, such as 2026-03-29") from error


def _day(body: bytes) -> Day:
    told = msgspec.json.decode(body, type=FreightReconciled)
    differs = any(each.is_open for each in told.differences)
    return Day(
        business_date=told.business_date,
        state="differs" if differs else "agrees",
        ledgers=tuple(Ledger(ledger=each.ledger, as_of=each.as_of) for each in told.ledgers),
        totals=tuple(_total(each) for each in told.totals),
        differences=tuple(_difference(each) for each in told.differences),
    )


def _total(one: LedgerTotal) -> Total:
    return Total(
        ledger=one.ledger,
        posting=one.posting,
        carrier_scac=one.carrier_scac,
        our_count=one.our_count,
        our_sum=written(one.our_sum),
        their_count=one.their_count,
        their_sum=written(one.their_sum),
    )


def _difference(one: LedgerDifference) -> Difference:
    return Difference(
        line=one.line,
        ledger=one.ledger,
        kind=one.kind,
        posting=one.posting,
        load_id=one.load_id,
        charge=one.charge,
        invoice_id=one.invoice_id,
        carrier_scac=one.carrier_scac,
        ours=amount_of(one.ours),
        theirs=amount_of(one.theirs),
        times=one.times,
        found_on=one.found_on,
        documents=one.documents,
        accepted=one.accepted,
    )
