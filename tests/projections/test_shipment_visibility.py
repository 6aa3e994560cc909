"""Stories of the shipment view: one row for each shipment and customer, found by its numbers."""

from crossdock.canonical.tracking import Milestone
from crossdock.messages.envelope import Body, Key, Message
from crossdock.messages.shipment_visibility import PictureChanged
from crossdock.ports import Put
from crossdock.projections.shipment_visibility import PROJECTION
from tests.processes.shipment_visibility_world import (
    blank,
    confirmed,
    hour,
    left,
    picture,
    shown,
    withheld,
)


def projected(body: Body) -> tuple[Put, ...]:
    return PROJECTION.project(
        Message(
            id="m",
            tenant="main",
            correlation_id="c",
            causation_id="c",
            received_at=hour(0),
            origin="process:shipment_visibility",
            body=body,
            bound=Key("shipment", "SH-1"),
        )
    )


def row(body: PictureChanged, *index: tuple[str, str]) -> Put:
    return Put(kind="shipment_view", key="SH-1/C-1", body=body, index=index)


def test_a_visible_picture_is_found_by_customer_status_and_every_number() -> None:
    changed = picture(shown(Milestone.PICKED_UP, 1, 2), order_ids=("SO-1", "SO-2"))

    assert projected(changed) == (
        row(
            changed,
            ("customer", "C-1"),
            ("visible", "yes"),
            ("status", "PICKED_UP"),
            ("timeliness", "OPEN"),
            ("order", "SO-1"),
            ("order", "SO-2"),
            ("reference", "4711"),
            ("reference", "PO of SO-1"),
            ("reference", "PO of SO-2"),
            ("reference", "SH-1"),
        ),
    )


def test_a_withheld_picture_is_there_for_operations_and_marked() -> None:
    changed = picture(gate=withheld("SO-1"))

    assert projected(changed) == (
        row(
            changed,
            ("customer", "C-1"),
            ("visible", "no"),
            ("status", ""),
            ("timeliness", "OPEN"),
            ("order", "SO-1"),
            ("reference", "4711"),
            ("reference", "PO of SO-1"),
            ("reference", "SH-1"),
        ),
    )


def test_a_shipment_an_order_has_left_is_found_by_its_own_number_alone() -> None:
    changed = blank(left("SO-1"))

    assert projected(changed) == (
        row(
            changed,
            ("customer", "C-1"),
            ("visible", "no"),
            ("status", ""),
            ("timeliness", "NO_PROMISE"),
            ("reference", "SH-1"),
        ),
    )


def test_what_is_no_picture_is_no_row() -> None:
    assert projected(confirmed(Milestone.PICKED_UP, 1)) == ()
