"""Milestones, verdicts and times in words that a customer and an operator read alike."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from crossdock.canonical.moments import Moment, Precision, zone_of
from crossdock.canonical.party import Location
from crossdock.canonical.tracking import Milestone
from crossdock.messages.shipment_visibility import Timeliness

MILESTONES: dict[Milestone, str] = {
    Milestone.BOOKED: "Booked with the carrier",
    Milestone.INFO_RECEIVED: "Announced to the carrier",
    Milestone.PICKUP_APPOINTED: "Pick-up appointed",
    Milestone.EMPTY_RELEASED: "Empty container released",
    Milestone.ARRIVED_PICKUP: "Carrier at the pick-up place",
    Milestone.PICKED_UP: "Picked up",
    Milestone.TERMINAL_IN: "In at the terminal",
    Milestone.LOADED: "Loaded",
    Milestone.DEPARTED: "Departed",
    Milestone.IN_TRANSIT: "On the way",
    Milestone.ARRIVED: "Arrived at a stop on the way",
    Milestone.UNLOADED: "Unloaded",
    Milestone.HANDED_OVER: "Handed over to the next carrier",
    Milestone.CUSTOMS_HOLD: "Held by customs",
    Milestone.CUSTOMS_RELEASED: "Released by customs",
    Milestone.TERMINAL_OUT: "Out of the terminal",
    Milestone.AVAILABLE: "Ready for collection",
    Milestone.DELIVERY_APPOINTED: "Delivery appointed",
    Milestone.OUT_FOR_DELIVERY: "Out for delivery",
    Milestone.ARRIVED_DELIVERY: "Carrier at the delivery place",
    Milestone.DELIVERED: "Delivered",
    Milestone.POD_AVAILABLE: "Delivered, proof of delivery available",
    Milestone.EMPTY_RETURNED: "Empty container returned",
    Milestone.RETURNED: "Returned to the sender",
    Milestone.CANCELLED: "Cancelled",
    Milestone.DELAYED: "Delayed",
    Milestone.PICKUP_FAILED: "Pick-up failed",
    Milestone.DELIVERY_FAILED: "Delivery failed",
    Milestone.ON_HOLD: "On hold",
    Milestone.DAMAGED_LOST: "Damage or loss reported",
    Milestone.EXCEPTION: "A problem was reported",
    Milestone.ETA_CHANGED: "Expected time changed",
    Milestone.POSITION: "Position reported",
    Milestone.NOTE: "Note",
}

NO_STATUS = "Planned; the carrier has not told of anything yet"

TIMELINESS: dict[Timeliness, str] = {
    Timeliness.NO_PROMISE: "no delivery date was promised",
    Timeliness.OPEN: "the promised time is not over",
    Timeliness.OVERDUE: "the promised time is over and no delivery was reported",
    Timeliness.ON_TIME: "delivered in time",
    Timeliness.LATE: "delivered late",
}


ABBREVIATIONS = frozenset({"PRO", "SSCC"})


def code_words(code: str) -> str:
    """Say a code in words: `BILL_OF_LADING` is a `Bill of lading`, and a `PRO` a `PRO`."""
    return code if code in ABBREVIATIONS else code.replace("_", " ").capitalize()


def status_words(status: Milestone | None) -> str:
    """Say a status in words."""
    return MILESTONES[status] if status else NO_STATUS


def local(moment: Moment) -> str:
    """Write a moment as its place reads it: `Sun 29 Mar 2026 01:30 Europe/Berlin`."""
    at = local_at(moment)
    if moment.precision is Precision.DATE:
        return at.strftime("%a %d %b %Y")
    return f"{at:%a %d %b %Y %H:%M} {moment.zone or 'UTC'}"


def local_at(moment: Moment) -> datetime:
    """Give a moment on the clock of its own zone; an unknown zone reads as UTC."""
    return moment.at.astimezone(zone_of(moment))


def utc(at: datetime | None) -> str:
    """Write an instant for people: `Sun 29 Mar 2026 12:00 UTC`; nothing for none."""
    return f"{at.astimezone(UTC):%a %d %b %Y %H:%M} UTC" if at else ""


def rfc3339(at: datetime) -> str:
    """Write an instant for machines: `2026-03-29T12:00:00Z`."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def place_words(place: Location | None) -> str:
    """Write a place as one reads it: its name, city and country, or its code; empty for none."""
    if place is None:
        return ""
    parts = [place.name]
    if place.address:
        parts += [
            f"{place.address.postal_code} {place.address.city}".strip(),
            place.address.country,
        ]
    return ", ".join(part for part in parts if part) or place.unlocode or place.location_id


def ago(since: datetime, now: datetime) -> str:
    """Say how long ago something was, to the largest unit: `3 days`, `2 h`, `5 min`."""
    minutes = int((now - since).total_seconds() // 60)
    if minutes < 1:
        return "less than a minute"
    if minutes < 60:  # noqa: PLR2004 - minutes in an hour
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h"
    return f"{minutes // (24 * 60)} days"


def number(value: Decimal) -> str:
    """Write a count as people do: without the zeros behind its point."""
    return format(value.normalize(), "f")
