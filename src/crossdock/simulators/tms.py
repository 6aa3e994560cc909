"""The TMS: takes plan requests, plans them after a while, tells crossdock and the carriers.

Takes   POST /shipment-requests
        POST /shipment-requests/{order_id}/cancellations
        POST /loads/{load_id}/freight-invoices
Tells   documents `plans`, `charges` and, by night, `statement` to crossdock; `loads` and
        `loads/{id}/cancellations` to its carriers

Charges are told of the loads that it settles itself, when they should be delivered; told again
where a shipment joined or left. A copy of an invoice without the key is another copy.

The same request again under the same idempotency key is answered with the first. Without the key
it is a new request, planned again: a second shipment, as in many a real TMS. A higher order version
replaces what was planned, unless the goods are under way.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfoNotFoundError

from aiohttp import web

from crossdock.simulators.chance import between
from crossdock.simulators.ledger import Entry, Told
from crossdock.simulators.partner import Asked, No, Partner
from crossdock.simulators.planning import PlanRequest, plan, wanted
from crossdock.simulators.tariff import is_self_billed

CONFIRM_MINUTES = (10, 40)
CANCEL_MINUTES = (2, 10)
SETTLES_AFTER = timedelta(hours=1)  # from a load's last planned delivery
REPLAN_POLL = timedelta(minutes=5)
# A request's life: `asked` may become `rejected`, `replaced` or `cancelled`; only asked ones live.
LIVE = "asked"


class Tms(Partner):
    """The distributor's TMS."""

    keeps_books = True

    def routes(self) -> Sequence[web.RouteDef]:
        """Give the doors for requests and cancellations."""
        return (
            web.post("/shipment-requests", self._request),
            web.post("/shipment-requests/{order_id}/cancellations", self._cancellation),
            web.post("/loads/{load_id}/freight-invoices", self._invoice_copy),
        )

    async def _request(self, request: web.Request) -> web.StreamResponse:
        content = await request.json()
        order_id = content.get("order", {}).get("order_id", "")
        asked = Asked(
            verb="tms.plan",
            content_key=f"plan/{order_id}/{content.get('order_version')}",
            content=content,
        )
        return await self.take(request, asked, lambda: self._plan(asked), status=202)

    async def _cancellation(self, request: web.Request) -> web.StreamResponse:
        order_id = request.match_info["order_id"]
        content = await request.json()
        asked = Asked(
            verb="tms.cancel",
            content_key=f"cancellation/{order_id}/{content.get('order_version')}",
            content={"order_id": order_id, **content},
        )
        return await self.take(request, asked, lambda: self._cancel(asked), status=202)

    async def _invoice_copy(self, request: web.Request) -> web.StreamResponse:
        load_id = request.match_info["load_id"]
        content = await request.json()
        words = [content.get(word) for word in ("carrier_scac", "invoice_id", "revision")]
        asked = Asked(
            verb="tms.share_freight_invoice",
            content_key="/".join(["freight_invoice", *map(str, words)]),
            content={"load_id": load_id, **content},
        )
        return await self.take(request, asked, lambda: self._keep_copy(asked))

    def _keep_copy(self, asked: Asked) -> str:
        if not asked.content.get("invoice_id"):
            raise No(422, "incomplete", "a copy needs the invoice's number")
        return f"FC-{490_000 + self.ledger.count_asked('number/FC')}"

    def _plan(self, asked: Asked) -> str:
        order, version = asked.content.get("order", {}), asked.content.get("order_version")
        for word in ("order_id", "ship_from", "ship_to", "lines"):
            if not order.get(word):
                raise No(422, "incomplete", f"an order cannot be planned without {word}")
        try:
            wanted(order, self.clock.now())
        except (ValueError, ZoneInfoNotFoundError) as error:
            raise No(422, "unreadable", "requested_delivery is no time we can read") from error
        order_id = order["order_id"]
        book = self._book(order_id)
        if any(each["order_version"] > version for each in book["requests"]):
            raise No(422, "superseded", "a later version of the order was asked for")
        times = self.ledger.count_asked(f"requests/{order_id}/{version}")
        request_id = f"RQ-{order_id}-{version}-{times}"
        due = self._after(CONFIRM_MINUTES, request_id)
        made = {
            "request_id": request_id,
            "order_version": version,
            "content": asked.content,
            "confirms_at": due.isoformat(),
        }
        reason = self._objection(book, version, asked.content_key)
        if reason:
            book["requests"].append({**made, "state": "rejected", "shipments": []})
            self._tell(book, version, "plan.rejected", due, subject=request_id, reason=reason)
        else:
            self._replace_older(book, version)
            shipments = self._ship(made, book, due)
            book["requests"].append({**made, "state": LIVE, "shipments": shipments})
            if self.mischief.strikes("replanned", order_id):
                later = due + self.mischief.minutes(30, 90, "replanned", order_id)
                self.ledger.keep("replan", request_id, later)
        self.ledger.keep("order", order_id, book)
        return request_id

    def _book(self, order_id: str) -> dict[str, Any]:
        empty = {"order_id": order_id, "revision": 0, "requests": []}
        book: dict[str, Any] = self.ledger.kept("order", order_id) or empty
        return book

    def _objection(self, book: dict[str, Any], version: int, subject: str) -> str:
        """Say why it cannot be planned; nothing where it can."""
        if self.mischief.strikes("rejected", subject):
            return "no capacity on this lane"
        older = [
            stop["planned_at"]
            for request in book["requests"]
            if request["state"] == LIVE and request["order_version"] < version
            for shipment in request["shipments"]
            for stop in shipment["stops"][:1]
        ]
        if any(datetime.fromisoformat(planned) <= self.clock.now() for planned in older):
            return "the goods of an earlier version are under way"
        return ""

    def _ship(
        self, made: dict[str, Any], book: dict[str, Any], due: datetime
    ) -> list[dict[str, Any]]:
        """Plan the shipments of a request, and promise to tell of them."""
        content, again = made["content"], book["revision"]
        asked = PlanRequest(
            order=content["order"],
            mode=content.get("mode") or "ROAD",
            service_level=content.get("service_level") or "STANDARD",
            carriers=tuple(content.get("carriers") or ()),
            planning=f"{made['request_id']}/{again}",
        )
        shipments = plan(self.setup.seed, asked, due)
        for shipment in shipments:
            self._enter_shipment("planned", made, book["order_id"], shipment)
            self._tell_carrier("loads", shipment, due)
            self._settle_load(shipment, travels=True)
        self._tell(
            book,
            made["order_version"],
            "plan.confirmed",
            due,
            subject=made["request_id"],
            shipments=shipments,
        )
        return shipments

    def _replace_older(self, book: dict[str, Any], version: int) -> None:
        for request in book["requests"]:
            if request["state"] == LIVE and request["order_version"] < version:
                self._drop(request, book["order_id"], "replaced")

    def _drop(self, request: dict[str, Any], order_id: str, state: str) -> None:
        """Take a request's shipments back, also from their carriers; say nothing not yet said."""
        request["state"] = state
        if self.clock.now() < datetime.fromisoformat(request["confirms_at"]):
            self.ledger.withdraw(request["request_id"])
        for shipment in request["shipments"]:
            shipment_id = shipment["shipment_id"]
            self._enter_shipment("withdrawn", request, order_id, shipment)
            self.ledger.withdraw(shipment_id)
            self._settle_load(shipment, travels=False)
            self._tell_carrier(f"loads/{shipment_id}/cancellations", shipment, self.clock.now())

    def _cancel(self, asked: Asked) -> str:
        order_id = asked.content["order_id"]
        book = self._book(order_id)
        for request in book["requests"]:
            if request["state"] == LIVE:
                self._drop(request, order_id, "cancelled")
        version = asked.content.get("order_version") or 0
        due = self._after(CANCEL_MINUTES, order_id)
        self._tell(book, version, "plan.cancelled", due, subject=order_id)
        self.ledger.keep("order", order_id, book)
        return f"CX-{order_id}-{version}"

    async def act(self) -> None:
        """Give planned orders to other shipments, where that fault struck and pickup is ahead."""
        while True:
            self.replan_due()
            await self.clock.sleep(max(REPLAN_POLL, timedelta(seconds=self.clock.factor / 10)))

    def replan_due(self) -> None:
        """Give the orders whose time has come to other shipments."""
        for request_id, due in self.ledger.kept_of("replan"):
            if due and datetime.fromisoformat(due) <= self.clock.now():
                with self.ledger.together():
                    self._replan(request_id)
                    self.ledger.keep("replan", request_id, "")

    def _replan(self, request_id: str) -> None:
        order_id = request_id[len("RQ-") :].rsplit("-", 2)[0]
        book = self._book(order_id)
        for request in book["requests"]:
            if request["request_id"] == request_id and request["state"] == LIVE:
                self._drop(request, order_id, LIVE)
                request["shipments"] = self._ship(request, book, self.clock.now())
        self.ledger.keep("order", order_id, book)

    def _settle_load(self, shipment: dict[str, Any], *, travels: bool) -> None:
        """Promise to tell what a load costs where no carrier bills it; the last promise holds."""
        load_id = shipment["load_id"]
        if not is_self_billed(self.setup.seed, load_id):
            return
        load = self.ledger.kept("load", load_id) or {"revision": 0, "shipments": {}}
        load["shipments"].pop(shipment["shipment_id"], None)
        if travels:
            load["shipments"][shipment["shipment_id"]] = shipment
        self.ledger.withdraw(f"charges/{load_id}")
        if load["shipments"] or load["revision"]:
            load["revision"] += 1
            first = next(iter(load["shipments"].values()), shipment)
            load["reference"] = _number_of(first)
            self._tell_charges(load_id, shipment["carrier_scac"], load)
        self.ledger.keep("load", load_id, load)

    def _tell_charges(self, load_id: str, scac: str, load: dict[str, Any]) -> None:
        on_it = load["shipments"].values()
        arrivals = [_moment(each["stops"][-1]["planned_at"]) for each in on_it]
        due = max([*(each + SETTLES_AFTER for each in arrivals), self.clock.now()])
        content_key = f"charges/{load_id}/{load['revision']}"
        event = {
            "event_id": content_key,
            "event_type": "charges.reported",
            "occurred_at": due,
            "notice_id": f"CH-{load_id}",
            "revision": load["revision"],
            "carrier_scac": scac,
            "reference": load["reference"],
            "references": [{"type": "LOAD", "value": load_id}],
            "charges": [
                {**charge, "shipment_id": each["shipment_id"], "charge_id": str(number)}
                for number, (each, charge) in enumerate(
                    ((each, charge) for each in on_it for charge in each["charges"]), 1
                )
            ],
        }
        content = {"load_id": load_id, "shipment_ids": list(load["shipments"]), "event": event}
        told = Told(verb="charges", content_key=content_key, content=content)
        self.tell("charges", f"charges/{load_id}", told, due, body=event)

    def _after(self, minutes: tuple[float, float], subject: str) -> datetime:
        drawn = between(*minutes, self.setup.seed, "takes", subject)
        return self.clock.now() + timedelta(minutes=drawn)

    def _tell(  # noqa: PLR0913 - a plan event has that many parts
        self,
        book: dict[str, Any],
        version: int,
        event_type: str,
        due: datetime,
        *,
        subject: str,
        reason: str = "",
        shipments: list[dict[str, Any]] | None = None,
    ) -> None:
        book["revision"] += 1
        content_key = f"plan/{book['order_id']}/{version}/{book['revision']}/{event_type}"
        event = {
            "event_id": content_key,
            "event_type": event_type,
            "occurred_at": due,
            "order_id": book["order_id"],
            "order_version": version,
            "revision": book["revision"],
            "reason": reason,
            "shipments": shipments or [],
        }
        told = Told(verb=event_type, content_key=content_key, content=event)
        self.tell("plans", subject, told, due)

    def _tell_carrier(self, document: str, shipment: dict[str, Any], due: datetime) -> None:
        scac, shipment_id = shipment["carrier_scac"], shipment["shipment_id"]
        told = Told(verb="load", content_key=f"{document}/{shipment_id}", content=shipment)
        self.plainly(scac, document, shipment_id, told, due)

    def _enter_shipment(
        self, kind: str, request: dict[str, Any], order_id: str, shipment: dict[str, Any]
    ) -> None:
        self.ledger.write(
            Entry(
                at=self.clock.now(),
                kind=kind,
                verb="shipment",
                content_key=f"shipment/{shipment['shipment_id']}",
                content={
                    "order_id": order_id,
                    "order_version": request["order_version"],
                    "request_id": request["request_id"],
                    "shipment_id": shipment["shipment_id"],
                    "load_id": shipment["load_id"],
                    "carrier_scac": shipment["carrier_scac"],
                    "references": shipment["references"],
                },
            )
        )


def _number_of(shipment: dict[str, Any]) -> dict[str, Any]:
    """Give a number that the shipment is known by: its carrier's, else its own."""
    own = {"type": "SHIPMENT", "value": shipment["shipment_id"]}
    number: dict[str, Any] = (*shipment["references"], own)[0]
    return number


def _moment(planned: Any) -> datetime:
    """Read a planned time, which is a text once it was kept."""
    return planned if isinstance(planned, datetime) else datetime.fromisoformat(planned)
