"""Every route is asked as every caller, and answers as the table of `tools/access.py` says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlencode

import pytest
from msgspec import Struct
from msgspec.structs import replace

from crossdock.apis.server import Front
from crossdock.app.asgi import assemble
from crossdock.app.config import load_config
from crossdock.connectors import discover
from crossdock.ports.store import Store
from crossdock.store.sqlite import open_sqlite
from tests.apis import history
from tests.apis.asgi import Heard, call
from tests.apis.freight_rows import PICTURE, paint
from tests.apis.rows import NOW, seen_by, show
from tests.apis.test_deliveries import RECEIPT, Ledger
from tests.pages.house import Clerk
from tests.pages.test_console import DOCUMENT, UNREAD
from tools.access import ANSWERS, DELIVERY, EXPERIENCE, PROCESS, ROUTES, SERVED, Admits, Caller

CONFIG = f"""
[[partners]]
name = "erp"
connector = "reference_erp"
webhook_secrets = ["${{file:signing}}"]
[partners.settings]
base_url = "http://erp"

[[customers]]
id = "C-1"
name = "Acme"
api_key_sha256 = "{sha256(b"acme-key").hexdigest()}"

[[customers]]
id = "C-2"
name = "Rival"
api_key_sha256 = "{sha256(b"rival-key").hexdigest()}"

[[operators]]
name = "ann"
token_sha256 = "{sha256(b"ann-token").hexdigest()}"
"""
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
DECISION = b'{"by": "ann", "reason": "mended"}'
REPLAY = (
    b'{"process": "p", "kind": "order", "id": "SO-1", "effects": ["e"], "by": "ann", "reason": "r"}'
)
LIST, ONE = f"{EXPERIENCE}/shipments", f"{EXPERIENCE}/shipments/{{shipment_id}}"

# How the names in an address are filled in, so that they mean something of our own.
MEANT = {
    "{shipment_id}": "SH-1",
    "{id}": "x-1",
    "{verb}": "retry",
    "{number...}": "SO-1",
    "{load}": "L-1",
    "{partner}": "erp",
    "{document}": "orders",
    "{name}": "not-found",
}
ASKED = {
    f"{PROCESS}/documents/{{id}}": f"{PROCESS}/documents/d-9",
    f"{PROCESS}/recovery/{{verb}}": f"{PROCESS}/recovery/release",
    f"{PROCESS}/cases": f"{PROCESS}/cases?process=order_release",
    "/console/cases": "/console/cases?process=order_release",
    "/console/cases.json": "/console/cases.json?process=order_release",
    "/console/trace": "/console/trace?q=SO-1",
    "/console/trace.json": "/console/trace.json?q=SO-1",
    "/console/finance/load": "/console/finance/load?id=L-1",
    "/console/finance/load.json": "/console/finance/load.json?id=L-1",
}
BODIES = {f"{PROCESS}/replays": REPLAY}
# What is answered to who is admitted, where it is not 200.
ANSWERED = {
    ("GET", f"{PROCESS}/recovery"): 404,  # nothing was restored
    ("POST", f"{PROCESS}/offers/{{id}}/counter"): 409,  # x-1 is no offer
    ("POST", f"{PROCESS}/partners/{{partner}}/{{document}}"): 202,
    ("POST", f"{PROCESS}/freight/{{load}}/decisions"): 400,  # no verdict is named
    ("POST", "/console/exceptions/{id}/{verb}"): 303,
    ("POST", "/console/offers/{id}/counter"): 409,
    ("POST", "/console/finance/load"): 400,
    ("POST", "/console/login"): 401,  # no token is named
    ("POST", "/portal/login"): 401,
    ("POST", "/portal/logout"): 303,
}
# What another tenant's house answers over the same store, where it is not the same.
NOT_THERE = {
    ("GET", f"{PROCESS}{path}")
    for path in (
        *("/exceptions/{id}", "/trace/{number...}", "/documents/{id}", "/freight/{load}"),
        *("/freight/{load}/evidence", "/freight/{load}/evidence.pdf"),
    )
} | {
    ("GET", ONE),
    ("GET", "/portal/shipments/{shipment_id}"),
    ("GET", "/console/trace"),
    ("GET", "/console/exceptions/{id}"),
    ("GET", "/console/finance/load"),
    ("GET", "/console/finance/load.json"),
    ("POST", f"{PROCESS}/offers/{{id}}/counter"),
}


class Wall:
    """A clock on the wall that can be set."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.at


class House(Struct, frozen=True):
    """The application over a store, and the clock by which its sessions end."""

    app: Front
    wall: Wall

    def session(self, *, hours_ago: int) -> str:
        """Let ann open a session of the console; answer its cookie."""
        self.wall.at = NOW - timedelta(hours=hours_ago)
        heard = call(
            self.app,
            "POST",
            "/console/login",
            body=b"token=ann-token",
            headers={"content-type": FORM},
        )
        self.wall.at = NOW
        return heard.headers["set-cookie"].partition(";")[0]

    def form_token(self, headers: Mapping[str, str]) -> str:
        """Read what the forms of a page carry; empty where the page is not shown."""
        page = call(self.app, "GET", "/console/exceptions/x-1", headers=headers)
        found = re.search(r'name="form_token" value="(\w+)"', page.text)
        return found[1] if found else ""


def house(folder: Path, store: Store, *, tenant: str = "main", open_: bool = False) -> House:
    """Put the application together as `crossdock up` does; `open_`: nobody has a token."""
    file = folder / "crossdock.toml"
    file.write_text(CONFIG, "utf-8")
    (folder / "signing").write_text("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz", "utf-8")
    token = "" if open_ else "shared"
    config = replace(load_config(file, discover()), tenant=tenant, operator_token=token)
    config = replace(config, operators=()) if open_ else config
    wall = Wall()
    app = assemble(
        config,
        read=store.read,
        intake=Ledger(RECEIPT),
        operator=Clerk(),
        now=lambda: NOW,
        wall=wall,
    )
    return House(app, wall)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store with a case of everything that can be asked for, all of it tenant `main`'s."""
    made = open_sqlite(tmp_path / "store.db")
    history.write(made, history.HELD, UNREAD)
    paint(made, PICTURE)
    show(made, seen_by("C-1", "SH-1"))
    with made.write() as unit:
        unit.keep_documents([DOCUMENT])
    yield made
    made.close()


def credentials(served: House, caller: Caller) -> dict[str, str]:
    """What a caller sends with a request."""
    match caller:
        case Caller.NOBODY:
            return {}
        case Caller.WRONG:
            return {"authorization": "Bearer nobodys", "x-api-key": "nobodys"}
        case Caller.EXPIRED:
            return {"cookie": served.session(hours_ago=25)}
        case Caller.CUSTOMER:
            return {"x-api-key": "acme-key"}
        case Caller.SHARED:
            return {"authorization": "Bearer shared"}
        case Caller.PERSON:
            return {"authorization": "Bearer ann-token"}
        case Caller.SESSION:
            return {"cookie": served.session(hours_ago=0)}


def ask(
    served: House, route: tuple[str, str], headers: Mapping[str, str], client: str = "192.0.2.7"
) -> Heard:
    """Ask a route for something of our own."""
    method, path = route
    url = ASKED.get(path, path)
    for name, meant in MEANT.items():
        url = url.replace(name, meant)
    body, kind = BODIES.get(path, DECISION), JSON
    if not path.startswith(PROCESS):
        form = {"form_token": "", "by": "ann", "reason": "mended"}
        if ROUTES[route] is Admits.FORM:
            form["form_token"] = served.form_token(headers)
        body, kind = urlencode(form).encode(), FORM
    sent = {"content-type": kind, "x-crossdock-by": "ann", **headers}
    return call(
        served.app, method, url, body=body if method == "POST" else b"", headers=sent, client=client
    )


def expected(route: tuple[str, str], caller: Caller) -> int:
    """What the tables say that a caller hears."""
    heard = ANSWERS[ROUTES[route]][caller]
    if route == ("GET", "/portal/") and caller is Caller.CUSTOMER:
        return 303  # on to its list
    return ANSWERED.get(route, 200) if heard == SERVED else heard


def test_every_route_of_the_house_has_its_row_and_no_other_has(
    store: Store, tmp_path: Path
) -> None:
    served = {(each.method, each.path) for each in house(tmp_path, store).app.routes}

    assert served | {DELIVERY} == set(ROUTES)


@pytest.mark.parametrize("caller", Caller)
def test_each_route_answers_a_caller_as_the_table_says(
    store: Store, tmp_path: Path, caller: Caller
) -> None:
    served = house(tmp_path, store)
    headers = credentials(served, caller)

    heard = {route: ask(served, route, headers).status for route in ROUTES}

    assert heard == {route: expected(route, caller) for route in ROUTES}


@pytest.mark.parametrize(
    ("client", "host", "status"),
    [("127.0.0.1", "localhost", SERVED), ("192.0.2.7", "localhost", 403), ("::1", "evil", 403)],
)
def test_without_tokens_what_is_the_operators_is_this_machine_s(
    store: Store, tmp_path: Path, client: str, host: str, status: int
) -> None:
    served = house(tmp_path, store, open_=True)
    routes = [each for each, admits in ROUTES.items() if admits is Admits.OPERATOR]

    heard = {each: ask(served, each, {"host": host}, client).status for each in routes}

    assert heard == {each: status or ANSWERED.get(each, 200) for each in routes}


def test_what_is_another_customers_is_not_there(store: Store, tmp_path: Path) -> None:
    served, headers = house(tmp_path, store), {"x-api-key": "rival-key"}

    rows = [each for each, admits in ROUTES.items() if admits is Admits.CUSTOMER]
    heard = {each: ask(served, each, headers).status for each in rows}
    listed = ask(served, ("GET", LIST), headers).json["shipments"]

    assert heard == {each: 404 if "{" in each[1] else 200 for each in rows}
    assert listed == []


@pytest.mark.parametrize("caller", [Caller.CUSTOMER, Caller.PERSON, Caller.SESSION])
def test_what_is_another_tenants_is_not_there(store: Store, tmp_path: Path, caller: Caller) -> None:
    served = house(tmp_path, store, tenant="other")
    headers = credentials(served, caller)
    routes = [each for each, admits in ROUTES.items() if admits is not Admits.FORM]

    heard = {route: ask(served, route, headers).status for route in routes}

    admitted = [each for each in NOT_THERE if ANSWERS[ROUTES[each]][caller] == SERVED]
    assert heard == {
        route: 404 if route in admitted else expected(route, caller) for route in routes
    }
