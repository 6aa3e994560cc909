"""Master data: customers, items, places and carriers, taken in with version and freshness."""

from __future__ import annotations

from enum import StrEnum

from crossdock.canonical import Canonical
from crossdock.canonical.item import Item
from crossdock.canonical.moments import Instant
from crossdock.canonical.party import Location
from crossdock.messages.envelope import Event, Report


class Customer(Canonical, frozen=True, kw_only=True):
    """A customer as the ERP knows it; `blocked` stops its orders."""

    customer_id: str
    name: str
    customer_class: str = ""
    blocked: bool = False


class ShipTo(Canonical, frozen=True, kw_only=True):
    """A place goods are sent to, as the ERP knows it."""

    location: Location
    customer_id: str = ""
    blocked: bool = False


class Carrier(Canonical, frozen=True, kw_only=True):
    """A carrier by its SCAC (NMFTA Standard Carrier Alpha Code)."""

    scac: str
    name: str
    modes: tuple[str, ...] = ()
    blocked: bool = False


class MasterKind(StrEnum):
    """The kinds of master data; the value is also the kind of the key."""

    CUSTOMER = "customer"
    ITEM = "item"
    SHIP_TO = "ship_to"
    CARRIER = "carrier"


class CustomerReported(Report, frozen=True, kw_only=True):
    """The ERP tells of a customer; the higher `version` holds."""

    record: Customer
    version: int
    as_of: Instant


class ItemReported(Report, frozen=True, kw_only=True):
    """The ERP tells of an item."""

    record: Item
    version: int
    as_of: Instant
    blocked: bool = False


class ShipToReported(Report, frozen=True, kw_only=True):
    """The ERP tells of a place goods are sent to."""

    record: ShipTo
    version: int
    as_of: Instant


class CarrierReported(Report, frozen=True, kw_only=True):
    """The ERP or the TMS tells of a carrier."""

    record: Carrier
    version: int
    as_of: Instant


class MasterDataChanged(Event, frozen=True, kw_only=True):
    """A record is now this: `record` is the JSON text of the canonical record."""

    kind: MasterKind
    id: str
    version: int
    as_of: Instant
    blocked: bool
    record: str


class MasterDataAwaited(Event, frozen=True, kw_only=True):
    """An order cannot go on before this record is known, or known otherwise.

    `seen_version` is the version the order looked at, 0 where it found none.
    """

    kind: MasterKind
    id: str
    order_id: str
    seen_version: int = 0


class MasterDataArrived(Event, frozen=True, kw_only=True):
    """A record that an order waited for is there, or has changed."""

    kind: MasterKind
    id: str
    order_id: str
    version: int
