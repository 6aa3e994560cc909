"""The contract of the experience API, version 1: written here, served, and frozen in contracts/."""

from __future__ import annotations

from crossdock.apis import problems
from crossdock.apis.contract import Json, Operation, Parameter, openapi
from crossdock.apis.experience.v1.shipments import BASE, FILTERS, PAGE, PAGE_MAX
from crossdock.apis.experience.v1.views import ShipmentPage, ShipmentView
from crossdock.apis.http import Ask, Reply, Route, as_json

_MEANT = {
    "order_id": "Shipments that carry this order.",
    "reference": "Shipments known by this number: shipment, purchase order, PRO, bill of lading.",
    "status": "Shipments whose latest fact is this milestone.",
}

OPERATIONS = (
    Operation(
        method="GET",
        path=BASE,
        name="list_shipments",
        says="List your shipments that are shown to you.",
        answer=ShipmentPage,
        parameters=(
            *(Parameter(name=name, within="query", says=_MEANT[name]) for name in FILTERS),
            Parameter(
                name="limit",
                within="query",
                says="How many at most.",
                schema={"type": "integer", "minimum": 1, "maximum": PAGE_MAX, "default": PAGE},
            ),
            Parameter(
                name="after", within="query", says="The cursor of a page, as `next` carries it."
            ),
        ),
        problems=(problems.BAD_REQUEST, problems.UNAUTHENTICATED),
    ),
    Operation(
        method="GET",
        path=f"{BASE}/{{shipment_id}}",
        name="read_shipment",
        says="Read one shipment. One that is not yours answers as one that is not there.",
        answer=ShipmentView,
        parameters=(Parameter(name="shipment_id", within="path", says="The shipment's number."),),
        problems=(problems.UNAUTHENTICATED, problems.NOT_FOUND),
    ),
)


def contract() -> Json:
    """Write the contract."""
    return openapi(
        title="crossdock experience API",
        version="1",
        says=(
            "Curated shipments for customers. Served from stored views; no request ever waits for "
            "an ERP, a TMS or a carrier. Enumerations are open: expect values you do not know."
        ),
        operations=OPERATIONS,
        security={
            "bearer": {"type": "http", "scheme": "bearer"},
            "api_key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        },
    )


def published() -> Route:
    """Serve the contract."""

    async def answer(_ask: Ask) -> Reply:
        return as_json(contract(), headers=(("Cache-Control", "max-age=3600"),))

    return Route(method="GET", path="/experience/v1/openapi.json", answer=answer)
