"""The evidence pack: everything a dispute or a posting rests on, as JSON and on paper."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from crossdock.apis.http import json_text
from crossdock.apis.process.v1.evidence import Evidence, digest_of, evidence
from crossdock.apis.process.v1.evidence_pdf import on_paper
from crossdock.ports.store import AuditRow, Store
from crossdock.store.sqlite import open_sqlite
from tests.apis import history
from tests.apis.asgi import call
from tests.apis.freight_rows import LINEHAUL, PICTURE, changed, paint
from tests.apis.rows import NIGHT
from tests.pages.house import house

DISPUTED = AuditRow(
    tenant="main",
    at=NIGHT,
    actor="ann",
    action="freight.dispute",
    subject="freight_settlement/load/L-1",
    reason="twice the rate",
    detail="LINEHAUL",
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store that knows one order's story and the money of its load."""
    made = open_sqlite(tmp_path / "store.db")
    history.write(made, history.HELD)
    paint(made, PICTURE)
    with made.write() as unit:
        unit.log([DISPUTED])
    yield made
    made.close()


def pack_of(store: Store) -> Evidence:
    with store.read() as reader:
        return evidence(reader, "main", "L-1")


def test_the_pack_holds_charges_timeline_and_decisions(store: Store) -> None:
    told = call(house(store), "GET", "/process/v1/freight/L-1/evidence").json

    assert [each["charge"] for each in told["load"]["charges"]] == ["LINEHAUL", "FUEL"]
    assert [(each["by"], each["reason"]) for each in told["load"]["decisions"]] == [
        ("ann", "twice the rate")
    ]
    assert [each["what"] for each in told["timeline"]] == [
        "OrderReleased",
        "PlanConfirmed",
        "ShipmentPlanned",
        "WriteTransportReference",
        "erp.write_reference",
        "MilestoneReported",
        "PictureChanged",
        "SHIPMENT_SILENT",
    ]


def test_the_digest_is_that_of_the_pack_without_it(store: Store) -> None:
    told = call(house(store), "GET", "/process/v1/freight/L-1/evidence")

    pack = msgspec.json.decode(told.body, type=Evidence)
    assert (pack.digest, json_text(pack).encode()) == (digest_of(pack), told.body)


def test_another_story_has_another_digest(store: Store) -> None:
    before = pack_of(store)
    paint(store, changed(LINEHAUL, because="agreed"))

    assert pack_of(store).digest != before.digest


def test_paper_is_made_at_request_and_the_same_pack_gives_the_same_pages(store: Store) -> None:
    first = call(house(store), "GET", "/process/v1/freight/L-1/evidence.pdf")
    again = call(house(store), "GET", "/process/v1/freight/L-1/evidence.pdf")

    assert first.headers["content-type"] == "application/pdf"
    assert (first.body[:8], first.body == again.body) == (b"%PDF-1.7", True)


def test_what_partners_wrote_is_never_taken_as_layout(store: Store) -> None:
    nasty = '#panic("x") $ * _ ` ] #read("/etc/passwd") <a> @b'
    paint(store, changed(LINEHAUL, description=nasty, because=nasty, evidence=(nasty,)))

    assert on_paper(pack_of(store)).startswith(b"%PDF-1.7")
