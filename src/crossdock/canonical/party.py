"""Parties and places."""

from __future__ import annotations

from enum import StrEnum

from crossdock.canonical import Canonical


class PartyRole(StrEnum):
    """The part a party plays in a shipment."""

    SHIPPER = "SHIPPER"
    CONSIGNEE = "CONSIGNEE"
    BILL_TO = "BILL_TO"
    CARRIER = "CARRIER"
    NOTIFY = "NOTIFY"


class Address(Canonical, frozen=True, kw_only=True):
    """A postal address; `country` is ISO 3166-1 alpha-2."""

    country: str
    city: str
    postal_code: str = ""
    subdivision: str = ""
    lines: tuple[str, ...] = ()


class Location(Canonical, frozen=True, kw_only=True):
    """A place: by our own id, by UN/LOCODE, by GLN, or by address, whichever is known."""

    location_id: str = ""
    name: str = ""
    address: Address | None = None
    unlocode: str = ""
    gln: str = ""
    zone: str = ""  # IANA name, where known


class Party(Canonical, frozen=True, kw_only=True):
    """Who takes part: `party_id` is the ERP's customer or vendor number."""

    party_id: str
    role: PartyRole
    name: str = ""
    location: Location | None = None
    gln: str = ""
    scac: str = ""
