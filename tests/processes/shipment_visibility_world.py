"""A shipment of one order from Ulm to Lyon, promised for the night when the clocks change."""

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import structs

from crossdock.canonical.moments import Moment, ZoneSource, local_day
from crossdock.canonical.party import Location
from crossdock.canonical.references import Reference, ReferenceType
from crossdock.canonical.shipment import Mode, Shipment, Stop, StopRole
from crossdock.canonical.tracking import Classifier, EvidenceKind, Milestone, TrackingEvent
from crossdock.messages.envelope import Key
from crossdock.messages.order_release import OrderReferenced, ShipmentPlanned, ShipmentWithdrawn
from crossdock.messages.shipment_visibility import (
    CustomerPicture,
    GateVerdict,
    MilestoneConfirmed,
    MilestoneReported,
    PictureChanged,
    PostMilestone,
    Shown,
    StopTimeliness,
    Timeliness,
)
from crossdock.policies.rules import LatenessPolicy, PostingPolicy, PostingRow, Rules
from crossdock.ports import CancelTimer, SetTimer
from crossdock.processes.shipment_visibility import SUBSCRIBER
from crossdock.processes.shipment_visibility_facts import Visibility
from crossdock.testing.story import Story

START = datetime(2026, 3, 27, 8, tzinfo=UTC)
PARIS = "Europe/Paris"

# Only deliveries are posted, after ten minutes, and nobody counts the hours of silence.
RULES = Rules(
    lateness=LatenessPolicy(silence_hours=0),
    posting=PostingPolicy(rows=(PostingRow(milestone=Milestone.DELIVERED, posting="delivered"),)),
)

ULM = Location(name="Ulm", zone="Europe/Berlin")
LYON = Location(name="Lyon", zone=PARIS)
NICE = Location(name="Nice", zone=PARIS)
PRO = Reference(type=ReferenceType.PRO, value="4711", issuer="ROAD")
PROMISE = local_day(datetime(2026, 3, 29, tzinfo=UTC).date(), PARIS, ZoneSource.PLACE)
PROMISE_ENDS = datetime(2026, 3, 29, 22, tzinfo=UTC)  # midnight in Paris, on summer time by then


def hour(count: float) -> datetime:
    """Tell an instant by the hours since the story began."""
    return START + timedelta(hours=count)


def moment(at: datetime) -> Moment:
    """Tell an instant as a source with an offset would."""
    return Moment(at=at, text=at.isoformat(), zone="UTC", zone_source=ZoneSource.OFFSET)


def stops(*deliveries: Stop) -> tuple[Stop, ...]:
    """Load in Ulm, then deliver."""
    return (Stop(sequence=1, role=StopRole.PICKUP, place=ULM), *deliveries)


def delivery(sequence: int, place: Location = LYON, *line_ids: str) -> Stop:
    """Deliver these lines, or all."""
    return Stop(sequence=sequence, role=StopRole.DELIVERY, place=place, line_ids=line_ids)


SHIPMENT = Shipment(
    shipment_id="SH-1",
    load_id="LO-1",
    mode=Mode.ROAD,
    carrier_scac="ROAD",
    service_level="STANDARD",
    stops=stops(delivery(2)),
    references=(PRO,),
)
TWO_STOPS = structs.replace(SHIPMENT, stops=stops(delivery(2), delivery(3, NICE)))


def planned(
    order_id: str = "SO-1",
    customer_id: str = "C-1",
    *,
    shipment: Shipment = SHIPMENT,
    revision: int = 1,
    promised: Moment | None = PROMISE,
) -> ShipmentPlanned:
    """Plan an order on the shipment."""
    return ShipmentPlanned(
        shipment=shipment,
        order_id=order_id,
        customer_id=customer_id,
        customer_reference=f"PO of {order_id}",
        order_version=1,
        revision=revision,
        company_code="1000",
        promised=promised,
    )


def referenced(order_id: str = "SO-1", at: float = 0, revision: int = 1) -> OrderReferenced:
    """Let the ERP confirm an order's transport reference."""
    return OrderReferenced(
        order_id=order_id,
        shipment_id="SH-1",
        erp_document=f"DOC-{order_id}",
        applied_at=hour(at),
        endpoint="erp",
        revision=revision,
    )


def withdrawn(order_id: str = "SO-1", revision: int = 2) -> ShipmentWithdrawn:
    """Take an order off the shipment."""
    return ShipmentWithdrawn(
        shipment_id="SH-1", order_id=order_id, revision=revision, because="planned on SH-2"
    )


def event(milestone: Milestone, at: float | Moment, **said: Any) -> TrackingEvent:
    """Claim a milestone at an hour, or at a moment; whatever else is said replaces the usual."""
    usual: dict[str, Any] = {
        "source": "roadhaul",
        "source_event_id": milestone.lower(),
        "kind": EvidenceKind.ORIGINAL,
        "milestone": milestone,
        "classifier": Classifier.ACTUAL,
        "occurred": at if isinstance(at, Moment) else moment(hour(at)),
        "raw_code": milestone[:3],
        "reference": PRO,
    }
    return TrackingEvent(**(usual | said))


def report(milestone: Milestone, at: float | Moment, **said: Any) -> MilestoneReported:
    """Report what `event` claims."""
    return MilestoneReported(evidence=event(milestone, at, **said))


def correction(milestone: Milestone, at: float, *, of: str = "") -> MilestoneReported:
    """Say of the same event, or of the one named, that it was otherwise."""
    event_id = of or milestone.lower()
    return report(milestone, at, kind=EvidenceKind.CORRECTION, revision=1, source_event_id=event_id)


def retraction(milestone: Milestone, at: float) -> MilestoneReported:
    """Take the event back."""
    return report(milestone, at, kind=EvidenceKind.RETRACTION, revision=1)


def begin(rules: Rules = RULES) -> Story[Visibility, Rules]:
    """Begin before anything was said."""
    return Story(SUBSCRIBER, Key("shipment", "SH-1"), rules=rules, at=START)


def shown_to_customer(rules: Rules = RULES) -> Story[Visibility, Rules]:
    """Begin with a planned order whose reference the ERP has confirmed."""
    story = begin(rules)
    story.tell(planned(), referenced())
    return story


def open_gate(*order_ids: str, at: float = 0, waiting: tuple[str, ...] = ()) -> GateVerdict:
    """Expect the gate to be open for these orders."""
    return GateVerdict(
        visible=True,
        rule="portal.erp-reference-applied",
        because=f"the ERP confirmed the transport reference of {', '.join(order_ids)}",
        evidence=(
            *(f"ERP confirmed DOC-{each} at {hour(at).isoformat()}" for each in order_ids),
            *(_waits(each) for each in waiting),
        ),
        since=hour(at),
    )


def withheld(order_id: str) -> GateVerdict:
    """Expect the gate to wait for the ERP."""
    return GateVerdict(visible=False, rule="portal.erp-reference-applied", because=_waits(order_id))


def left(order_id: str) -> GateVerdict:
    """Expect the gate to be closed, for the order left the shipment."""
    return GateVerdict(
        visible=False,
        rule="portal.erp-reference-applied",
        because=f"withheld: {order_id} left this shipment: planned on SH-2",
    )


def _waits(order_id: str) -> str:
    return f"withheld: the ERP has not confirmed the transport reference of {order_id}"


def picture(
    *milestones: Shown,
    order_ids: tuple[str, ...] = ("SO-1",),
    customer_id: str = "C-1",
    gate: GateVerdict | None = None,
    **seen: Any,
) -> PictureChanged:
    """Expect a picture with these milestones; whatever else is seen replaces the usual."""
    newest = max(milestones, key=lambda each: each.occurred.at, default=None)
    usual: dict[str, Any] = {
        "shipment_id": "SH-1",
        "customer_id": customer_id,
        "order_ids": order_ids,
        "customer_references": tuple(f"PO of {each}" for each in order_ids),
        "status": newest.milestone if newest else None,
        "mode": "ROAD",
        "carrier_scac": "ROAD",
        "service_level": "STANDARD",
        "origin": ULM,
        "destination": LYON,
        "promised": PROMISE,
        "estimate": None,
        "timeliness": Timeliness.OPEN,
        "stops": (stop(Timeliness.OPEN),),
        "milestones": milestones,
        "references": (PRO,),
        "as_of": newest.occurred.at if newest else None,
        "source": newest.source if newest else "",
        "silent": False,
    }
    return PictureChanged(
        shipment_id="SH-1",
        customer_id=customer_id,
        gate=gate or open_gate(*order_ids),
        picture=CustomerPicture(**(usual | seen)),
    )


def blank(gate: GateVerdict) -> PictureChanged:
    """Expect a customer to see nothing of the shipment any more."""
    return picture(
        order_ids=(),
        gate=gate,
        mode="",
        carrier_scac="",
        service_level="",
        origin=None,
        destination=None,
        promised=None,
        timeliness=Timeliness.NO_PROMISE,
        stops=(),
        references=(),
    )


def shown(milestone: Milestone, at: float | Moment, received: float, **said: Any) -> Shown:
    """Expect a milestone to be shown."""
    usual: dict[str, Any] = {
        "milestone": milestone,
        "classifier": Classifier.ACTUAL,
        "occurred": at if isinstance(at, Moment) else moment(hour(at)),
        "source": "roadhaul",
        "received_at": hour(received),
    }
    return Shown(**(usual | said))


def stop(
    verdict: Timeliness,
    happened: float | Moment | None = None,
    *,
    sequence: int = 2,
    promised: Moment | None = PROMISE,
) -> StopTimeliness:
    """Expect a stop's promise to stand so."""
    at = moment(hour(happened)) if isinstance(happened, int | float) else happened
    return StopTimeliness(stop=sequence, verdict=verdict, promised=promised, happened=at)


def delivered_picture(
    *milestones: Shown, verdict: Timeliness = Timeliness.ON_TIME, **seen: Any
) -> PictureChanged:
    """Expect a picture whose one delivery stop is judged by the last milestone."""
    at = next(each.occurred for each in milestones if each.milestone is Milestone.DELIVERED)
    return picture(*milestones, timeliness=verdict, stops=(stop(verdict, at),), **seen)


def confirmed(
    milestone: Milestone, at: float | Moment, revision: int = 1, **said: Any
) -> MilestoneConfirmed:
    """Expect a milestone to be published."""
    usual: dict[str, Any] = {
        "shipment_id": "SH-1",
        "milestone": milestone,
        "stop": 0,
        "occurred": at if isinstance(at, Moment) else moment(hour(at)),
        "source": "roadhaul",
        "revision": revision,
        "order_ids": ("SO-1",),
    }
    return MilestoneConfirmed(**(usual | said))


def posted(at: float, revision: int = 1, order_id: str = "SO-1", **said: Any) -> PostMilestone:
    """Expect a delivery to be posted."""
    usual: dict[str, Any] = {
        "posting": "delivered",
        "order_id": order_id,
        "shipment_id": "SH-1",
        "milestone": Milestone.DELIVERED,
        "stop": 0,
        "occurred": moment(hour(at)),
        "revision": revision,
        "company_code": "1000",
        "load_id": SHIPMENT.load_id,
    }
    return PostMilestone(**(usual | said))


LATE = f"late/2/{PROMISE_ENDS.isoformat()}"
SETTLE = "settle/DELIVERED/0/delivered/SO-1"


def late_timer(name: str = LATE) -> SetTimer:
    """Expect the promise to be watched."""
    return SetTimer(name=name, due_at=PROMISE_ENDS)


def no_late_timer(name: str = LATE) -> CancelTimer:
    """Expect the promise to be watched no more."""
    return CancelTimer(name=name)


def settle_timer(received: float, name: str = SETTLE) -> SetTimer:
    """Expect a delivery received at that hour to settle ten minutes later."""
    return SetTimer(name=name, due_at=hour(received) + timedelta(minutes=10))
