"""How the simulated TMS plans: one shipment or two, who carries it, when, and under which numbers.

Pure, and drawn from the seed and the shipment's own number: the same request gives the same plan.
Shipments are in the words of the published plan shape.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from crossdock.simulators import tariff
from crossdock.simulators.chance import between, choose, share, token, whole
from crossdock.simulators.places import CARRIERS
from crossdock.simulators.world import mode_of

SPLIT_SHARE = 0.12
LOADS_PER_LANE = 6
HOURS_ON_THE_WAY = {"PARCEL": (13, 18), "ROAD": (22, 30), "OCEAN": (26, 34)}
NOTICE = timedelta(hours=2)  # a carrier picks up no sooner than this after it is asked
# Source: ISO 6346:2022, annex A: letters count 10 to 38 without the multiples of 11.
LETTERS = dict(
    zip(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (number for number in range(10, 39) if number % 11),
        strict=True,
    )
)


class PlanRequest(Struct, frozen=True, kw_only=True):
    """What is planned: the order as the TMS was told it, and the number of this planning."""

    order: dict[str, Any]
    mode: str
    service_level: str
    carriers: tuple[str, ...]
    planning: str  # order, version, and which planning of it: what the numbers are drawn from


def plan(seed: int, asked: PlanRequest, now: datetime) -> list[dict[str, Any]]:
    """Plan an order: its shipments, mostly one."""
    lines = asked.order["lines"]
    split = len(lines) > 1 and share(seed, "split", asked.planning) < SPLIT_SHARE
    parts = [lines[0::2], lines[1::2]] if split else [lines]
    return [_shipment(seed, asked, part, number, now) for number, part in enumerate(parts, 1)]


def container(seed: int, *words: object) -> str:
    """Draw a container number with its check digit (ISO 6346)."""
    stem = f"OCEU{whole(0, 999_999, seed, 'container', *words):06}"
    total = sum(
        (LETTERS[sign] if sign.isalpha() else int(sign)) * 2**place
        for place, sign in enumerate(stem)
    )
    return f"{stem}{total % 11 % 10}"


def _shipment(
    seed: int, asked: PlanRequest, lines: list[dict[str, Any]], part: int, now: datetime
) -> dict[str, Any]:
    shipment_id = f"SH{token(seed, 'shipment', asked.planning, part)}"
    scac, mode = _carrier(asked)
    order = asked.order
    picked_up, delivered = _times(seed, order, mode, shipment_id, now)
    line_ids = [f"{order['order_id']}/{line['line_id']}" for line in lines]
    stops = _stops(order, line_ids, mode, picked_up, delivered)
    # What goes on one load leaves one warehouse for one country.
    lane = f"{scac}{order['ship_from'].get('location_id', '')}{order['ship_to'].get('country', '')}"
    bucket = whole(1, LOADS_PER_LANE, seed, "load", lane, order["order_id"])
    return {
        "shipment_id": shipment_id,
        "load_id": f"LD{token(seed, 'load', lane, bucket, length=8)}",
        "mode": mode,
        "carrier_scac": scac,
        "service_level": asked.service_level,
        "stops": stops,
        "legs": _legs(mode, scac, len(stops)),
        "order_ids": [order["order_id"]],
        "references": _references(seed, scac, mode, shipment_id),
        "charges": tariff.charges(mode, tariff.weight_of(lines)),
    }


def _carrier(asked: PlanRequest) -> tuple[str, str]:
    """Take the best of the routing guide that there is; by mode where it names none."""
    by_scac = {each.scac: each for each in CARRIERS}
    for scac in asked.carriers:
        if scac in by_scac:
            return scac, by_scac[scac].mode
    mode = asked.mode if asked.carriers else mode_of(asked.order)
    return next(((each.scac, mode) for each in CARRIERS if each.mode == mode), ("ROAD", "ROAD"))


def _times(
    seed: int, order: dict[str, Any], mode: str, shipment_id: str, now: datetime
) -> tuple[datetime, datetime]:
    """Plan backwards from the day the customer asked for; later where that is too late already."""
    way = timedelta(hours=between(*HOURS_ON_THE_WAY[mode], seed, "way", shipment_id))
    before = timedelta(hours=between(1, 4, seed, "before", shipment_id))
    delivered = wanted(order, now + way) - before
    picked_up = max(delivered - way, now + NOTICE)
    return _to_minute(picked_up), _to_minute(max(delivered, picked_up + way))


def wanted(order: dict[str, Any], otherwise: datetime) -> datetime:
    """Read when the customer wants the goods: an instant, or 17:00 of a local day.

    Raises ValueError for what is no date, and ZoneInfoNotFoundError for a zone that is none.
    """
    text = order.get("requested_delivery") or ""
    if not text:
        return otherwise
    if "T" in text:
        return datetime.fromisoformat(text).astimezone(UTC)
    zone = ZoneInfo(order["ship_to"].get("time_zone") or "UTC")
    return datetime.combine(date.fromisoformat(text), time(17), tzinfo=zone).astimezone(UTC)


def _to_minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _stops(
    order: dict[str, Any],
    line_ids: list[str],
    mode: str,
    picked_up: datetime,
    delivered: datetime,
) -> list[dict[str, Any]]:
    first = {"role": "PICKUP", "place": order["ship_from"], "planned_at": picked_up}
    port = {
        "role": "TRANSFER",
        "place": {"name": "Port terminal", "country": order["ship_from"].get("country", "")},
        "planned_at": picked_up + (delivered - picked_up) / 6,
    }
    last: dict[str, Any] = {
        "role": "DELIVERY",
        "place": order["ship_to"],
        "planned_at": delivered,
        "line_ids": line_ids,
    }
    if order.get("requested_delivery"):
        last["promised_at"] = order["requested_delivery"]
    chosen = [first, port, last] if mode == "OCEAN" else [first, last]
    return [{"sequence": number, **stop} for number, stop in enumerate(chosen, 1)]


def _legs(mode: str, scac: str, stops: int) -> list[dict[str, Any]]:
    modes = ["ROAD", "OCEAN"] if mode == "OCEAN" else [mode]
    return [
        {
            "sequence": number,
            "mode": leg,
            "carrier_scac": scac,
            "from_stop": number,
            "to_stop": min(number + 1, stops),
        }
        for number, leg in enumerate(modes, 1)
    ]


def _references(seed: int, scac: str, mode: str, shipment_id: str) -> list[dict[str, Any]]:
    """Number the shipment as its carrier does; a bill of lading is known without its issuer."""
    if mode == "PARCEL":
        tracking = f"PR{token(seed, 'tracking', shipment_id, length=12)}"
        return [{"type": "TRACKING", "value": tracking, "issuer": scac}]
    lading = f"{scac[0]}{token(seed, 'lading', shipment_id, length=9)}"
    bill = {"type": "BILL_OF_LADING", "value": lading}
    if mode == "OCEAN":
        return [bill, {"type": "CONTAINER", "value": container(seed, shipment_id)}]
    pro = choose(("0", "1"), seed, "series", shipment_id) + token(seed, "pro", shipment_id)
    return [{"type": "PRO", "value": pro, "issuer": scac}, bill]
