"""The file's codes. Source: docs/reference/system-api.md, "Order files"."""

from __future__ import annotations

from crossdock.messages.freight_reconciliation import LedgerPosting

# Column `action` -> whether the order is told with it: released, changed, cancelled.
ACTIONS: dict[str, bool] = {"R": True, "C": True, "X": False}

# Column `posting` of a statement -> what the ledger booked; empty: a date with nothing.
POSTINGS: dict[str, LedgerPosting | None] = {
    "accrual": LedgerPosting.ACCRUAL,
    "invoice": LedgerPosting.INVOICE,
    "": None,
}
