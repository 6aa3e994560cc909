"""What a message is about, in the numbers that a person would type."""

from __future__ import annotations

from crossdock.messages.envelope import Body

NAMES = ("order_id", "shipment_id", "load_id", "invoice_id")
HOLDERS = ("order", "draft", "shipment", "invoice")  # what a body may carry its numbers in


def numbers_of(body: Body) -> tuple[str, ...]:
    """Name the orders, the shipment, the load and the invoice that a body tells of."""
    holders = (body, *(getattr(body, each, None) for each in HOLDERS))
    found = [getattr(holder, name, "") for name in NAMES for holder in holders]
    orders = [each.order_id for each in getattr(body, "shares", ())]
    return tuple(dict.fromkeys(each for each in (*orders, *found) if each))
