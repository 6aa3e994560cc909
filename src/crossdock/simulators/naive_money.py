"""What the naive sync does about freight: an accrual at pickup, and the invoice as it comes.

Nothing in it is wrong on purpose. What was chosen, and why a sensible person chooses so:

  1. Freight is accrued with the planner's price when the goods are picked up, with the goods issue:
     that is when the cost arises, and the month's end must not miss it.
  2. An invoice that comes again under the same event is not posted again. Any other is posted as
     the carrier sends it: it is the carrier who knows what it costs.
  3. A load's total is split over its shipments by weight, rounded to cents, and each accrual is set
     to its part. Then the invoice is posted against them.
  4. What the ERP refuses is logged, and so is an invoice taken back: finance sees the log.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from crossdock.simulators.naive_tables import Carried, Order, Tables

log = logging.getLogger("naive")

CURRENCY = "EUR"
Post = Callable[[str, dict[str, Any]], Awaitable[bool]]  # False: refused; raises where it failed
WriteRows = Callable[[Path, str, list[dict[str, Any]]], None]


class NaiveMoney:
    """Accruals and invoices; `references` is the old ERP's folder, None where there is none."""

    def __init__(
        self, tables: Tables, post: Post, erp_url: str, references: Path | None, write: WriteRows
    ) -> None:
        """Know where money goes."""
        self._tables = tables
        self._post = post
        self._erp_url = erp_url
        self._references = references
        self._write = write

    async def picked_up(self, order: Order, shipment_id: str, day: str) -> None:
        """Accrue what the planner expects, once."""
        carried = self._tables.carried(shipment_id)
        if carried is not None and not carried.accrued:
            await self._accrue(order, carried, carried.planned, day)

    async def invoiced(self, event: dict[str, Any]) -> int:
        """Post an invoice; 404 where nobody knows yet what it is for."""
        shipment = self._tables.shipment_for(event["reference"]["value"])
        found = shipment and self._tables.carried(shipment.shipment_id)
        if not found:
            return 404
        if self._tables.has_invoice(event["event_id"]):
            return 200
        if event["event_type"] == "invoice.cancelled":
            log.warning("invoice %s is taken back", event["invoice_id"])
            return 200
        await self._post_invoice(event, self._tables.on_load(found.load_id))
        self._tables.put_invoice(event["event_id"])
        return 200

    async def _post_invoice(self, event: dict[str, Any], load: list[Carried]) -> None:
        total = float(event["total"]["amount"])
        day = event["occurred_at"][:10]
        weight = sum(each.weight for each in load)
        order = None
        for each in load:
            order = self._tables.order(each.order_id)
            part = round(total * each.weight / weight, 2) if weight else total / len(load)
            if order and part != each.accrued:
                await self._accrue(order, each, part, day)
        if order:
            await self._send(order, "freight_invoice", event["invoice_id"], _invoice(event, load))

    async def _accrue(self, order: Order, carried: Carried, amount: float, day: str) -> None:
        accrual = {
            "load_id": carried.load_id,
            "charge": f"FREIGHT/{carried.shipment_id}",
            "kind": "LINEHAUL",
            "carrier_scac": carried.carrier,
            "amount": _euros(amount),
            "before": _euros(carried.accrued),
            "revision": 1,
            "business_date": day,
            "shares": [{"order_id": order.order_id, "amount": _euros(amount)}],
            "rule": "",
            "proofs": [],
        }
        await self._send(order, "accrual", f"{carried.shipment_id}-{amount}", accrual)
        self._tables.accrued(carried.shipment_id, amount)

    async def _send(self, order: Order, kind: str, name: str, told: dict[str, Any]) -> None:
        if not order.legacy:
            path = {"accrual": f"/loads/{told['load_id']}/accruals"}.get(kind, "/freight-invoices")
            if not await self._post(self._erp_url + path, told):
                log.error("the ERP refuses %s %s", kind, name)
        elif self._references:
            self._write(self._references, f"{kind}-{name}", _rows(told))


def _invoice(event: dict[str, Any], load: list[Carried]) -> dict[str, Any]:
    return {
        "invoice_id": event["invoice_id"],
        "load_id": load[0].load_id,
        "carrier_scac": event["carrier_scac"],
        "billed": event["total"],
        "payable": event["total"],
        "revision": 1,
        "business_date": event["occurred_at"][:10],
        "charges": [f"FREIGHT/{each.shipment_id}" for each in load],
        "shares": [],
        "rule": "",
    }


def _euros(amount: float) -> dict[str, str]:
    return {"amount": f"{amount:.2f}", "currency": CURRENCY}


def _rows(told: dict[str, Any]) -> list[dict[str, Any]]:
    """Write a posting as rows for the old ERP, one for each order's part."""
    row = {name: part["amount"] if isinstance(part, dict) else part for name, part in told.items()}
    shares = row.pop("shares")
    row.pop("proofs", None)
    row |= {
        "invoice_no": row.pop("invoice_id", ""),
        "currency": CURRENCY,
        "charges": " ".join(row.get("charges", ())),
        "proof": "",
    }
    parts = [
        {"order_no": each["order_id"], "share": each["amount"]["amount"]} for each in shares
    ] or [{"order_no": "", "share": ""}]
    return [row | part for part in parts]
