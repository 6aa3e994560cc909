"""The evidence pack: everything a dispute or a posting rests on, as JSON and on paper."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from msgspec import structs

from crossdock.apis.http import json_text
from crossdock.apis.process.v1.evidence import (
    TEXT_MAX,
    Evidence,
    RuleText,
    digest_of,
    evidence,
)
from crossdock.apis.process.v1.evidence_pdf import on_paper
from crossdock.flow.batch import message_of
from crossdock.ports.store import (
    AuditRow,
    DocumentRow,
    DocumentStatus,
    Store,
)
from crossdock.projections.shipment_visibility import project
from crossdock.store.sqlite import open_sqlite
from tests.apis import history
from tests.apis.asgi import call
from tests.apis.freight_rows import LINEHAUL, PICTURE, changed, paint
from tests.apis.rows import NIGHT, PICKED_UP, rows_of, seen_by
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


def document(id_: str, content: bytes) -> DocumentRow:
    return DocumentRow(
        tenant="main",
        id=id_,
        endpoint="roadhaul",
        document="tracking",
        received_at=NIGHT,
        content=content,
        content_type="application/json",
        sha256=hashlib.sha256(content).hexdigest(),
        status=DocumentStatus.TRANSLATED,
    )


def test_the_pack_holds_the_rules_that_decided_as_their_tables_had_them(store: Store) -> None:
    tolerance, wider = keep_two_books(store)

    pack = pack_of(store)

    assert (pack.load.rules, wider == tolerance) == ("abc123", False)
    assert pack.rules == (
        RuleText(rule_id=LINEHAUL.rule, table="tolerances", edition="abc123", row=tolerance),
    )


def test_where_an_earlier_release_told_no_rule_book_each_wording_is_in_the_pack(
    store: Store,
) -> None:
    tolerance, wider = keep_two_books(store)
    paint(store, structs.replace(PICTURE, rules=""))

    assert pack_of(store).rules == (
        RuleText(rule_id=LINEHAUL.rule, table="tolerances", edition="abc123", row=tolerance),
        RuleText(rule_id=LINEHAUL.rule, table="tolerances", edition="def456", row=wider),
    )


def keep_two_books(store: Store) -> tuple[dict[str, str], dict[str, str]]:
    """Keep the rule book that decided, and one that is wider; both have an equal third after."""
    tolerance = {"rule_id": LINEHAUL.rule, "over_amount": "5.00", "over_per_cent": "2"}
    wider = {**tolerance, "over_amount": "50.00"}
    with store.write() as unit:
        for digest, row in (("abc123", tolerance), ("def456", wider), ("fed789", wider)):
            book = {"tolerances": [row, {"rule_id": "another"}], "routing": []}
            unit.keep_rules("main", digest, msgspec.json.encode(book))
    return tolerance, wider


def test_the_pack_holds_the_milestones_of_its_shipments_as_they_were_told(store: Store) -> None:
    told = seen_by("C-1", PICTURE.shipment_ids[0])
    message = structs.replace(message_of(history.SEEN), body=told)
    with store.write() as unit:
        unit.put_projections(rows_of(project(message)))

    (reached,) = pack_of(store).milestones

    assert (reached.shipment_id, reached.milestone, reached.occurred, reached.source) == (
        PICTURE.shipment_ids[0],
        "PICKED_UP",
        PICKED_UP.occurred.text,
        "roadhaul",
    )


def test_the_pack_holds_what_its_documents_say_and_the_hash_of_their_bytes(store: Store) -> None:
    long = document("d-m-1", b"x" * (TEXT_MAX + 1))
    photo = document("d-m-2", b"\xff\xd8\xff")
    text = document("d-m-5", b'{"status": "PUP"}')
    with store.write() as unit:
        unit.keep_documents([long, photo, text])

    told = pack_of(store).documents

    assert [(each.document.id, each.document.sha256) for each in told] == [
        (each.id, each.sha256) for each in (long, photo, text)
    ]
    assert [(each.text, each.whole) for each in told] == [
        ("x" * TEXT_MAX, False),
        (None, True),
        ('{"status": "PUP"}', True),
    ]
    assert on_paper(pack_of(store)).startswith(b"%PDF-1.7")


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
