"""The published contract says what the experience API really does."""

from pathlib import Path

import jsonschema  # type: ignore[import-untyped]  # it ships no types
import pytest

from crossdock.apis.experience.v1.openapi import contract
from crossdock.apis.experience.v1.shipments import Shipments, routes
from crossdock.canonical.documents import ProofOfDelivery
from crossdock.governance.entitlements import Customers
from tests.apis.asgi import call
from tests.apis.rows import ACME, kept, moment, seen_by
from tests.apis.test_experience import BASE, KEY, experience


def test_every_route_is_in_the_contract_and_the_other_way_round(tmp_path: Path) -> None:
    store = kept(tmp_path)

    served = {
        (each.path, each.method.lower())
        for each in routes(Shipments(store.read, "main"), Customers((ACME,)))
    }
    store.close()

    told = contract()["paths"]
    assert {(path, method) for path, item in told.items() for method in item} == served


@pytest.mark.parametrize(
    ("url", "path", "status"),
    [
        (BASE, BASE, "200"),
        (f"{BASE}?limit=0", BASE, "400"),
        (f"{BASE}/SH-1", f"{BASE}/{{shipment_id}}", "200"),
        (f"{BASE}/SH-2", f"{BASE}/{{shipment_id}}", "200"),
        (f"{BASE}/SH-9", f"{BASE}/{{shipment_id}}", "404"),
    ],
)
def test_what_is_answered_is_what_the_contract_says(
    tmp_path: Path, url: str, path: str, status: str
) -> None:
    proof = ProofOfDelivery(shipment_id="SH-1", received_by="J. Smith", received=moment(40))
    bare = seen_by("C-1", "SH-2", status=None, as_of=None, promised=None, milestones=())
    store = kept(tmp_path, seen_by("C-1", "SH-1", proof=proof), bare)
    told = contract()

    heard = call(experience(store), "GET", url, headers=KEY)
    store.close()

    content = told["paths"][path]["get"]["responses"][status]["content"]
    schema = content[heard.headers["content-type"]]["schema"] | {"components": told["components"]}
    assert str(heard.status) == status
    jsonschema.Draft202012Validator(schema).validate(heard.json)
