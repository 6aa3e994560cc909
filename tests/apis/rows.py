"""Rows written by hand, as projections would leave them, for stories about reading."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import msgspec

from crossdock.canonical.moments import Moment, Precision, ZoneSource
from crossdock.canonical.party import Address, Location
from crossdock.canonical.references import Reference, ReferenceType
from crossdock.canonical.tracking import Classifier, Milestone
from crossdock.governance.entitlements import Customer
from crossdock.messages.registry import encode
from crossdock.messages.shipment_visibility import (
    CustomerPicture,
    GateVerdict,
    PictureChanged,
    Shown,
    Timeliness,
)
from crossdock.ports import Put
from crossdock.ports.store import ProjectionRow, Store
from crossdock.store.sqlite import open_sqlite

# The night in which central Europe loses the hour from two to three.
NIGHT = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
NOW = NIGHT + timedelta(hours=6)
ACME = Customer(id="C-1", name="Acme", api_key_sha256=sha256(b"acme-key").hexdigest())
RIVAL = Customer(id="C-2", name="Rival", api_key_sha256=sha256(b"rival-key").hexdigest())
HAMBURG = Location(name="Dock 4", address=Address(country="DE", city="Hamburg"))


def moment(hours: float = 0, *, precision: Precision = Precision.INSTANT) -> Moment:
    """A time so many hours after the night's 00:30 UTC, as Hamburg's clock tells it."""
    at = NIGHT + timedelta(hours=hours)
    source = ZoneSource.PLACE
    return Moment(
        at=at, text=at.isoformat(), zone="Europe/Berlin", zone_source=source, precision=precision
    )


PICKED_UP = Shown(
    milestone=Milestone.PICKED_UP,
    classifier=Classifier.ACTUAL,
    occurred=moment(0.5),
    source="roadhaul",
    received_at=NIGHT + timedelta(hours=1),
    stop=1,
    place=HAMBURG,
)
PICTURE = CustomerPicture(
    shipment_id="SH-1",
    customer_id="C-1",
    order_ids=("SO-1", "SO-2"),
    customer_references=("PO 77",),
    status=Milestone.PICKED_UP,
    mode="ROAD",
    carrier_scac="ROAD",
    service_level="STANDARD",
    origin=HAMBURG,
    destination=None,
    promised=moment(36, precision=Precision.DATE),
    estimate=moment(30),
    timeliness=Timeliness.OPEN,
    stops=(),
    milestones=(PICKED_UP,),
    references=(Reference(type=ReferenceType.PRO, value="4711", issuer="ROAD"),),
    as_of=NIGHT + timedelta(hours=0.5),
    source="roadhaul",
    silent=False,
    flags=("TOLD_ONLY_TO_OPERATIONS",),
)
GATE = GateVerdict(
    visible=True,
    rule="portal.erp-reference-applied",
    because="the ERP confirmed the transport reference 4500",
    evidence=("ERP confirmed 4500",),
    since=NIGHT,
)


def seen_by(
    customer_id: str, shipment_id: str, *, visible: bool = True, **changed: object
) -> PictureChanged:
    """The picture of one shipment for one customer, with some of it changed."""
    picture = msgspec.structs.replace(
        PICTURE, customer_id=customer_id, shipment_id=shipment_id, **changed
    )
    gate = msgspec.structs.replace(GATE, visible=visible)
    return PictureChanged(
        shipment_id=shipment_id, customer_id=customer_id, gate=gate, picture=picture
    )


def view_row(told: PictureChanged) -> ProjectionRow:
    """The read model's row of a picture."""
    picture = told.picture
    index = [
        ("customer", told.customer_id),
        ("visible", "yes" if told.gate.visible else "no"),
        ("status", picture.status or ""),
        *(("order", each) for each in picture.order_ids),
        *(("reference", each) for each in picture.customer_references),
        *(("reference", each.value) for each in picture.references),
    ]
    return ProjectionRow(
        tenant="main",
        kind="shipment_view",
        key=f"{told.shipment_id}/{told.customer_id}",
        body=encode(told),
        index=tuple(index),
        updated_at=NIGHT,
    )


def kept(folder: Path, *pictures: PictureChanged) -> Store:
    """A store that holds these pictures."""
    store = open_sqlite(folder / "store.db")
    show(store, *pictures)
    return store


def show(store: Store, *pictures: PictureChanged) -> None:
    """Put these pictures into the read model."""
    with store.write() as unit:
        unit.put_projections([view_row(each) for each in pictures])


def rows_of(puts: Iterable[Put]) -> list[ProjectionRow]:
    """The read model's rows that a projection puts."""
    return [
        ProjectionRow(
            tenant="main",
            kind=put.kind,
            key=put.key,
            body=msgspec.json.encode(put.body),
            index=put.index,
            updated_at=NIGHT,
        )
        for put in puts
    ]
