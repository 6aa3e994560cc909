"""Rows for stories: each complete, so that a story names only what it is about."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from crossdock.canonical.references import Reference, ReferenceType
from crossdock.messages.envelope import Key
from crossdock.ports.store import (
    AttemptRow,
    AuditRow,
    DocumentRow,
    DocumentStatus,
    ExceptionRow,
    InboxRow,
    MessageRow,
    OutboxRow,
    OutboxStatus,
    ProcessRow,
    ProjectionRow,
    ReferenceRow,
    SeenRow,
    TimerRow,
)

MAIN = "main"
ORDER = Key("order", "SO-1")
OTHER = Key("order", "SO-2")
NOON = datetime(2026, 3, 29, 12, 0, 0, 123456, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def message(id: str = "m1", **changes: Any) -> MessageRow:  # noqa: A002 - the row's word
    """A message, received at noon."""
    row = MessageRow(
        tenant=MAIN,
        id=id,
        type="OrderReleased",
        schema=1,
        body=b'{"order":"SO-1"}',
        correlation_id="c1",
        causation_id="",
        received_at=NOON,
        origin="partner:erp",
    )
    return replace(row, **changes)


def seen(identity: str = "e1", **changes: Any) -> SeenRow:
    """What the ERP said under an identity."""
    row = SeenRow(tenant=MAIN, endpoint="erp", identity=identity, hash=b"\x01\x02", message_id="m1")
    return replace(row, **changes)


def step(message_id: str = "m1", **changes: Any) -> InboxRow:
    """A step to take for the order."""
    row = InboxRow(tenant=MAIN, message_id=message_id, subscriber="order_release", key=ORDER)
    return replace(row, **changes)


def state(revision: int = 1, **changes: Any) -> ProcessRow:
    """The order's state at a revision."""
    row = ProcessRow(
        tenant=MAIN,
        subscriber="order_release",
        key=ORDER,
        state=b"{}",
        schema=1,
        revision=revision,
        stage="planning",
        updated_at=NOON,
    )
    return replace(row, **changes)


def effect(id: str = "x1", **changes: Any) -> OutboxRow:  # noqa: A002 - the row's word
    """An effect at the TMS, due at noon; its keys are made of its id."""
    row = OutboxRow(
        tenant=MAIN,
        id=id,
        endpoint="tms",
        verb="tms.plan",
        business_key=id,
        version="1",
        idempotency_key=f"key-{id}",
        sequence_key="",
        subscriber="order_release",
        key=ORDER,
        message_id="m1",
        correlation_id="c1",
        owner="TRANSPORTATION",
        request=b"POST",
        created_at=NOON,
        due_at=NOON,
    )
    return replace(row, **changes)


def attempt(number: int = 1, **changes: Any) -> AttemptRow:
    """A try at the effect, begun at noon."""
    row = AttemptRow(
        tenant=MAIN, outbox_id="x1", number=number, fence=1, purpose="send", started_at=NOON
    )
    return replace(row, **changes)


def timer(name: str = "confirm", **changes: Any) -> TimerRow:
    """A wake-up of the order at noon."""
    row = TimerRow(
        tenant=MAIN,
        subscriber="order_release",
        key=ORDER,
        name=name,
        due_at=NOON,
        correlation_id="c1",
        message_id="m1",
    )
    return replace(row, **changes)


def pro(value: str = "4711") -> Reference:
    """A carrier's PRO number."""
    return Reference(type=ReferenceType.PRO, value=value, issuer="ROAD")


def number(reference: Reference, **changes: Any) -> ReferenceRow:
    """A number that routes to shipment S-1."""
    row = ReferenceRow(
        tenant=MAIN,
        reference=reference,
        key=Key("shipment", "S-1"),
        routable=True,
        correlation_id="c1",
    )
    return replace(row, **changes)


def trouble(id: str = "aa1", **changes: Any) -> ExceptionRow:  # noqa: A002 - the row's word
    """An exception of transportation, opened at noon."""
    row = ExceptionRow(
        tenant=MAIN,
        id=id,
        kind="process",
        subject="order_release/order/SO-1",
        code="NOT_PLANNED",
        team="TRANSPORTATION",
        cause="The TMS has not answered.",
        action="Call the planner.",
        opened_at=NOON,
        about=("SO-1", "PO-9"),
        seen={"reminders": "3"},
        message_id="m1",
        document_id="d1",
        correlation_id="c1",
    )
    return replace(row, **changes)


def document(id: str = "d1", content: bytes = b"ISA*00", **changes: Any) -> DocumentRow:  # noqa: A002
    """A raw document from the ERP."""
    row = DocumentRow(
        tenant=MAIN,
        id=id,
        endpoint="erp",
        document="orders",
        received_at=NOON,
        content=content,
        content_type="text/plain",
        sha256=hashlib.sha256(content).hexdigest(),
        status=DocumentStatus.TRANSLATED,
    )
    return replace(row, **changes)


def line(subject: str = "SO-1", **changes: Any) -> AuditRow:
    """What an operator did."""
    row = AuditRow(
        tenant=MAIN, at=NOON, actor="ann", action="retry", subject=subject, reason="TMS is back"
    )
    return replace(row, **changes)


def view(key: str = "S-1/C-1", *index: tuple[str, str], **changes: Any) -> ProjectionRow:
    """A row of the shipment view, first written at noon."""
    row = ProjectionRow(
        tenant=MAIN,
        kind="shipment_view",
        key=key,
        body=b'{"status":"PICKED_UP"}',
        index=index,
        updated_at=NOON,
        revision=1,
    )
    return replace(row, **changes)


def was_leased(row: OutboxRow, until: datetime, fence: int = 1) -> OutboxRow:
    """The effect as it is stored while leased."""
    return replace(row, status=OutboxStatus.LEASED, lease_until=until, fence=fence)
