"""The ERP: sends its master data, releases, changes and cancels orders, and takes what comes back.

Takes   POST /orders/{order_id}/transport-references
        POST /orders/{order_id}/transport-references/{shipment_id}/withdrawals
        POST /shipments/{shipment_id}/postings
        POST /orders/{order_id}/inventory-commitments, with /reversals and /confirmations
        POST /loads/{load_id}/accruals, POST /freight-invoices
        POST /orders/{order_id}/billing-releases
Tells   documents `master_data`, then `orders`, once every master record is acknowledged, and
        `statement` of its ledger by night

A reference it already has is a 409 without the idempotency key: an order carries it once. A posting
has no such guard, as goods movements have none: without the key it is posted again. Nor has money:
the same supplier's invoice number twice is two invoices; `books` tells what is refused. What is set
aside of the stock is told whole, so that repeating it changes nothing; see `erp_inventory`.
"""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web
from msgspec import Struct

from crossdock.simulators.books import (
    Books,
    asked_to_accrue,
    asked_to_post,
    asked_to_release,
)
from crossdock.simulators.chance import share
from crossdock.simulators.erp_inventory import (
    COMMIT,
    CONFIRM,
    REVERSE,
    Stockroom,
    asked_of_stock,
)
from crossdock.simulators.ledger import Told
from crossdock.simulators.mischief import Mischief
from crossdock.simulators.partner import CROSSDOCK, Asked, No, Partner, Setup
from crossdock.simulators.world import JSON_COMPANY, Record, Release, World

COMPLETED_SHARE = 0.5  # of the incomplete orders: somebody notices and completes them
MASTER_POLL = timedelta(minutes=1)


class Step(Struct, frozen=True, kw_only=True):
    """One thing the ERP says about an order: the event's type, when, and the order as told."""

    event_type: str
    at: datetime
    order: dict[str, Any]

    @property
    def content_key(self) -> str:
        """Name it by what it says."""
        return f"order/{self.order['order_id']}/{self.order['version']}/{self.event_type}"


def story(release: Release, mischief: Mischief) -> tuple[Step, ...]:
    """Tell everything the ERP will say about an order: its release and, by fault, what follows."""
    order_id = release.order_id
    first = release.order
    later: tuple[Step, ...] = ()
    if mischief.strikes("incomplete", order_id):
        first = {name: part for name, part in first.items() if name != "ship_to"}
        if share(mischief.seed, "completed", order_id) < COMPLETED_SHARE:
            at = release.at + mischief.minutes(60, 180, "incomplete", order_id)
            later = (Step(event_type="order.changed", at=at, order=_version(release.order, 2)),)
    elif mischief.strikes("unknown_master", order_id):
        first = _to_new_place(release)
    elif mischief.strikes("cancelled", order_id):
        later = (_cancelled(release, mischief),)
    elif mischief.strikes("changed", order_id):
        later = (_changed(release, mischief),)
    return (Step(event_type="order.released", at=release.at, order=first), *later)


def late_records(release: Release, mischief: Mischief) -> Iterator[tuple[datetime, Record]]:
    """Give the master record that follows an order it should have gone before."""
    place = story(release, mischief)[0].order.get("ship_to", {})
    if place and place["location_id"] != release.order["ship_to"]["location_id"]:
        at = release.at + mischief.minutes(60, 240, "unknown_master", release.order_id)
        customer_id = release.order["customer_id"]
        record = {"customer_id": customer_id, "blocked": False, **place}
        yield at, Record(kind="ship_to", record_id=place["location_id"], record=record)


def _version(order: dict[str, Any], version: int) -> dict[str, Any]:
    return {**copy.deepcopy(order), "version": version}


def _to_new_place(release: Release) -> dict[str, Any]:
    order = copy.deepcopy(release.order)
    order["ship_to"]["location_id"] += f"-{release.order_id}"
    order["ship_to"]["name"] += " (new)"
    return order


def _cancelled(release: Release, mischief: Mischief) -> Step:
    # Plans are confirmed 10 to 40 minutes after they are asked for: this falls on both sides of it.
    at = release.at + mischief.minutes(2, 60, "cancelled", release.order_id)
    order = {"order_id": release.order_id, "version": 2, "reason": "cancelled by the customer"}
    return Step(event_type="order.cancelled", at=at, order=order)


def _changed(release: Release, mischief: Mischief) -> Step:
    at = release.at + mischief.minutes(2, 60, "changed", release.order_id)
    order = _version(release.order, 2)
    line = order["lines"][0]
    line["quantity"] = str(int(line["quantity"]) + 1)
    return Step(event_type="order.changed", at=at, order=order)


class Erp(Partner):
    """The distributor's ERP, company 1000."""

    keeps_books = True

    def __init__(self, setup: Setup, world: World) -> None:
        """Know the day."""
        super().__init__(setup)
        self.world = world
        self._orders = {each.order_id for each in world.of_company(JSON_COMPANY)}

    @property
    def books(self) -> Books:
        """Open the books, which are in the ledger."""
        return Books(self.ledger, self._orders.__contains__)

    def routes(self) -> Sequence[web.RouteDef]:
        """Give the doors for references, postings, stock and money."""
        references = "/orders/{order_id}/transport-references"
        stock = "/orders/{order_id}/inventory-commitments"
        return (
            web.post(references, self._reference),
            web.post(references + "/{shipment_id}/withdrawals", self._withdrawal),
            web.post("/shipments/{shipment_id}/postings", self._posting),
            web.post(stock, self._stock(COMMIT)),
            web.post(stock + "/reversals", self._stock(REVERSE)),
            web.post(stock + "/confirmations", self._stock(CONFIRM)),
            web.post("/loads/{load_id}/accruals", self._accrual),
            web.post("/freight-invoices", self._freight_invoice),
            web.post("/orders/{order_id}/billing-releases", self._billing_release),
        )

    async def act(self) -> None:
        """Send the master data, wait until all of it is taken, then let the day begin."""
        if self.ledger.kept("day", "master data") is None:
            with self.ledger.together():
                for record in self.world.records:
                    self._tell_record(record, self.clock.now())
                self.ledger.keep("day", "master data", len(self.world.records))
        while not self.begun() and self.ledger.waiting():
            await self.clock.sleep(MASTER_POLL)
        if not self.begun():
            with self.ledger.together():
                self._plan_the_day()
                self.ledger.keep("day", "orders", len(self.world.releases))

    def begun(self) -> bool:
        """Tell whether the master data is taken, so that orders may follow."""
        return self.ledger.kept("day", "orders") is not None

    def left(self) -> int:
        """Count the releases that wait for the master data."""
        if self.begun():
            return 0
        return len(self.world.of_company(JSON_COMPANY))

    def _plan_the_day(self) -> None:
        for release in self.world.of_company(JSON_COMPANY):
            for step in story(release, self.mischief):
                self._tell_step(step)
        for release in self.world.releases:
            for at, record in late_records(release, self.mischief):
                self._tell_record(record, at)

    def _tell_step(self, step: Step) -> None:
        event = {
            "event_id": step.content_key,
            "event_type": step.event_type,
            "occurred_at": step.at,
            "order": step.order,
        }
        told = Told(verb=step.event_type, content_key=step.content_key, content=event)
        self.tell("orders", step.order["order_id"], told, step.at)

    def _tell_record(self, record: Record, at: datetime) -> None:
        content_key = f"master/{record.kind}/{record.record_id}/1"
        event = {
            "event_id": content_key,
            "event_type": f"{record.kind}.changed",
            "occurred_at": at,
            "version": 1,
            "record": record.record,
        }
        told = Told(verb="master_data", content_key=content_key, content=event)
        self.plainly(CROSSDOCK, "master_data", record.record_id, told, at)

    async def _reference(self, request: web.Request) -> web.StreamResponse:
        order_id = request.match_info["order_id"]
        content = await request.json()
        version, shipment = content.get("order_version"), content.get("shipment_id")
        content_key = f"reference/{order_id}/{version}/{shipment}/{content.get('revision')}"
        asked = Asked(
            verb="erp.write_reference",
            content_key=content_key,
            content={"order_id": order_id, **content},
        )
        return await self.take(request, asked, lambda: self._write_reference(asked))

    def _write_reference(self, asked: Asked) -> str:
        if not asked.content.get("shipment_id"):
            raise No(422, "incomplete", "a reference needs a shipment_id")
        had = self.ledger.entries(kind="received", content_key=asked.content_key)
        if had:
            raise No(409, "duplicate", "the order carries it already", had[0].document_id)
        return self._number("TR")

    async def _withdrawal(self, request: web.Request) -> web.StreamResponse:
        order_id, shipment = request.match_info["order_id"], request.match_info["shipment_id"]
        content = await request.json()
        asked = Asked(
            verb="erp.withdraw_reference",
            content_key=f"withdrawal/{order_id}/{shipment}/{content.get('revision')}",
            content={"order_id": order_id, "shipment_id": shipment, **content},
        )
        return await self.take(request, asked, lambda: self._number("TW"))

    async def _posting(self, request: web.Request) -> web.StreamResponse:
        shipment = request.match_info["shipment_id"]
        content = await request.json()
        words = [content.get(word) for word in ("order_id", "stop", "posting", "revision")]
        asked = Asked(
            verb="erp.post_milestone",
            content_key="/".join(["posting", shipment, *map(str, words)]),
            content={"shipment_id": shipment, **content},
        )
        return await self.take(request, asked, lambda: self._post(asked))

    def _post(self, asked: Asked) -> str:
        if not asked.content.get("posting"):
            raise No(422, "incomplete", "a posting needs its kind")
        return self._number("MD")

    def _stock(self, verb: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Make the door for one thing that is said of an order's stock."""

        async def door(request: web.Request) -> web.StreamResponse:
            asked = asked_of_stock(verb, request.match_info["order_id"], await request.json())
            return await self.take(request, asked, lambda: self._move_stock(asked))

        return door

    def _move_stock(self, asked: Asked) -> str:
        room = Stockroom(self.ledger, self.mischief)
        {COMMIT: room.commit, REVERSE: room.reverse, CONFIRM: room.confirm}[asked.verb](asked)
        return self._number("IC")

    async def _accrual(self, request: web.Request) -> web.StreamResponse:
        asked = asked_to_accrue({**await request.json(), "load_id": request.match_info["load_id"]})
        return await self.take(
            request,
            asked,
            lambda: self._booked(
                "FA", asked, lambda: self.books.accrue(asked.content, self.clock.now())
            ),
        )

    async def _freight_invoice(self, request: web.Request) -> web.StreamResponse:
        asked = asked_to_post(await request.json())
        post = self.books.post_invoice
        return await self.take(
            request,
            asked,
            lambda: self._booked("FI", asked, lambda: post(asked.content, self.clock.now())),
        )

    async def _billing_release(self, request: web.Request) -> web.StreamResponse:
        order_id = request.match_info["order_id"]
        asked = asked_to_release({**await request.json(), "order_id": order_id})
        return await self.take(
            request,
            asked,
            lambda: self._booked("BR", asked, lambda: self.books.release(asked.content)),
        )

    def _booked(self, series: str, asked: Asked, book: Callable[[], None]) -> str:
        """Book it, and give the document's number. Raises No."""
        refused = self.ledger.entries(kind="refused", content_key=asked.content_key)
        if not refused and self.mischief.strikes("unbookable", asked.content_key):
            raise No(422, "account_closed", "the account is closed")
        try:
            book()
        except KeyError as error:
            raise No(422, "incomplete", f"there is no {error}") from error
        return self._number(series)

    def _number(self, series: str) -> str:
        """Give the next document number: the ledger's own count, so that it survives a restart."""
        return f"{series}-{490_000 + self.ledger.count_asked(f'number/{series}')}"
