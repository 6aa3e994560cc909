"""What finance sees: charges by what they wait for, and what partners have not posted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from crossdock.apis import problems
from crossdock.apis.problems import Declined
from crossdock.apis.process.v1.chapters import stuck_of
from crossdock.apis.process.v1.charges import KIND, Amount, Charge, charges_of, picture_of
from crossdock.apis.process.v1.story import Stuck
from crossdock.messages.freight_settlement import LineState
from crossdock.messages.teams import Team
from crossdock.ports.store import OutboxRow, OutboxStatus, ProjectionRow, Reader

LOADS = 200  # in one page of the queue

# What one looks at, and the states of charges that are there.
VIEWS: dict[str, tuple[LineState, ...]] = {
    "review": (LineState.UNDER_REVIEW,),
    "disputes": (LineState.DISPUTED,),
    "accruals": (LineState.CONFIRMED, LineState.WAIVED, LineState.ACCRUED),
    "expected": (LineState.EXPECTED,),
    "settled": (LineState.INVOICED, LineState.REJECTED, LineState.WITHDRAWN),
    "all": tuple(LineState),
}
REVIEW = "review"
IN_THE_QUEUE = "FREIGHT_UNDER_REVIEW"  # the exception that stands behind charges under review
UNPOSTED = (
    OutboxStatus.REFUSED,
    OutboxStatus.UNRESOLVED,
    OutboxStatus.UNKNOWN,
    OutboxStatus.LEASED,
    OutboxStatus.WAITING,
)


class Charges(Struct, frozen=True, kw_only=True):
    """A page of charges, the longest waiting first; `totals` sums what is out of line, by currency.

    `after` leads on to further loads, empty on the last page.
    """

    view: str
    charges: tuple[Charge, ...]
    totals: tuple[Amount, ...]
    after: str = ""


class Posting(Struct, frozen=True, kw_only=True):
    """What was asked of a ledger, and how far it is; `said` is the partner's own text."""

    id: str
    endpoint: str
    verb: str
    business_key: str
    version: str
    status: OutboxStatus
    asked_at: datetime
    finished_at: datetime | None
    document: str
    said: str
    tries: int
    about: str


class Postings(Struct, frozen=True, kw_only=True):
    """What partners have not posted, the oldest first."""

    postings: tuple[Posting, ...]


def charges(  # noqa: PLR0913 - a search has this many parts
    reader: Reader,
    tenant: str,
    view: str,
    *,
    carrier: str = "",
    after: str = "",
    limit: int = LOADS,
) -> Charges:
    """List the charges of a view, a page of loads at a time. Raises Declined for no such view."""
    if view not in VIEWS:
        known = ", ".join(VIEWS)
        raise Declined(problems.BAD_REQUEST, f"There is no view {view}; there are {known}")
    where = {"carrier": carrier} if carrier else {}
    states = VIEWS[view]
    rows: dict[str, ProjectionRow] = {}
    for state in states:
        asked = {**where, "line": state.value}
        found = reader.find(tenant, KIND, asked, after=after, limit=limit + 1)
        rows |= {row.key: row for row in found}
    page = [rows[key] for key in sorted(rows)[:limit]]
    listed = sorted(
        (
            charge
            for row in page
            for charge in charges_of(picture_of(row))
            if charge.state in states
        ),
        key=_longest_first,
    )
    return Charges(
        view=view,
        charges=tuple(listed),
        totals=_totals(listed),
        after=page[-1].key if len(rows) > limit else "",
    )


def _longest_first(charge: Charge) -> tuple[bool, float, str, str]:
    since = charge.since.timestamp() if charge.since else 0.0
    return (charge.since is None, since, charge.load_id, charge.charge)


def _totals(listed: Sequence[Charge]) -> tuple[Amount, ...]:
    """Sum up what is out of line, by currency."""
    sums: dict[str, Decimal] = {}
    for each in (one.variance for one in listed if one.variance is not None):
        sums[each.currency] = sums.get(each.currency, Decimal(0)) + Decimal(each.amount)
    return tuple(Amount(amount=str(sums[each]), currency=each) for each in sorted(sums))


def posting_of(reader: Reader, row: OutboxRow) -> Posting:
    """Tell an effect as a posting, with what the partner said last."""
    tries = reader.attempts(row.tenant, row.id)
    last = next((each.said for each in reversed(tries) if each.said), "")
    return Posting(
        id=row.id,
        endpoint=row.endpoint,
        verb=row.verb,
        business_key=row.business_key,
        version=row.version,
        status=row.status,
        asked_at=row.created_at,
        finished_at=row.finished_at,
        document=row.document,
        said=row.said or last,
        tries=len(tries),
        about=row.key.id,
    )


def unposted(reader: Reader, tenant: str, role: str = "erp", limit: int = LOADS) -> Postings:
    """List what a role's partners were asked to post and have not, whatever process asked.

    The partner's own text of its last answer stands with each.
    """
    rows = [
        row
        for endpoint, verb, status in reader.outbox_counts(tenant)
        if verb.startswith(f"{role}.") and status in UNPOSTED
        for row in reader.outbox_standing(tenant, endpoint, verb, status, limit)
    ]
    oldest = sorted(rows, key=lambda row: (row.created_at, row.seq))[:limit]
    return Postings(postings=tuple(posting_of(reader, row) for row in oldest))


def waiting(reader: Reader, tenant: str) -> tuple[Stuck, ...]:
    """List what else waits for finance: claims nobody can place, postings a ledger refused.

    Charges under review are in the queue by themselves, and not listed again.
    """
    rows = reader.exceptions(tenant, team=Team.FINANCE)
    return tuple(stuck_of(each) for each in rows if each.code != IN_THE_QUEUE)
