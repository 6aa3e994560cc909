"""The contracts as files: JSON Schema for every message and canonical object, by name and version.

They are written from the types and kept in `contracts/`, so that a change of shape is a change of a
file that somebody reviews. Amounts of money are integer minor units, decimals are texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.canonical import (
    SCHEMA_VERSION,
    documents,
    freight,
    inventory,
    item,
    order,
    party,
    tracking,
)
from crossdock.canonical import shipment as shipments
from crossdock.messages.envelope import Body, Command, Event, Internal, Report
from crossdock.messages.registry import BODIES

DRAFT = "https://json-schema.org/draft/2020-12/schema"

CANONICAL: tuple[type[Struct], ...] = (
    order.Order,
    order.OrderDraft,
    shipments.Shipment,
    shipments.Load,
    freight.FreightCharge,
    freight.FreightInvoice,
    freight.ChargeNotice,
    tracking.TrackingEvent,
    party.Party,
    party.Location,
    item.Item,
    inventory.InventoryCommitment,
    documents.DocumentReference,
    documents.ProofOfDelivery,
)
KINDS: Mapping[str, type[Body]] = {
    "report": Report,
    "event": Event,
    "command": Command,
    "internal": Internal,
}


def kind_of(body: type[Body]) -> str:
    """Tell what kind of message a type is: report, event, command or internal."""
    return next(name for name, base in KINDS.items() if issubclass(body, base))


def schemas() -> dict[str, dict[str, Any]]:
    """Write the schema of every message and canonical object, by its file's name."""
    files = {
        f"canonical/{each.__name__}.v{SCHEMA_VERSION}.json": schema(each, SCHEMA_VERSION)
        for each in CANONICAL
    }
    return files | {
        f"messages/{name}.v{body.schema}.json": schema(body, body.schema)
        | {"x-kind": kind_of(body)}
        for name, body in BODIES.items()
    }


def schema(kind: type[Struct], version: int) -> dict[str, Any]:
    """Write the JSON Schema of one type, complete in itself."""
    written: dict[str, Any] = msgspec.json.schema(kind)
    definitions = written.pop("$defs", {})
    name = written.pop("$ref", "").rpartition("/")[2]
    whole = definitions.pop(name, {}) if name else {}
    head = {
        "$schema": DRAFT,
        "$id": f"urn:crossdock:{kind.__name__}:{version}",
        "title": kind.__name__,
    }
    return {**head, **whole, **written, **({"$defs": definitions} if definitions else {})}


def as_text(value: object) -> str:
    """Write a contract as a file's text: indented, in stable order, with a line end."""
    raw = msgspec.json.encode(value, order="sorted")
    return msgspec.json.format(raw, indent=2).decode() + "\n"
