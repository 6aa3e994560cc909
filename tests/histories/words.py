"""What partners say in the histories, in the words of the published system API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct

from crossdock.simulators.x12_speech import Names, interchange

BEGIN = datetime(2026, 3, 28, 6, 0, tzinfo=UTC)  # the clocks of Berlin go forward in this night
HOUR = timedelta(hours=1)
DOCK = {
    "location_id": "DC-1",
    "country": "DE",
    "city": "Hamburg",
    "postal_code": "20457",
    "time_zone": "Europe/Berlin",
}
SHOP: dict[str, Any] = {
    "location_id": "SHOP-7",
    "name": "Shop 7",
    "country": "DE",
    "city": "Berlin",
    "postal_code": "10115",
    "time_zone": "Europe/Berlin",
}
PRO = {"type": "PRO", "value": "700123", "issuer": "ROAD"}
SHIPMENT = {"type": "SHIPMENT", "value": "SH-1"}


class Told(Struct, frozen=True, kw_only=True):
    """One document: who says it, and what."""

    partner: str
    document: str
    content: dict[str, Any]


def master(kind: str, version: int = 1, /, **record: Any) -> Told:
    """The ERP tells of a master record."""
    name = record.get("customer_id") if kind == "customer" else next(iter(record.values()))
    content = {
        "event_id": f"{kind}/{name}/{version}",
        "event_type": f"{kind}.changed",
        "occurred_at": BEGIN.isoformat(),
        "version": version,
        "record": {"blocked": False, **record},
    }
    return Told(partner="erp", document="master_data", content=content)


CUSTOMER = master("customer", customer_id="C-1", name="Kunde", customer_class="A")
ITEM = master("item", item_id="IT-1", description="Pump", weight_kg="12.500")
SHIP_TO = master("ship_to", 1, **SHOP, customer_id="C-1")
CARRIERS = (
    master("carrier", scac="ROAD", name="Roadhaul", modes=["ROAD"]),
    master("carrier", scac="SLOW", name="Slowhaul", modes=["ROAD"]),
)
MASTERS = (CUSTOMER, ITEM, SHIP_TO, *CARRIERS)


def order(event: str, version: int = 1, *, event_id: str = "", **changes: Any) -> Told:
    """The ERP releases or changes an order; SO-1 where no other is named."""
    whole = {
        "order_id": "SO-1",
        "version": version,
        "company_code": "1000",
        "customer_id": "C-1",
        "customer_reference": "PO-77",
        "ship_from": DOCK,
        "ship_to": SHOP,
        "requested_delivery": "2026-03-29",
        "lines": [{"line_id": "10", "item_id": "IT-1", "quantity": "3", "unit": "EA"}],
    }
    content = {
        "event_id": event_id or f"order.{event}/{changes.get('order_id', 'SO-1')}/{version}",
        "event_type": f"order.{event}",
        "occurred_at": BEGIN.isoformat(),
        "order": {name: part for name, part in (whole | changes).items() if part is not None},
    }
    return Told(partner="erp", document="orders", content=content)


def cancelled(version: int = 2) -> Told:
    """The ERP cancels the order."""
    content = {
        "event_id": f"order.cancelled/{version}",
        "event_type": "order.cancelled",
        "occurred_at": BEGIN.isoformat(),
        "order": {"order_id": "SO-1", "version": version, "reason": "not needed"},
    }
    return Told(partner="erp", document="orders", content=content)


def shipment(number: str = "SH-1", *references: dict[str, str], **changes: Any) -> dict[str, Any]:
    """A shipment as the TMS plans it."""
    stops = [
        {"sequence": 1, "role": "PICKUP", "place": DOCK, "planned_at": "2026-03-28T14:00:00+01:00"},
        {"sequence": 2, "role": "DELIVERY", "place": SHOP, "promised_at": "2026-03-29"},
    ]
    whole = {
        "shipment_id": number,
        "load_id": f"LD-{number}",
        "mode": "ROAD",
        "carrier_scac": "ROAD",
        "service_level": "STANDARD",
        "stops": stops,
        "order_ids": ["SO-1"],
        "references": list(references) or [PRO],
    }
    return whole | changes


def charges(**amounts: str) -> list[dict[str, Any]]:
    """Charges by kind, in euros."""
    return [
        {"charge_id": kind, "code": kind, "amount": {"amount": amount, "currency": "EUR"}}
        for kind, amount in amounts.items()
    ]


def invoice(
    event: str, total: str, at: datetime = BEGIN, number: str = "INV-7", **amounts: str
) -> Told:
    """The carrier bills, corrects or cancels."""
    content = {
        "event_id": f"{number}/{event}/{at.isoformat()}/{total}",
        "event_type": f"invoice.{event}",
        "occurred_at": at.isoformat(),
        "invoice_id": number,
        "carrier_scac": "ROAD",
        "reference": PRO,
        "total": {"amount": total, "currency": "EUR"},
        "charges": charges(**amounts),
    }
    return Told(partner="road", document="invoices", content=content)


def statement(day: str, drawn: datetime, **accrued: str) -> Told:
    """The ERP tells which accruals of load LD-SH-1 it holds under a business date."""
    lines = [
        {
            "posting": "accrual",
            "load_id": "LD-SH-1",
            "charge": charge,
            "carrier_scac": "ROAD",
            "amount": {"amount": amount, "currency": "EUR"},
        }
        for charge, amount in accrued.items()
    ]
    content = {
        "event_id": f"ledger/{day}/{drawn.isoformat()}",
        "event_type": "ledger.statement",
        "occurred_at": drawn.isoformat(),
        "business_date": day,
        "lines": lines,
    }
    return Told(partner="erp", document="statement", content=content)


def cost(revision: int = 1, **amounts: str) -> Told:
    """The TMS tells what a load costs."""
    content = {
        "event_id": f"N-1/{revision}",
        "event_type": "charges.reported",
        "occurred_at": BEGIN.isoformat(),
        "notice_id": "N-1",
        "carrier_scac": "ROAD",
        "reference": SHIPMENT,
        "revision": revision,
        "charges": charges(**amounts),
    }
    return Told(partner="tms", document="charges", content=content)


def plan(
    event: str,
    *shipments: dict[str, Any],
    version: int = 1,
    revision: int = 1,
    order_id: str = "SO-1",
) -> Told:
    """The TMS confirms, rejects or cancels a plan."""
    content: dict[str, Any] = {
        "event_id": f"plan.{event}/{order_id}/{version}/{revision}",
        "event_type": f"plan.{event}",
        "occurred_at": BEGIN.isoformat(),
        "order_id": order_id,
        "order_version": version,
        "revision": revision,
    }
    if event == "confirmed":
        content["shipments"] = list(shipments) or [shipment()]
    if event == "rejected":
        content["reason"] = "no capacity"
    return Told(partner="tms", document="plans", content=content)


def tracking(  # noqa: PLR0913 - an event has this many parts
    code: str,
    at: datetime,
    *,
    kind: str = "original",
    revision: int = 0,
    name: str = "",
    classifier: str = "ACT",
    reference: dict[str, str] = PRO,
) -> Told:
    """The carrier tells of an event."""
    content = {
        "event_id": name or f"{code}/{reference['value']}",
        "event_type": "tracking",
        "kind": kind,
        "revision": revision,
        "occurred_at": at.isoformat(),
        "status_code": code,
        "classifier": classifier,
        "carrier_scac": "ROAD",
        "reference": reference,
    }
    return Told(partner="road", document="tracking", content=content)


def tender(answer: str, carrier: str, version: int) -> Told:
    """A carrier answers to a load it was offered."""
    content = {
        "event_id": f"tender.{answer}/{carrier}/{version}",
        "event_type": f"tender.{answer}",
        "occurred_at": BEGIN.isoformat(),
        "shipment_id": "SH-1",
        "load_id": "LD-SH-1",
        "order_id": "SO-1",
        "carrier_scac": carrier,
        "tender_version": version,
        "reason": "no driver" if answer == "declined" else "",
    }
    return Told(partner=carrier.lower(), document="tenders", content=content)


HAUL = Names(scac="HAUL", shipper="SHIPPERCO")


def haul(number: int, functional_id: str, *lines: str) -> bytes:
    """HAUL says something in X12, under its own control number; a line is a segment."""
    return interchange(HAUL, functional_id, [each.split("*") for each in lines], number, BEGIN)


def taken(number: int, code: str = "A") -> bytes:
    """HAUL answers the offer of SH-1: A takes it, C would on other terms."""
    return haul(number, "GF", "ST*990*", f"B1*HAUL*SH-1*20260328*{code}", "K1*200 more")


def acknowledged(number: int, group: int, verdict: str = "A") -> bytes:
    """HAUL acknowledges a group of ours."""
    counts = "1*1*1" if verdict == "A" else "1*1*0"
    return haul(number, "FA", "ST*997*", f"AK1*SM*{group}", f"AK9*{verdict}*{counts}")


def delivered(number: int, name: str = "SH-1") -> bytes:
    """HAUL tells that a shipment is there."""
    return haul(
        number,
        "QM",
        "ST*214*",
        f"B10*700123*{name}*HAUL",
        "LX*1",
        "AT7*D1*NS***20260328*1200*UT",
        "MS1*Berlin**DE",
    )


def offer(number: int, name: str, purpose: str = "00") -> bytes:
    """A customer who speaks as HAUL does offers us a load, and waits six hours for our answer."""
    return haul(
        number,
        "SM",
        "ST*204*",
        f"B2**XDCK**{name}**PP",
        f"B2A*{purpose}*LT",
        f"G62*64*{BEGIN + 6 * HOUR:%Y%m%d*1*%H%M}*UT",
        "S5*1*CL",
        "N1*SH*Dock*93*DC-1",
        "N4*Hamburg**20457*DE",
        "S5*2*CU",
        "N1*CN*Shop 7*93*SHOP-7",
        "N4*Berlin**10115*DE",
    )


def load(number: int, purpose: str = "00") -> bytes:
    """A TMS tells that it offered SH-1, which carries SO-1, to HAUL by itself."""
    return haul(
        number,
        "SM",
        "ST*204*",
        "B2**HAUL**SH-1**PP",
        f"B2A*{purpose}*LT",
        "L11*SO-1*SI",
        "S5*1*CL",
        "G62*37*20260328*I*1400",
        "N1*SH*Dock*93*DC-1",
        "N4*Hamburg**20457*DE",
        "S5*2*CU",
        "G62*54*20260329*L*1200",
        "N1*CN*Shop 7*93*SHOP-7",
        "N4*Berlin**10115*DE",
    )
