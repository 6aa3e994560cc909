"""The day's documents, in the partners' own words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

BEGIN = datetime(2026, 3, 27, 6, 0, tzinfo=UTC)
CUSTOMER = "C-1"
DOCK = {"location_id": "DC-1", "country": "DE", "city": "Hamburg", "time_zone": "Europe/Berlin"}
SHOP = {
    "location_id": "P-1",
    "name": "Northgate Hardware",
    "country": "DE",
    "city": "Berlin",
    "postal_code": "10115",
    "time_zone": "Europe/Berlin",
}
ORDER_FILE = "orders-0001.csv"
CARRIER = "ROAD"


def told_at(minute: int) -> str:
    """Write a time of the day: minutes since its begin."""
    return (BEGIN + timedelta(minutes=minute)).isoformat()


def _write(*events: dict[str, Any]) -> bytes:
    return msgspec.json.encode(events)


def _record(kind: str, version: int, record: dict[str, Any]) -> dict[str, Any]:
    return {
        "event_id": f"md-{kind}-{'-'.join(map(str, record.values()))}"[:60],
        "event_type": f"{kind}.changed",
        "occurred_at": told_at(0),
        "version": version,
        "record": record,
    }


def master_data() -> bytes:
    """Tell of the customer, its shop and one item."""
    return _write(
        _record("customer", 1, {"customer_id": CUSTOMER, "name": "Northgate Hardware"}),
        item("IT-1", "Cordless drill"),
        _record("ship_to", 1, {"customer_id": CUSTOMER, **SHOP}),
    )


def item(item_id: str, name: str) -> dict[str, Any]:
    """Tell of an item."""
    return _record("item", 1, {"item_id": item_id, "description": name})


def late_item() -> bytes:
    """Tell of the item that an order waits for."""
    return _write(item("IT-2", "Spirit level"))


def orders() -> bytes:
    """Release two orders; the item of the second is not known yet."""
    return _write(_order("SO-1", "IT-1"), _order("SO-3", "IT-2"))


def _order(order_id: str, item_id: str) -> dict[str, Any]:
    return {
        "event_id": f"rel-{order_id}",
        "event_type": "order.released",
        "occurred_at": told_at(0),
        "order": {
            "order_id": order_id,
            "version": 1,
            "company_code": "1000",
            "customer_id": CUSTOMER,
            "customer_reference": f"PO-{order_id}",
            "ship_from": DOCK,
            "ship_to": SHOP,
            "requested_delivery": "2026-03-30",
            "lines": [{"line_id": "10", "item_id": item_id, "quantity": "3", "unit": "EA"}],
        },
    }


def order_file() -> bytes:
    """Write the other ERP's file with one order."""
    cells = {
        "order_no": "LO-1",
        "order_version": "1",
        "action": "R",
        "company": "2000",
        "customer_no": CUSTOMER,
        "customer_po": "PO-LO-1",
        "ship_from_id": "DC-1",
        "ship_from_country": "DE",
        "ship_from_city": "Hamburg",
        "ship_from_zip": "20457",
        "ship_to_id": "P-1",
        "ship_to_name": "Northgate Hardware",
        "ship_to_country": "DE",
        "ship_to_city": "Berlin",
        "ship_to_zip": "10115",
        "ship_to_street": "",
        "req_date": "30.03.2026",
        "line_no": "10",
        "item_no": "IT-1",
        "qty": "2",
        "uom": "EA",
        "weight_kg": "",
        "value": "",
        "currency": "",
    }
    return f"{';'.join(cells)}\r\n{';'.join(cells.values())}\r\n".encode()


def cancellation() -> bytes:
    """Cancel the second order."""
    return _write(
        {
            "event_id": "can-SO-3",
            "event_type": "order.cancelled",
            "occurred_at": told_at(40),
            "order": {"order_id": "SO-3", "version": 1, "reason": "sold elsewhere"},
        }
    )


def plans(*order_ids: str) -> bytes:
    """Confirm the plans of orders: a shipment and a load for each."""
    return _write(*(_plan(order_id) for order_id in order_ids))


def _plan(order_id: str) -> dict[str, Any]:
    return {
        "event_id": f"plan-{order_id}",
        "event_type": "plan.confirmed",
        "occurred_at": told_at(10),
        "order_id": order_id,
        "order_version": 1,
        "revision": 1,
        "shipments": [
            {
                "shipment_id": f"SH-{order_id}",
                "load_id": f"LD-{order_id}",
                "mode": "ROAD",
                "carrier_scac": CARRIER,
                "service_level": "STANDARD",
                "stops": [
                    {"sequence": 1, "role": "PICKUP", "place": DOCK},
                    {
                        "sequence": 2,
                        "role": "DELIVERY",
                        "place": SHOP,
                        "promised_at": "2026-03-30",
                    },
                ],
                "order_ids": [order_id],
                "references": [{"type": "PRO", "value": f"7-{order_id}", "issuer": CARRIER}],
            }
        ],
    }


def acceptance(*order_ids: str) -> bytes:
    """Let the carrier take the loads offered."""
    return _write(
        *(
            {
                "event_id": f"acc-{order_id}",
                "event_type": "tender.accepted",
                "occurred_at": told_at(20),
                "shipment_id": f"SH-{order_id}",
                "load_id": f"LD-{order_id}",
                "order_id": order_id,
                "carrier_scac": CARRIER,
                "tender_version": 1,
            }
            for order_id in order_ids
        )
    )


def tracking(code: str, minute: int, *order_ids: str) -> bytes:
    """Tell a milestone of each order's shipment."""
    return _write(
        *(
            {
                "event_id": f"{code}-{order_id}",
                "event_type": "tracking",
                "kind": "original",
                "revision": 0,
                "occurred_at": told_at(minute),
                "status_code": code,
                "classifier": "ACT",
                "carrier_scac": CARRIER,
                "reference": {"type": "PRO", "value": f"7-{order_id}", "issuer": CARRIER},
            }
            for order_id in order_ids
        )
    )
