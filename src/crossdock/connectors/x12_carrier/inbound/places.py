"""Places of X12: the city of MS1, and the party of an N1 loop."""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from crossdock.canonical.party import Address, Location
from crossdock.canonical.zones import PlaceZone, country_of, zone_of_place
from crossdock.connectors.x12_carrier.codes.tenders import OUR_CODES
from crossdock.connectors.x12_carrier.wire import TOLD_APART, Row, row_of

UNLOCODE_QUALIFIERS = frozenset({"UN", "ZZ"})
UNLOCODE_LENGTH = 5


class Town(Struct, frozen=True, gc=False):
    """What MS1 says: the city and the state, their zone, and the place made of all of it.

    `said` are its elements, joined to one text.
    """

    city: str
    state: str
    zone: PlaceZone | None
    location: Location | None
    said: str


@lru_cache(maxsize=4096)  # one partner reports from the same towns all day
def town(ms1: str, separator: str) -> Town | None:
    """Read MS1; None for a segment that only begins like one."""
    row = row_of(ms1, separator, 0)
    if row.tag != "MS1":
        return None
    city, state, country, postal_code = row[1], row[2], row[3], row[8]
    zone = zone_of(city, state, country)
    address = Address(
        country=country_of(country, state), city=city, subdivision=state, postal_code=postal_code
    )
    location = Location(address=address, zone=zone.zone if zone and not zone.split else "")
    is_told = bool(city or state or country or postal_code)
    said = TOLD_APART.join(row.elements)
    return Town(city, state, zone, location if is_told else None, said)


@lru_cache(maxsize=4096)
def zone_of(city: str, state: str, country: str) -> PlaceZone | None:
    """Find the zone of a place as X12 names it."""
    return zone_of_place(country, state) if city or state or country else None


class Party:
    """One N1 loop, gathered segment by segment: N1, N2, N3, N4."""

    def __init__(self, n1: Row) -> None:
        """Begin with N1."""
        self.role = n1[1]
        self.name = n1[2]
        self.code = n1[4] if n1[3] in OUR_CODES else ""
        self.lines: list[str] = []
        self.city = self.state = self.postal_code = self.country = ""
        self.unlocode = ""

    def take(self, row: Row) -> bool:
        """Take a segment of the loop; False for one that is not of it."""
        match row.tag:
            case "N2":
                self.lines += [each for each in (row[1], row[2]) if each]
            case "N3":
                self.lines += [each for each in (row[1], row[2]) if each]
            case "N4":
                self.city, self.state, self.postal_code, self.country = (
                    row[1],
                    row[2],
                    row[3],
                    row[4],
                )
                if row[5] in UNLOCODE_QUALIFIERS and len(row[6]) == UNLOCODE_LENGTH:
                    self.unlocode = row[6]
            case _:
                return False
        return True

    def zone(self) -> PlaceZone | None:
        """Find its zone."""
        return zone_of(self.city, self.state, self.country)

    def location(self) -> Location:
        """Make a place of it."""
        zone = self.zone()
        said = (self.city, self.state, self.postal_code, self.country, *self.lines)
        address = Address(
            country=country_of(self.country, self.state),
            city=self.city,
            postal_code=self.postal_code,
            subdivision=self.state,
            lines=tuple(self.lines),
        )
        return Location(
            location_id=self.code,
            name=self.name,
            address=address if any(said) else None,
            unlocode=self.unlocode,
            zone=zone.zone if zone and not zone.split else "",
        )
