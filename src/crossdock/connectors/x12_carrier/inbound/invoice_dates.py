"""The days of a 210: when it was written, when it is due, when the goods left and arrived.

B3-06 is the day of the bill. B3-09 with 035 in B3-10 is the day of delivery. B3-12 is the day of
pickup; parcel carriers write there when the bill is due, which is a day after it. A G62 of pickup
or delivery is believed before B3: it tells the time of day too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from msgspec import Struct
from msgspec.structs import replace

from crossdock.canonical.moments import Moment
from crossdock.canonical.zones import PlaceZone
from crossdock.connectors.x12_carrier.codes.charges import DELIVERED, DELIVERED_ON, PICKED_UP
from crossdock.connectors.x12_carrier.codes.tenders import (
    BILLED_PARTIES,
    DELIVERY_PARTIES,
    PICKUP_PARTIES,
)
from crossdock.connectors.x12_carrier.inbound.amounts import KIND
from crossdock.connectors.x12_carrier.inbound.context import SetContext
from crossdock.connectors.x12_carrier.inbound.times import day_at, moment_in_window, read_time
from crossdock.connectors.x12_carrier.wire import Row
from crossdock.formats.numbers import whole_number

WRITTEN, DELIVERY, KIND_OF_DELIVERY, OTHER = 6, 9, 10, 12  # of B3
WRITTEN_ELSEWHERE = (5, 8, 12)
DUE, NET_DAYS = 6, 7  # of ITD
NET_DAYS_MAX = 999

Zone = Callable[[frozenset[str]], PlaceZone | None]


class Days(Struct, frozen=True, kw_only=True):
    """When a bill was written, and what else it dates."""

    issued: Moment
    due: Moment | None
    shipped: Moment | None
    delivered: Moment | None


def days(
    context: SetContext, heads: Mapping[str, Row], dates: Mapping[str, Row], zone: Zone
) -> Days | None:
    """Read the days of a bill; `dates` are its G62. None where nobody says when it was written."""
    b3, billed = heads["B3"], zone(BILLED_PARTIES)
    issued = _issued(context, b3, billed)
    if issued is None:
        return None
    left, arrived = zone(PICKUP_PARTIES), zone(DELIVERY_PARTIES)
    is_due = b3[OTHER] > b3[WRITTEN]  # CCYYMMDD, both
    other = day_at(context, b3, OTHER, billed if is_due else left) if b3[OTHER] else None
    due = _due(context, heads.get("ITD"), issued, billed)
    shipped = moment_in_window(context, dates[PICKED_UP], left) if PICKED_UP in dates else None
    return Days(
        issued=issued,
        due=due or (other if is_due else None),
        shipped=shipped or (None if is_due else other),
        delivered=_delivered(context, b3, dates, arrived),
    )


def _issued(context: SetContext, b3: Row, place: PlaceZone | None) -> Moment | None:
    """Tell the day of the bill: B3-06, else another day in B3, else that of the group."""
    setting = context.settings.time_zone
    if read_time(b3[WRITTEN], "", "", place, setting).moment is not None:
        return day_at(context, b3, WRITTEN, place)
    said = "B3-06 is no day; another one was taken as that of the bill"
    for number in WRITTEN_ELSEWHERE:
        if read_time(b3[number], "", "", place, setting).moment is not None:
            context.notice("DATE_ELSEWHERE", said, b3, number, KIND, text=b3[number])
            return day_at(context, b3, number, place)
    seen = {"text": b3[WRITTEN]}
    if context.written is None:
        said = "Nothing tells when this bill was written"
        context.notice("NO_TIME", said, b3, WRITTEN, "lost", **seen)
    else:
        context.notice("DATE_ELSEWHERE", said, b3, WRITTEN, KIND, **seen)
    return context.written


def _due(
    context: SetContext, itd: Row | None, issued: Moment, place: PlaceZone | None
) -> Moment | None:
    """Tell when the bill is due: on ITD-06, or ITD-07 days after the day of the bill."""
    if itd is None:
        return None
    if itd[DUE]:
        return day_at(context, itd, DUE, place)
    net = whole_number(itd[NET_DAYS])
    if net is None or not 0 < net <= NET_DAYS_MAX:
        return None
    return replace(issued, at=issued.at + timedelta(days=net), text=f"{issued.text} + {net} days")


def _delivered(
    context: SetContext, b3: Row, dates: Mapping[str, Row], place: PlaceZone | None
) -> Moment | None:
    told = moment_in_window(context, dates[DELIVERED], place) if DELIVERED in dates else None
    if told is None and b3[DELIVERY] and b3[KIND_OF_DELIVERY] in {"", DELIVERED_ON}:
        return day_at(context, b3, DELIVERY, place)
    return told
