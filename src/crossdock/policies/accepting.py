"""Which answer an offered load gets: the first row of the acceptance policy that fits it."""

from __future__ import annotations

from datetime import datetime, timedelta

from crossdock.canonical.shipment import Shipment, StopRole
from crossdock.messages.load_acceptance import LoadOffered
from crossdock.policies.rules import AcceptancePolicy, AcceptanceRow


def row_for(policy: AcceptancePolicy, offer: LoadOffered, at: datetime) -> AcceptanceRow | None:
    """Find the first row that fits an offer received at `at`; None where a person must look."""
    return next((row for row in policy.rows if _fits(row, offer, at)), None)


def _fits(row: AcceptanceRow, offer: LoadOffered, at: datetime) -> bool:
    shipment = offer.shipment
    if row.partner and row.partner != offer.offered_by:
        return False
    if row.from_country and row.from_country != _country(shipment, StopRole.PICKUP):
        return False
    if row.to_country and row.to_country != _country(shipment, StopRole.DELIVERY):
        return False
    return not row.notice_hours_below or _notice_is_below(row, shipment, at)


def _country(shipment: Shipment, role: StopRole) -> str:
    """Give the country of the first pickup or the last delivery, empty where it is not told."""
    stops = [each for each in shipment.stops if each.role is role]
    if not stops:
        return ""
    place = (stops[0] if role is StopRole.PICKUP else stops[-1]).place
    return place.address.country if place.address else ""


def _notice_is_below(row: AcceptanceRow, shipment: Shipment, at: datetime) -> bool:
    """Tell whether the pickup is nearer than so many hours; one without a time is not near."""
    times = [each.planned for each in shipment.stops if each.role is StopRole.PICKUP]
    first = next((each for each in times if each is not None), None)
    return first is not None and first.at - at < timedelta(hours=row.notice_hours_below)
