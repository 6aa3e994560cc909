"""Order-to-delivery flows in the partners' own words, as many as asked for.

One flow: an order released; planned by the TMS (our call, applied); confirmed by the TMS; the
reference written to the ERP (our call, applied); six milestones, of which one is told twice; two
postings to the ERP after the settle window (our calls, applied); the freight charge told by the
carrier, taken as charged by policy, and accrued once (our call, applied). Written in the published
shapes, in arrays of `ARRAY` as partners with volume send them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

ARRAY = 100
BEGIN = datetime(2026, 3, 27, 6, 0, tzinfo=UTC)
PLACE = {
    "location_id": "P-1",
    "name": "Northgate Hardware",
    "country": "DE",
    "city": "Berlin",
    "postal_code": "10115",
    "time_zone": "Europe/Berlin",
}
DOCK = {"location_id": "DC-1", "country": "DE", "city": "Hamburg", "time_zone": "Europe/Berlin"}
CODES = ("PUP", "DEP", "ARR", "OFD", "DLV", "POD")
TWICE = "ARR"
EVENTS_PER_FLOW = len(CODES) + 1


def arrays(told: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    """Write events in arrays."""
    chunk: list[dict[str, Any]] = []
    for each in told:
        chunk.append(each)
        if len(chunk) == ARRAY:
            yield msgspec.json.encode(chunk)
            chunk = []
    if chunk:
        yield msgspec.json.encode(chunk)


def master_data() -> bytes:
    """Write the records every order needs."""
    stamp = BEGIN.isoformat()
    records = (
        ("customer.changed", {"customer_id": "C-1", "name": "Northgate Hardware"}),
        ("item.changed", {"item_id": "IT-1", "description": "Cordless drill"}),
        ("ship_to.changed", {"customer_id": "C-1", **PLACE}),
    )
    return msgspec.json.encode(
        [
            {
                "event_id": f"md-{kind}",
                "event_type": kind,
                "occurred_at": stamp,
                "version": 1,
                "record": record,
            }
            for kind, record in records
        ]
    )


def orders(count: int, first: int = 0) -> Iterator[dict[str, Any]]:
    """Release the orders; like all that follows of them, numbered from `first` on."""
    for number in range(first, first + count):
        yield {
            "event_id": f"rel-{number}",
            "event_type": "order.released",
            "occurred_at": BEGIN.isoformat(),
            "order": {
                "order_id": f"SO-{number}",
                "version": 1,
                "company_code": "1000",
                "customer_id": "C-1",
                "customer_reference": f"PO-{number}",
                "ship_from": DOCK,
                "ship_to": PLACE,
                "requested_delivery": "2026-03-30",
                "lines": [{"line_id": "10", "item_id": "IT-1", "quantity": "3", "unit": "EA"}],
            },
        }


def plans(count: int, first: int = 0) -> Iterator[dict[str, Any]]:
    """Confirm the plans."""
    for number in range(first, first + count):
        yield {
            "event_id": f"plan-{number}",
            "event_type": "plan.confirmed",
            "occurred_at": BEGIN.isoformat(),
            "order_id": f"SO-{number}",
            "order_version": 1,
            "revision": 1,
            "shipments": [
                {
                    "shipment_id": f"SH-{number}",
                    "load_id": f"LD-{number}",
                    "mode": "ROAD",
                    "carrier_scac": "ROAD",
                    "service_level": "STANDARD",
                    "stops": [
                        {"sequence": 1, "role": "PICKUP", "place": DOCK},
                        {
                            "sequence": 2,
                            "role": "DELIVERY",
                            "place": PLACE,
                            "promised_at": "2026-03-30",
                        },
                    ],
                    "order_ids": [f"SO-{number}"],
                    "references": [{"type": "PRO", "value": f"7{number:08}", "issuer": "ROAD"}],
                }
            ],
        }


def charges(count: int, first: int = 0) -> Iterator[dict[str, Any]]:
    """Tell what each load costs."""
    for number in range(first, first + count):
        amount = {"amount": f"480.{number % 100:02}", "currency": "EUR"}
        yield {
            "event_id": f"charge-{number}",
            "event_type": "charges.reported",
            "occurred_at": BEGIN.isoformat(),
            "notice_id": f"CH-{number}",
            "carrier_scac": "ROAD",
            "reference": {"type": "PRO", "value": f"7{number:08}", "issuer": "ROAD"},
            "charges": [{"charge_id": "1", "code": "LINEHAUL", "amount": amount}],
        }


def told_at(code: str) -> datetime:
    """Tell when a milestone happens and is told."""
    return BEGIN + timedelta(hours=1 + CODES.index(code))


def tracking(count: int, code: str, first: int = 0) -> Iterator[dict[str, Any]]:
    """Tell one milestone of every shipment; one of the codes is told twice."""
    at = told_at(code)
    for number in range(first, first + count):
        event = {
            "event_id": f"{code}-{number}",
            "event_type": "tracking",
            "kind": "original",
            "revision": 0,
            "occurred_at": at.isoformat(),
            "status_code": code,
            "classifier": "ACT",
            "carrier_scac": "ROAD",
            "reference": {"type": "PRO", "value": f"7{number:08}", "issuer": "ROAD"},
        }
        yield event
        if code == TWICE:
            yield event
