"""A person's counter to a load that a customer offers: other dates, another price, and why.

It takes two steps: first the person reads what the customer would be told, and what is confirmed
then is said to the process, which answers the offer with it as long as the customer waits.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from crossdock.apis import problems
from crossdock.apis.problems import Declined
from crossdock.apis.process.v1.verbs import Operator, said
from crossdock.canonical.moments import (
    ClockChange,
    Moment,
    Precision,
    ZoneSource,
    clock_change,
    local_day,
    zone_named,
)
from crossdock.canonical.money import Money, decimal_text, money
from crossdock.canonical.shipment import Stop, StopRole
from crossdock.canonical.zones import zone_of_place
from crossdock.faults import Unreadable
from crossdock.flow.names import process_of
from crossdock.flow.operator_word import Word
from crossdock.messages.load_acceptance import LoadOffered, OfferCountered
from crossdock.messages.order_release import CounterOffer
from crossdock.messages.registry import decode
from crossdock.ports.store import ExceptionStatus, Reader

OFFERED = "LOAD_OFFERED"  # the question to which this is an answer

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_PRICE = re.compile(r"(?P<amount>[0-9.]+)(?: (?P<currency>[A-Z]{3}))?", re.ASCII)


class Countering(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a counter: who says it, why, and on which other terms.

    `pickup` and `delivery` are `2026-04-01T10:00`, local at their stop or with an offset, or a day
    alone. `price` is for the whole load, `612.50 USD`; without a currency in that of the offer,
    and in no other where the customer's answer can name one only.
    `reason` is told to the customer. Nothing is told before it is `confirmed`.
    """

    by: str
    reason: str
    pickup: str = ""
    delivery: str = ""
    price: str = ""
    confirmed: bool = False


class CounterOutcome(Struct, frozen=True, kw_only=True):
    """What the customer is told (`told`), or would be once it is confirmed."""

    told: bool
    said: str


def judge(reader: Reader, tenant: str, exception_id: str, asked: Countering) -> Word:
    """Hold a counter against the offer that is open. Raises Declined for what cannot be."""
    if not asked.by.strip():
        raise Declined(problems.UNPROCESSABLE, "Say who decides this (`by`)")
    if not asked.reason.strip():
        raise Declined(problems.UNPROCESSABLE, "Say why (`reason`); the customer is told")
    row = reader.exception(tenant, exception_id)
    if row is None:
        raise Declined(problems.NOT_FOUND, f"There is no exception {exception_id}")
    found = reader.messages(tenant, [row.message_id]).get(row.message_id)
    offer = decode(found.type, found.schema, found.body) if found else None
    if row.code != OFFERED or not isinstance(offer, LoadOffered):
        raise Declined(problems.CONFLICT, "This asks about no load that a customer offers")
    if row.status is not ExceptionStatus.OPEN:
        raise Declined(problems.CONFLICT, f"It is {row.status} already: {row.closed_because}")
    terms = _terms(offer, asked)
    subscriber, key = process_of(row.subject)
    return Word(
        subscriber=subscriber,
        key=key,
        body=OfferCountered(revision=offer.revision, by=asked.by.strip(), counter=terms),
        by=asked.by.strip(),
        reason=asked.reason.strip(),
        action="load.counter",
        detail=f"{offer.offered_by} is told: {_in_words(terms)}",
        ground=str(offer.revision),
    )


async def counter(operator: Operator, word: Word, asked: Countering) -> CounterOutcome:
    """Tell what the customer would hear, and have it told where that is confirmed.

    Raises Declined where it cannot be said.
    """
    if asked.confirmed:
        await said(operator, word)
    return CounterOutcome(told=asked.confirmed, said=word.detail)


def _terms(offer: LoadOffered, asked: Countering) -> CounterOffer:
    if not (asked.pickup.strip() or asked.delivery.strip() or asked.price.strip()):
        raise Declined(
            problems.UNPROCESSABLE, "Say on which other terms: `pickup`, `delivery` or `price`"
        )
    stops = offer.shipment.stops
    pickup = _moment("pickup", asked.pickup, _first(stops, StopRole.PICKUP))
    delivery = _moment("delivery", asked.delivery, _first(stops[::-1], StopRole.DELIVERY))
    if pickup and delivery and delivery.at < pickup.at:
        raise Declined(problems.UNPROCESSABLE, "The delivery would be before the pickup")
    return CounterOffer(
        note=asked.reason.strip(),
        charge=_price(offer, asked.price.strip()),
        pickup=pickup,
        delivery=delivery,
    )


def _first(stops: Sequence[Stop], role: StopRole) -> Stop | None:
    return next((each for each in stops if each.role is role), None)


def _zone_at(stop: Stop | None) -> ZoneInfo | None:
    """Find the zone of a stop: as its planned time was told, else by its place."""
    if stop is None:
        return None
    planned, address = stop.planned, stop.place.address
    if planned and planned.zone_source is not ZoneSource.ASSUMED and zone_named(planned.zone):
        return zone_named(planned.zone)
    found = zone_of_place(address.country, address.subdivision) if address else None
    return zone_named(stop.place.zone or (found.zone if found and not found.split else ""))


def _moment(what: str, text: str, stop: Stop | None) -> Moment | None:
    """Read a time as a person types it."""
    text = text.strip()
    if not text:
        return None
    zone = _zone_at(stop)
    try:
        if _DAY.fullmatch(text):
            day = date.fromisoformat(text)
            if zone is None:
                return local_day(day, "UTC", ZoneSource.ASSUMED)
            return local_day(day, zone.key, ZoneSource.PLACE)
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise Declined(
            problems.UNPROCESSABLE, f"`{what}` is no time, such as `2026-04-01T10:00`: {text}"
        ) from error
    if at.tzinfo is not None:
        offset = f"{at:%z}"
        told_in, source = f"{offset[:3]}:{offset[3:5]}", ZoneSource.OFFSET
    elif zone is None:
        raise Declined(
            problems.UNPROCESSABLE,
            f"Nobody knows the zone of that stop: give `{what}` with its offset, `{text}+01:00`",
        )
    elif clock_change(at, zone) is not ClockChange.NONE:
        raise Declined(
            problems.UNPROCESSABLE, f"The clocks change just then: give `{what}` with its offset"
        )
    else:
        at, told_in, source = at.replace(tzinfo=zone), zone.key, ZoneSource.PLACE
    return Moment(at=at.astimezone(UTC), text=text, zone=told_in, zone_source=source)


def _price(offer: LoadOffered, text: str) -> Money | None:
    if not text:
        return None
    found = _PRICE.fullmatch(text)
    currencies = {each.amount.currency for each in offer.shipment.charges}
    only = offer.answer_currency or ("".join(currencies) if len(currencies) == 1 else "")
    currency = (found and found["currency"]) or only
    if found is None or not currency:
        raise Declined(problems.UNPROCESSABLE, "`price` is an amount and its currency: 612.50 USD")
    if offer.answer_currency not in {"", currency}:
        raise Declined(
            problems.UNPROCESSABLE,
            f"An answer to {offer.offered_by} can name a `price` in {offer.answer_currency} only: "
            f"that is the currency of its profile, and {currency} is not",
        )
    try:
        return money(found["amount"], currency)
    except Unreadable as wrong:
        raise Declined(problems.UNPROCESSABLE, wrong.said) from wrong


def _in_words(terms: CounterOffer) -> str:
    said_of = {
        "pickup": terms.pickup and _when(terms.pickup),
        "delivery": terms.delivery and _when(terms.delivery),
        "price": terms.charge and f"{decimal_text(terms.charge)} {terms.charge.currency}",
    }
    return "; ".join([*(f"{name} {each}" for name, each in said_of.items() if each), terms.note])


def _when(moment: Moment) -> str:
    if moment.precision is Precision.DATE:
        return moment.text
    return f"{moment.text} ({moment.zone}), {moment.at:%Y-%m-%d %H:%M} UTC"
