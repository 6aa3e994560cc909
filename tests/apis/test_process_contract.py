"""The published contract says what the process API really does."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it ships no types
import pytest

from crossdock.apis.access import Access
from crossdock.apis.process.v1.freight_routes import FreightApi, Money
from crossdock.apis.process.v1.openapi import contract, published
from crossdock.apis.process.v1.operations import Operations
from crossdock.apis.process.v1.routes import BASE, ProcessApi
from crossdock.apis.server import build_asgi
from crossdock.apis.system.v1.deliveries import Deliveries
from crossdock.ports.store import Store
from crossdock.store.sqlite import open_sqlite
from tests.apis import history
from tests.apis.asgi import Heard, call
from tests.apis.freight_rows import PICTURE, paint
from tests.apis.rows import NOW
from tests.apis.test_deliveries import CALLERS, RECEIPT, Ledger, marked
from tests.pages.house import SEAL, Clerk, house

CHANGE = {"Content-Type": "application/json"}
DECISION = b'{"by": "ada", "reason": "mended"}'


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store that knows one order's story and the money of its load."""
    made = open_sqlite(tmp_path / "store.db")
    history.write(made, history.HELD)
    paint(made, PICTURE)
    yield made
    made.close()


def schema_of(path: str, method: str, heard: Heard) -> dict[str, Any]:
    """What the contract says about an answer."""
    told = contract()
    content = told["paths"][BASE + path][method]["responses"][str(heard.status)]["content"]
    schema: dict[str, Any] = content[heard.headers["content-type"].partition(";")[0]]["schema"]
    return schema | {"components": told["components"]}


def test_every_route_is_in_the_contract_and_the_other_way_round(store: Store) -> None:
    clerk, access = Clerk(), Access("", SEAL, lambda: NOW)
    by_hand = Deliveries("main", CALLERS, Ledger(RECEIPT), marked, lambda: NOW).by_hand
    served = (
        *ProcessApi(Operations(store.read, "main"), clerk, access, by_hand).routes(),
        *FreightApi(Money(store.read, "main", clerk), access).routes(),
    )

    told = contract()["paths"]

    assert {(path, method) for path, item in told.items() for method in item} == {
        (each.path.replace("...", ""), each.method.lower()) for each in served
    }


@pytest.mark.parametrize(
    ("url", "path", "status"),
    [
        ("/board", "/board", 200),
        ("/cases?process=order_release", "/cases", 200),
        ("/cases", "/cases", 400),
        ("/recovery", "/recovery", 404),
        ("/exceptions?status=all", "/exceptions", 200),
        ("/exceptions?team=NOBODY", "/exceptions", 400),
        ("/exceptions/x-1", "/exceptions/{id}", 200),
        ("/exceptions/x-9", "/exceptions/{id}", 404),
        ("/trace/SO-1", "/trace/{number}", 200),
        ("/acknowledgements", "/acknowledgements", 200),
        ("/acknowledgements?status=lost", "/acknowledgements", 400),
        ("/freight?view=all", "/freight", 200),
        ("/freight?view=none", "/freight", 400),
        ("/freight/L-1", "/freight/{load}", 200),
        ("/freight/L-9", "/freight/{load}", 404),
        ("/freight/L-1/evidence", "/freight/{load}/evidence", 200),
        ("/unposted", "/unposted", 200),
        ("/reconciliations", "/reconciliations", 200),
    ],
)
def test_what_is_read_is_what_the_contract_says(
    store: Store, url: str, path: str, status: int
) -> None:
    heard = call(house(store), "GET", BASE + url)

    assert heard.status == status
    jsonschema.Draft202012Validator(schema_of(path, "get", heard)).validate(heard.json)


def test_tables_are_told_as_such(store: Store) -> None:
    heard = call(house(store), "GET", f"{BASE}/freight.csv")

    assert schema_of("/freight.csv", "get", heard)["format"] == "binary"


@pytest.mark.parametrize(
    ("url", "path", "body", "status"),
    [
        ("/exceptions/x-1/retry", "/exceptions/{id}/{verb}", DECISION, 200),
        ("/exceptions/x-1/burn", "/exceptions/{id}/{verb}", DECISION, 404),
        ("/exceptions/x-1/retry", "/exceptions/{id}/{verb}", b"{}", 400),
        ("/offers/x-1/counter", "/offers/{id}/counter", DECISION, 409),
        ("/offers/x-9/counter", "/offers/{id}/counter", DECISION, 404),
        ("/offers/x-1/counter", "/offers/{id}/counter", b"{}", 400),
        ("/recovery/release", "/recovery/{verb}", DECISION, 200),
        ("/replays", "/replays", b"{}", 400),
        ("/freight/L-1/decisions", "/freight/{load}/decisions", b"{}", 400),
    ],
)
def test_what_is_decided_is_what_the_contract_says(
    store: Store, url: str, path: str, body: bytes, status: int
) -> None:
    heard = call(house(store), "POST", BASE + url, body=body, headers=CHANGE)

    assert heard.status == status
    jsonschema.Draft202012Validator(schema_of(path, "post", heard)).validate(heard.json)
    taken = contract()["paths"][BASE + path]["post"]["requestBody"]["content"]
    assert list(taken) == ["application/json"]


@pytest.mark.parametrize(("token", "status"), [("", 401), ("letmein", 200)])
def test_the_contract_is_read_by_who_may_operate(token: str, status: int) -> None:
    access = Access("letmein", SEAL, lambda: NOW)
    deliveries = Deliveries("main", CALLERS, Ledger(RECEIPT), marked, lambda: NOW)
    served = build_asgi((published(access),), deliveries=deliveries)

    heard = call(
        served, "GET", f"{BASE}/openapi.json", headers={"Authorization": f"Bearer {token}"}
    )

    assert heard.status == status
