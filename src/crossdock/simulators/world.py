"""The day of a distributor: who buys what, when the orders are released, and where they go.

A pure function of the seed, the number of orders and the day: the same three give the same world in
every process. Two companies sell: 1000 out of Hamburg, whose ERP speaks JSON, and 2000 out of Lyon,
whose old ERP writes CSV files. Orders are in the words of the published ERP shape.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from crossdock.simulators.chance import between, choose, share, whole
from crossdock.simulators.places import (
    CARRIERS,
    CITIES,
    CUSTOMERS,
    ITEMS,
    WAREHOUSES,
    City,
    Customer,
    Item,
)

FIRST_RELEASE = time(6, 0)  # UTC
LAST_RELEASE = time(15, 0)
LEGACY_SHARE = 0.25
PARCEL_KG_MAX = Decimal(25)
PLACES_PER_CUSTOMER = 3
DAYS_ON_THE_WAY = {"PARCEL": 1, "ROAD": 2, "OCEAN": 2}

JSON_COMPANY, LEGACY_COMPANY = "1000", "2000"


class Release(Struct, frozen=True, kw_only=True):
    """An order as the ERP releases it: `order` in the words of the published shape."""

    order_id: str
    at: datetime
    company_code: str
    order: dict[str, Any]


class Record(Struct, frozen=True, kw_only=True):
    """A master record: `kind` is `customer`, `item`, `ship_to` or `carrier`."""

    kind: str
    record_id: str
    record: dict[str, Any]


class World(Struct, frozen=True, kw_only=True):
    """A day: the master records every system shares, and the releases, earliest first."""

    day: date
    records: tuple[Record, ...]
    releases: tuple[Release, ...]

    def of_company(self, company_code: str) -> tuple[Release, ...]:
        """Choose the releases of one company."""
        return tuple(each for each in self.releases if each.company_code == company_code)


def world(seed: int, orders: int, day: date) -> World:
    """Make the day."""
    releases = (_release(seed, number, orders, day) for number in range(orders))
    return World(
        day=day,
        records=_records(seed),
        releases=tuple(sorted(releases, key=lambda each: (each.at, each.order_id))),
    )


def ship_to(seed: int, customer: Customer, number: int) -> dict[str, Any]:
    """Give the place `number` (1 first) of a customer, as a PLACE of the published shape."""
    city = choose(CITIES, seed, "city", customer.customer_id, number)
    street = whole(1, 180, seed, "street", customer.customer_id, number)
    place = whole(0, 999_999, seed, "gln", customer.customer_id, number)
    return {
        "location_id": f"{customer.customer_id.replace('C-', 'P-')}-{number}",
        "name": f"{customer.name} {city.name}",
        **_address(city, f"Market Street {street}"),
        "gln": check_digit(f"400000{place:06}"),
    }


def ship_from(company_code: str) -> dict[str, Any]:
    """Give the warehouse of a company, as a PLACE of the published shape."""
    location_id, city = WAREHOUSES[company_code]
    return {
        "location_id": location_id,
        "name": f"Distribution centre {city.name}",
        **_address(city, "Dock Road 1"),
    }


def check_digit(digits: str) -> str:
    """Append the GS1 check digit (GS1 General Specifications, section 7.9.1)."""
    weighted = sum(
        int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits))
    )
    return f"{digits}{-weighted % 10}"


def mode_of(order: dict[str, Any]) -> str:
    """Tell how an order travels: by sea where it must, as a parcel where it is light."""
    unlocode = order.get("ship_to", {}).get("unlocode", "")
    if any(city.unlocode == unlocode and city.overseas for city in CITIES):
        return "OCEAN"
    weight = sum(Decimal(line.get("weight_kg", "0")) for line in order.get("lines", ()))
    return "PARCEL" if weight <= PARCEL_KG_MAX else "ROAD"


def _address(city: City, street: str) -> dict[str, Any]:
    return {
        "country": city.country,
        "city": city.name,
        "postal_code": city.postal_code,
        "lines": [street],
        "unlocode": city.unlocode,
        "time_zone": city.time_zone,
    }


def _records(seed: int) -> tuple[Record, ...]:
    customers = (
        Record(
            kind="customer",
            record_id=each.customer_id,
            record={
                "customer_id": each.customer_id,
                "name": each.name,
                "customer_class": each.customer_class,
                "blocked": False,
            },
        )
        for each in CUSTOMERS
    )
    places = (
        Record(
            kind="ship_to",
            record_id=place["location_id"],
            record={"customer_id": each.customer_id, "blocked": False, **place},
        )
        for each in CUSTOMERS
        for number in range(1, PLACES_PER_CUSTOMER + 1)
        if (place := ship_to(seed, each, number))
    )
    return (*customers, *map(_item_record, ITEMS), *places, *_carrier_records())


def _item_record(item: Item) -> Record:
    return Record(
        kind="item",
        record_id=item.item_id,
        record={
            "item_id": item.item_id,
            "description": item.description,
            "item_class": item.item_class,
            "gtin": check_digit(f"40000000{item.item_id[-4:]}"),
            "weight_kg": item.weight_kg,
            "blocked": False,
        },
    )


def _carrier_records() -> tuple[Record, ...]:
    return tuple(
        Record(
            kind="carrier",
            record_id=each.scac,
            record={
                "scac": each.scac,
                "name": each.name,
                "modes": [each.mode],
                "blocked": False,
            },
        )
        for each in CARRIERS
    )


def _release(seed: int, number: int, orders: int, day: date) -> Release:
    legacy = share(seed, "legacy", number) < LEGACY_SHARE
    company_code = LEGACY_COMPANY if legacy else JSON_COMPANY
    order_id = f"L{70001 + number}" if legacy else f"SO-{45001 + number}"
    customer = choose(CUSTOMERS, seed, "customer", order_id)
    place = ship_to(seed, customer, whole(1, PLACES_PER_CUSTOMER, seed, "place", order_id))
    order: dict[str, Any] = {
        "order_id": order_id,
        "version": 1,
        "company_code": company_code,
        "customer_id": customer.customer_id,
        "customer_reference": f"PO-{whole(10000, 99999, seed, 'po', order_id)}",
        "ship_from": ship_from(company_code),
        "ship_to": place,
        "lines": _lines(seed, order_id),
        "references": [],
    }
    order["requested_delivery"] = _requested(seed, order_id, order, day)
    return Release(
        order_id=order_id,
        at=_released_at(seed, number, orders, day),
        company_code=company_code,
        order=order,
    )


def _released_at(seed: int, number: int, orders: int, day: date) -> datetime:
    first = datetime.combine(day, FIRST_RELEASE, tzinfo=UTC)
    last = datetime.combine(day, LAST_RELEASE, tzinfo=UTC)
    slot = (last - first) / max(orders, 1)
    return first + slot * (number + share(seed, "release", number))


def _lines(seed: int, order_id: str) -> list[dict[str, Any]]:
    small = share(seed, "small", order_id) < 0.4  # noqa: PLR2004 - the share of small orders
    count = 1 if small else whole(1, 4, seed, "lines", order_id)
    chosen = [choose(ITEMS, seed, "item", order_id, number) for number in range(count)]
    return [
        _line(item, (number + 1) * 10, whole(1, 3 if small else 24, seed, "qty", order_id, number))
        for number, item in enumerate(chosen)
    ]


def _line(item: Item, number: int, quantity: int) -> dict[str, Any]:
    return {
        "line_id": str(number),
        "item_id": item.item_id,
        "quantity": str(quantity),
        "unit": "EA",
        "description": item.description,
        "weight_kg": str(Decimal(item.weight_kg) * quantity),
        "value": {"amount": str(Decimal(item.price) * quantity), "currency": "EUR"},
    }


def _requested(seed: int, order_id: str, order: dict[str, Any], day: date) -> str:
    """Ask for delivery by a day, or by an hour of it."""
    due = day + timedelta(days=DAYS_ON_THE_WAY[mode_of(order)])
    if order["company_code"] == LEGACY_COMPANY or share(seed, "by day", order_id) < 0.5:  # noqa: PLR2004
        return due.isoformat()
    hour = time(int(between(14, 19, seed, "hour", order_id)))
    zone = ZoneInfo(order["ship_to"]["time_zone"])
    return datetime.combine(due, hour, tzinfo=zone).isoformat()
