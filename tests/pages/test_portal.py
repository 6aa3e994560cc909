"""What a customer sees on its pages, whatever happens behind them."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import msgspec
import pytest

from crossdock.apis.access import Seal
from crossdock.apis.experience.v1.shipments import Shipments
from crossdock.apis.server import App, build_asgi
from crossdock.apis.system.v1.deliveries import Deliveries
from crossdock.canonical.documents import ProofOfDelivery
from crossdock.canonical.tracking import Classifier, Milestone
from crossdock.governance.entitlements import Customers
from crossdock.messages.shipment_visibility import Timeliness
from crossdock.portal.pages import Portal
from crossdock.ports.store import BreakerRow, BreakerState, Store
from tests.apis.asgi import Heard, call
from tests.apis.rows import ACME, NIGHT, NOW, PICKED_UP, RIVAL, kept, moment, seen_by, show
from tests.apis.test_deliveries import RECEIPT, Ledger, marked

KEY = {"X-API-Key": "acme-key"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store in which Acme sees one shipment of two, and a rival another."""
    made = kept(
        tmp_path,
        seen_by("C-1", "SH-1"),
        seen_by("C-1", "SH-2", visible=False),
        seen_by("C-2", "SH-3"),
    )
    yield made
    made.close()


def portal(store: Store) -> App:
    shipments = Shipments(store.read, "main")
    pages = Portal(shipments, Customers((ACME, RIVAL)), Seal(b"key"), lambda: NOW, lambda: NOW)
    deliveries = Deliveries("main", {}, Ledger(RECEIPT), marked, lambda: NOW)
    return build_asgi(pages.routes(), deliveries=deliveries, not_ready=dict)


def marks(heard: Heard, name: str) -> list[str]:
    return re.findall(rf'data-{name}="([^"]*)"', heard.text)


def paragraph(heard: Heard, kind: str) -> str:
    found = re.search(rf'<p class="{kind}"[^>]*>(.*?)</p>', heard.text, re.DOTALL)
    return found[1] if found else ""


def test_the_list_holds_what_is_shown_to_the_customer(store: Store) -> None:
    heard = call(portal(store), "GET", "/portal/shipments", headers=KEY)

    told = [marks(heard, each) for each in ("shipment", "orders", "status")]
    assert told == [["SH-1"], ["SO-1 SO-2"], ["PICKED_UP"]]
    assert "Picked up" in heard.text


@pytest.mark.parametrize(
    ("number", "expected"),
    [("SH-1", ["SH-1"]), ("so-2", ["SH-1"]), ("4711", ["SH-1"]), ("SH-2", []), ("SH-3", [])],
)
def test_any_number_finds_a_shipment_of_ones_own(
    store: Store, number: str, expected: list[str]
) -> None:
    heard = call(portal(store), "GET", f"/portal/shipments?q={number}", headers=KEY)

    assert (heard.status, marks(heard, "shipment")) == (200, expected)


def test_the_page_says_where_it_is_by_when_and_who_said_so(store: Store) -> None:
    heard = call(portal(store), "GET", "/portal/shipments/SH-1", headers=KEY)

    assert paragraph(heard, "status") == (
        "Picked up in Dock 4, Hamburg, DE on Sun 29 Mar 2026 03:00 Europe/Berlin."
    )
    assert paragraph(heard, "promise") == (
        "Promised by Mon 30 Mar 2026: the promised time is not over. "
        "Now expected Mon 30 Mar 2026 08:30 Europe/Berlin."
    )
    assert paragraph(heard, "freshness") == "As of Sun 29 Mar 2026 01:00 UTC, said by roadhaul."
    assert paragraph(heard, "banner") == ""


def test_each_milestone_carries_what_when_and_who(store: Store) -> None:
    heard = call(portal(store), "GET", "/portal/shipments/SH-1", headers=KEY)

    told = [marks(heard, each) for each in ("milestone", "occurred", "source", "classifier")]
    assert told == [
        ["PICKED_UP"],
        ["2026-03-29T01:00:00Z"],
        ["roadhaul", "roadhaul"],  # of the page, and of its one milestone
        ["ACTUAL"],
    ]
    assert "received Sun 29 Mar 2026 01:30 UTC" in heard.text


def test_codes_of_the_trade_are_said_in_words(store: Store) -> None:
    show(store, seen_by("C-1", "SH-9", mode="OCEAN", service_level="SHORT_SEA"))

    pages = [call(portal(store), "GET", f"/portal/shipments/SH-{n}", headers=KEY) for n in (1, 9)]

    told = [re.findall(r"<dt>(Transport|PRO)</dt><dd>(.*?)</dd>", each.text) for each in pages]
    assert told == [
        [("Transport", "Road, standard, carrier ROAD"), ("PRO", "4711")],
        [("Transport", "Ocean, short sea, carrier ROAD"), ("PRO", "4711")],
    ]


def test_the_newest_milestone_comes_first_and_an_estimate_says_so(store: Store) -> None:
    coming = msgspec.structs.replace(
        PICKED_UP,
        milestone=Milestone.DELIVERED,
        classifier=Classifier.ESTIMATED,
        occurred=moment(30),
    )
    show(store, seen_by("C-1", "SH-1", milestones=(PICKED_UP, coming)))

    heard = call(portal(store), "GET", "/portal/shipments/SH-1", headers=KEY)

    assert marks(heard, "milestone") == ["DELIVERED", "PICKED_UP"]
    assert "<strong>Delivered</strong> <em>(expected)</em>" in heard.text


def test_what_was_delivered_late_is_said_plainly(store: Store) -> None:
    proof = ProofOfDelivery(shipment_id="SH-1", received_by="J. Smith", received=moment(40))
    late = seen_by("C-1", "SH-1", timeliness=Timeliness.LATE, proof=proof)
    show(store, late)

    heard = call(portal(store), "GET", "/portal/shipments/SH-1", headers=KEY)

    assert paragraph(heard, "promise") == "Promised by Mon 30 Mar 2026: delivered late."
    assert "Received by J. Smith, Mon 30 Mar 2026 18:30 Europe/Berlin." in heard.text


def test_a_carrier_that_is_down_leaves_the_last_confirmed_status(store: Store) -> None:
    down = BreakerRow(
        tenant="main",
        endpoint="roadhaul",
        state=BreakerState.OPEN,
        generation=1,
        changed_at=NIGHT + timedelta(hours=5),
    )
    with store.write() as unit:
        unit.save_breaker(down, 0)

    heard = call(portal(store), "GET", "/portal/shipments/SH-1", headers=KEY)

    assert heard.status == 200
    assert paragraph(heard, "banner") == (
        "roadhaul has not been reachable since Sun 29 Mar 2026 05:30 UTC. You see the last "
        "confirmed status; we keep trying, and this page changes as soon as there is news."
    )


def test_silence_is_said_with_its_length(store: Store) -> None:
    show(store, seen_by("C-1", "SH-1", silent=True))

    heard = call(portal(store), "GET", "/portal/shipments/SH-1", headers=KEY)

    assert paragraph(heard, "banner") == (
        "Nobody has told of this shipment for 5 h. You see the last confirmed status; our "
        "transport team has been asked to find out."
    )


def test_before_the_first_news_the_page_says_so(store: Store) -> None:
    show(store, seen_by("C-1", "SH-1", milestones=(), status=None, as_of=None, source=""))

    heard = call(portal(store), "GET", "/portal/shipments/SH-1", headers=KEY)

    assert paragraph(heard, "status") == "Planned; the carrier has not told of anything yet."
    assert paragraph(heard, "freshness") == "Nobody has reported anything yet."
    assert marks(heard, "milestone") == []


def test_what_partners_write_is_shown_and_never_run(store: Store) -> None:
    hostile = '"><script>alert(1)</script>{{ 7*7 }}'
    bad = msgspec.structs.replace(PICKED_UP, note=hostile, source=hostile)
    show(store, seen_by("C-1", "SH-1", milestones=(bad,), customer_references=(hostile,)))
    app = portal(store)

    pages = [call(app, "GET", f"/portal/shipments{each}", headers=KEY) for each in ("", "/SH-1")]

    assert ["<script" in each.text for each in pages] == [False, False]
    assert ["&lt;script&gt;alert(1)&lt;/script&gt;{{ 7*7 }}" in each.text for each in pages] == [
        True,
        True,
    ]


@pytest.mark.parametrize("url", ["/portal/", "/portal/shipments", "/portal/shipments/SH-1"])
def test_no_page_loads_or_runs_anything_but_its_own_style(store: Store, url: str) -> None:
    heard = call(portal(store), "GET", url, headers=KEY if "shipments" in url else {})

    assert heard.headers["content-security-policy"].startswith("default-src 'self';")
    assert re.findall(r"<script|\sstyle=|<style|\son\w+=", heard.text) == []
    assert re.findall(r'(?:src|href)="(?!/portal)([^"]*)"', heard.text) == ["#main"]


def test_foreign_withheld_and_absent_look_the_same(store: Store) -> None:
    app = portal(store)

    heard = [
        call(app, "GET", f"/portal/shipments/{each}", headers=KEY) for each in ("SH-2", "SH-3", "X")
    ]

    assert {(each.status, each.body) for each in heard} == {(404, heard[0].body)}


def log_in(app: App, key: str) -> Heard:
    body = urlencode({"api_key": key}).encode()
    return call(app, "POST", "/portal/login", body=body, headers=FORM)


def test_a_key_opens_the_pages_until_one_leaves(store: Store) -> None:
    app = portal(store)

    entered = log_in(app, "acme-key")
    cookie = {"Cookie": entered.headers["set-cookie"].split(";")[0]}
    inside = call(app, "GET", "/portal/shipments", headers=cookie)
    left = call(app, "POST", "/portal/logout", headers=cookie | FORM)

    assert (entered.status, entered.headers["location"]) == (303, "/portal/shipments")
    assert "HttpOnly; SameSite=Lax" in entered.headers["set-cookie"]
    assert marks(inside, "shipment") == ["SH-1"]
    assert "Max-Age=0" in left.headers["set-cookie"]


def test_a_wrong_key_opens_nothing(store: Store) -> None:
    heard = log_in(portal(store), "guess")

    assert (heard.status, "set-cookie" in heard.headers) == (401, False)
    assert "That key is not known here" in heard.text


def test_a_cookie_of_ones_own_making_opens_nothing(store: Store) -> None:
    app = portal(store)
    real = log_in(app, "acme-key").headers["set-cookie"].split(";")[0]
    until, _whose, signature = real.split("=", 1)[1].split(".")

    for_rival = f"crossdock_portal={until}.Qy0y.{signature}"  # Qy0y is C-2
    heard = call(app, "GET", "/portal/shipments", headers={"Cookie": for_rival})

    assert (heard.status, marks(heard, "shipment")) == (401, [])


def test_a_page_that_is_unchanged_is_not_sent_again(store: Store) -> None:
    app = portal(store)
    first = call(app, "GET", "/portal/shipments/SH-1", headers=KEY)

    again = call(
        app,
        "GET",
        "/portal/shipments/SH-1",
        headers=KEY | {"If-None-Match": first.headers["etag"]},
    )

    assert (again.status, again.body) == (304, b"")
    assert len(first.body) < 30_000


def test_the_style_sheet_is_our_own(store: Store) -> None:
    heard = call(portal(store), "GET", "/portal/static/portal.css")

    assert (heard.status, heard.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert "@media print" in heard.text
