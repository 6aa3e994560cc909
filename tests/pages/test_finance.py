"""What finance sees at the console, and how two persons decide there."""

import re
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlencode

import pytest
from msgspec.structs import replace

from crossdock.apis.server import App
from crossdock.messages.freight_settlement import LineState
from crossdock.messages.teams import Team
from crossdock.ports.store import (
    AuditRow,
    DocumentRow,
    DocumentStatus,
    ExceptionRow,
    Handled,
    InboxRow,
    Store,
)
from crossdock.simulators.pages import read_page
from crossdock.store.sqlite import open_sqlite
from tests.apis import history
from tests.apis.asgi import Heard, call
from tests.apis.freight_rows import (
    FUEL,
    LINEHAUL,
    LOAD,
    PICTURE,
    changed,
    paint,
    proposed,
    usd,
)
from tests.apis.history import message
from tests.apis.rows import NIGHT, NOW
from tests.pages.house import Clerk, house

PERSONS = {sha256(name.encode()).hexdigest(): name for name in ("ann", "ben")}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PAGES = [
    "finance",
    "finance?view=accruals",
    "finance/load?id=L-1",
    "finance/unposted",
]
CLAIM = ExceptionRow(
    tenant="main",
    id="x-7",
    kind="process",
    subject="reference_binding/reference/PRO:ROAD:99",
    code="CLAIM_UNMATCHED",
    team=Team.FINANCE,
    cause="ROAD billed PRO 99, which nobody knows",
    action="Ask the carrier which load it is for",
    opened_at=NIGHT,
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store that knows the money of one load, and a claim that belongs to none."""
    made = open_sqlite(tmp_path / "store.db")
    paint(made, PICTURE)
    with made.write() as unit:
        unit.open_exceptions([CLAIM])
    yield made
    made.close()


def marks(heard: Heard, name: str) -> list[str]:
    return re.findall(rf'data-{name}="([^"]*)"', heard.text)


def test_the_queue_shows_what_was_expected_what_is_billed_and_for_how_long(store: Store) -> None:
    heard = call(house(store), "GET", "/console/finance")

    told = [marks(heard, each) for each in ("load", "charge", "state", "total")]
    assert told == [["L-1"], ["LINEHAUL"], ["under_review"], ["102.19"]]
    assert re.findall(r"<time [^>]*>([^<]*)</time>", heard.text) == ["5 h"]
    assert re.findall(r'class="money">([\d.-]+)', heard.text) == [
        "102.19",
        "557.21",
        "659.40",
        "102.19",
    ]


def test_the_queue_shows_claims_that_belong_to_no_load(store: Store) -> None:
    heard = call(house(store), "GET", "/console/finance")

    assert (marks(heard, "exception"), marks(heard, "code")) == (["x-7"], ["CLAIM_UNMATCHED"])


def test_accruals_show_the_erps_document_and_disputes_their_clock(store: Store) -> None:
    until = NOW + timedelta(days=30)
    paint(store, changed(LINEHAUL, state=LineState.DISPUTED, dispute_until=until))

    accruals = call(house(store), "GET", "/console/finance?view=accruals")
    disputes = call(house(store), "GET", "/console/finance?view=disputes")

    assert (marks(accruals, "charge"), "ACC-1" in accruals.text) == (["FUEL"], True)
    assert marks(disputes, "charge") == ["LINEHAUL"]
    assert "until Tue 28 Apr 2026 06:30 UTC" in disputes.text


def test_what_was_waived_is_among_accruals_and_its_load_tells_what_stands(store: Store) -> None:
    note = "FUEL is accrued with 0.00 USD, not 40.00 USD: the ERP refused it"
    waived = changed(FUEL, state=LineState.WAIVED, posted=usd(0))
    paint(store, replace(waived, notes=(note,)))

    accruals = call(house(store), "GET", "/console/finance?view=accruals")
    load = call(house(store), "GET", "/console/finance/load?id=L-1")

    assert [marks(accruals, each) for each in ("charge", "state")] == [["FUEL"], ["waived"]]
    assert note in load.text


def test_a_dispute_names_the_numbers_that_stand_before_a_person(store: Store) -> None:
    paint(store, changed(LINEHAUL, state=LineState.DISPUTED))

    disputes = call(house(store), "GET", "/console/finance?view=disputes")

    assert read_page(disputes.text).about == {LINEHAUL.invoice_id, LOAD.id}


def test_a_load_shows_each_charge_with_rule_proofs_and_the_segments_it_was_read_from(
    store: Store,
) -> None:
    heard = call(house(store), "GET", "/console/finance/load?id=L-1")

    assert marks(heard, "charge") == ["LINEHAUL", "FUEL"]
    assert "rule freight.tolerance" in heard.text
    assert marks(heard, "rules") == [PICTURE.rules]
    assert "<pre>L1*1*659.40*FR\nL5*1*STEEL</pre>" in heard.text
    assert "The gate still waits for milestone validated, charge confirmed." in heard.text
    assert "milestone validated: delivered, told by ROAD" in heard.text
    assert marks(heard, "share") == ["SO-1", "SO-2"]
    assert "its charges sum to 699.40, it says 700.00" in heard.text


def test_a_load_leads_to_its_documents_and_tells_who_decided(store: Store) -> None:
    said = message("m-9", 1, history.PICKED_UP, "partner:road")
    sheet = DocumentRow(
        tenant="main",
        id=said.document_id,
        endpoint="road",
        document="transactions",
        received_at=NIGHT,
        content=b"ISA*",
        content_type="application/edi-x12",
        sha256="a" * 64,
        status=DocumentStatus.TRANSLATED,
    )
    told = AuditRow(
        tenant="main",
        at=NIGHT,
        actor="ann",
        action="freight.dispute",
        subject="freight_settlement/load/L-1",
        reason="twice the rate",
    )
    step = InboxRow(tenant="main", message_id="m-9", subscriber="freight_settlement", key=LOAD)
    with store.write() as unit:
        unit.append([said])
        unit.enqueue([step])
        unit.finish([Handled(seq=each.row.seq, revision=2, at=NIGHT) for each in unit.claim(9)])
        unit.keep_documents([sheet])
        unit.log([told])

    heard = call(house(store), "GET", "/console/finance/load?id=L-1")

    assert [marks(heard, each) for each in ("action", "by", "document")] == [
        ["freight.dispute"],
        ["ann"],
        ["d-m-9"],
    ]
    assert ("a" * 64 in heard.text, "twice the rate" in heard.text) == (True, True)


@pytest.mark.parametrize("page", PAGES)
def test_no_page_loads_or_runs_anything_but_its_own_style(store: Store, page: str) -> None:
    heard = call(house(store), "GET", f"/console/{page}")

    assert heard.status == 200
    assert re.findall(r"<script|\sstyle=|<style|\son\w+=", heard.text) == []


@pytest.mark.parametrize(
    ("page", "field"),
    [
        ("finance.json", "charges"),
        ("finance/load.json?id=L-1", "charges"),
        ("finance/unposted.json", "postings"),
    ],
)
def test_every_page_has_a_twin_for_programs(store: Store, page: str, field: str) -> None:
    heard = call(house(store), "GET", f"/console/{page}")

    assert (heard.status, field in heard.json) == (200, True)


def test_the_queue_is_there_for_spreadsheets(store: Store) -> None:
    heard = call(house(store), "GET", "/console/finance.csv")

    assert heard.headers["content-type"] == "text/csv; charset=utf-8"
    assert [line.split(",")[:2] for line in heard.text.splitlines()] == [
        ["load", "charge"],
        ["L-1", "LINEHAUL"],
    ]


def enter(app: App, token: str) -> dict[str, str]:
    """Enter with a token: the headers of the browser from then on."""
    body = urlencode({"token": token}).encode()
    heard = call(app, "POST", "/console/login", body=body, headers=FORM)
    return {"Cookie": heard.headers["set-cookie"].split(";")[0]} | FORM


def opened(app: App, headers: dict[str, str]) -> tuple[dict[str, str], str]:
    """Open the load's page: the browser's headers, and the token in its forms."""
    heard = call(app, "GET", "/console/finance/load?id=L-1", headers=headers)
    (token,) = set(re.findall(r'name="form_token" value="([^"]*)"', heard.text))
    return {"Cookie": heard.headers["set-cookie"].split(";")[0]} | FORM, token


def send(app: App, headers: dict[str, str], token: str, **fields: str) -> Heard:
    body = urlencode({"form_token": token, **fields}).encode()
    return call(app, "POST", "/console/finance/load?id=L-1", body=body, headers=headers)


APPROVE = {"verdict": "approve", "charge": "LINEHAUL", "reason": "agreed by telephone"}


def test_a_person_decides_by_a_form_and_reads_what_became_of_it(store: Store) -> None:
    clerk = Clerk(after=lambda: paint(store, changed(LINEHAUL, proposal=proposed("ann"))))
    app = house(store, clerk, persons=PERSONS)
    headers, token = opened(app, enter(app, "ann"))

    sent = send(app, headers, token, **APPROVE)
    shown = call(app, "GET", sent.headers["location"], headers=headers)

    assert ([each.by for each in clerk.said], sent.status) == (["ann"], 303)
    assert "Proposed for LINEHAUL; a second person must say the same</p>" in shown.text
    assert marks(shown, "proposed") == ["ann", ""]


def test_a_typed_name_is_nobodys(store: Store) -> None:
    clerk = Clerk()
    app = house(store, clerk, persons=PERSONS)
    headers, token = opened(app, enter(app, "ann"))

    send(app, headers, token, **APPROVE, by="ben")

    assert [each.by for each in clerk.said] == ["ann"]


def test_without_a_name_the_page_offers_no_form_and_takes_none(store: Store) -> None:
    clerk = Clerk()
    app = house(store, clerk, persons=PERSONS)
    named, token = opened(app, enter(app, "ann"))

    page = call(app, "GET", "/console/finance/load?id=L-1")
    sent = send(app, {"Cookie": named["Cookie"].replace(".ann.", "..")} | FORM, token, **APPROVE)

    assert (marks(page, "verdict"), 'href="/console/login"' in page.text) == ([], True)
    assert (sent.status, clerk.said) == (403, [])


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"reason": ""}, 422, "Say why"),
        ({"verdict": "short_pay", "amount": "700"}, 422, "The amount must lie between"),
        ({"verdict": "forgive"}, 400, "Invalid enum value"),
        ({"charge": "FUEL"}, 409, "Nothing of load L-1 is open to `approve`"),
    ],
)
def test_what_cannot_be_decided_is_told_on_the_page(
    store: Store, fields: dict[str, str], status: int, said: str
) -> None:
    clerk = Clerk()
    app = house(store, clerk)
    headers, token = opened(app, {})

    heard = send(app, headers, token, **APPROVE | fields)

    assert (heard.status, clerk.said) == (status, [])
    assert said in heard.text


def test_no_other_site_decides_about_money(store: Store) -> None:
    clerk = Clerk()
    app = house(store, clerk)
    headers, token = opened(app, {})

    heard = send(app, headers | {"Origin": "https://evil.example"}, token, **APPROVE)

    assert (heard.status, clerk.said) == (403, [])


def test_partners_words_stay_words_on_the_page(store: Store) -> None:
    nasty = "<script>alert(1)</script>"
    paint(store, changed(LINEHAUL, description=nasty, because=nasty, evidence=(nasty,)))

    heard = call(house(store), "GET", "/console/finance/load?id=L-1")

    assert ("<script" in heard.text, heard.text.count("&lt;script&gt;")) == (False, 3)


def test_a_load_nobody_knows_is_told_on_a_page(store: Store) -> None:
    heard = call(house(store), "GET", "/console/finance/load?id=L-9")

    assert (heard.status, "Nothing is known of the freight of load L-9" in heard.text) == (
        404,
        True,
    )


def test_an_empty_queue_teaches_what_will_be_there(tmp_path: Path) -> None:
    empty = open_sqlite(tmp_path / "empty.db")

    heard = call(house(empty), "GET", "/console/finance")
    empty.close()

    assert "No charge waits for a decision." in heard.text


def test_an_own_token_opens_the_door_from_elsewhere(store: Store) -> None:
    app = house(store, persons=PERSONS)
    bearer = {"Authorization": "Bearer ann", "host": "crossdock.example"}

    inside = call(app, "GET", "/console/finance", headers=bearer, client="192.0.2.1")
    outside = call(
        app, "GET", "/console/finance", headers=bearer | {"Authorization": ""}, client="192.0.2.1"
    )

    assert (inside.status, outside.status) == (200, 403)


def test_a_session_of_nobodys_does_not_open_the_door_from_elsewhere(store: Store) -> None:
    app = house(store, persons=PERSONS)
    here = call(app, "GET", "/console/finance/load?id=L-1")
    cookie = {"Cookie": here.headers["set-cookie"].split(";")[0], "host": "crossdock.example"}

    heard = call(app, "GET", "/console/finance", headers=cookie, client="192.0.2.1")

    assert heard.status == 403


@pytest.mark.parametrize("number", ["L-1", "INV-7", "ACC-1", "SO-1", "SH-1"])
def test_the_trace_tells_what_it_costs_by_any_number(store: Store, number: str) -> None:
    history.write(store)

    heard = call(house(store), "GET", f"/console/trace?q={number}")

    assert marks(heard, "charge") == ["L-1/LINEHAUL", "L-1/FUEL"]
    assert {"order/SO-1", "shipment/SH-1", "load/L-1"} == set(marks(heard, "key"))
    assert '<td data-name="Documents of the ERP">ACC-1</td>' in heard.text
