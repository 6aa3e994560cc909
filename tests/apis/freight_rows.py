"""A load's money as its process tells it, put where the read model keeps it."""

from datetime import timedelta

import msgspec

from crossdock.canonical.freight import ChargeKind
from crossdock.canonical.money import Money
from crossdock.messages.envelope import Key, Message
from crossdock.messages.freight_settlement import (
    FreightLine,
    FreightPicture,
    FreightPictureChanged,
    FreightVerdict,
    InvoiceLine,
    LineState,
    Proposal,
    Proven,
    Share,
)
from crossdock.ports.store import ProcessRow, ProjectionRow, Store
from crossdock.projections.freight_settlement import project
from tests.apis.rows import NIGHT, rows_of

LOAD = Key("load", "L-1")


def usd(minor: int) -> Money:
    """So many cents."""
    return Money(minor=minor, currency="USD")


LINEHAUL = FreightLine(
    charge="LINEHAUL",
    kind=ChargeKind.LINEHAUL,
    state=LineState.UNDER_REVIEW,
    expected=usd(55_721),
    invoiced=usd(65_940),
    variance=usd(10_219),
    rule="freight.tolerance",
    because="102.19 USD above what was offered; 5.00 are tolerated",
    description="LINE HAUL",
    invoice_id="INV-7",
    evidence=("L1*1*659.40*FR", "L5*1*STEEL"),
    missing=("milestone_validated", "charge_confirmed"),
    since=NIGHT + timedelta(hours=1),
)
FUEL = FreightLine(
    charge="FUEL",
    kind=ChargeKind.FUEL,
    state=LineState.ACCRUED,
    expected=usd(4_000),
    invoiced=usd(4_000),
    confirmed=usd(4_000),
    posted=usd(4_000),
    variance=usd(0),
    rule="freight.match",
    because="as offered",
    documents=("ACC-1",),
    proofs=(Proven(condition="milestone_validated", at=NIGHT, said="delivered, told by ROAD"),),
    since=NIGHT + timedelta(hours=2),
)
PICTURE = FreightPicture(
    load_id="L-1",
    carrier_scac="ROAD",
    order_ids=("SO-1", "SO-2"),
    shipment_ids=("SH-1",),
    state="under_review",
    lines=(LINEHAUL, FUEL),
    invoices=(
        InvoiceLine(
            invoice_id="INV-7",
            carrier_scac="ROAD",
            total=usd(69_940),
            payable=None,
            state="under_review",
            disagreements=("its charges sum to 699.40, it says 700.00",),
        ),
    ),
    shares=(
        Share(order_id="SO-1", amount=usd(2_334)),
        Share(order_id="SO-2", amount=usd(1_666)),
    ),
    rules="abc123",
)


def proposed(by: str, verdict: FreightVerdict = FreightVerdict.APPROVE) -> Proposal:
    """What one person said of a charge."""
    return Proposal(verdict=verdict, by=by, reason="agreed by telephone", at=NIGHT)


def changed(line: FreightLine, **fields: object) -> FreightPicture:
    """The load with one of its charges changed."""
    other = msgspec.structs.replace(line, **fields)
    lines = tuple(other if each.charge == line.charge else each for each in PICTURE.lines)
    return msgspec.structs.replace(PICTURE, lines=lines)


def picture_row(picture: FreightPicture) -> ProjectionRow:
    """The read model's row of a picture, as its projection writes it."""
    message = Message(
        id=f"p-{picture.load_id}",
        tenant="main",
        correlation_id="story",
        causation_id="",
        received_at=NIGHT,
        origin="process:freight_settlement",
        body=FreightPictureChanged(picture=picture),
    )
    (row,) = rows_of(project(message))
    return row


def paint(store: Store, *pictures: FreightPicture) -> None:
    """Put pictures into the read model, with a process of each load."""
    with store.write() as unit:
        unit.put_projections([picture_row(each) for each in pictures])
        for each in pictures:
            name = ("main", "freight_settlement", Key("load", each.load_id))
            if name not in unit.processes([name]):
                unit.save([standing(each)])


def standing(picture: FreightPicture) -> ProcessRow:
    """The process behind a picture; nothing here looks into its state."""
    return ProcessRow(
        tenant="main",
        subscriber="freight_settlement",
        key=Key("load", picture.load_id),
        state=b"{}",
        schema=1,
        revision=1,
        stage=picture.state,
        updated_at=NIGHT,
    )
