"""The contracts are whole, and say what the types take."""

import jsonschema  # type: ignore[import-untyped]  # it ships no types
import msgspec
import pytest

from crossdock.governance.contracts import schemas
from crossdock.messages.registry import BODIES
from crossdock.ports.store import MessageRow
from tests.apis.history import RELEASED, SEEN, TOLD


def test_every_message_and_canonical_object_has_a_schema() -> None:
    names = {name.split("/")[1].split(".")[0] for name in schemas()}

    assert set(BODIES) - names == set()
    assert {"Order", "Shipment", "Load", "TrackingEvent", "ProofOfDelivery"} - names == set()


@pytest.mark.parametrize("name", sorted(schemas()))
def test_a_schema_is_a_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schemas()[name])


@pytest.mark.parametrize("row", [RELEASED, TOLD, SEEN], ids=lambda row: str(row.type))
def test_what_is_stored_fits_its_schema(row: MessageRow) -> None:
    schema = schemas()[f"messages/{row.type}.v{row.schema}.json"]

    jsonschema.Draft202012Validator(schema).validate(msgspec.json.decode(row.body))
