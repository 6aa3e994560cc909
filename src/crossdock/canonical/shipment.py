"""Shipments with legs and stops, and the loads that carry them."""

from __future__ import annotations

from enum import StrEnum

from crossdock.canonical import Canonical
from crossdock.canonical.freight import FreightCharge
from crossdock.canonical.item import Quantity
from crossdock.canonical.moments import Moment
from crossdock.canonical.party import Location
from crossdock.canonical.references import Reference


class Mode(StrEnum):
    """The mode of transport."""

    ROAD = "ROAD"
    PARCEL = "PARCEL"
    OCEAN = "OCEAN"
    AIR = "AIR"
    RAIL = "RAIL"
    UNSPECIFIED = "UNSPECIFIED"  # the planner did not say


class StopRole(StrEnum):
    """What happens at a stop."""

    PICKUP = "PICKUP"
    TRANSFER = "TRANSFER"
    DELIVERY = "DELIVERY"


class Stop(Canonical, frozen=True, kw_only=True):
    """A place on the way; `promised` is what the customer was told for this stop."""

    sequence: int
    role: StopRole
    place: Location
    planned: Moment | None = None
    promised: Moment | None = None
    line_ids: tuple[str, ...] = ()  # `order_id/line_id` of the lines that stop here; empty: all


class Leg(Canonical, frozen=True, kw_only=True):
    """One carrier's part of the way, from stop to stop."""

    sequence: int
    mode: Mode
    carrier_scac: str
    from_stop: int
    to_stop: int


class Portion(Canonical, frozen=True, kw_only=True):
    """How much of an order's line a shipment carries; `line_id` is `order_id/line_id`."""

    line_id: str
    quantity: Quantity


class Shipment(Canonical, frozen=True, kw_only=True):
    """What the TMS planned: the unit that is tracked and shown to the customer.

    `charges` are what the planner expects it to cost, and so what a carrier is offered for it.
    `portions` are there where a line is split by quantity; a line without one travels whole.
    """

    shipment_id: str
    load_id: str
    mode: Mode
    carrier_scac: str
    service_level: str
    stops: tuple[Stop, ...]
    legs: tuple[Leg, ...] = ()
    order_ids: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    charges: tuple[FreightCharge, ...] = ()
    portions: tuple[Portion, ...] = ()

    @property
    def carried_as(self) -> str:
        """Name the load that carries it: a shipment is its own where nothing is consolidated."""
        return self.load_id or self.shipment_id


class Load(Canonical, frozen=True, kw_only=True):
    """What moves together: one or several shipments on one conveyance."""

    load_id: str
    carrier_scac: str
    mode: Mode
    shipment_ids: tuple[str, ...]
