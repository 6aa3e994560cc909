"""Any number of an order leads to its whole story, and to why it is not done."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from crossdock.apis.process.v1.story import Trace
from crossdock.apis.process.v1.trace import trace
from crossdock.messages.teams import Team
from crossdock.ports.store import (
    BreakerRow,
    BreakerState,
    ExceptionRow,
    ExceptionStatus,
    OutboxStatus,
    Store,
)
from crossdock.store.sqlite import open_sqlite
from tests.apis import history
from tests.apis.history import EFFECT, HELD, at


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    made = open_sqlite(tmp_path / "store.db")
    yield made
    made.close()


def told(store: Store, number: str) -> Trace:
    with store.read() as reader:
        return trace(reader, "main", number)


def processes(found: Trace) -> list[tuple[str, str, str]]:
    return [(each.process, each.id, each.stage) for each in found.chapters]


WHOLE = [("order_release", "SO-1", "referencing"), ("shipment_visibility", "SH-1", "in transit")]


@pytest.mark.parametrize(
    "number",
    [
        *("SO-1", "SH-1", "PO 77", "po 77", "4711", " SO-1 ", "PRO:ROAD:4711", "pro:road:4711"),
        *("m-2", "m-5", "d-m-2", "e-1"),
    ],
)
def test_every_number_leads_to_the_whole_story(store: Store, number: str) -> None:
    history.write(store)

    found = told(store, number)

    assert processes(found) == WHOLE
    assert [each.what for each in found.timeline] == [
        "OrderReleased",
        "PlanConfirmed",
        "ShipmentPlanned",
        "WriteTransportReference",
        "erp.write_reference",
        "MilestoneReported",
        "PictureChanged",
    ]


def test_the_timeline_says_who_said_what_and_when(store: Store) -> None:
    history.write(store)

    lines = [
        (each.at, each.kind.value, each.by, each.said) for each in told(store, "SO-1").timeline
    ]

    assert lines == [
        (at(0), "received", "partner:erp", "Order SO-1 version 1, 0 line(s)"),
        (at(2), "received", "partner:tms", "Planned as SH-1 (order version 1, plan 1)"),
        (at(2), "decided", "process:order_release", "Order SO-1 travels on shipment SH-1"),
        (
            at(2),
            "asked",
            "process:order_release",
            f"Ask for erp.write_reference SO-1/SH-1, version {EFFECT.version}",
        ),
        (at(3), "attempt", "erp", "SO-1/SH-1 sent, try 1: not_applied (503): busy"),
        (
            at(60),
            "received",
            "partner:roadhaul",
            (
                "Picked up Sun 29 Mar 2026 03:00 Europe/Berlin in Dock 4, Hamburg, DE "
                "(code PUP, PRO 4711)"
            ),
        ),
        (
            at(60),
            "decided",
            "process:shipment_visibility",
            (
                "Customer C-1 would see, and does not yet see: Picked up; "
                "the ERP confirmed the transport reference 4500"
            ),
        ),
    ]


def test_an_effect_under_way_says_who_has_not_confirmed_what(store: Store) -> None:
    history.write(store)

    found = told(store, "SO-1")

    assert found.why == (
        "erp has not confirmed erp.write_reference for SO-1/SH-1; tried 1 time(s), last: busy. "
        "Next try Sun 29 Mar 2026 02:00 UTC. Customer C-1 does not see it yet: "
        "the ERP confirmed the transport reference 4500."
    )
    assert [each.why for each in found.chapters[1:]] == [
        "It is in transit; if nothing comes, `silence` decides at Tue 31 Mar 2026 02:30 UTC."
    ]


def test_a_partner_that_is_down_is_named_as_the_reason(store: Store) -> None:
    history.write(store)
    down = BreakerRow(
        tenant="main", endpoint="erp", state=BreakerState.OPEN, generation=1, changed_at=at(70)
    )
    with store.write() as unit:
        unit.save_breaker(down, 0)

    why = told(store, "SO-1").chapters[0].why

    assert why == (
        "erp has not confirmed erp.write_reference for SO-1/SH-1; tried 1 time(s), last: busy. "
        "erp is not answering since Sun 29 Mar 2026 01:40 UTC; it is held safely."
    )


def test_an_answer_that_was_lost_is_looked_up_and_says_so(store: Store) -> None:
    history.write(store, effect=msgspec.structs.replace(EFFECT, status=OutboxStatus.UNKNOWN))

    why = told(store, "SO-1").chapters[0].why

    assert why.endswith("The answer was lost; it is looked up before anything is sent again.")


def test_an_open_exception_comes_before_every_other_reason(store: Store) -> None:
    history.write(store, HELD)

    found = told(store, "4711")

    assert found.why.startswith(
        "Nobody has spoken of shipment SH-1 since 02:00. Waits for carrier relations: "
        "Ask the carrier where the goods are."
    )
    assert [(each.kind.value, each.what) for each in found.timeline][-1] == (
        "stuck",
        "SHIPMENT_SILENT",
    )


def test_what_is_settled_is_told_and_no_reason_any_more(store: Store) -> None:
    history.write(store, HELD)
    with store.write() as unit:
        unit.close_exceptions(
            "main", ["x-1"], ExceptionStatus.RESOLVED, "process:v", "Somebody spoke", at(300)
        )

    found = told(store, "SH-1")

    assert [(each.kind.value, each.said) for each in found.timeline][-1] == (
        "settled",
        "Somebody spoke",
    )
    assert found.why.startswith("erp has not confirmed")


def test_a_finished_story_lacks_nothing(store: Store) -> None:
    done = msgspec.structs.replace(EFFECT, status=OutboxStatus.APPLIED, finished_at=at(91))
    history.write(store, effect=done)
    with store.write() as unit:
        for each in unit.list_processes("main", "order_release", None, "", 10):
            unit.save([msgspec.structs.replace(each, stage="delivered", revision=2)])

    assert told(store, "SO-1").chapters[0].why == "Nothing is missing: it is delivered."


def test_what_never_became_an_order_is_found_by_its_document(store: Store) -> None:
    lost = ExceptionRow(
        tenant="main",
        id="x-2",
        kind="document",
        subject="d-9",
        code="UNREADABLE",
        team=Team.INTEGRATION,
        cause="The document is no JSON",
        action="Ask the sender",
        opened_at=at(1),
        about=("SO-9",),
        document_id="d-9",
    )
    with store.write() as unit:
        unit.open_exceptions([lost])

    found = told(store, "SO-9")

    assert (found.why, [each.id for each in found.stuck], found.documents) == (
        "It never became an order or a shipment; see the exception.",
        ["x-2"],
        ("d-9",),
    )


def test_a_number_nobody_knows_gives_an_empty_story(store: Store) -> None:
    history.write(store)

    found = told(store, "SO-404")

    assert (found.found, found.why) == (False, "Nothing is known under this number.")


def test_what_customers_saw_is_told_with_the_rule_and_since_when(store: Store) -> None:
    history.write(store)

    shown = [msgspec.structs.asdict(each) for each in told(store, "SH-1").shown]

    assert shown == [
        {
            "at": at(0) + timedelta(hours=1),
            "customer_id": "C-1",
            "shipment_id": "SH-1",
            "visible": False,
            "status": "Picked up",
            "rule": "portal.erp-reference-applied",
            "because": "the ERP confirmed the transport reference 4500",
            "evidence": ("ERP confirmed 4500",),
        }
    ]
