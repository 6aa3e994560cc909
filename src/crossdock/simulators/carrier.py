"""A carrier: learns of its loads from the TMS, answers tenders, and tells what happens on the way.

Takes   POST /loads, POST /loads/{shipment_id}/cancellations     from the TMS, without faults
        POST /tenders, POST /tenders/{shipment_id}/cancellations
Tells   documents `tracking`, `tenders` and `invoices`; `journeys` has the dialects, `billing` tells
        what is billed

A load is billed as a whole, after the last delivery of the shipments known to be on it. One that
joins later, when the bill was due, is billed apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from crossdock.simulators.billing import Bill, Freight, bills, invoice_event
from crossdock.simulators.chance import between
from crossdock.simulators.journeys import Dialect, Said, journey, told
from crossdock.simulators.ledger import Told
from crossdock.simulators.partner import Asked, No, Partner, Setup, json_answer
from crossdock.simulators.tariff import is_self_billed

ANSWER_MINUTES = (5, 45)


class Carrier(Partner):
    """One carrier with its dialect."""

    def __init__(self, setup: Setup, dialect: Dialect) -> None:
        """Know how it speaks."""
        super().__init__(setup)
        self.dialect = dialect

    def routes(self) -> Sequence[web.RouteDef]:
        """Give the doors for loads and tenders."""
        return (
            web.post("/loads", self._load),
            web.post("/loads/{shipment_id}/cancellations", self._load_cancelled),
            web.post("/tenders", self._tender),
            web.post("/tenders/{shipment_id}/cancellations", self._tender_cancelled),
        )

    async def _load(self, request: web.Request) -> web.StreamResponse:
        """Learn of a load; one it knows already changes nothing."""
        shipment = await request.json()
        shipment_id = shipment["shipment_id"]
        if self.ledger.kept("load", shipment_id) is None:
            with self.ledger.together():
                self.enter(
                    "received",
                    Asked(verb="load", content_key=f"load/{shipment_id}", content=shipment),
                )
                self.ledger.keep("load", shipment_id, shipment)
                self._tell_journey(shipment)
                self._take_on(shipment)
        return json_answer({"document_id": shipment_id}, 202)

    async def _load_cancelled(self, request: web.Request) -> web.StreamResponse:
        """Forget a load that was not picked up yet; goods under way are delivered."""
        shipment_id = request.match_info["shipment_id"]
        shipment = self.ledger.kept("load", shipment_id)
        with self.ledger.together():
            if shipment is None:
                self.ledger.keep("load", shipment_id, {"cancelled": True})
            elif self.clock.now() < datetime.fromisoformat(shipment["stops"][0]["planned_at"]):
                self.ledger.withdraw(shipment_id)
                self._let_off(shipment)
            content_key = f"load_cancelled/{shipment_id}"
            self.enter(
                "received", Asked(verb="load_cancelled", content_key=content_key, content={})
            )
        return json_answer({"document_id": shipment_id}, 202)

    def _tell_journey(self, shipment: dict[str, Any]) -> None:
        said = told(journey(self.dialect, self.mischief, shipment, self.clock.now()))
        for number, each in enumerate(said, 1):
            history = [earlier.event for earlier in said[:number]]
            body = history if self.dialect.histories else each.event
            self.tell(
                "tracking",
                shipment["shipment_id"],
                self._told(shipment["shipment_id"], each),
                each.told_at,
                body=body,
            )

    def _take_on(self, shipment: dict[str, Any]) -> None:
        """Bill a shipment with its load, once all of it is delivered."""
        way = journey(self.dialect, self.mischief, shipment, self.clock.now())
        load = self._load_open(shipment["load_id"])
        load["carried"][shipment["shipment_id"]] = {
            "shipment": shipment,
            "picked_up": way.picked_up.isoformat(),
            "delivered": way.delivered.isoformat(),
        }
        self._bill(shipment["load_id"], load)

    def _let_off(self, shipment: dict[str, Any]) -> None:
        """Do not bill a shipment that does not travel."""
        load = self._load_open(shipment["load_id"])
        if load["carried"].pop(shipment["shipment_id"], None) is not None:
            self._bill(shipment["load_id"], load)

    def _load_open(self, load_id: str) -> dict[str, Any]:
        """Give what is on a load and not billed yet; whose bill was due is another round's."""
        load: dict[str, Any] = self.ledger.kept("freight", load_id) or _round(1)
        was_due = load["due"] and datetime.fromisoformat(load["due"]) <= self.clock.now()
        return _round(load["round"] + 1) if was_due else load

    def _bill(self, load_id: str, load: dict[str, Any]) -> None:
        """Promise to bill a load; what was promised for it before and is not due is void."""
        subject = f"bill/{load_id}/{load['round']}"
        self.ledger.withdraw(subject)
        said: tuple[Bill, ...] = ()
        if load["carried"] and not is_self_billed(self.setup.seed, load_id):
            said = bills(self.mischief, _freight(self.dialect.scac, load_id, load["carried"]))
        load["due"] = said[0].told_at.isoformat() if said else ""
        self.ledger.keep("freight", load_id, load)
        for bill in said:
            self._tell_bill(bill, subject)

    def _tell_bill(self, bill: Bill, subject: str) -> None:
        event = invoice_event(bill)
        self.tell("invoices", subject, as_told(bill, event), bill.told_at, body=event)

    def _told(self, shipment_id: str, said: Said) -> Told:
        """Enter an event with what an auditor needs: whose it is, and its time in UTC."""
        content = {
            "shipment_id": shipment_id,
            "occurred_at": said.occurred_at,
            "event": said.event,
        }
        return Told(verb="tracking", content_key=said.content_key, content=content)

    async def _tender(self, request: web.Request) -> web.StreamResponse:
        content = await request.json()
        shipment_id = content.get("shipment", {}).get("shipment_id", "")
        asked = Asked(
            verb="carrier.tender",
            content_key=f"tender/{shipment_id}/{content.get('tender_version')}",
            content=content,
        )
        return await self.take(request, asked, lambda: self._offer(asked), status=202)

    def _offer(self, asked: Asked) -> str:
        content = asked.content
        shipment = content.get("shipment", {})
        shipment_id = shipment.get("shipment_id")
        if not shipment_id:
            raise No(422, "incomplete", "a tender needs its shipment")
        version = content.get("tender_version", 1)
        declined = self.mischief.strikes("declined", asked.content_key)
        event_type = "tender.declined" if declined else "tender.accepted"
        minutes = between(*ANSWER_MINUTES, self.setup.seed, "answers", asked.content_key)
        due = self.clock.now() + timedelta(minutes=minutes)
        event = {
            "event_id": f"{asked.content_key}/{event_type}",
            "event_type": event_type,
            "occurred_at": due,
            "shipment_id": shipment_id,
            "load_id": shipment.get("load_id", ""),
            "order_id": content.get("order_id", ""),
            "carrier_scac": self.dialect.scac,
            "tender_version": version,
            "reason": "no vehicle" if declined else "",
        }
        answer = Told(verb=event_type, content_key=event["event_id"], content=event)
        self.tell("tenders", shipment_id, answer, due)
        return f"TN-{shipment_id}-{version}"

    async def _tender_cancelled(self, request: web.Request) -> web.StreamResponse:
        shipment_id = request.match_info["shipment_id"]
        content = await request.json()
        version = content.get("tender_version")
        asked = Asked(
            verb="carrier.cancel_tender",
            content_key=f"tender_cancelled/{shipment_id}/{version}",
            content={"shipment_id": shipment_id, **content},
        )
        return await self.take(request, asked, lambda: f"TC-{shipment_id}-{version}", status=202)


def _round(number: int) -> dict[str, Any]:
    """Begin to bill a load."""
    return {"round": number, "carried": {}, "due": ""}


def _freight(scac: str, load_id: str, carried: dict[str, Any]) -> Freight:
    def times(name: str) -> list[datetime]:
        return [datetime.fromisoformat(each[name]) for each in carried.values()]

    return Freight(
        scac=scac,
        load_id=load_id,
        shipments=tuple(each["shipment"] for each in carried.values()),
        picked_up=min(times("picked_up")),
        delivered=max(times("delivered")),
    )


def as_told(bill: Bill, event: dict[str, Any]) -> Told:
    """Enter a bill with what an auditor needs: whose load it bills, and what is said."""
    shipments = [each["shipment_id"] for each in bill.freight.shipments]
    content = {"load_id": bill.freight.load_id, "shipment_ids": shipments, "event": event}
    return Told(verb="invoice", content_key=bill.content_key, content=content)
