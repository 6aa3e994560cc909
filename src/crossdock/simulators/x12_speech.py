"""What a carrier says in X12: 214, 315, 990, 210 and 997 as segments; of a 204 what matters.

Pure. Source: ASC X12 004010, sets 204, 210, 214, 315, 990 and 997; only the codes used here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from crossdock.formats.x12.delimiters import Delimiters
from crossdock.formats.x12.envelope import Group, Transaction
from crossdock.formats.x12.writer import Envelope, fitting, render
from crossdock.simulators.billing import Bill
from crossdock.simulators.billing import Line as Billed
from crossdock.simulators.tariff import CURRENCY

Line = list[str]

RELEASE = "004010"
MARKS = Delimiters()

# The carriers' own codes -> AT7-01. POD has no code there: papers travel by other ways.
STATUSES = dict(
    pair.split(":")
    for pair in (
        "BKD:BF INF:XB APU:X3 PUP:AF LOD:AM DEP:P1 ITR:X6 ARR:X4 UNL:UR OFD:AJ ADL:X1 DLV:D1 DLY:SD"
    ).split()
)
# Codes on no list -> codes on no list that fit into two characters.
STRANGE = {"X42": "Z9", "ZQ7": "Q7", "91": "9J", "DLVX": "D9"}
# The same codes -> B4-03, of an ocean carrier.
OCEAN_STATUSES = dict(
    pair.split(":")
    for pair in (
        "BKD:BF PUP:AF TIN:I LOD:AE DEP:VD ARR:VA UNL:UV CRL:CT TOU:OA DLV:D EMT:RD DLY:SD"
    ).split()
)
UNTOLD = frozenset({"POD", "EMT", "TIN", "TOU", "CRL"})

ANSWERS = {"tender.accepted": "A", "tender.declined": "D", "tender.countered": "C"}
GROUPS = {"tracking": "QM", "ocean": "QO", "tender": "GF", "acknowledgement": "FA", "invoice": "IM"}
# What is charged for -> element 150; a code that no list holds goes out as it is.
CHARGES = {"LINEHAUL": "400", "FUEL": "FUE", "DETENTION": "DET", "ADMINISTRATION": "BLC"}
CORRECTIONS = {"issued": "", "corrected": "CO", "cancelled": "CA"}  # element 202
# Our words for a carrier's numbers -> element 128.
NUMBERS = {"PRO": "CN", "TRACKING": "2I", "BILL_OF_LADING": "BM", "SHIPMENT": "SI"}
SETS = {"SM": "204", "GF": "990", "QM": "214"}  # what crossdock sends, by its functional id
PURPOSES = {"00": "original", "04": "change", "05": "change", "01": "cancel"}


class Offer(Struct, frozen=True, kw_only=True):
    """A 204 as a carrier reads it: `terms` is a digest of all it says beside its numbers."""

    shipment_id: str
    order_id: str
    purpose: str
    terms: str


class Names(Struct, frozen=True, kw_only=True):
    """Who writes to whom: the carrier's SCAC, and what the shipper is called."""

    scac: str
    shipper: str


def offer_in(found: Transaction) -> Offer:
    """Read an offer."""
    lines = [segment.elements() for segment in found.segments]
    shipment_id = order_id = ""
    purpose = "original"
    for line in lines:
        match line:
            case ["B2", _, _, _, number, *_]:
                shipment_id = number
            case ["B2A", code, *_]:
                purpose = PURPOSES.get(code, "original")
            case ["L11", number, "SI", *_] if not order_id:
                order_id = number
            case _:
                pass
    told = [line for line in lines if line[0] not in {"ST", "SE"}]
    digest = blake2b("\n".join(map(repr, told)).encode(), digest_size=8).hexdigest()
    return Offer(shipment_id=shipment_id, order_id=order_id, purpose=purpose, terms=digest)


def tracking(events: Sequence[dict[str, Any]], shipment_id: str, scac: str) -> list[Line]:
    """Write what happened on the way: one 214 with a line for each event."""
    first = events[0]["reference"]
    pro = "" if first["type"] == "SHIPMENT" else first["value"]
    lines = [["ST", "214", ""], ["B10", pro, shipment_id, scac]]
    for number, event in enumerate(events, 1):
        lines.append(["LX", str(number)])
        lines.extend(_status(event))
    return lines


def ocean(event: dict[str, Any], scac: str) -> list[Line]:
    """Write what happened on the way over sea: one 315, with the place as its only port.

    B4 names no zone; the date of the same minute at the port does.
    """
    code, reference, at = event["status_code"], event["reference"], _instant(event)
    place = event["place"]
    name = fitting(place.get("name") or place.get("city") or place.get("location_id", ""), MARKS)
    port = place.get("unlocode") or name[:30] or "SEA"
    kind = "UN" if place.get("unlocode") else "CI"
    day, clock = f"{at:%Y%m%d}", f"{at:%H%M}"
    status = OCEAN_STATUSES.get(code) or STRANGE.get(code, "ZZ")
    return [
        ["ST", "315", ""],
        ["B4", "", "", status, day, clock, *[""] * 5, port, kind],
        ["N9", "BM" if reference["type"] == "BILL_OF_LADING" else "SI", reference["value"]],
        ["N9", "SCA", scac],
        ["R4", "I", kind, port, name[:24], place.get("country", "")],
        ["DTM", "140", day, clock, "UT"],
    ]


def _status(event: dict[str, Any]) -> Iterator[Line]:
    code = event["status_code"]
    at = _instant(event)
    place = event["place"]
    yield [
        *("AT7", STATUSES.get(code) or STRANGE.get(code, "ZZ"), "NS", "", ""),
        *(f"{at:%Y%m%d}", f"{at:%H%M%S}", "UT"),
    ]
    if place.get("city") or place.get("country"):
        yield ["MS1", fitting(place.get("city", ""), MARKS), "", place.get("country", "")]
    if event.get("stop_sequence"):
        yield ["L11", str(event["stop_sequence"]), "QN"]


def _instant(event: dict[str, Any]) -> datetime:
    """Read when it happened: as written, in the zone of the place where it names none."""
    said = datetime.fromisoformat(event["occurred_at"])
    if said.tzinfo is None:
        zone = event["place"].get("time_zone") or event.get("time_zone") or "UTC"
        said = said.replace(tzinfo=ZoneInfo(zone))
    return said.astimezone(UTC)


def answer(event: dict[str, Any]) -> list[Line]:
    """Write a 990: the offer taken, declined, or taken on other terms."""
    day = f"{datetime.fromisoformat(event['occurred_at']):%Y%m%d}"
    code = ANSWERS[event["event_type"]]
    lines = [
        ["ST", "990", ""],
        ["B1", event["carrier_scac"], event["shipment_id"], day, code],
        ["N9", "CN", f"{event['carrier_scac']}{event['shipment_id'][-8:]}"],
    ]
    return [*lines, ["K1", event["reason"]]] if event["reason"] else lines


def invoice(bill: Bill) -> list[Line]:
    """Write a 210: amounts are whole cents (type N2), one LX for each charge."""
    freight = bill.freight
    first, *others = freight.references
    shipment_id = freight.shipments[0]["shipment_id"]
    day, delivered = f"{bill.told_at:%Y%m%d}", f"{freight.delivered:%Y%m%d}"
    head = ["B3", "", bill.invoice_id, shipment_id, "TP", "K", day, _cents(bill.total)]
    lines = [
        ["ST", "210", ""],
        [*head, CORRECTIONS[bill.purpose], delivered, "035", freight.scac],
        ["C3", CURRENCY],
        *(["N9", NUMBERS[each["type"]], each["value"]] for each in (first, *others)),
        ["G62", "86", f"{freight.picked_up:%Y%m%d}"],
    ]
    for number, line in enumerate(bill.lines, 1):
        lines.extend(_charge(number, line))
    weight = sum((Decimal(each.weight_kg or "0") for each in bill.lines), Decimal())
    lines.append(["L3", str(weight), "G", "", "", _cents(bill.total), *[""] * 6, "K"])
    return lines


def _charge(number: int, line: Billed) -> Iterator[Line]:
    yield ["LX", str(number)]
    if line.shipment_id:
        yield ["N9", "SI", line.shipment_id]
    if line.description:
        yield ["L5", str(number), fitting(line.description, MARKS)]
    if line.weight_kg:
        yield ["L0", str(number), "", "", line.weight_kg, "G", "", "", "", "", "", "K"]
    rate = str(line.amount)
    code = CHARGES.get(line.code, line.code)
    yield ["L1", str(number), rate, "FR", _cents(line.amount), "", "", "", code]
    if line.freight_class:
        yield ["L7", str(number), "", "", "", "", "", line.freight_class]


def _cents(amount: Decimal) -> str:
    """Write an amount with two implied decimals."""
    return str(int(amount * 100))


def acknowledgement(said: dict[str, Any]) -> list[Line]:
    """Write a 997 of a group of sets of one kind; `verdict` is A or R."""
    verdict, sets = said["verdict"], said["sets"]
    taken = len(sets) if verdict == "A" else 0
    lines = [["ST", "997", ""], ["AK1", said["functional_id"], said["group"]]]
    for number in sets:
        lines += [["AK2", SETS.get(said["functional_id"], "997"), number], ["AK5", verdict]]
    return [*lines, ["AK9", verdict, str(len(sets)), str(len(sets)), str(taken)]]


def acknowledged(group: Group, verdict: str) -> dict[str, Any]:
    """Tell what a 997 of this group says."""
    return {
        "functional_id": group.functional_id,
        "group": group.control,
        "sets": [each.control for each in group.transactions],
        "verdict": verdict,
    }


def interchange(
    names: Names, functional_id: str, lines: Sequence[Line], number: int, at: datetime
) -> bytes:
    """Wrap one set into an interchange of its own, under one number for all its levels."""
    envelope = Envelope(
        sender_qualifier="02",
        sender=names.scac,
        receiver_qualifier="ZZ",
        receiver=names.shipper,
        group_sender=names.scac,
        group_receiver=names.shipper,
        functional_id=functional_id,
        release=RELEASE,
        usage="P",
        interchange_control=number,
        group_control=number,
        written_at=at,
        delimiters=MARKS,
    )
    return render(envelope, [(f"{number:04d}", lines)])
