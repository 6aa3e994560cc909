"""A customer's own program reads its shipments, and nobody else's."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from crossdock.apis.experience.v1.shipments import Shipments, routes
from crossdock.apis.server import App, build_asgi
from crossdock.apis.system.v1.deliveries import Deliveries
from crossdock.canonical.tracking import Milestone
from crossdock.governance.entitlements import Customers
from crossdock.ports.store import BreakerRow, BreakerState, Store
from tests.apis.asgi import Heard, call
from tests.apis.rows import ACME, NOW, RIVAL, kept, seen_by, show
from tests.apis.test_deliveries import RECEIPT, Ledger, marked

BASE = "/experience/v1/shipments"
KEY = {"Authorization": "Bearer acme-key"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store in which Acme sees one shipment of three, and a rival another."""
    made = kept(
        tmp_path,
        seen_by("C-1", "SH-1"),
        seen_by("C-1", "SH-2", visible=False),
        seen_by("C-2", "SH-3"),
    )
    yield made
    made.close()


def experience(store: Store) -> App:
    given = routes(Shipments(store.read, "main"), Customers((ACME, RIVAL)))
    deliveries = Deliveries("main", {}, Ledger(RECEIPT), marked, lambda: NOW)
    return build_asgi(given, deliveries=deliveries, not_ready=dict)


def ids(heard: Heard) -> list[str]:
    return [each["shipment_id"] for each in heard.json["shipments"]]


def test_a_customer_sees_what_is_shown_to_it_and_nothing_else(store: Store) -> None:
    app = experience(store)

    assert ids(call(app, "GET", BASE, headers=KEY)) == ["SH-1"]
    assert ids(call(app, "GET", BASE, headers={"X-API-Key": "rival-key"})) == ["SH-3"]


def test_foreign_withheld_and_absent_answer_the_same(store: Store) -> None:
    app = experience(store)

    heard = [call(app, "GET", f"{BASE}/{each}", headers=KEY) for each in ("SH-2", "SH-3", "SH-9")]

    assert {(each.status, each.body) for each in heard} == {(404, heard[0].body)}
    assert heard[0].json["detail"] == "No such shipment is shown to you"


@pytest.mark.parametrize("where", ["customer=C-2", "visible=no", "tenant=x"])
def test_nobody_widens_the_view_by_a_filter(store: Store, where: str) -> None:
    heard = call(experience(store), "GET", f"{BASE}?{where}", headers=KEY)

    assert (heard.status, heard.json["type"]) == (400, "/problems/bad-request")


@pytest.mark.parametrize("shipment", ["SH-3/C-2", "SH-3%2FC-2", "../SH-3", "SH-3/C-2/"])
def test_nobody_reaches_a_foreign_row_by_an_odd_address(store: Store, shipment: str) -> None:
    heard = call(experience(store), "GET", f"{BASE}/{shipment}", headers=KEY)

    assert heard.status == 404


def test_an_id_with_a_slash_never_reads_as_another_customers_row(tmp_path: Path) -> None:
    store = kept(tmp_path, seen_by("X/C-1", "SH"))

    heard = call(experience(store), "GET", f"{BASE}/SH%2FX", headers=KEY)
    store.close()

    assert heard.status == 404


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer nobody"}, {"Authorization": "Basic acme-key"}]
)
def test_who_is_not_known_sees_nothing(store: Store, headers: dict[str, str]) -> None:
    heard = call(experience(store), "GET", BASE, headers=headers)

    assert (heard.status, heard.headers["www-authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("order_id=SO-2", ["SH-1"]),
        ("order_id=SO-3", []),
        ("reference=PO%2077", ["SH-1"]),
        ("reference=4711", ["SH-1"]),
        ("status=PICKED_UP", ["SH-1"]),
        ("status=DELIVERED", []),
    ],
)
def test_shipments_are_found_by_what_is_asked(
    store: Store, where: str, expected: list[str]
) -> None:
    assert ids(call(experience(store), "GET", f"{BASE}?{where}", headers=KEY)) == expected


def test_pages_follow_one_another_without_gap_or_repeat(store: Store) -> None:
    show(store, *(seen_by("C-1", f"SH-{number}") for number in range(10, 15)))
    app = experience(store)
    found, url = [], f"{BASE}?limit=2"

    while url:
        heard = call(app, "GET", url, headers=KEY)
        found.append(ids(heard))
        url = heard.json["next"]

    assert found == [["SH-1", "SH-10"], ["SH-11", "SH-12"], ["SH-13", "SH-14"]]


def test_a_cursor_of_nobodys_making_is_told_so(store: Store) -> None:
    heard = call(experience(store), "GET", f"{BASE}?after=%C3%BC", headers=KEY)

    assert (heard.status, heard.json["detail"]) == (
        400,
        "`after` is not a cursor of ours; take it from `next`",
    )


def test_what_is_unchanged_is_not_sent_again(store: Store) -> None:
    app = experience(store)
    first = call(app, "GET", f"{BASE}/SH-1", headers=KEY)
    known = KEY | {"If-None-Match": first.headers["etag"]}

    again = call(app, "GET", f"{BASE}/SH-1", headers=known)
    show(store, seen_by("C-1", "SH-1", status=Milestone.DELIVERED))
    later = call(app, "GET", f"{BASE}/SH-1", headers=known)

    assert (again.status, again.body, later.status) == (304, b"", 200)
    assert later.json["status"] == {"milestone": "DELIVERED", "words": "Delivered"}


def test_a_shipment_says_where_it_is_who_said_so_and_why_it_is_shown(store: Store) -> None:
    told = call(experience(store), "GET", f"{BASE}/SH-1", headers=KEY).json

    assert told["freshness"] == {
        "as_of": "2026-03-29T01:00:00Z",
        "source": "roadhaul",
        "silent": False,
        "source_down_since": None,
    }
    assert told["gate"]["because"] == "the ERP confirmed the transport reference 4500"
    assert told["delivery"]["promised"]["words"] == "Mon 30 Mar 2026"
    assert told["milestones"][0]["occurred"] == {
        "at": "2026-03-29T03:00:00+02:00",
        "zone": "Europe/Berlin",
        "zone_source": "PLACE",
        "precision": "INSTANT",
        "words": "Sun 29 Mar 2026 03:00 Europe/Berlin",
    }


def test_what_is_only_for_operations_is_not_told(store: Store) -> None:
    heard = call(experience(store), "GET", f"{BASE}/SH-1", headers=KEY)

    assert "TOLD_ONLY_TO_OPERATIONS" not in heard.text
    assert sorted(heard.json) == sorted(
        "carrier_scac customer_references delivery destination freshness gate milestones mode "
        "order_ids origin proof references service_level shipment_id status".split()
    )


def test_a_source_that_cannot_be_reached_is_told_and_changes_the_tag(store: Store) -> None:
    app = experience(store)
    before = call(app, "GET", f"{BASE}/SH-1", headers=KEY)
    since = NOW - timedelta(minutes=4)
    down = BreakerRow(
        tenant="main",
        endpoint="roadhaul",
        state=BreakerState.OPEN,
        generation=1,
        changed_at=since,
    )
    with store.write() as unit:
        unit.save_breaker(down, 0)

    after = call(app, "GET", f"{BASE}/SH-1", headers=KEY)

    assert after.json["freshness"]["source_down_since"] == "2026-03-29T06:26:00Z"
    assert after.headers["etag"] != before.headers["etag"]
