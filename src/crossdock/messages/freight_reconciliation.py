"""Freight reconciliation: what ledgers say they hold, and where that is not what was posted."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import ClassVar

from crossdock.canonical import Canonical
from crossdock.canonical.moments import Instant
from crossdock.canonical.money import Money
from crossdock.messages.envelope import Event, Report
from crossdock.messages.freight_settlement import (
    AccrueFreight,
    FreightPosted,
    PostFreightInvoice,
    ShareFreightInvoice,
)


class LedgerPosting(StrEnum):
    """What a ledger books of freight."""

    ACCRUAL = "accrual"
    INVOICE = "invoice"


class LedgerLine(Canonical, frozen=True, kw_only=True):
    """One posting as a ledger holds it: an accrual of a charge, or a carrier's invoice.

    `part` is the company whose part of an invoice it is, where several share it.
    """

    posting: LedgerPosting
    load_id: str
    carrier_scac: str
    amount: Money
    charge: str = ""
    invoice_id: str = ""
    document: str = ""
    part: str = ""

    def named(self, ledger: str) -> str:
        """Name the posting alike on both sides: an accrual by load and charge, else by invoice."""
        if self.posting is LedgerPosting.INVOICE:
            part = f"@{self.part}" if self.part else ""
            return f"{ledger}/{self.posting}/{self.carrier_scac}/{self.invoice_id}{part}"
        return f"{ledger}/{self.posting}/{self.load_id}/{self.charge}"


class PostedLine(Canonical, frozen=True, kw_only=True):
    """A posting as its ledger confirmed it last; an amount of zero where it was taken back.

    `posted_at` is when the house took it as done.
    """

    line: LedgerLine
    posted_at: Instant
    business_date: date | None = None
    revision: int = 0


class AskedLine(Canonical, frozen=True, kw_only=True):
    """What was asked for of a posting last, confirmed since or not; revision 0: it was let go."""

    amount: Money
    revision: int
    asked_at: Instant


# The verbs by which ledgers are asked to book, and what they book; the others book nothing.
BOOKED: dict[str, LedgerPosting] = {
    AccrueFreight.verb: LedgerPosting.ACCRUAL,
    PostFreightInvoice.verb: LedgerPosting.INVOICE,
    ShareFreightInvoice.verb: LedgerPosting.INVOICE,
}


def booked(posted: FreightPosted) -> LedgerLine | None:
    """Write a posting as a ledger does; None for what no ledger books, such as a release."""
    posting = BOOKED.get(posted.posting)
    if posting is None:
        return None
    return LedgerLine(
        posting=posting,
        load_id=posted.load_id,
        carrier_scac=posted.carrier_scac,
        amount=posted.amount,
        charge=posted.charge if posting is LedgerPosting.ACCRUAL else "",
        invoice_id=posted.invoice_id if posting is LedgerPosting.INVOICE else "",
        document=posted.document,
        part=posted.part,
    )


def asked_names(role: str, line: LedgerLine) -> tuple[str, ...]:
    """Name the posting as it is asked of an ERP or a TMS, by `role`; none where the role is not."""
    subject = f"{line.load_id}/{line.charge}"
    if line.posting is LedgerPosting.INVOICE:
        part = f"@{line.part}" if line.part else ""
        subject = f"{line.carrier_scac}/{line.invoice_id}{part}"
    return tuple(
        f"{verb}/{subject}"
        for verb, posting in BOOKED.items()
        if posting is line.posting and verb.startswith(f"{role}.")
    )


class LedgerStatementReceived(Report, frozen=True, kw_only=True):
    """An ERP or a TMS tells all it holds of freight under one business date, as of a moment.

    `ledger` is the partner's name in the configuration, as postings name it; `role` is what the
    partner is to us (`erp`, `tms`).
    """

    ledger: str
    business_date: date
    as_of: Instant
    lines: tuple[LedgerLine, ...]
    role: str = ""


class LedgerLineStrayed(Event, frozen=True, kw_only=True):
    """Postings of `business_date` stand in a ledger under `found_on`; or do not any more."""

    schema: ClassVar[int] = 2

    business_date: date
    found_on: date
    found: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


class DifferenceKind(StrEnum):
    """How a ledger differs from what was posted."""

    MISSING = "missing"  # posted and confirmed, and not in the ledger
    DOUBLED = "doubled"  # in the ledger more than once
    OTHER_AMOUNT = "other_amount"
    OTHER_DATE = "other_date"  # in the ledger under another business date
    UNKNOWN_TO_US = "unknown_to_us"  # in the ledger, and never posted by us
    ON_ITS_WAY = "on_its_way"  # as it was asked for, and the confirmation is not here yet


class LedgerDifference(Canonical, frozen=True, kw_only=True):
    """One posting that differs: ours beside what the ledger holds; `times` is how often there."""

    ledger: str
    kind: DifferenceKind
    line: str
    posting: LedgerPosting
    load_id: str
    carrier_scac: str
    ours: Money | None = None
    theirs: Money | None = None
    times: int = 0
    found_on: date | None = None
    charge: str = ""
    invoice_id: str = ""
    documents: tuple[str, ...] = ()
    accepted: bool = False

    @property
    def is_open(self) -> bool:
        """Tell whether somebody must look: it is not let be, and no confirmation is awaited."""
        return not self.accepted and self.kind is not DifferenceKind.ON_ITS_WAY


class LedgerTotal(Canonical, frozen=True, kw_only=True):
    """Count and sum of one kind of posting, for one carrier and currency: ours and theirs."""

    ledger: str
    posting: LedgerPosting
    carrier_scac: str
    currency: str
    our_count: int
    our_sum: Money
    their_count: int
    their_sum: Money


class LedgerStanding(Canonical, frozen=True, kw_only=True):
    """A ledger, and as of when its statement is; None: it has sent none for this date."""

    ledger: str
    as_of: Instant | None


class FreightReconciled(Event, frozen=True, kw_only=True):
    """What was posted under a business date, held against the ledgers, is now this."""

    business_date: date
    ledgers: tuple[LedgerStanding, ...]
    totals: tuple[LedgerTotal, ...]
    differences: tuple[LedgerDifference, ...]
