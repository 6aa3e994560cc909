"""Places of X12: the city of MS1, and the party of an N1 loop."""

from __future__ import annotations

from functools import lru_cache

from crossdock.canonical.party import Address, Location
from crossdock.canonical.zones import PlaceZone, country_of, zone_of_place
from crossdock.connectors.x12_carrier.codes.tenders import OUR_CODES
from crossdock.connectors.x12_carrier.wire import Row

UNLOCODE_QUALIFIERS = frozenset({"UN", "ZZ"})
UNLOCODE_LENGTH = 5


@lru_cache(maxsize=4096)  # one partner reports from the same towns all day
def town(city: str, state: str, country: str, postal_code: str) -> Location | None:
    """Make a place of MS1 or N4; None where nothing is said."""
    if not (city or state or country or postal_code):
        return None
    zone = zone_of_place(country, state)
    return Location(
        address=Address(
            country=country_of(country, state),
            city=city,
            subdivision=state,
            postal_code=postal_code,
        ),
        zone=zone.zone if zone and not zone.split else "",
    )


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
