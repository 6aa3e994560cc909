"""The first sentence of a trace: chosen for the number asked, and for who has to do something."""

from datetime import UTC, datetime

from msgspec.structs import replace

from crossdock.apis.process.v1.story import Chapter, Effect, Shown, Stuck
from crossdock.apis.process.v1.why import whole_why

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)
ORDER = Chapter(
    process="order_release",
    kind="order",
    id="SO-1",
    stage="delivered",
    since=NOON,
    revision=7,
    why="Nothing is missing: it is delivered.",
    alarms=(),
    waiting_steps=0,
    parked=False,
    effects=(),
    stuck=(),
)
POSTED = Effect(
    id="e-1",
    endpoint="erp",
    verb="erp.post_milestone",
    business_key="SO-1/SH-2/0/delivered",
    version="1",
    idempotency_key="k",
    status="applied",
    created_at=NOON,
    due_at=NOON,
    finished_at=NOON,
    document="MD-1",
    said="",
)
SHIPMENT = replace(
    ORDER, process="shipment_visibility", kind="shipment", id="SH-2", effects=(POSTED,)
)
LEFT = replace(SHIPMENT, id="SH-1", stage="withdrawn", effects=())
BOUND = replace(
    ORDER, process="reference_binding", kind="reference", id="PRO:ROAD:4711", stage="bound"
)
UNBOUND = replace(
    BOUND, id="PRO:ROAD:4710", stage="unbound", why="It is unbound, and waits for the next message."
)
STORY = (ORDER, LEFT, SHIPMENT, BOUND, UNBOUND)
SEEN = Shown(
    at=NOON,
    customer_id="C-1",
    shipment_id="SH-2",
    visible=True,
    status="Delivered",
    rule="portal.erp-reference-applied",
    because="the ERP confirmed the transport reference of SO-1",
    evidence=(),
)
WITHHELD = replace(
    SEEN,
    shipment_id="SH-1",
    visible=False,
    because="withheld: SO-1 left this shipment: plan revision 2 has it no more",
)
SHOWN = (SEEN, WITHHELD)


def test_a_finished_order_says_so_and_the_shipment_it_left_does_not_speak() -> None:
    for number in ("SO-1", "4711", "PO 77"):
        assert whole_why(number, STORY, SHOWN, ()) == (
            "Nothing is missing: order SO-1 is delivered, and the ERP has posted it. "
            "Customer C-1 sees: Delivered."
        )


def test_a_shipment_asked_for_by_its_number_answers_for_itself() -> None:
    assert whole_why("SH-2", STORY, SHOWN, ()) == (
        "Nothing is missing: shipment SH-2 is delivered, and the ERP has posted it. "
        "Customer C-1 sees: Delivered."
    )


def test_a_shipment_that_was_left_says_why_nobody_sees_it() -> None:
    assert whole_why("SH-1", STORY, SHOWN, ()) == (
        "Nothing is missing: shipment SH-1 is withdrawn. "
        "Customer C-1 does not see it: SO-1 left this shipment: plan revision 2 has it no more."
    )


def test_a_cancelled_order_is_finished_without_a_posting() -> None:
    cancelled = replace(ORDER, stage="cancelled")

    assert whole_why("SO-1", (cancelled, LEFT, UNBOUND), (WITHHELD,), ()) == (
        "Nothing is missing: order SO-1 is cancelled. "
        "Customer C-1 does not see it: SO-1 left this shipment: plan revision 2 has it no more."
    )


def test_a_delivered_order_whose_posting_is_on_its_way_is_not_finished() -> None:
    waiting = replace(POSTED, status="waiting", finished_at=None)
    posting = replace(SHIPMENT, effects=(waiting,), why="erp has not confirmed it.")

    assert whole_why("SO-1", (ORDER, LEFT, posting, BOUND), SHOWN, ()) == (
        "erp has not confirmed it. Customer C-1 sees: Delivered."
    )


def test_whoever_waits_for_a_person_speaks_first() -> None:
    stuck = Stuck(
        id="x-1",
        kind="process",
        subject="shipment_visibility/shipment/SH-2",
        code="SHIPMENT_SILENT",
        team="CARRIER_RELATIONS",
        owner="",
        status="open",
        cause="Nobody has spoken",
        action="Ask",
        opened_at=NOON,
        count=1,
        about=(),
        seen={},
        message_id="",
        document_id="",
    )
    silent = replace(SHIPMENT, stage="in transit", stuck=(stuck,), why="Nobody has spoken.")
    planned = replace(ORDER, stage="open", why="It is open, and waits.")

    assert whole_why("SO-1", (planned, silent), (), ()) == "Nobody has spoken."


def test_an_order_on_its_way_lets_its_shipment_say_what_comes_next() -> None:
    moving = replace(SHIPMENT, stage="in transit", why="It is in transit; `silence` decides.")
    planned = replace(ORDER, stage="open", why="It is open, and waits for the next message.")
    unseen = replace(WITHHELD, shipment_id="SH-2", because="withheld: the ERP has not confirmed it")

    assert whole_why("SO-1", (planned, LEFT, moving, BOUND), (WITHHELD, unseen), ()) == (
        "It is in transit; `silence` decides. "
        "Customer C-1 does not see it yet: the ERP has not confirmed it."
    )


def test_a_number_without_a_shipment_is_answered_by_its_binding() -> None:
    assert whole_why("4710", (UNBOUND,), (), ()) == (
        "Nothing is missing: reference PRO:ROAD:4710 is unbound."
    )
