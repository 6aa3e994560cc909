"""One order's history written by hand: released, planned, picked up, its reference held up."""

from datetime import datetime, timedelta

import msgspec

from crossdock.canonical.order import OrderDraft
from crossdock.canonical.references import Reference, ReferenceType
from crossdock.canonical.shipment import Mode, Shipment
from crossdock.canonical.tracking import Classifier, EvidenceKind, Milestone, TrackingEvent
from crossdock.messages.envelope import Body, Key
from crossdock.messages.order_release import (
    OrderReleased,
    PlanConfirmed,
    ShipmentPlanned,
    WriteTransportReference,
)
from crossdock.messages.registry import encode
from crossdock.messages.shipment_visibility import MilestoneReported
from crossdock.messages.teams import Team
from crossdock.ports.store import (
    AttemptRow,
    ExceptionRow,
    Handled,
    InboxRow,
    MessageRow,
    OutboxRow,
    OutboxStatus,
    ProcessRow,
    ReferenceRow,
    Store,
    TimerRow,
    Unit,
)
from tests.apis.rows import HAMBURG, NIGHT, moment, seen_by

ORDER = Key("order", "SO-1")
SHIPMENT = Key("shipment", "SH-1")
PRO = Reference(type=ReferenceType.PRO, value="4711", issuer="ROAD")
PLANNED = Shipment(
    shipment_id="SH-1",
    load_id="L-1",
    mode=Mode.ROAD,
    carrier_scac="ROAD",
    service_level="STANDARD",
    stops=(),
    references=(PRO,),
)
WRITE = WriteTransportReference(
    order_id="SO-1",
    order_version=1,
    shipment_id="SH-1",
    load_id="L-1",
    carrier_scac="ROAD",
    revision=1,
)
PICKED_UP = MilestoneReported(
    evidence=TrackingEvent(
        source="roadhaul",
        source_event_id="e-1",
        kind=EvidenceKind.ORIGINAL,
        milestone=Milestone.PICKED_UP,
        classifier=Classifier.ACTUAL,
        occurred=moment(0.5),
        raw_code="PUP",
        reference=PRO,
        place=HAMBURG,
    )
)


def at(minutes: int) -> datetime:
    """So many minutes after the story began."""
    return NIGHT + timedelta(minutes=minutes)


def message(id_: str, minutes: int, body: Body, origin: str, cause: str = "") -> MessageRow:
    """A message of the history; what a partner said came in the document `d-<id>`."""
    from_partner = origin.startswith("partner:")
    return MessageRow(
        tenant="main",
        id=id_,
        type=type(body).__name__,
        schema=1,
        body=encode(body),
        correlation_id="story",
        causation_id=f"d-{id_}" if from_partner else cause,
        received_at=at(minutes),
        origin=origin,
        document_id=f"d-{id_}" if from_partner else "",
    )


RELEASED = message(
    "m-1", 0, OrderReleased(draft=OrderDraft(order_id="SO-1", version=1)), "partner:erp"
)
CONFIRMED = message(
    "m-2",
    2,
    PlanConfirmed(order_id="SO-1", order_version=1, revision=1, shipments=(PLANNED,)),
    "partner:tms",
)
SHIPS = message(
    "m-3",
    2,
    ShipmentPlanned(
        shipment=PLANNED,
        order_id="SO-1",
        customer_id="C-1",
        customer_reference="PO 77",
        order_version=1,
        revision=1,
    ),
    "process:order_release",
    "m-2",
)
ASKED = message("m-4", 2, WRITE, "process:order_release", "m-2")
TOLD = message("m-5", 60, PICKED_UP, "partner:roadhaul")
SEEN = message(
    "m-6", 60, seen_by("C-1", "SH-1", visible=False), "process:shipment_visibility", "m-5"
)
EFFECT = OutboxRow(
    tenant="main",
    id="e-1",
    endpoint="erp",
    verb=WRITE.verb,
    business_key=WRITE.business_key(),
    version=WRITE.version(),
    idempotency_key="key-1",
    sequence_key=WRITE.sequence_key(),
    subscriber="order_release",
    key=ORDER,
    message_id="m-4",
    correlation_id="story",
    owner=WRITE.owner,
    request=b"{}",
    created_at=at(2),
    due_at=at(90),
    attempts=1,
)
TRIED = AttemptRow(
    tenant="main",
    outbox_id="e-1",
    number=1,
    fence=1,
    purpose="send",
    started_at=at(3),
    finished_at=at(4),
    outcome="not_applied",
    status=503,
    said="busy",
)
HELD = ExceptionRow(
    tenant="main",
    id="x-1",
    kind="process",
    subject="shipment_visibility/shipment/SH-1",
    code="SHIPMENT_SILENT",
    team=Team.CARRIER_RELATIONS,
    cause="Nobody has spoken of shipment SH-1 since 02:00",
    action="Ask the carrier where the goods are",
    opened_at=at(200),
    about=("SH-1", "SO-1"),
)


def process(unit: Unit, subscriber: str, key: Key, stage: str, steps: list[MessageRow]) -> None:
    """Let a process take these steps, and stand in a stage after them."""
    unit.enqueue(
        [
            InboxRow(tenant="main", message_id=each.id, subscriber=subscriber, key=key)
            for each in steps
        ]
    )
    unit.finish(
        [
            Handled(seq=step.row.seq, revision=number + 1, at=step.message.received_at)
            for number, step in enumerate(unit.claim(100))
        ]
    )
    unit.save(
        [
            ProcessRow(
                tenant="main",
                subscriber=subscriber,
                key=key,
                state=b"{}",
                schema=1,
                revision=1,
                stage=stage,
                updated_at=steps[-1].received_at,
            )
        ]
    )


def write(store: Store, *exceptions: ExceptionRow, effect: OutboxRow = EFFECT) -> None:
    """Write the history, with these exceptions and the effect standing so."""
    with store.write() as unit:
        unit.append([RELEASED, CONFIRMED, SHIPS, ASKED, TOLD, SEEN])
        process(unit, "order_release", ORDER, "referencing", [RELEASED, CONFIRMED])
        process(unit, "shipment_visibility", SHIPMENT, "in transit", [SHIPS, TOLD])
        unit.ask([msgspec.structs.replace(effect, status=OutboxStatus.WAITING)])
        unit.note_attempts([TRIED])
        unit.set_timers(
            [
                TimerRow(
                    tenant="main",
                    subscriber="shipment_visibility",
                    key=SHIPMENT,
                    name="silence",
                    due_at=at(3000),
                    correlation_id="story",
                    message_id="m-5",
                )
            ]
        )
        unit.put_references(
            [
                ReferenceRow(
                    tenant="main",
                    reference=each,
                    key=key,
                    routable=each == PRO,
                    correlation_id="story",
                )
                for each, key in (
                    (Reference(type=ReferenceType.CUSTOMER_REFERENCE, value="PO 77"), ORDER),
                    (PRO, SHIPMENT),
                )
            ]
        )
        unit.open_exceptions(exceptions)
        if effect.status is not OutboxStatus.WAITING:
            unit.rewrite_effect(effect)
