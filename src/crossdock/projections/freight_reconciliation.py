"""What was posted to which ledger, and each business date held against what ledgers hold.

Row `freight_posting`, named as the reconciliation names the line; found by its date when a
statement of that date is judged, and by its name where a ledger holds it under another one.
Row `freight_asked`, named by verb and business key: what was asked for last. Only what corrects a
posting is found by its date, too: before its first posting nothing of it can be missed. Once it was
refused and waived nothing is asked for: its revision is 0.
Row `freight_reconciliation`, one for each business date.
"""

from __future__ import annotations

from crossdock.messages.envelope import Message
from crossdock.messages.freight_reconciliation import (
    AskedLine,
    FreightReconciled,
    PostedLine,
    booked,
)
from crossdock.messages.freight_settlement import (
    AccrueFreight,
    FreightNotPosted,
    FreightPosted,
    PostFreightInvoice,
    ShareFreightInvoice,
)
from crossdock.ports import Projection, Put

POSTING = "freight_posting"
ASKED = "freight_asked"
DAY = "freight_reconciliation"


def project(message: Message) -> tuple[Put, ...]:
    """Keep a posting as it was asked for and as it was confirmed last, or a day as it stands."""
    body = message.body
    match body:
        case AccrueFreight() | PostFreightInvoice() | ShareFreightInvoice():
            asked = AskedLine(
                amount=body.amount if isinstance(body, AccrueFreight) else body.payable,
                revision=body.revision,
                asked_at=message.received_at,
            )
            day = "" if body.business_date is None else body.business_date.isoformat()
            index = (("date", day),) if body.revision > 1 else ()
            key = f"{body.verb}/{body.business_key()}"
            return (Put(kind=ASKED, key=key, body=asked, index=index),)
        case FreightNotPosted():
            let_go = AskedLine(amount=body.amount, revision=0, asked_at=message.received_at)
            return (Put(kind=ASKED, key=f"{body.posting}/{_subject(body)}", body=let_go),)
        case FreightPosted():
            line = booked(body)
            if line is None:
                return ()
            posted = PostedLine(
                line=line,
                posted_at=message.received_at,
                business_date=body.business_date,
                revision=body.revision,
            )
            key = line.named(body.endpoint)
            return (Put(kind=POSTING, key=key, body=posted, index=_index(body)),)
        case FreightReconciled():
            differs = any(each.is_open for each in body.differences)
            index = (("state", "differs" if differs else "agrees"),)
            return (Put(kind=DAY, key=body.business_date.isoformat(), body=body, index=index),)
        case _:
            return ()


def _subject(told: FreightNotPosted) -> str:
    """Name what was asked for as its command did."""
    part = f"@{told.part}" if told.part else ""
    invoice = f"{told.carrier_scac}/{told.invoice_id}{part}"
    return f"{told.load_id}/{told.charge}" if told.charge else invoice


def _index(posted: FreightPosted) -> tuple[tuple[str, str], ...]:
    day = "" if posted.business_date is None else posted.business_date.isoformat()
    return (("date", day), ("ledger", posted.endpoint), ("load", posted.load_id))


PROJECTION = Projection(
    name="freight_reconciliation",
    receives=(
        AccrueFreight,
        PostFreightInvoice,
        ShareFreightInvoice,
        FreightPosted,
        FreightNotPosted,
        FreightReconciled,
    ),
    project=project,
)
