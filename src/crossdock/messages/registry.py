"""Every message type by its name, and the way of a body to bytes and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

import msgspec

from crossdock.faults import Outdated
from crossdock.messages import (
    acknowledgement,
    flow,
    freight_reconciliation,
    freight_settlement,
    inventory_commitment,
    load_acceptance,
    master_data,
    order_release,
    reference_binding,
    shipment_visibility,
)
from crossdock.messages.envelope import Body

MODULES = (
    acknowledgement,
    flow,
    freight_reconciliation,
    freight_settlement,
    inventory_commitment,
    load_acceptance,
    master_data,
    order_release,
    reference_binding,
    shipment_visibility,
)

BODIES: dict[str, type[Body]] = {
    name: kind
    for module in MODULES
    for name, kind in vars(module).items()
    if isinstance(kind, type) and issubclass(kind, Body) and kind.__module__ == module.__name__
}


def _one_line_strayed(old: dict[str, object]) -> dict[str, object]:
    """Lift a message about one line to one about several."""
    where = "found" if old.pop("found", True) else "gone"
    line = old.pop("line")
    return {**old, where: [line]}


# (type name, schema it was stored with) -> a pure function from the old JSON object to the next.
UPCASTERS: Mapping[tuple[str, int], Callable[[dict[str, object]], dict[str, object]]] = {
    ("LedgerLineStrayed", 1): _one_line_strayed,
}

_encoder = msgspec.json.Encoder(order="deterministic")


@cache
def _decoder(kind: type[Body]) -> msgspec.json.Decoder[Body]:
    return msgspec.json.Decoder(kind)


def encode(body: Body) -> bytes:
    """Write a body as deterministic JSON; the type's name travels beside it."""
    return _encoder.encode(body)


def decode(name: str, schema: int, raw: bytes) -> Body:
    """Read a stored body, lifted through the upcasters to today's schema.

    Raises Outdated for a type or a schema newer than this release knows.
    """
    if name not in BODIES or schema > BODIES[name].schema:
        raise Outdated(
            "A stored message is newer than this release; start the newer release",
            type=name,
            schema=schema,
        )
    while schema < BODIES[name].schema:
        older = msgspec.json.decode(raw, type=dict[str, object])
        raw = _encoder.encode(UPCASTERS[name, schema](older))
        schema += 1
    return _decoder(BODIES[name]).decode(raw)
