"""The application around the routes: health, problems, and what nobody expected."""

from datetime import UTC, datetime

from crossdock.apis import problems
from crossdock.apis.http import Ask, Reply, Route, as_json, as_page
from crossdock.apis.problems import Declined
from crossdock.apis.server import App, build_asgi, build_health
from crossdock.apis.system.v1.deliveries import Deliveries
from crossdock.faults import NotNow
from crossdock.ports.store import StoreFull
from tests.apis.asgi import call
from tests.apis.test_deliveries import CALLERS, RECEIPT, Ledger, marked


async def echo(ask: Ask) -> Reply:
    """Say what was asked."""
    return as_json(
        {"url": ask.url, "path": ask.path, "query": ask.query, "body": ask.body.decode()}
    )


async def page(_ask: Ask) -> Reply:
    """Show a page."""
    return as_page("<p>hello</p>")


async def decline(_ask: Ask) -> Reply:
    """Say no."""
    raise Declined(problems.CONFLICT, "It is closed already")


async def overflow(_ask: Ask) -> Reply:
    """Find the disk full."""
    raise StoreFull("The store's disk is full", retry_after=12)


async def lose(_ask: Ask) -> Reply:
    """Find the store away."""
    raise NotNow("The database has ended the connection")


def lost() -> dict[str, str]:
    """Find the store away."""
    raise NotNow("The database has ended the connection")


async def stumble(_ask: Ask) -> Reply:
    """Break."""
    raise LookupError("a bug")


def served(missing: dict[str, str] | None = None) -> App:
    routes = (
        Route(method="GET", path="/things/{name}", answer=echo),
        Route(method="POST", path="/things/{name}", answer=echo),
        Route(method="GET", path="/all/{rest...}", answer=echo),
        Route(method="GET", path="/page/", answer=page),
        Route(method="GET", path="/decline", answer=decline),
        Route(method="GET", path="/stumble", answer=stumble),
        Route(method="POST", path="/overflow", answer=overflow),
        Route(method="GET", path="/lose", answer=lose),
    )
    noon = datetime(2026, 3, 29, 12, tzinfo=UTC)
    deliveries = Deliveries("main", CALLERS, Ledger(RECEIPT), marked, lambda: noon)
    return build_asgi(routes, deliveries=deliveries, not_ready=lambda: missing or {})


def test_while_the_store_is_away_pages_and_readiness_say_so() -> None:
    heard = call(served(), "GET", "/lose")
    ready = call(build_health(held=lost), "GET", "/readyz")

    assert (heard.status, heard.json["type"], heard.headers["retry-after"]) == (
        503,
        "/problems/not-ready",
        "5",
    )
    assert (ready.status, ready.json) == (
        503,
        {"status": "not ready", "missing": {"store": "The database has ended the connection"}},
    )


def test_whatever_a_full_disk_prevents_is_answered_with_when_to_come_again() -> None:
    heard = call(served(), "POST", "/overflow")

    assert (heard.status, heard.json["type"], heard.headers["retry-after"]) == (
        507,
        "/problems/store-full",
        "12",
    )


def test_a_route_hears_what_was_asked() -> None:
    heard = call(served(), "GET", "/things/a%20b?x=1&y=%C3%BC")

    assert heard.json == {
        "url": "/things/a b?x=1&y=%C3%BC",
        "path": {"name": "a b"},
        "query": {"x": "1", "y": "ü"},
        "body": "",
    }


def test_the_rest_of_a_path_may_hold_slashes() -> None:
    heard = call(served(), "GET", "/all/SO-1/SH-2")

    assert heard.json["path"] == {"rest": "SO-1/SH-2"}


def test_a_post_brings_its_body() -> None:
    heard = call(served(), "POST", "/things/a", body=b"hello")

    assert (heard.status, heard.json["body"]) == (200, "hello")


def test_a_page_may_load_nothing_from_elsewhere() -> None:
    heard = call(served(), "GET", "/page/")

    assert (heard.status, heard.text) == (200, "<p>hello</p>")
    assert heard.headers["content-type"] == "text/html; charset=utf-8"
    assert heard.headers["content-security-policy"] == (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


def test_what_a_route_declines_is_a_problem_with_a_constant_title() -> None:
    heard = call(served(), "GET", "/decline")

    assert heard.headers["content-type"] == "application/problem+json"
    assert heard.json == {
        "type": "/problems/conflict",
        "title": "This is not open to that decision",
        "status": 409,
        "detail": "It is closed already",
    }


def test_an_address_nobody_answers_is_a_problem_too() -> None:
    heard = call(served(), "GET", "/nowhere")

    assert (heard.status, heard.json["detail"]) == (404, "Nothing answers at /nowhere")


def test_a_method_nobody_takes_is_a_problem_too() -> None:
    heard = call(served(), "DELETE", "/decline")

    assert (heard.status, heard.json["type"]) == (405, "/problems/method-not-allowed")


def test_a_bug_tells_the_caller_nothing_of_itself() -> None:
    heard = call(served(), "GET", "/stumble")

    assert (heard.status, heard.json["detail"]) == (500, "The request was not finished")


def test_every_kind_of_problem_is_explained_at_its_own_address() -> None:
    app = served()

    told = {
        kind.name: kind.remedy in call(app, "GET", kind.uri).text
        for kind in problems.PROBLEMS.values()
    }

    assert told == dict.fromkeys(problems.PROBLEMS, True)


def test_deliveries_go_past_the_framework() -> None:
    heard = call(served(), "POST", "/system/v1/partners/erp/orders", body=b"[]")

    assert (heard.status, heard.json["document_id"]) == (202, "d-1")


def test_health_says_what_is_missing() -> None:
    waiting = call(served({"store": "the schema is older than this release"}), "GET", "/readyz")
    ready = call(served(), "GET", "/readyz")

    assert (waiting.status, waiting.json["missing"]) == (
        503,
        {"store": "the schema is older than this release"},
    )
    assert (ready.status, ready.json) == (200, {"status": "ready"})
    assert call(served(), "GET", "/livez").json == {"status": "alive"}
    assert "python_info" in call(served(), "GET", "/metrics").text


def test_an_address_with_a_nul_in_it_is_refused_wherever_it_leads() -> None:
    asked = ("/things/a%00b", "/page/?after=a%00b", "/system/v1/partners/erp%00/orders")

    heard = [call(served(), "GET", url) for url in asked]

    assert {(each.status, each.json["detail"]) for each in heard} == {
        (400, "No name has a NUL character (%00) in it; ask without")
    }


def test_a_process_without_a_door_serves_its_health_and_nothing_else() -> None:
    app = build_health(not_ready=lambda: {"writer": "it hangs"})

    heard = [call(app, "GET", url) for url in ("/livez", "/readyz", "/metrics", "/page/")]

    assert [each.status for each in heard] == [200, 503, 200, 404]
    assert heard[1].json == {"status": "not ready", "missing": {"writer": "it hangs"}}
