"""The auditor counts each kind of violation that is planted, and none where there is none."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from crossdock.simulators.auditor import Evidence, ShownShipment, Step, audit
from crossdock.simulators.ledger import Entry
from crossdock.simulators.pages import Page, read_page

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)
ONE = datetime(2026, 3, 29, 13, tzinfo=UTC)


def entry(kind: str, verb: str, content_key: str, content: Any) -> Entry:
    return Entry(at=NOON, kind=kind, verb=verb, content_key=content_key, content=content)


def order(verb: str = "order.released", version: int = 1) -> Entry:
    told = {"order": {"order_id": "SO-1", "version": version}}
    return entry("acknowledged", verb, f"order/SO-1/{version}/{verb}", told)


def requested(version: int = 1) -> Entry:
    told = {"order": {"order_id": "SO-1"}, "order_version": version, "mode": "ROAD"}
    return entry("received", "tms.plan", f"plan/SO-1/{version}", told)


def shipment(kind: str = "planned", request: str = "RQ-1", shipment_id: str = "SH1") -> Entry:
    told = {
        "order_id": "SO-1",
        "order_version": 1,
        "request_id": request,
        "shipment_id": shipment_id,
        "load_id": "LD1",
        "references": [{"type": "PRO", "value": "4711", "issuer": "ROAD"}],
    }
    return entry(kind, "shipment", f"shipment/{shipment_id}", told)


def confirmed(verb: str = "plan.confirmed") -> Entry:
    told = {"order_id": "SO-1", "order_version": 1, "shipments": [{"shipment_id": "SH1"}]}
    return entry("acknowledged", verb, f"plan/SO-1/1/1/{verb}", told)


def reference(revision: int = 1) -> Entry:
    told = {"order_id": "SO-1", "shipment_id": "SH1", "revision": revision}
    return entry("received", "erp.write_reference", f"reference/SO-1/1/SH1/{revision}", told)


def posting(at: datetime = NOON, revision: int = 1, *, back: bool = False) -> Entry:
    told = {
        "order_id": "SO-1",
        "shipment_id": "SH1",
        "stop": 2,
        "posting": "delivered",
        "occurred_at": at.isoformat(),
        "revision": revision,
        "reversed": back,
    }
    return entry("received", "erp.post_milestone", f"posting/SH1/SO-1/2/{revision}", told)


def told(kind: str = "original", at: datetime = NOON, code: str = "DLV", number: str = "") -> Entry:
    revision = ("original", "retraction", "correction").index(kind)
    event_id = f"ROAD-SH1-{code}{number}"
    event = {"event_id": event_id, "kind": kind, "revision": revision, "status_code": code}
    content = {"shipment_id": "SH1", "occurred_at": at.isoformat(), "event": event}
    return entry("acknowledged", "tracking", f"tracking/{event_id}/{kind}/{revision}", content)


def page(*times: datetime) -> dict[str, ShownShipment]:
    steps = tuple(Step(milestone="DELIVERED", occurred_at=at) for at in times)
    return {"SH1": ShownShipment(shipment_id="SH1", order_ids=("SO-1",), steps=steps)}


ERP = (order(), reference(), posting())
TMS = (requested(), shipment(), confirmed())
GOOD = Evidence(erps=(ERP,), tms=TMS, carriers=((told(),),), pages=page(NOON))


def counts(evidence: Evidence) -> tuple[int, int, int, int]:
    """Count duplicate shipments, portal ahead of ERP, lost messages and doubled effects."""
    found = audit(evidence).counts()
    duplicate, ahead = found["duplicate_shipments"], found["portal_ahead_of_erp"]
    return duplicate, ahead, found["lost_messages"], found["doubled_effects"]


def test_a_good_day_has_no_violations() -> None:
    assert counts(GOOD) == (0, 0, 0, 0)


def test_a_second_request_beside_the_first_is_a_duplicate_shipment() -> None:
    twice = (*TMS, replace(requested(), seq=9), shipment(request="RQ-2", shipment_id="SH2"))

    found = audit(replace(GOOD, tms=twice))

    assert found.duplicate_shipments == ("Order SO-1 version 1: RQ-2 was planned beside RQ-1",)
    assert found.doubled_effects == ("tms.plan was done again: plan/SO-1/1",)


def test_an_order_that_is_split_is_no_duplicate() -> None:
    assert counts(replace(GOOD, tms=(*TMS, shipment(shipment_id="SH2")))) == (0, 0, 0, 0)


def test_an_order_planned_anew_is_no_duplicate() -> None:
    anew = (*TMS, shipment("withdrawn"), requested(2), shipment(request="RQ-2", shipment_id="SH2"))

    assert counts(replace(GOOD, tms=anew)) == (0, 0, 0, 0)


def test_a_page_ahead_of_the_erp_is_counted() -> None:
    found = audit(replace(GOOD, ahead=frozenset({("SO-1", "SH1")})))

    assert found.portal_ahead_of_erp == (
        "Order SO-1: shipment SH1 was shown before the ERP had its reference",
    )


def test_a_posting_done_again_is_a_doubled_effect() -> None:
    found = audit(replace(GOOD, erps=((*ERP, posting(revision=2)),)))

    assert found.doubled_effects == ("erp.post_milestone was done again: posting/SH1/SO-1/2/2",)


def test_a_posting_corrected_or_reversed_between_is_none() -> None:
    erp = (*ERP, posting(ONE, 2), posting(ONE, 3, back=True), posting(ONE, 4))

    assert counts(replace(GOOD, erps=(erp,))) == (0, 0, 0, 0)


def test_a_repeat_under_the_same_key_is_none() -> None:
    repeat = replace(posting(), kind="repeated")

    assert counts(replace(GOOD, erps=((*ERP, repeat),))) == (0, 0, 0, 0)


def test_a_release_that_reached_nobody_is_lost() -> None:
    nothing = Evidence(erps=((order(),),), tms=(), carriers=())

    assert audit(nothing).lost_messages == ("order.released of SO-1 version 1 was lost",)
    assert counts(replace(nothing, exceptions=frozenset({"SO-1"}))) == (0, 0, 0, 0)


def test_a_change_that_reached_nobody_is_lost() -> None:
    changed = replace(GOOD, erps=((*ERP, order("order.changed", 2)),))

    assert audit(changed).lost_messages == ("order.changed of SO-1 version 2 was lost",)


def test_a_cancellation_after_which_the_goods_travel_is_lost() -> None:
    cancelled = replace(GOOD, erps=((*ERP, order("order.cancelled", 2)),))

    assert audit(cancelled).lost_messages == ("order.cancelled of SO-1 version 2 was lost",)
    assert counts(replace(cancelled, tms=(*TMS, shipment("withdrawn")))) == (0, 0, 0, 0)


def test_a_plan_without_its_reference_is_lost() -> None:
    bare = replace(GOOD, erps=((order(), posting()),))

    assert audit(bare).lost_messages == ("plan.confirmed of SO-1 was lost",)


def test_a_rejection_that_nobody_sees_is_lost() -> None:
    rejected = Evidence(
        erps=((order(),),), tms=(requested(), confirmed("plan.rejected")), carriers=()
    )

    assert audit(rejected).lost_messages == ("plan.rejected of SO-1 was lost",)
    assert counts(replace(rejected, exceptions=frozenset({"SO-1"}))) == (0, 0, 0, 0)


def test_a_milestone_that_no_page_shows_is_lost() -> None:
    assert audit(replace(GOOD, pages=page())).lost_messages == ("SH1: original DELIVERED was lost",)


def test_a_strange_code_must_be_an_exception() -> None:
    strange = replace(GOOD, carriers=((told(), told(code="X42")),))

    assert audit(strange).lost_messages == ("SH1: original of an unknown code was lost",)
    assert counts(replace(strange, exceptions=frozenset({"4711"}))) == (0, 0, 0, 0)


def test_an_exception_does_not_excuse_a_page_without_the_milestone() -> None:
    excused = replace(GOOD, pages=page(), exceptions=frozenset({"SH1"}))

    assert counts(excused) == (0, 0, 1, 0)


def test_a_delivery_the_erp_never_heard_of_is_lost() -> None:
    unposted = replace(GOOD, erps=((order(), reference()),))

    assert audit(unposted).lost_messages == ("SH1: the ERP does not know of the original delivery",)


def test_a_correction_must_show_and_post_the_new_time() -> None:
    corrected = replace(GOOD, carriers=((told(), told("correction", ONE)),))

    assert counts(corrected) == (0, 0, 1, 0)
    shown = replace(corrected, pages=page(ONE), erps=((*ERP, posting(ONE, 2)),))
    assert counts(shown) == (0, 0, 0, 0)


def test_what_is_taken_back_may_not_stay() -> None:
    taken_back = replace(GOOD, carriers=((told(), told("retraction")),))

    assert counts(taken_back) == (0, 0, 1, 0)
    gone = replace(taken_back, pages=page(), erps=((*ERP, posting(revision=2, back=True)),))
    assert counts(gone) == (0, 0, 0, 0)


def test_what_was_never_acknowledged_is_not_lost() -> None:
    sent = replace(told(code="X42"), kind="sent")

    assert counts(replace(GOOD, carriers=((told(), sent),))) == (0, 0, 0, 0)


def test_pages_are_read_by_their_marks() -> None:
    html = (
        '<a rel="next" href="?after=SH1">on</a><p data-about="SO-9 4711">'
        '<article data-shipment="SH1" data-orders="SO-1 SO-2" data-status="DELIVERED">'
        '<li data-milestone="DELIVERED" data-occurred="2026-03-29T12:00:00Z">'
    )
    delivered = Step(milestone="DELIVERED", occurred_at=NOON)

    assert read_page(html) == Page(
        shipments=(
            ShownShipment(
                shipment_id="SH1",
                order_ids=("SO-1", "SO-2"),
                status="DELIVERED",
                steps=(delivered,),
            ),
        ),
        about=frozenset({"SO-9", "4711"}),
        following="?after=SH1",
    )
