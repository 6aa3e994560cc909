"""A charge of a load as people read it, made from the picture its process keeps."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec
from msgspec import Struct

from crossdock.apis import problems
from crossdock.apis.problems import Declined
from crossdock.canonical.money import Money, decimal_text
from crossdock.messages.freight_settlement import (
    FreightLine,
    FreightPicture,
    FreightVerdict,
    LineState,
    Proposal,
    Proven,
)
from crossdock.ports.store import ProjectionRow, Reader

KIND = "freight_picture"  # the read model's name
PROCESS = "freight_settlement"


class Amount(Struct, frozen=True, kw_only=True):
    """Money as people write it: `659.40` and `USD`."""

    amount: str
    currency: str


class Proposed(Struct, frozen=True, kw_only=True):
    """What one person said, and a second must say too."""

    verdict: FreightVerdict
    by: str
    reason: str
    at: datetime
    amount: Amount | None = None


class Charge(Struct, frozen=True, kw_only=True):
    """One charge of a load: expected, invoiced, agreed, posted; with the rule that decided."""

    load_id: str
    carrier_scac: str
    order_ids: tuple[str, ...]
    charge: str
    kind: str
    description: str
    state: LineState
    since: datetime | None
    expected: Amount | None
    invoiced: Amount | None
    confirmed: Amount | None
    posted: Amount | None
    variance: Amount | None
    rule: str
    because: str
    by: str
    invoice_id: str
    documents: tuple[str, ...]
    evidence: tuple[str, ...]
    proofs: tuple[Proven, ...]
    missing: tuple[str, ...]
    dispute_until: datetime | None
    proposal: Proposed | None


def amount_of(money: Money | None) -> Amount | None:
    """Write money for people; nothing for none."""
    return None if money is None else written(money)


def written(money: Money) -> Amount:
    """Write money for people."""
    return Amount(amount=decimal_text(money), currency=money.currency)


def picture_row(reader: Reader, tenant: str, load_id: str) -> ProjectionRow:
    """Find the picture of a load. Raises Declined where nothing of its money is known."""
    row = reader.projections(tenant, KIND, [load_id]).get(load_id)
    if row is None:
        raise Declined(
            problems.NOT_FOUND,
            f"Nothing is known of the freight of load {load_id}; a load appears when it is "
            "planned, or when a carrier's number leads to it",
        )
    return row


def picture_of(row: ProjectionRow) -> FreightPicture:
    """Read a row's picture."""
    return msgspec.json.decode(row.body, type=FreightPicture)


def charges_of(picture: FreightPicture) -> Iterable[Charge]:
    """Tell each charge of a load."""
    for line in picture.lines:
        yield _charge(picture, line)


def _charge(picture: FreightPicture, line: FreightLine) -> Charge:
    return Charge(
        load_id=picture.load_id,
        carrier_scac=picture.carrier_scac,
        order_ids=picture.order_ids,
        charge=line.charge,
        kind=line.kind.value,
        description=line.description,
        state=line.state,
        since=line.since,
        expected=amount_of(line.expected),
        invoiced=amount_of(line.invoiced),
        confirmed=amount_of(line.confirmed),
        posted=amount_of(line.posted),
        variance=amount_of(line.variance),
        rule=line.rule,
        because=line.because,
        by=line.by,
        invoice_id=line.invoice_id,
        documents=line.documents,
        evidence=line.evidence,
        proofs=line.proofs,
        missing=line.missing,
        dispute_until=line.dispute_until,
        proposal=proposed(line.proposal),
    )


def three_way(charge: Charge) -> tuple[tuple[str, Amount | None], ...]:
    """Tell a charge's way through money, each amount with its word."""
    return (
        ("expected", charge.expected),
        ("invoiced", charge.invoiced),
        ("posted", charge.posted),
    )


def proposed(proposal: Proposal | None) -> Proposed | None:
    """Tell what waits for a second person; nothing for none."""
    if proposal is None:
        return None
    return Proposed(
        verdict=proposal.verdict,
        by=proposal.by,
        reason=proposal.reason,
        at=proposal.at,
        amount=amount_of(proposal.amount),
    )
