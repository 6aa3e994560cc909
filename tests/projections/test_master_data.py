"""A record as orders look at it."""

from __future__ import annotations

from datetime import UTC, datetime

from crossdock.messages.envelope import Body, Message
from crossdock.messages.master_data import MasterDataAwaited, MasterDataChanged, MasterKind
from crossdock.ports import Put
from crossdock.projections.master_data import PROJECTION

NOON = datetime(2026, 3, 28, 12, tzinfo=UTC)


def message(body: Body) -> Message:
    return Message(
        id="m",
        tenant="main",
        correlation_id="",
        causation_id="",
        received_at=NOON,
        origin="process:master_data",
        body=body,
    )


def test_a_record_is_kept_under_its_kind_and_id() -> None:
    changed = MasterDataChanged(
        kind=MasterKind.SHIP_TO, id="SHOP-7", version=2, as_of=NOON, blocked=True, record="{}"
    )

    rows = PROJECTION.project(message(changed))

    assert rows == (Put(kind="ship_to", key="SHOP-7", body=changed, index=(("blocked", "yes"),)),)


def test_what_changes_no_record_writes_no_row() -> None:
    rows = PROJECTION.project(
        message(MasterDataAwaited(kind=MasterKind.ITEM, id="I-1", order_id="SO-1"))
    )

    assert rows == ()
