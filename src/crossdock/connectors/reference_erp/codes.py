"""The ERP's words. Source: docs/reference/system-api.md, "Orders" and "Master data"."""

from __future__ import annotations

# What happened to an order -> whether the order itself is told with it.
ORDER_EVENTS: dict[str, bool] = {
    "order.released": True,
    "order.changed": True,
    "order.cancelled": False,
}

# What changed -> the kind of record that is told with it.
RECORD_EVENTS: dict[str, str] = {
    "customer.changed": "customer",
    "item.changed": "item",
    "ship_to.changed": "ship_to",
    "carrier.changed": "carrier",
}
