"""The naive sync's pages, with the same marks in the HTML as crossdock's own portal."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from crossdock.simulators.naive_tables import Shown, Step

FRAME = "<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title><body>{body}</body>"


def shipments_page(customer_id: str, shipments: Sequence[Shown]) -> str:
    """Write the list of a customer's shipments."""
    rows = "".join(
        f"<tr {_marks(each)}><td>{escape(each.shipment_id)}<td>{escape(each.order_id)}"
        f"<td>{escape(each.status)}"
        for each in shipments
    )
    return FRAME.format(title=f"Shipments of {escape(customer_id)}", body=f"<table>{rows}</table>")


def shipment_page(shipment: Shown, timeline: Sequence[Step]) -> str:
    """Write one shipment with its timeline."""
    steps = "".join(
        f'<li data-milestone="{escape(each.milestone)}" data-occurred="{escape(each.occurred_at)}"'
        f' data-source="{escape(each.source)}">{escape(each.milestone)} {escape(each.occurred_at)}'
        for each in timeline
    )
    body = f"<article {_marks(shipment)}><h1>{escape(shipment.status)}</h1><ol>{steps}</ol>"
    return FRAME.format(title=escape(shipment.shipment_id), body=body + "</article>")


def _marks(shipment: Shown) -> str:
    return (
        f'data-shipment="{escape(shipment.shipment_id)}" data-orders="{escape(shipment.order_id)}"'
        f' data-status="{escape(shipment.status)}"'
    )
