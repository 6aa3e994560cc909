"""What was posted to which ledger, and each business date held against what ledgers hold.

Row `freight_posting`, named as the reconciliation names the line; found by its date when a
statement of that date is judged, and by its name where a ledger holds it under another one.
Row `freight_reconciliation`, one for each business date.
"""

from __future__ import annotations

from crossdock.messages.envelope import Message
from crossdock.messages.freight_reconciliation import FreightReconciled, PostedLine, booked
from crossdock.messages.freight_settlement import FreightPosted
from crossdock.ports import Projection, Put

POSTING = "freight_posting"
DAY = "freight_reconciliation"


def project(message: Message) -> tuple[Put, ...]:
    """Keep a posting as it was confirmed last, or a day as it stands."""
    body = message.body
    if isinstance(body, FreightPosted):
        line = booked(body)
        if line is None:
            return ()
        row = PostedLine(line=line, posted_at=message.received_at, business_date=body.business_date)
        key = line.named(body.endpoint)
        return (Put(kind=POSTING, key=key, body=row, index=_index(body)),)
    if isinstance(body, FreightReconciled):
        open_ = any(not each.accepted for each in body.differences)
        state = "differs" if open_ else "agrees"
        index = (("state", state),)
        return (Put(kind=DAY, key=body.business_date.isoformat(), body=body, index=index),)
    return ()


def _index(posted: FreightPosted) -> tuple[tuple[str, str], ...]:
    day = "" if posted.business_date is None else posted.business_date.isoformat()
    return (("date", day), ("ledger", posted.endpoint), ("load", posted.load_id))


PROJECTION = Projection(
    name="freight_reconciliation", receives=(FreightPosted, FreightReconciled), project=project
)
