"""The curated shipment, version 1: all a customer may see of it, and nothing a vendor calls so."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from crossdock.apis import words
from crossdock.canonical.moments import Moment
from crossdock.canonical.party import Location
from crossdock.messages.registry import decode
from crossdock.messages.shipment_visibility import CustomerPicture, PictureChanged, Shown
from crossdock.ports.store import BreakerRow, BreakerState, ProjectionRow

Timestamp = Annotated[datetime, Meta(tz=True, description="RFC 3339 with offset.")]


class TimeView(Struct, frozen=True, kw_only=True):
    """A time on the clock of its own place."""

    at: Timestamp
    zone: Annotated[str, Meta(description="IANA name or offset of the place's clock.")]
    zone_source: Annotated[str, Meta(description="Who said which zone it is.")]
    precision: Annotated[str, Meta(description="INSTANT, or DATE where only the day is known.")]
    words: Annotated[str, Meta(description="The time as one reads it.")]


class PlaceView(Struct, frozen=True, kw_only=True):
    """A place."""

    words: Annotated[str, Meta(description="The place as one reads it.")]
    city: str
    country: Annotated[str, Meta(description="ISO 3166-1 alpha-2; empty where not known.")]
    unlocode: str


class MilestoneView(Struct, frozen=True, kw_only=True):
    """Something that happened, is planned or expected, and who said so."""

    milestone: Annotated[str, Meta(description="One of crossdock's milestones; an open list.")]
    words: str
    classifier: Annotated[str, Meta(description="ACTUAL, ESTIMATED or PLANNED.")]
    occurred: TimeView
    place: PlaceView | None
    stop: Annotated[int, Meta(description="The stop's number; 0 where the source does not say.")]
    source: Annotated[str, Meta(description="Who said it.")]
    received_at: Annotated[Timestamp, Meta(description="When it reached crossdock.")]
    note: str
    corrected: Annotated[bool, Meta(description="The source has said it otherwise before.")]
    partial: Annotated[bool, Meta(description="It is about a part of the goods only.")]
    returning: Annotated[bool, Meta(description="It happened on the way back to the sender.")]


class StatusView(Struct, frozen=True, kw_only=True):
    """Where the shipment is."""

    milestone: Annotated[str | None, Meta(description="The latest fact; null before the first.")]
    words: str


class DeliveryView(Struct, frozen=True, kw_only=True):
    """Promise against what happened, or is expected."""

    timeliness: Annotated[
        str, Meta(description="NO_PROMISE, OPEN, OVERDUE, ON_TIME or LATE; an open list.")
    ]
    words: str
    promised: TimeView | None
    expected: TimeView | None


class FreshnessView(Struct, frozen=True, kw_only=True):
    """How old this is, who said it last, and whether its source can be reached."""

    as_of: Annotated[Timestamp | None, Meta(description="When anything was last heard of it.")]
    source: str
    silent: Annotated[bool, Meta(description="Nobody has said anything for longer than agreed.")]
    source_down_since: Annotated[
        Timestamp | None, Meta(description="Since when the source has not answered us; else null.")
    ]


class GateView(Struct, frozen=True, kw_only=True):
    """Why it is shown: the rule, and what it looked at."""

    rule: str
    because: str
    since: Timestamp | None


class ReferenceView(Struct, frozen=True, kw_only=True):
    """A number the shipment is known by."""

    type: str
    value: str


class ProofView(Struct, frozen=True, kw_only=True):
    """Who took the goods, when, and the paper that shows it."""

    received_by: str
    received: TimeView
    document_number: str
    sha256: str


class ShipmentView(Struct, frozen=True, kw_only=True):
    """One shipment as its customer sees it."""

    shipment_id: str
    order_ids: tuple[str, ...]
    customer_references: tuple[str, ...]
    status: StatusView
    delivery: DeliveryView
    freshness: FreshnessView
    gate: GateView
    mode: str
    carrier_scac: str
    service_level: str
    origin: PlaceView | None
    destination: PlaceView | None
    milestones: tuple[MilestoneView, ...]
    references: tuple[ReferenceView, ...]
    proof: ProofView | None


class ShipmentPage(Struct, frozen=True, kw_only=True):
    """A page of shipments; `next` is opaque and null on the last page."""

    shipments: tuple[ShipmentView, ...]
    self_: Annotated[str, Meta(description="The address of this page.")] = msgspec.field(
        name="self"
    )
    next: Annotated[str | None, Meta(description="The address of the next page.")]


def picture_of(row: ProjectionRow) -> PictureChanged:
    """Read a row of the read model as the event it holds."""
    body = decode(PictureChanged.__name__, PictureChanged.schema, row.body)
    if not isinstance(body, PictureChanged):
        raise TypeError(row.key)
    return body


def curated(told: PictureChanged, source: BreakerRow | None) -> ShipmentView:
    """Make the view of a picture; `source` is the breaker of whoever said it last."""
    seen = told.picture
    return ShipmentView(
        shipment_id=seen.shipment_id,
        order_ids=seen.order_ids,
        customer_references=seen.customer_references,
        status=StatusView(milestone=seen.status, words=words.status_words(seen.status)),
        delivery=DeliveryView(
            timeliness=seen.timeliness,
            words=words.TIMELINESS[seen.timeliness],
            promised=_time(seen.promised),
            expected=_time(seen.estimate),
        ),
        freshness=_freshness(seen, source),
        gate=GateView(rule=told.gate.rule, because=told.gate.because, since=told.gate.since),
        mode=seen.mode,
        carrier_scac=seen.carrier_scac,
        service_level=seen.service_level,
        origin=_place(seen.origin),
        destination=_place(seen.destination),
        milestones=tuple(_milestone(each) for each in seen.milestones),
        references=tuple(
            ReferenceView(type=each.type, value=each.value) for each in seen.references
        ),
        proof=_proof(seen),
    )


def _freshness(seen: CustomerPicture, source: BreakerRow | None) -> FreshnessView:
    down = source is not None and source.state is not BreakerState.CLOSED
    return FreshnessView(
        as_of=seen.as_of,
        source=seen.source,
        silent=seen.silent,
        source_down_since=source.changed_at if source is not None and down else None,
    )


def _milestone(seen: Shown) -> MilestoneView:
    return MilestoneView(
        milestone=seen.milestone,
        words=words.MILESTONES[seen.milestone],
        classifier=seen.classifier,
        occurred=_told(seen.occurred),
        place=_place(seen.place),
        stop=seen.stop,
        source=seen.source,
        received_at=seen.received_at,
        note=seen.note,
        corrected=seen.corrected,
        partial=seen.partial,
        returning=seen.returning,
    )


def _proof(seen: CustomerPicture) -> ProofView | None:
    if seen.proof is None:
        return None
    paper = seen.proof.document
    return ProofView(
        received_by=seen.proof.received_by,
        received=_told(seen.proof.received),
        document_number=paper.number if paper else "",
        sha256=paper.sha256 if paper else "",
    )


def _time(moment: Moment | None) -> TimeView | None:
    return None if moment is None else _told(moment)


def _told(moment: Moment) -> TimeView:
    return TimeView(
        at=words.local_at(moment),
        zone=moment.zone or "UTC",
        zone_source=moment.zone_source,
        precision=moment.precision,
        words=words.local(moment),
    )


def _place(place: Location | None) -> PlaceView | None:
    if place is None:
        return None
    address = place.address
    return PlaceView(
        words=words.place_words(place),
        city=address.city if address else "",
        country=address.country if address else "",
        unlocode=place.unlocode,
    )
