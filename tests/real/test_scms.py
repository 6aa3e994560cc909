"""Five years of real deliveries through the whole machine.

The figures are the file's own: 5,261 order lines of 3,419 orders on 3,802 shipments; 495 lines came
after the day they were promised for, on 355 shipments; 3,306 lines tell a freight cost, the others
refer to another line or say that it is in the price.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from crossdock.app.clock import TimeOrderedIds
from crossdock.app.roster import PROCESSES, PROJECTIONS
from crossdock.app.routing import Target, router
from crossdock.canonical.tracking import Milestone
from crossdock.flow.machine import Machine
from crossdock.flow.roster import Inbound, Roster, Rulebook
from crossdock.messages.freight_settlement import AccrueFreight
from crossdock.messages.shipment_visibility import PictureChanged, Timeliness
from crossdock.policies.freight import FreightPolicy, UnexpectedRow
from crossdock.policies.rules import CompletenessPolicy, LatenessPolicy, Rules
from crossdock.ports import Endpoint
from crossdock.ports.store import OutboxStatus, Reader
from crossdock.store.sqlite import open_sqlite
from crossdock.testing.in_process import InProcess, arrival
from crossdock.testing.plain_partner import NoSettings, PlainConnector, PlainPartner
from tests.real import world
from tests.real.scms import inbound
from tests.real.scms.wire import Row, day

pytestmark = pytest.mark.skipif(
    not world.FILE.is_file(), reason="the public delivery file is not beside the project"
)

TENANT = "main"
PAGE = 1000
RULES = Rules(
    completeness=CompletenessPolicy(require_ship_to_postal_code=False),
    lateness=LatenessPolicy(grace_minutes=0, silence_hours=0),
    freight=FreightPolicy(
        unexpected=(UnexpectedRow(rule_id="freight.as-charged", take="accept_as_charged"),)
    ),
)


class Years(Struct, frozen=True, kw_only=True):
    """The years as lived: the town, the partner that applied its effects, and how long it took."""

    town: InProcess
    partner: PlainPartner
    slices: list[world.Slice]
    seconds: float


def roster() -> Roster:
    """Three partners that speak the file's words and say yes."""
    erp = PlainConnector(
        "erp",
        "erp",
        verbs=(
            "erp.write_reference",
            "erp.withdraw_reference",
            "erp.post_milestone",
            "erp.accrue",
        ),
        documents={"master_data": inbound.master_data, "orders": inbound.orders},
    )
    tms = PlainConnector(
        "tms", "tms", verbs=("tms.plan", "tms.cancel"), documents={"plans": inbound.plans}
    )
    carrier = PlainConnector(
        "carrier",
        "carrier",
        documents={"deliveries": inbound.deliveries, "charges": inbound.charges},
    )
    speaking = {each.name: each for each in (erp, tms, carrier)}
    endpoints = {
        name: Endpoint(
            name=name, connector=speaking[name], settings=NoSettings(), in_flight_max=500
        )
        for name in ("erp", "tms")
    }
    return Roster(
        subscribers=PROCESSES,
        projections=PROJECTIONS,
        inbound={
            name: Inbound(connector=each, settings=NoSettings()) for name, each in speaking.items()
        },
        endpoints=endpoints,
        route=router([Target(endpoint=each) for each in endpoints.values()]),
        rulebook=Rulebook(today=RULES),
        ids=TimeOrderedIds(),
    )


def tell(town: InProcess, slices: list[world.Slice]) -> None:
    """Tell every slice at its time, and let what is due ring in between."""
    for each in slices:
        town.jump_to(each.at)
        town.receive(arrival(each.partner, each.document, each.content))
    town.jump_to(town.at + timedelta(days=30))


@pytest.fixture(scope="module")
def years(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Years]:
    """Live the years once."""
    slices = world.slices(world.FILE.read_bytes())
    store = open_sqlite(tmp_path_factory.mktemp("scms") / "crossdock.db")
    partner = PlainPartner()
    began = time.perf_counter()
    town = InProcess(
        Machine(store=store, roster=roster()), {"erp": partner, "tms": partner}, slices[0].at
    )
    tell(town, slices)
    yield Years(town=town, partner=partner, slices=slices, seconds=time.perf_counter() - began)
    town.close()
    store.close()


def pictures(reader: Reader) -> list[PictureChanged]:
    """Read every shipment as its customer sees it."""
    found: list[PictureChanged] = []
    after = ""
    while rows := reader.find(TENANT, "shipment_view", {"visible": "yes"}, after=after, limit=PAGE):
        found += (msgspec.json.decode(row.body, type=PictureChanged) for row in rows)
        after = rows[-1].key
    return found


def freight_pictures(reader: Reader) -> list[bytes]:
    """Read every load as finance sees it."""
    found: list[bytes] = []
    after = ""
    while rows := reader.find(TENANT, "freight_picture", {}, after=after, limit=PAGE):
        found += (row.body for row in rows)
        after = rows[-1].key
    return found


def rows() -> list[Row]:
    """Read the file itself, as the judge of what came out."""
    return inbound.rows(world.FILE.read_bytes())


def late(row: Row) -> bool:
    """Tell by the file's own dates whether a line came late."""
    delivered, scheduled = day(row.delivered), day(row.scheduled)
    assert delivered is not None
    assert scheduled is not None
    return delivered > scheduled


def test_every_order_is_released_planned_referenced_shown_and_delivered(years: Years) -> None:
    with years.town.machine.store.read() as reader:
        counts = reader.count_messages(TENANT)
        stages = {(each.subscriber, each.stage): each.count for each in reader.stages(TENANT)}
        effects = {
            (verb, status): count
            for (_end, verb, status), count in reader.outbox_counts(TENANT).items()
        }
        shown = pictures(reader)

    assert (counts["OrderReleased"], counts["PlanShipment"], counts["PlanConfirmed"]) == (3419,) * 3
    assert counts["ShipmentPlanned"] == 3802
    assert effects == {
        ("tms.plan", OutboxStatus.APPLIED): 3419,
        ("erp.write_reference", OutboxStatus.APPLIED): 3802,
        ("erp.post_milestone", OutboxStatus.APPLIED): effects[
            "erp.post_milestone", OutboxStatus.APPLIED
        ],
        ("erp.accrue", OutboxStatus.APPLIED): 3306,
    }
    assert stages["order_release", "delivered"] == 3419
    assert [each.picture.status for each in shown] == [Milestone.DELIVERED] * 3802


def test_each_effect_is_applied_once(years: Years) -> None:
    assert set(years.partner.applied.values()) == {1}


def test_each_freight_cost_is_accrued_once_after_its_delivery(years: Years) -> None:
    charged = {row.shipment: cost for row in rows() if (cost := inbound.charged(row)) is not None}

    accrued = [
        msgspec.json.decode(body, type=AccrueFreight)
        for (url, body), _times in years.partner.applied.items()
        if url.startswith("/erp.accrue/")
    ]

    assert len(charged) == 3306
    assert {each.load_id: each.amount for each in accrued} == charged
    assert len(accrued) == 3306
    assert sum(each.amount.minor for each in accrued) == 29_518_136_52
    assert {(each.revision, each.before.minor, each.rule) for each in accrued} == {
        (1, 0, "freight.as-charged")
    }
    assert {tuple(proof.condition for proof in each.proofs) for each in accrued} == {
        ("milestone_validated", "charge_confirmed")
    }
    assert all(
        sum(part.amount.minor for part in each.shares) == each.amount.minor for each in accrued
    )


def test_lateness_is_the_files_own(years: Years) -> None:
    with years.town.machine.store.read() as reader:
        shown = pictures(reader)
    lines = {(row.shipment, row.line): late(row) for row in rows()}

    judged = {
        (each.shipment_id, line): verdict.verdict is Timeliness.LATE
        for each in shown
        for verdict, stop in zip(each.picture.stops, plan_of(each), strict=True)
        for line in stop
    }

    assert judged == lines
    assert sum(lines.values()) == 495
    assert sum(each.picture.timeliness is Timeliness.LATE for each in shown) == 355


def plan_of(each: PictureChanged) -> list[tuple[str, ...]]:
    """Name the lines of each delivery stop of a shipment, as the file has them."""
    mine = list(rows_of(each.shipment_id))
    return [tuple(part.line for part in parts) for _pair, parts in inbound.pairs(mine)]


_BY_SHIPMENT: dict[str, list[Row]] = {}


def rows_of(shipment_id: str) -> list[Row]:
    """Find the file's rows of a shipment."""
    if not _BY_SHIPMENT:
        _BY_SHIPMENT.update(inbound.grouped(rows(), "shipment"))
    return _BY_SHIPMENT[shipment_id]


def test_words_for_dates_and_weights_are_findings_and_nobody_is_stopped(years: Years) -> None:
    findings = 0
    after = ""
    with years.town.machine.store.read() as reader:
        open_cases = reader.exceptions(TENANT, status=None, limit=PAGE)
        while found := reader.documents(TENANT, after=after, limit=PAGE):
            findings += sum(len(each.findings) for each in found)
            after = found[-1].id

    assert findings == 8129
    assert {each.code for each in open_cases if each.status == "open"} == set()


def test_every_order_and_shipment_is_found_by_its_number(years: Years) -> None:
    numbers = {row.order for row in rows()} | {row.shipment for row in rows()}

    with years.town.machine.store.read() as reader:
        lost = {number for number in numbers if not reader.search(TENANT, number)}

    assert (len(numbers), lost) == (3419 + 3802, set())


def test_the_same_file_again_changes_nothing(years: Years) -> None:
    before = everything(years.town)

    tell(years.town, list(years.slices))

    assert everything(years.town) == before


def everything(town: InProcess) -> dict[str, Any]:
    """Take stock of all that could change, but for the documents that came again."""
    with town.machine.store.read() as reader:
        return {
            "messages": reader.count_messages(TENANT),
            "stages": {(each.subscriber, each.stage): each.count for each in reader.stages(TENANT)},
            "effects": reader.outbox_counts(TENANT),
            "pictures": pictures(reader),
            "freight": freight_pictures(reader),
            "exceptions": reader.exceptions(TENANT, status=None, limit=PAGE),
        }


def test_the_figures_are_told(years: Years, capsys: pytest.CaptureFixture[str]) -> None:
    with years.town.machine.store.read() as reader:
        counts = reader.count_messages(TENANT)
    total = sum(counts.values())

    with capsys.disabled():
        print(  # noqa: T201 - figures are for people
            f"\n  scms: {total} messages, {years.town.taken} steps in {years.seconds:.1f} s, "
            f"{total / years.seconds:.0f} messages/s"
        )

    assert total > counts["OrderReleased"]
