"""A point-to-point sync as a competent engineer writes it in a week: the honest baseline.

It receives the webhooks crossdock receives, calls the partners crossdock calls and shows the same
pages. Nothing in it is wrong on purpose. What was chosen, and why a sensible person chooses so:

  1. A webhook is worked on while its sender waits, and answered 2xx when all calls went well.
     Otherwise it is answered 500, and the sender tries again: no queue to build and to watch.
  2. A call is tried three times, with pauses, on any error and on 5xx. No idempotency key is sent:
     the partners' getting-started pages do not ask for one.
  3. An order version that the TMS was asked to plan is not asked for again, nor is a cancelled
     order. An event that is in the shipment's timeline already (milestone, time) is skipped.
  4. The shipment is on the portal as soon as the TMS confirms it: that is when it is known. The ERP
     gets its reference next.
  5. The last event told is the status. Codes come from the carrier's published list; a code that is
     not on it is logged and answered 200, as there is nothing to show. So is a retraction: taking a
     status back would need the history of what each event changed.
  6. Tracking of a shipment that is not known (yet) is answered 404: its sender tries again.
  7. An order without a destination is answered 422: it is for the ERP's people to mend.
  8. A file is read order by order; what fails three times is logged, and the file goes to `done`.

`naive_money` tells what it does about freight.

The log is not a work list: its lines have no owner, so nothing is read from it as an exception.
"""

from __future__ import annotations

import asyncio
import contextlib
import csv
import io
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import msgspec
from aiohttp import web
from msgspec import Struct

from crossdock.channels.file_drop import write_file
from crossdock.simulators.clock import AcceleratedClock
from crossdock.simulators.naive_money import NaiveMoney
from crossdock.simulators.naive_pages import shipment_page, shipments_page
from crossdock.simulators.naive_tables import Order, Step, Tables
from crossdock.simulators.status_codes import MILESTONES

log = logging.getLogger("naive")

TRIES = 3
PAUSES = (timedelta(seconds=5), timedelta(seconds=30))
PAUSE_SECONDS_MIN = 0.02  # wall time
CALL_SECONDS = 10.0  # wall time
FOLDER_POLL_SECONDS = 0.2  # wall time
BY_SEA = frozenset({"IE", "IS", "MT", "MA"})
PARCEL_KG_MAX = 25

POSTINGS = {
    "PICKED_UP": "goods_issue",
    "DELIVERED": "delivered",
    "POD_AVAILABLE": "proof_of_delivery",
}


class Failed(Exception):
    """A partner did not take a call, three times."""


class Setup(Struct, frozen=True, kw_only=True):
    """Whom the sync talks to; the folders are those of the old ERP, None where there is none."""

    clock: AcceleratedClock
    erp_url: str
    tms_url: str
    drop: Path | None = None
    references: Path | None = None


class Naive:
    """The sync."""

    def __init__(self, setup: Setup) -> None:
        """Begin with empty tables."""
        self.setup = setup
        self.tables = Tables()
        self.money = NaiveMoney(
            self.tables, self._ask, setup.erp_url, setup.references, _write_rows
        )
        self.busy = 0
        self._session: aiohttp.ClientSession | None = None

    def app(self) -> web.Application:
        """Build the application."""
        app = web.Application(client_max_size=16 * 2**20)
        app.add_routes(
            [
                web.get("/health", self._health),
                web.get("/livez", self._health),
                web.get("/progress", self._progress),
                web.post("/system/v1/partners/{partner}/{document}", self._webhook),
                web.get("/portal/shipments", self._list_page),
                web.get("/portal/shipments/{shipment_id}", self._shipment_page),
            ]
        )
        app.cleanup_ctx.append(self._background)
        return app

    async def _background(self, _app: web.Application) -> AsyncIterator[None]:
        timeout = aiohttp.ClientTimeout(total=CALL_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            self._session = session
            reading = asyncio.create_task(self._read_files())
            yield
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading

    async def _webhook(self, request: web.Request) -> web.StreamResponse:
        content = await request.json()
        work = {
            "orders": self._order,
            "plans": self._plan,
            "tracking": self._tracking,
            "invoices": self.money.invoiced,
        }.get(request.match_info["document"])
        if work is None:
            return web.Response(status=200)
        self.busy += 1
        events = content if isinstance(content, list) else [content]
        try:
            statuses = [await work(event) for event in events]
        except Failed as failed:
            log.warning("a webhook failed: %s", failed)
            return web.Response(status=500)
        finally:
            self.busy -= 1
        return web.Response(status=max(statuses, default=200))

    async def _order(self, event: dict[str, Any], *, legacy: bool = False) -> int:
        order = event["order"]
        order_id, version = order["order_id"], order["version"]
        if event["event_type"] == "order.cancelled":
            self.tables.cancelled(order_id)
            address = f"{self.setup.tms_url}/shipment-requests/{order_id}/cancellations"
            await self._call(address, {"order_version": version, "reason": order["reason"]})
            return 200
        if not order.get("ship_to", {}).get("country"):
            return 422
        self.tables.put_order(
            Order(
                order_id=order_id,
                version=version,
                customer_id=order["customer_id"],
                legacy=legacy,
            )
        )
        known = self.tables.order(order_id)
        if known and not known.cancelled and known.planned_version < version:
            await self._call(f"{self.setup.tms_url}/shipment-requests", _plan_request(order))
            self.tables.planned(order_id, version)
        return 200

    async def _plan(self, event: dict[str, Any]) -> int:
        order_id = event["order_id"]
        if event["event_type"] == "plan.rejected":
            log.warning("the TMS rejects order %s: %s", order_id, event["reason"])
            return 200
        order = self.tables.order(order_id)
        if order is None:
            return 404
        self.tables.put_shipments(order_id, event["shipments"])
        for shipment in event["shipments"]:
            await self._reference(order, shipment, event["revision"])
        return 200

    async def _reference(self, order: Order, shipment: dict[str, Any], revision: int) -> None:
        reference = {
            "order_id": order.order_id,
            "order_version": order.version,
            "shipment_id": shipment["shipment_id"],
            "load_id": shipment["load_id"],
            "carrier_scac": shipment["carrier_scac"],
            "revision": revision,
        }
        if order.legacy and self.setup.references:
            name = f"reference-{order.order_id}-{shipment['shipment_id']}-{revision}"
            _write_row(self.setup.references, name, reference)
        elif not order.legacy:
            address = f"{self.setup.erp_url}/orders/{order.order_id}/transport-references"
            await self._call(address, reference)

    async def _tracking(self, event: dict[str, Any]) -> int:
        shipment = self.tables.shipment_for(event["reference"]["value"])
        if shipment is None:
            return 404
        milestone = MILESTONES.get(event["status_code"])
        if milestone is None or event["kind"] == "retraction":
            log.warning("nothing is done about %s %s", event["kind"], event["status_code"])
            return 200
        occurred_at = _utc(event).isoformat()
        step = Step(
            milestone=milestone, occurred_at=occurred_at, source=event.get("carrier_scac", "")
        )
        if self.tables.has_step(shipment.shipment_id, step):
            return 200
        order = self.tables.order(shipment.order_id)
        if milestone in POSTINGS and order:
            await self._post_to_erp(order, shipment.shipment_id, _posting(order, step, event))
            await self.money.picked_up(order, shipment.shipment_id, occurred_at[:10])
        self.tables.put_step(shipment.shipment_id, step)
        return 200

    async def _post_to_erp(self, order: Order, shipment_id: str, posting: dict[str, Any]) -> None:
        if not order.legacy:
            address = f"{self.setup.erp_url}/shipments/{shipment_id}/postings"
            await self._call(address, posting)
        elif self.setup.references:
            name = f"posting-{order.order_id}-{shipment_id}-{posting['posting']}"
            row = {**posting, "shipment_id": shipment_id, "reversed": "N"}
            row.pop("proof")
            _write_row(self.setup.references, name, row)

    async def _call(self, url: str, content: dict[str, Any]) -> None:
        """Make a call that must not be refused. Raises Failed."""
        if not await self._ask(url, content):
            raise Failed(url)

    async def _ask(self, url: str, content: dict[str, Any]) -> bool:
        """Make a call, up to three times; False where it is refused. Raises Failed.

        A duplicate (409) is as good as done.
        """
        for attempt in range(TRIES):
            if attempt:
                pause = self.setup.clock.real_seconds(PAUSES[attempt - 1])
                await asyncio.sleep(max(pause, PAUSE_SECONDS_MIN))
            status = await self._post(url, content)
            if status < 300 or status == 409:  # noqa: PLR2004 - HTTP's own numbers
                return True
            if 400 <= status < 500:  # noqa: PLR2004 - asking again will not help
                return False
        raise Failed(url)

    async def _post(self, url: str, content: dict[str, Any]) -> int:
        if self._session is None:
            raise Failed(url)
        try:
            async with self._session.post(
                url,
                data=msgspec.json.encode(content),
                headers={"content-type": "application/json"},
            ) as answer:
                await answer.read()
                return answer.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            return 599

    async def _read_files(self) -> None:
        """Read the orders that lie in the folder, again and again; nothing else is read."""
        folder = self.setup.drop
        if folder is None:
            return
        (folder / "done").mkdir(parents=True, exist_ok=True)
        while True:
            for path in sorted(folder.glob("orders-*.csv")):
                await self._read_file(path.name, _events(path.read_text("utf-8-sig")))
                path.rename(folder / "done" / path.name)
            await asyncio.sleep(FOLDER_POLL_SECONDS)

    async def _read_file(self, name: str, events: list[dict[str, Any]]) -> None:
        for event in events:
            try:
                status = await self._order(event, legacy=True)
            except Failed:
                status = 500
            if status != 200:  # noqa: PLR2004 - HTTP's own number
                log.error("order %s of %s failed", event["order"]["order_id"], name)

    async def _health(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response({"status": "up"})

    async def _progress(self, _request: web.Request) -> web.StreamResponse:
        files = len(list(self.setup.drop.glob("*.csv"))) if self.setup.drop else 0
        left = self.busy + files
        return web.json_response({"done": left == 0, "left": left, "given_up": 0, "begun": True})

    async def _list_page(self, request: web.Request) -> web.StreamResponse:
        customer_id = request.query.get("customer", "")
        page = shipments_page(customer_id, self.tables.shipments_of(customer_id))
        return web.Response(text=page, content_type="text/html")

    async def _shipment_page(self, request: web.Request) -> web.StreamResponse:
        shipment = self.tables.shipment_for(request.match_info["shipment_id"])
        if shipment is None:
            raise web.HTTPNotFound
        page = shipment_page(shipment, self.tables.timeline(shipment.shipment_id))
        return web.Response(text=page, content_type="text/html")


def _plan_request(order: dict[str, Any]) -> dict[str, Any]:
    weight = sum(float(line.get("weight_kg") or 0) for line in order["lines"])
    by_sea = order["ship_to"]["country"] in BY_SEA
    mode = "OCEAN" if by_sea else "PARCEL" if weight <= PARCEL_KG_MAX else "ROAD"
    carriers = {"OCEAN": "OCEA", "PARCEL": "PARC", "ROAD": "ROAD"}
    return {
        "order": order,
        "order_version": order["version"],
        "mode": mode,
        "service_level": "STANDARD",
        "carriers": [carriers[mode]],
        "rule_id": "",
    }


def _write_row(folder: Path, name: str, row: dict[str, Any]) -> None:
    """Write one row as a file for the old ERP."""
    told = {"order_no": row["order_id"], **row}
    told.pop("order_id")
    _write_rows(folder, name, [told])


def _write_rows(folder: Path, name: str, rows: list[dict[str, Any]]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=";")
    writer.writeheader()
    writer.writerows(rows)
    write_file(folder, f"{name}.csv", text.getvalue().encode())


def _posting(order: Order, step: Step, event: dict[str, Any]) -> dict[str, Any]:
    return {
        "posting": POSTINGS[step.milestone],
        "order_id": order.order_id,
        "milestone": step.milestone,
        "stop": event.get("stop_sequence", 0),
        "occurred_at": step.occurred_at,
        "occurred_local": event["occurred_at"],
        "revision": 1,
        "reversed": False,
        "proof": event.get("proof"),
    }


def _utc(event: dict[str, Any]) -> datetime:
    """Read a time; one without an offset is in the zone that the event or its place names."""
    moment = datetime.fromisoformat(event["occurred_at"])
    if moment.tzinfo is None:
        zone = event.get("time_zone") or event.get("place", {}).get("time_zone") or "UTC"
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    return moment.astimezone(UTC)


def _events(text: str) -> list[dict[str, Any]]:
    """Read a file of the old ERP as the events its JSON sister would send."""
    types = {"R": "order.released", "C": "order.changed", "X": "order.cancelled"}
    events: dict[tuple[str, str], dict[str, Any]] = {}
    for row in csv.DictReader(io.StringIO(text), delimiter=";"):
        key = (row["order_no"], row["order_version"])
        event = events.setdefault(
            key, {"event_type": types[row["action"]], "order": _order_of(row)}
        )
        event["order"]["lines"].append(
            {
                "line_id": row["line_no"],
                "item_id": row["item_no"],
                "quantity": row["qty"].replace(",", "."),
                "unit": row["uom"],
                "weight_kg": row["weight_kg"].replace(",", "."),
            }
        )
    return list(events.values())


def _order_of(row: dict[str, str]) -> dict[str, Any]:
    day = row["req_date"]
    return {
        "order_id": row["order_no"],
        "version": int(row["order_version"]),
        "company_code": row["company"],
        "customer_id": row["customer_no"],
        "customer_reference": row["customer_po"],
        "reason": "",
        "ship_from": _place(row, "ship_from"),
        "ship_to": _place(row, "ship_to"),
        "requested_delivery": f"{day[6:]}-{day[3:5]}-{day[:2]}" if day else "",
        "lines": [],
    }


def _place(row: dict[str, str], prefix: str) -> dict[str, str]:
    return {
        "location_id": row[f"{prefix}_id"],
        "country": row[f"{prefix}_country"],
        "city": row[f"{prefix}_city"],
        "postal_code": row[f"{prefix}_zip"],
    }
