"""Where the distributor ships from and to, who buys, and what: invented names, real cities.

Source of the UN/LOCODEs: UNECE code list 2024-2. Zones are IANA names.
"""

from __future__ import annotations

from msgspec import Struct


class City(Struct, frozen=True, kw_only=True):
    """A city; `overseas` ones are reached by short sea from the warehouses."""

    name: str
    country: str
    unlocode: str
    postal_code: str
    time_zone: str
    overseas: bool = False


class Customer(Struct, frozen=True, kw_only=True):
    """A customer of the distributor: `customer_class` A is delivered fastest."""

    customer_id: str
    name: str
    customer_class: str


class Item(Struct, frozen=True, kw_only=True):
    """An item: weight of one piece in kilograms, price of one piece in EUR, decimal texts."""

    item_id: str
    description: str
    item_class: str
    weight_kg: str
    price: str


class Carrier(Struct, frozen=True, kw_only=True):
    """A carrier of the distributor, by its SCAC (invented ones, valid in form)."""

    scac: str
    name: str
    mode: str


HAMBURG = City(
    name="Hamburg",
    country="DE",
    unlocode="DEHAM",
    postal_code="20457",
    time_zone="Europe/Berlin",
)
LYON = City(
    name="Lyon", country="FR", unlocode="FRLIO", postal_code="69007", time_zone="Europe/Paris"
)

# warehouse, by company code
WAREHOUSES: dict[str, tuple[str, City]] = {"1000": ("DC-HAM", HAMBURG), "2000": ("DC-LYO", LYON)}

CITIES: tuple[City, ...] = tuple(
    City(
        name=name,
        country=unlocode[:2],
        unlocode=unlocode,
        postal_code=postal_code,
        time_zone=zone,
        overseas=overseas,
    )
    for name, unlocode, postal_code, zone, overseas in (
        ("Rotterdam", "NLRTM", "3011", "Europe/Amsterdam", False),
        ("Berlin", "DEBER", "10115", "Europe/Berlin", False),
        ("Milano", "ITMIL", "20121", "Europe/Rome", False),
        ("Wien", "ATVIE", "1010", "Europe/Vienna", False),
        ("Lisboa", "PTLIS", "1100-148", "Europe/Lisbon", False),
        ("Helsinki", "FIHEL", "00100", "Europe/Helsinki", False),
        ("Warszawa", "PLWAW", "00-001", "Europe/Warsaw", False),
        ("Dublin", "IEDUB", "D01 F5P2", "Europe/Dublin", True),
        ("Reykjavik", "ISREY", "101", "Atlantic/Reykjavik", True),
        ("Valletta", "MTMLA", "VLT 1117", "Europe/Malta", True),
        ("Casablanca", "MACAS", "20000", "Africa/Casablanca", True),
    )
)

CUSTOMERS: tuple[Customer, ...] = tuple(
    Customer(customer_id=customer_id, name=name, customer_class=customer_class)
    for customer_id, name, customer_class in (
        ("C-1001", "Northgate Hardware", "A"),
        ("C-1002", "Blue Harbour Stores", "B"),
        ("C-1003", "Alder and Pine Home", "B"),
        ("C-1004", "Kestrel Sports", "A"),
        ("C-1005", "Meridian Pharmacy Group", "A"),
        ("C-1006", "Fjordline Grocers", "B"),
        ("C-1007", "Copper Lane Electrics", "C"),
        ("C-1008", "Lumen Books", "C"),
    )
)

ITEMS: tuple[Item, ...] = tuple(
    Item(
        item_id=item_id,
        description=description,
        item_class=item_class,
        weight_kg=weight_kg,
        price=price,
    )
    for item_id, description, item_class, weight_kg, price in (
        ("IT-1001", "Cordless drill", "GENERAL", "1.850", "79.90"),
        ("IT-1002", "Wall paint 10 l", "GENERAL", "14.200", "42.50"),
        ("IT-1003", "Garden chair", "BULKY", "4.600", "35.00"),
        ("IT-1004", "Running shoes", "GENERAL", "0.740", "89.00"),
        ("IT-1005", "Bandage set", "GENERAL", "0.120", "4.95"),
        ("IT-1006", "Coffee beans 1 kg", "FOOD", "1.020", "11.80"),
        ("IT-1007", "Cable drum 25 m", "GENERAL", "3.300", "27.40"),
        ("IT-1008", "Desk lamp", "FRAGILE", "1.100", "24.90"),
        ("IT-1009", "Shelf 180 cm", "BULKY", "21.500", "64.00"),
        ("IT-1010", "Atlas of the seas", "GENERAL", "2.100", "49.00"),
        ("IT-1011", "Rowing machine", "BULKY", "31.000", "420.00"),
        ("IT-1012", "Olive oil 5 l", "FOOD", "4.800", "38.20"),
    )
)

CARRIERS: tuple[Carrier, ...] = (
    Carrier(scac="ROAD", name="Overland Freight Lines", mode="ROAD"),
    Carrier(scac="PARC", name="Parcel Run", mode="PARCEL"),
    Carrier(scac="OCEA", name="Short Sea Carriers", mode="OCEAN"),
)
