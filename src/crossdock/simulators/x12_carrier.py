"""A carrier that speaks X12: 204 and 997 come in; 997, 990, 214 (at sea 315) and 210 go out.

Takes   POST /loads, POST /loads/{shipment_id}/cancellations     from the TMS, without faults
        POST /interchange                                         204s
Tells   document `interchange`: 214 or 315, 990, 210 and 997, each in an interchange of its own

`x12_partner` has how interchanges are numbered, written and acknowledged.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from aiohttp import web

from crossdock.formats.x12.envelope import Interchange
from crossdock.simulators import x12_speech as speech
from crossdock.simulators.billing import Bill, invoice_event
from crossdock.simulators.carrier import ANSWER_MINUTES, Carrier, as_told
from crossdock.simulators.chance import between
from crossdock.simulators.journeys import Dialect, Said, journey, told
from crossdock.simulators.ledger import Told
from crossdock.simulators.partner import Asked, Setup
from crossdock.simulators.x12_partner import SHIPPER, TOO_LATE, X12Partner, interchange_in

# Faults that X12 has no words for: a 214 neither corrects nor takes back.
UNSPEAKABLE = ("retraction", "correction")


class X12Carrier(X12Partner, Carrier):
    """One carrier with its dialect, told in X12."""

    def __init__(self, setup: Setup, dialect: Dialect) -> None:
        """Know how it speaks, and dress what it tells as interchanges."""
        super().__init__(setup, dialect)
        self.names = speech.Names(scac=dialect.scac, shipper=SHIPPER)
        self.sender.dress = self.dressed

    def routes(self) -> Sequence[web.RouteDef]:
        """Give the doors for loads and interchanges."""
        return (
            web.post("/loads", self._load),
            web.post("/loads/{shipment_id}/cancellations", self._load_cancelled),
            web.post("/interchange", self._interchange),
        )

    def _tell_journey(self, shipment: dict[str, Any]) -> None:
        chances = {
            name: chance
            for name, chance in self.mischief.chances.items()
            if name not in UNSPEAKABLE
        }
        mischief = msgspec.structs.replace(self.mischief, chances=chances)
        way = journey(self.dialect, mischief, shipment, self.clock.now())
        at_sea = self.dialect.at_sea
        said = [
            each for each in told(way) if at_sea or each.event["status_code"] not in speech.UNTOLD
        ]
        for number, each in enumerate(said, 1):
            self._tell_step(shipment["shipment_id"], said[:number], each)

    def _tell_step(self, shipment_id: str, history: Sequence[Said], step: Said) -> None:
        event = self._told(shipment_id, step)
        if self.dialect.at_sea:
            lines = speech.ocean(step.event, self.dialect.scac)
            self.tell_lines(speech.GROUPS["ocean"], lines, shipment_id, event, step.told_at)
            return
        events = [each.event for each in history] if self.dialect.histories else [step.event]
        lines = speech.tracking(events, shipment_id, self.dialect.scac)
        self.tell_lines(speech.GROUPS["tracking"], lines, shipment_id, event, step.told_at)

    def _tell_bill(self, bill: Bill, subject: str) -> None:
        event = as_told(bill, invoice_event(bill))
        lines = speech.invoice(bill)
        self.tell_lines(speech.GROUPS["invoice"], lines, subject, event, bill.told_at)

    async def _interchange(self, request: web.Request) -> web.StreamResponse:
        found = await interchange_in(request)
        if isinstance(found, web.Response):
            return found
        number = f"{found.sender}/{found.control}"
        offers = [speech.offer_in(each) for group in found.groups for each in group.transactions]
        first = offers[0] if offers and found.groups[0].functional_id == "SM" else None
        asked = _asked(first, number)
        return await self.take(
            request,
            asked,
            lambda: self._taken(found, offers if first else []),
            status=202,
            key=f"interchange/{number}",
        )

    def _taken(self, found: Interchange, offers: Sequence[speech.Offer]) -> str:
        """Acknowledge what came, and answer the offers in it."""
        self.acknowledge(found)
        for each in offers:
            if each.purpose == "cancel":
                self._let_go(each)
            else:
                self._answer(each, found)
        return found.control

    def _let_go(self, offer: speech.Offer) -> None:
        """Forget a load that is taken back before it was picked up."""
        load = self.ledger.kept("load", offer.shipment_id)
        picked_up = load and "stops" in load and load["stops"][0]["planned_at"]
        if picked_up and self.clock.now() < datetime.fromisoformat(picked_up):
            self.ledger.withdraw(offer.shipment_id)
            self._let_off(load)

    def _decline(self, shipment_id: str) -> None:
        """Neither drive nor bill."""
        self.ledger.withdraw(shipment_id)
        load = self.ledger.kept("load", shipment_id)
        if load and "load_id" in load:
            self._let_off(load)

    def _answer(self, offer: speech.Offer, found: Interchange) -> None:
        name = f"tender/{offer.shipment_id}/{offer.terms}"
        event_type = "tender.accepted"
        if self.mischief.strikes("declined", name):
            event_type = "tender.declined"
            self._decline(offer.shipment_id)
        elif self.mischief.strikes("countered", name):
            event_type = "tender.countered"
        minutes = between(*ANSWER_MINUTES, self.setup.seed, "answers", name)
        due = self.clock.now() + timedelta(minutes=minutes)
        if self.mischief.strikes("answers_late", name):
            due += TOO_LATE
        event = {
            "event_type": event_type,
            "occurred_at": due.isoformat(),
            "shipment_id": offer.shipment_id,
            "order_id": offer.order_id,
            "carrier_scac": self.dialect.scac,
            "reason": "" if event_type == "tender.accepted" else "no vehicle at this price",
        }
        key = f"{name}/{found.control}/{event_type}"
        said = Told(verb=event_type, content_key=key, content=event)
        subject = f"answer/{offer.shipment_id}"
        self.tell_lines(speech.GROUPS["tender"], speech.answer(event), subject, said, due)


def _asked(offer: speech.Offer | None, number: str) -> Asked:
    """Name what came in business terms."""
    if offer is None:
        return Asked(verb="interchange", content_key=f"interchange/{number}", content={})
    verb = "carrier.cancel_tender" if offer.purpose == "cancel" else "carrier.tender"
    content = {
        "shipment_id": offer.shipment_id,
        "order_id": offer.order_id,
        "purpose": offer.purpose,
        "terms": offer.terms,
    }
    key = f"{offer.purpose}/{offer.shipment_id}/{offer.terms}"
    return Asked(verb=verb, content_key=key, content=content)
