"""What operations see, and how they decide."""

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlencode

import msgspec
import pytest

from crossdock.apis.server import App
from crossdock.flow import recovery
from crossdock.flow.decisions import Decision
from crossdock.flow.replayer import Choice
from crossdock.messages.envelope import Key
from crossdock.messages.teams import Team
from crossdock.ports.backup import Backup
from crossdock.ports.store import (
    BreakerRow,
    BreakerState,
    DocumentRow,
    DocumentStatus,
    ExceptionRow,
    ExceptionStatus,
    Store,
)
from crossdock.store.sqlite import open_sqlite
from tests.apis import history
from tests.apis.asgi import Heard, call
from tests.apis.history import HELD, at
from tests.apis.rows import NOW
from tests.apis.test_deliveries import RECEIPT, Ledger
from tests.pages.house import Clerk, house

UNREAD = ExceptionRow(
    tenant="main",
    id="x-2",
    kind="document",
    subject="d-9",
    code="UNREADABLE",
    team=Team.INTEGRATION,
    cause="erp orders: the text is no JSON",
    action="Teach a mapping or mend the document, then retry",
    opened_at=at(10),
    about=("erp",),
    seen={"line": "3"},
    document_id="d-9",
    count=2,
)
DOCUMENT = DocumentRow(
    tenant="main",
    id="d-9",
    endpoint="erp",
    document="orders",
    received_at=at(10),
    content=b'{"order": </textarea><script>',
    content_type="application/json",
    sha256="0" * 64,
    status=DocumentStatus.UNREADABLE,
)
WAIVED = Decision(verb="waive", exception_id="x-1", by="Ann", reason="Known strike")
MENDED = Decision(
    verb="edit", exception_id="x-2", by="Ann", reason="Cut off", content=b'{"order": 1}'
)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store with one order's history, and two exceptions."""
    made = open_sqlite(tmp_path / "store.db")
    history.write(made, HELD, UNREAD)
    with made.write() as unit:
        unit.keep_documents([DOCUMENT])
    yield made
    made.close()


def marks(heard: Heard, name: str) -> list[str]:
    return re.findall(rf'data-{name}="([^"]*)"', heard.text)


def test_the_board_counts_cases_by_stage_with_their_age(store: Store) -> None:
    heard = call(house(store), "GET", "/console/")

    assert [marks(heard, each) for each in ("process", "stage")] == [
        ["order_release", "shipment_visibility"],
        ["referencing", "in transit"],
    ]
    ages = re.findall(r'"Longest there">(\d+ \w+)</td>|"Oldest waiting">(\d+ \w+)<', heard.text)
    assert ["".join(each) for each in ages] == ["5 h", "5 h", "5 h"]
    assert "/console/cases?process=order_release&amp;stage=referencing" in heard.text


def test_the_board_shows_which_partner_does_not_answer(store: Store) -> None:
    down = BreakerRow(
        tenant="main",
        endpoint="erp",
        state=BreakerState.OPEN,
        generation=1,
        changed_at=NOW - timedelta(minutes=4),
        open_until=NOW + timedelta(minutes=1),
    )
    with store.write() as unit:
        unit.save_breaker(down, 0)

    heard = call(house(store), "GET", "/console/")

    told = [marks(heard, each) for each in ("partner", "breaker", "waiting", "applied")]
    assert told == [["erp"], ["open"], ["1"], ["0"]]
    assert (
        '<span class="bad">does not answer</span> for 4 min, next try Sun 29 Mar 2026 06:31 UTC'
        in heard.text
    )


def test_the_board_counts_exceptions_by_team(store: Store) -> None:
    heard = call(house(store), "GET", "/console/")

    assert [marks(heard, each) for each in ("team", "code")] == [
        ["CARRIER_RELATIONS", "INTEGRATION"],
        ["SHIPMENT_SILENT", "UNREADABLE"],
    ]


def test_a_stage_leads_to_its_cases_and_each_to_its_trace(store: Store) -> None:
    heard = call(house(store), "GET", "/console/cases?process=order_release&stage=referencing")

    assert marks(heard, "case") == ["SO-1"]
    assert '<a href="/console/trace?q=SO-1">SO-1</a>' in heard.text


def test_cases_of_no_process_are_those_of_all_and_say_so(store: Store) -> None:
    heard = call(house(store), "GET", "/console/cases")

    assert re.findall(r"<h1>(.*?)</h1>", heard.text) == ["Cases"]


def test_stages_and_teams_are_said_in_words(store: Store) -> None:
    with store.write() as unit:
        (order,) = unit.list_processes("main", "order_release", None, "", 10)
        unit.save([msgspec.structs.replace(order, stage="plan_rejected", revision=2)])

    addresses = ("/", "/cases?process=order_release&stage=plan_rejected", "/trace?q=SO-1")
    texts = [call(house(store), "GET", f"/console{each}").text for each in addresses]

    assert [re.findall(">(?:Order release: )?(plan.rejected)<", each) for each in texts] == [
        ["plan rejected"],
        ["plan rejected", "plan rejected"],
        ["plan rejected"],
    ]
    assert '<td data-name="Who">Carrier relations</td>' in texts[2]


def test_the_trace_answers_why_not_yet_in_one_sentence(store: Store) -> None:
    heard = call(house(store), "GET", "/console/trace?q=4711")

    found = re.search(r'<p class="why">(.*?)</p>', heard.text)
    assert found is not None
    assert found[1] == (
        "Nobody has spoken of shipment SH-1 since 02:00. Waits for carrier relations: Ask the "
        "carrier where the goods are. Customer C-1 does not see it yet: the ERP confirmed the "
        "transport reference 4500."
    )


def test_no_time_in_a_table_of_the_trace_is_broken_over_lines(store: Store) -> None:
    heard = call(house(store), "GET", "/console/trace?q=SO-1")

    rows = re.findall(r"<tbody>(.*?)</tbody>", heard.text, re.DOTALL)
    times = re.findall(r"<time [^>]*>(.*?)</time>", "".join(rows))
    assert "".join(rows).count(" UTC") == len(times) > 0


def test_the_trace_shows_messages_effects_attempts_timers_and_what_the_customer_saw(
    store: Store,
) -> None:
    heard = call(house(store), "GET", "/console/trace?q=SO-1")

    assert marks(heard, "entry") == [
        "OrderReleased",
        "PlanConfirmed",
        "ShipmentPlanned",
        "WriteTransportReference",
        "erp.write_reference",
        "MilestoneReported",
        "PictureChanged",
        "SHIPMENT_SILENT",
    ]
    assert [marks(heard, each) for each in ("verb", "status", "shown")] == [
        ["erp.write_reference"],
        ["waiting"],
        ["no"],
    ]
    assert "Timer <code>silence</code> at Tue 31 Mar 2026 02:30 UTC" in heard.text


def test_a_number_nobody_knows_is_answered_with_a_hint(store: Store) -> None:
    heard = call(house(store), "GET", "/console/trace?q=%3Cscript%3E")

    assert (heard.status, "<script" in heard.text) == (404, False)
    assert "Nothing is known under this number." in heard.text


def test_each_team_has_its_queue_with_cause_age_and_what_would_help(store: Store) -> None:
    heard = call(house(store), "GET", "/console/exceptions?team=carrier_relations")

    told = [marks(heard, each) for each in ("exception", "code", "about")]
    assert told == [["x-1"], ["SHIPMENT_SILENT"], ["SH-1 SO-1"]]
    assert '<td data-name="Waiting for">2 h</td>' in heard.text
    assert '<td data-name="What would help">Ask the carrier where the goods are</td>' in heard.text


def test_what_failed_before_there_was_an_order_is_in_a_queue_too(store: Store) -> None:
    heard = call(house(store), "GET", "/console/exceptions?team=INTEGRATION")

    assert marks(heard, "exception") == ["x-2"]
    assert '<td data-name="Waiting for">5 h, 2 times</td>' in heard.text


PAGES = ["", "cases?process=order_release", "trace?q=SO-1", "exceptions", "exceptions/x-2"]


@pytest.mark.parametrize("page", PAGES)
def test_no_page_loads_or_runs_anything_but_its_own_style(store: Store, page: str) -> None:
    heard = call(house(store), "GET", f"/console/{page}")

    assert heard.status == 200
    assert heard.headers["content-security-policy"].startswith("default-src 'self';")
    assert re.findall(r"<script|\sstyle=|<style|\son\w+=", heard.text) == []


@pytest.mark.parametrize(
    ("page", "field"),
    [
        ("board.json", "stages"),
        ("cases.json?process=order_release", "cases"),
        ("trace.json?q=SO-1", "timeline"),
        ("exceptions.json?team=FINANCE", "exceptions"),
        ("exceptions/x-1.json", "cause"),
    ],
)
def test_every_page_has_a_twin_for_programs(store: Store, page: str, field: str) -> None:
    heard = call(house(store), "GET", f"/console/{page}")

    assert (heard.status, field in heard.json) == (200, True)


def opened(app: App, exception: str) -> tuple[dict[str, str], str]:
    """Open an exception's page: the browser's cookie, and the token in its forms."""
    heard = call(app, "GET", f"/console/exceptions/{exception}")
    tokens = set(re.findall(r'name="form_token" value="([^"]*)"', heard.text))
    return {"Cookie": heard.headers["set-cookie"].split(";")[0]} | FORM, tokens.pop()


def send(app: App, path: str, headers: dict[str, str], token: str, **fields: str) -> Heard:
    body = urlencode({"form_token": token, **fields}).encode()
    return call(app, "POST", f"/console/exceptions/{path}", body=body, headers=headers)


def test_a_decision_is_carried_out_with_name_and_reason_and_then_shown(store: Store) -> None:
    clerk = Clerk()
    app = house(store, clerk)
    headers, token = opened(app, "x-1")

    sent = send(app, "x-1/waive", headers, token, by="Ann", reason="Known strike")
    shown = call(app, "GET", sent.headers["location"])

    assert clerk.decided == [WAIVED]
    assert sent.status == 303
    assert '<p class="said" role="status">It is done: waive</p>' in shown.text


def test_a_document_is_mended_in_place_and_looking_at_it_is_noted(store: Store) -> None:
    clerk = Clerk()
    app = house(store, clerk)
    headers, token = opened(app, "x-2")

    send(app, "x-2/edit", headers, token, by="Ann", reason="Cut off", content='{"order": 1}')

    assert clerk.decided == [MENDED]
    assert clerk.seen == [("d-9", "operator")]


def test_a_message_that_stopped_is_mended_as_json(store: Store) -> None:
    held = msgspec.structs.replace(HELD, id="x-3", code="ORDER_INCOMPLETE", message_id="m-1")
    with store.write() as unit:
        unit.open_exceptions([held])

    heard = call(house(store), "GET", "/console/exceptions/x-3")

    content = re.search(r"<textarea[^>]*>(.*?)</textarea>", heard.text, re.DOTALL)
    assert content is not None
    assert msgspec.json.decode(html.unescape(content[1])) == {
        "draft": {"order_id": "SO-1", "version": 1}
    }


def test_a_partners_bytes_stay_text_in_the_form(store: Store) -> None:
    heard = call(house(store), "GET", "/console/exceptions/x-2")

    assert "&lt;/textarea&gt;&lt;script&gt;" in heard.text
    assert heard.text.count("</textarea>") == 1


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"by": "Ann", "reason": " "}, 422, "Say why"),
        ({"by": "", "reason": "why"}, 422, "Say who decides this"),
        ({"by": "Ann", "reason": "too late"}, 409, "It is settled already"),
    ],
)
def test_a_decision_that_cannot_be_is_told_on_the_page(
    store: Store, fields: dict[str, str], status: int, said: str
) -> None:
    clerk = Clerk()
    app = house(store, clerk)
    headers, token = opened(app, "x-1")

    heard = send(app, "x-1/retry", headers, token, **fields)

    assert (heard.status, clerk.decided) == (status, [])
    assert said in heard.text


@pytest.mark.parametrize(
    ("token", "extra"),
    [
        ("", {}),
        ("guess", {}),
        (None, {"Cookie": "crossdock_session=mine"}),
        (None, {"Origin": "https://evil.example"}),
        (None, {"Cookie": ""}),
    ],
)
def test_no_other_site_can_decide_in_an_operators_name(
    store: Store, token: str | None, extra: dict[str, str]
) -> None:
    clerk = Clerk()
    app = house(store, clerk)
    headers, real = opened(app, "x-1")

    heard = send(
        app, "x-1/waive", headers | extra, real if token is None else token, by="A", reason="B"
    )

    assert (heard.status, clerk.decided) == (403, [])


def test_no_link_puts_words_on_our_pages(store: Store) -> None:
    heard = call(house(store), "GET", "/console/exceptions/x-1?said=Call+555&mark=0")

    assert "Call 555" not in heard.text


def test_a_settled_exception_says_by_whom_and_why(store: Store) -> None:
    with store.write() as unit:
        unit.close_exceptions("main", ["x-1"], ExceptionStatus.WAIVED, "Ann", "Strike", at(300))

    heard = call(house(store), "GET", "/console/exceptions/x-1")

    assert '<p class="why">Waived by Ann: Strike</p>' in heard.text
    assert "form_token" not in heard.text


@pytest.mark.parametrize(
    ("client", "host"),
    [("192.0.2.1", "127.0.0.1"), ("127.0.0.1", "evil.example"), ("::ffff:192.0.2.1", "localhost")],
)
def test_without_a_token_only_this_machine_may_look(store: Store, client: str, host: str) -> None:
    heard = call(house(store), "GET", "/console/", client=client, headers={"Host": host})

    assert (heard.status, "order release" in heard.text) == (403, False)


def test_with_a_token_one_enters_once_a_day(store: Store) -> None:
    app = house(store, token="open sesame")
    outside = call(app, "GET", "/console/", client="192.0.2.1")
    wrong = call(app, "POST", "/console/login", body=b"token=guess", headers=FORM)

    entered = call(
        app,
        "POST",
        "/console/login",
        body=urlencode({"token": "open sesame"}).encode(),
        headers=FORM,
    )
    cookie = {"Cookie": entered.headers["set-cookie"].split(";")[0]}
    inside = call(app, "GET", "/console/", client="192.0.2.1", headers=cookie)

    assert [each.status for each in (outside, wrong, entered, inside)] == [401, 401, 303, 200]


def test_a_session_of_ones_own_making_does_not_open_the_door(store: Store) -> None:
    app = house(store, token="open sesame")
    made_up = {"Cookie": f"crossdock_session=99999999999.{'0' * 16}.{'0' * 64}"}

    assert call(app, "GET", "/console/", headers=made_up).status == 401


PERSONS = {sha256(b"ann").hexdigest(): "ann"}


def test_an_own_token_opens_the_door_from_elsewhere(store: Store) -> None:
    app = house(store, persons=PERSONS)
    bearer = {"Authorization": "Bearer ann", "host": "crossdock.example"}
    nobody = bearer | {"Authorization": "Bearer nobody"}

    inside = call(app, "GET", "/console/", headers=bearer, client="192.0.2.1")
    outside = call(app, "GET", "/console/", headers=nobody, client="192.0.2.1")

    assert (inside.status, outside.status) == (200, 403)


def test_a_session_of_nobodys_does_not_open_the_door_from_elsewhere(store: Store) -> None:
    app = house(store, persons=PERSONS)
    headers, _ = opened(app, "x-1")

    elsewhere = headers | {"host": "crossdock.example"}
    heard = call(app, "GET", "/console/", headers=elsewhere, client="192.0.2.1")

    assert heard.status == 403


def test_an_own_token_opens_a_session_for_the_day(store: Store) -> None:
    app = house(store, persons=PERSONS)
    asked = call(app, "GET", "/console/login")
    body = urlencode({"token": "ann"}).encode()

    entered = call(app, "POST", "/console/login", body=body, headers=FORM)
    cookie = {"Cookie": entered.headers["set-cookie"].split(";")[0], "host": "crossdock.example"}
    later = call(app, "GET", "/console/", headers=cookie, client="192.0.2.1")

    assert (asked.status, entered.status, later.status) == (200, 303, 200)


def test_the_api_takes_decisions_as_json(store: Store) -> None:
    clerk = Clerk()
    body = msgspec.json.encode({"by": "Ann", "reason": "Known strike"})

    heard = call(
        house(store, clerk),
        "POST",
        "/process/v1/exceptions/x-1/waive",
        body=body,
        headers={"Content-Type": "application/json"},
    )

    assert (heard.status, heard.json) == (200, {"said": "It is done: waive"})
    assert clerk.decided == [WAIVED]


@pytest.mark.parametrize("body", [b'{"by": "\x9a"}', b'{"by":' * 100_000, b""])
def test_the_api_says_what_is_no_json(store: Store, body: bytes) -> None:
    path, headers = "/process/v1/exceptions/x-1/waive", {"Content-Type": "application/json"}

    heard = call(house(store, Clerk()), "POST", path, body=body, headers=headers)

    assert (heard.status, heard.headers["content-type"]) == (400, "application/problem+json")


@pytest.mark.parametrize(
    ("path", "headers", "body", "status"),
    [
        ("x-1/waive", {"Content-Type": "text/plain"}, {"by": "A", "reason": "B"}, 400),
        ("x-1/waive", {"Origin": "https://evil.example"}, {"by": "A", "reason": "B"}, 403),
        ("x-1/waive", {}, {"by": "A"}, 400),
        ("x-1/forget", {}, {"by": "A", "reason": "B"}, 404),
        ("x-1/retry", {}, {"by": "A", "reason": "too late"}, 409),
        ("x-2/edit", {}, {"by": "A", "reason": "B"}, 422),
    ],
)
def test_the_api_declines_what_it_cannot_take(
    store: Store, path: str, headers: dict[str, str], body: dict[str, str], status: int
) -> None:
    clerk = Clerk()

    heard = call(
        house(store, clerk),
        "POST",
        f"/process/v1/exceptions/{path}",
        body=msgspec.json.encode(body),
        headers={"Content-Type": "application/json"} | headers,
    )

    assert (heard.status, heard.headers["content-type"], clerk.decided) == (
        status,
        "application/problem+json",
        [],
    )


def test_the_api_reads_what_the_pages_show(store: Store) -> None:
    app = house(store)

    paths = ["board", "cases?process=order_release", "exceptions", "exceptions/x-1", "trace/SO-1"]
    heard = [call(app, "GET", f"/process/v1/{each}") for each in paths]
    unknown = call(app, "GET", "/process/v1/trace/SO-404")

    assert [each.status for each in heard] == [200] * 5
    assert heard[4].json["why"].startswith("Nobody has spoken of shipment SH-1")
    assert (unknown.status, unknown.json["detail"]) == (404, "Nothing is known under SO-404")


def test_a_raw_document_is_never_served_as_a_page(store: Store) -> None:
    clerk = Clerk()

    heard = call(house(store, clerk), "GET", "/process/v1/documents/d-9")

    assert (heard.body, heard.headers["content-type"]) == (
        DOCUMENT.content,
        "application/octet-stream",
    )
    assert clerk.seen == [("d-9", "operator")]


HAND = "/process/v1/partners/erp/orders"


def test_an_operator_brings_a_partners_document_by_hand(store: Store) -> None:
    ledger = Ledger(RECEIPT)

    heard = call(
        house(store, ledger=ledger),
        "POST",
        HAND,
        body=b"[]",
        headers={"X-Crossdock-By": "Ann"},
    )

    assert (heard.status, heard.json["document_id"]) == (202, "d-1")
    assert [(each.partner, each.document, each.content) for each in ledger.taken] == [
        ("erp", "orders", b"[]")
    ]


@pytest.mark.parametrize(
    ("path", "headers", "client", "status"),
    [
        (HAND, {}, "127.0.0.1", 400),
        (HAND, {"X-Crossdock-By": "Ann", "Origin": "https://evil.example"}, "127.0.0.1", 403),
        (HAND, {"X-Crossdock-By": "Ann"}, "192.0.2.1", 403),
        ("/process/v1/partners/wms/orders", {"X-Crossdock-By": "Ann"}, "127.0.0.1", 404),
    ],
)
def test_nobody_else_brings_documents_by_hand(
    store: Store, path: str, headers: dict[str, str], client: str, status: int
) -> None:
    ledger = Ledger(RECEIPT)

    heard = call(
        house(store, ledger=ledger), "POST", path, body=b"[]", headers=headers, client=client
    )

    assert (heard.status, ledger.taken) == (status, [])


REPLAY = {
    "process": "order_release",
    "kind": "order",
    "id": "SO-1",
    "effects": ["e-2"],
    "by": "Ann",
    "reason": "New routing guide",
}


def replay(app: App, **changed: object) -> Heard:
    return call(
        app,
        "POST",
        "/process/v1/replays",
        body=msgspec.json.encode(REPLAY | changed),
        headers={"Content-Type": "application/json"},
    )


def test_chosen_effects_of_a_replay_are_asked_for(store: Store) -> None:
    clerk = Clerk()

    heard = replay(house(store, clerk))

    assert (heard.status, heard.json) == (200, {"said": "1 effect(s) wait to be sent"})
    assert clerk.replayed == [
        Choice(
            subscriber="order_release",
            key=Key("order", "SO-1"),
            effects=("e-2",),
            by="Ann",
            reason="New routing guide",
        )
    ]


@pytest.mark.parametrize(
    ("changed", "status"),
    [({"effects": ["gone"]}, 409), ({"effects": []}, 422), ({"reason": " "}, 422), ({"x": 1}, 400)],
)
def test_a_replay_that_cannot_be_is_declined(
    store: Store, changed: dict[str, object], status: int
) -> None:
    clerk = Clerk()

    heard = replay(house(store, clerk), **changed)

    assert (heard.status, clerk.replayed) == (status, [])


def held(store: Store) -> None:
    """Restore the store from a backup of itself."""
    backup = Backup(file="monday.db", size=4096, taken_at=NOW, as_of=NOW, messages=7)
    with store.write() as unit:
        recovery.begin(unit, "main", backup, at=NOW, by="ann", reason="the <disk> broke")


def test_a_restore_is_on_the_board_until_it_is_finished(store: Store) -> None:
    app = house(store)
    before = call(app, "GET", "/console/")
    held(store)

    page = call(app, "GET", "/console/")
    told = call(app, "GET", "/process/v1/recovery")

    assert "data-outbound" not in before.text
    assert 'data-outbound="held"' in page.text
    assert "the &lt;disk&gt; broke" in page.text
    assert (told.status, msgspec.json.decode(told.body)["outbound"]) == (200, "held")
    assert call(house(store), "GET", "/console/board.json").status == 200


def test_what_a_restore_holds_is_let_go_with_a_reason(store: Store) -> None:
    clerk = Clerk()
    app = house(store, clerk)
    held(store)

    answers = [
        call(
            app,
            "POST",
            f"/process/v1/recovery/{verb}",
            body=msgspec.json.encode(body),
            headers={"Content-Type": "application/json"},
        ).status
        for verb, body in (
            ("release", {"by": "ann", "reason": "all came again"}),
            ("release", {"by": "ann", "reason": ""}),
            ("release", {"by": "ann", "reason": "too late"}),
            ("begin", {"by": "ann", "reason": "why not"}),
        )
    ]

    assert answers == [200, 422, 409, 404]
    assert clerk.recovered == [("release", "ann", "all came again")]


def test_no_restore_is_open_on_a_store_that_was_never_restored(store: Store) -> None:
    assert call(house(store), "GET", "/process/v1/recovery").status == 404
