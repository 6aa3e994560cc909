"""Whatever is sent to an operation of a contract, the answer is one that the contract names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import jsonschema  # type: ignore[import-untyped]  # it ships no types
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossdock.apis.experience.v1 import openapi as experience
from crossdock.apis.process.v1 import openapi as process
from crossdock.apis.server import Front
from crossdock.store.sqlite import open_sqlite
from tests.apis import history
from tests.apis.asgi import call
from tests.apis.freight_rows import PICTURE, paint
from tests.apis.rows import seen_by, show
from tests.apis.test_access_matrix import house

KNOWN = ("SO-1", "SH-1", "L-1", "x-1", "retry", "edit", "release", "erp", "orders", "main", "all")
CONTRACTS = (experience.contract(), process.contract())
OPERATIONS = [
    (contract, path, method)
    for contract in CONTRACTS
    for path, item in contract["paths"].items()
    for method in item
]

words = st.sampled_from(KNOWN) | st.text(min_size=1, max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)


def bodies(contract: dict[str, Any], operation: dict[str, Any]) -> st.SearchStrategy[bytes]:
    """Draw what is sent: the fields of the contract with any values, any JSON, or any bytes."""
    content = operation.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    name = schema.get("$ref", "").rpartition("/")[2]
    fields = contract["components"]["schemas"].get(name, {}).get("properties", {})
    meant = st.fixed_dictionaries({}, optional=dict.fromkeys(fields, words | values))
    return (meant | values).map(msgspec.json.encode) | st.binary(max_size=30)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """The application over a store that knows one order's story and its money."""
    folder: Path = tmp_path_factory.mktemp("conformance")
    store = open_sqlite(folder / "store.db")
    history.write(store, history.HELD)
    paint(store, PICTURE)
    show(store, seen_by("C-1", "SH-1"))
    made = house(folder, store).app
    # What a first question imports would change what is drawn: it takes constants of our modules.
    for _, path, method in OPERATIONS:
        call(made, method.upper(), path, headers={"authorization": "Bearer ann-token"})
    yield made
    store.close()


def requests(contract: dict[str, Any], path: str, method: str) -> st.SearchStrategy[Any]:
    """Draw an address, what is asked of it, and a body."""
    operation = contract["paths"][path][method]
    places = {each["name"]: each["in"] for each in operation["parameters"]}
    named = {name: words for name, within in places.items() if within == "path"}
    asked = {name: words for name, within in places.items() if within == "query"}
    body = bodies(contract, operation) if method == "post" else st.just(b"")
    return st.tuples(st.fixed_dictionaries(named), st.fixed_dictionaries({}, optional=asked), body)


@pytest.mark.parametrize(
    ("contract", "path", "method"), OPERATIONS, ids=[f"{each[2]} {each[1]}" for each in OPERATIONS]
)
def test_every_answer_is_one_that_the_contract_names(
    app: Front, contract: dict[str, Any], path: str, method: str
) -> None:
    told = contract["paths"][path][method]["responses"]
    headers = {"x-api-key": "acme-key"}
    if contract is CONTRACTS[1]:
        headers = {"authorization": "Bearer ann-token", "x-crossdock-by": "ann"}

    @settings(max_examples=12)
    @given(requests(contract, path, method))
    def is_named(sent: tuple[dict[str, str], dict[str, str], bytes]) -> None:
        named, asked, body = sent
        url = path
        for name, word in named.items():
            url = url.replace(f"{{{name}}}", quote(word, safe=""))
        heard = call(
            app,
            method.upper(),
            f"{url}?{urlencode(asked)}",
            body=body,
            headers={"content-type": "application/json", **headers},
        )
        assert str(heard.status) in told, heard.text
        kinds = told[str(heard.status)]["content"]
        kind = heard.headers["content-type"].partition(";")[0]
        assert kind in kinds
        if "json" in kind:
            schema = kinds[kind]["schema"] | {"components": contract["components"]}
            jsonschema.Draft202012Validator(schema).validate(heard.json)

    is_named()
