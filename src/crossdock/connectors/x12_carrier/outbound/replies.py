"""990 written: whether we carry the load a customer offered, and on which other terms we would."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

from crossdock.canonical.money import decimal_text
from crossdock.connectors.x12_carrier.codes.tenders import (
    CARRIER_NUMBER,
    DELIVERY_PLANNED,
    FREIGHT,
    PICKUP_PLANNED,
    REPLIES,
)
from crossdock.connectors.x12_carrier.outbound.remarks import remarks
from crossdock.connectors.x12_carrier.outbound.tenders import REFERENCE_MAX, Line, date_line
from crossdock.connectors.x12_carrier.settings import Settings
from crossdock.faults import Refused
from crossdock.formats.x12.delimiters import Delimiters
from crossdock.messages.load_acceptance import AnswerTender, OfferAnswer
from crossdock.messages.order_release import CounterOffer


def reply(command: AnswerTender, settings: Settings, marks: Delimiters) -> list[Line]:
    """Write an answer to an offer: under the number and the SCAC by which it was offered to us."""
    if len(command.offered_as) > REFERENCE_MAX:
        raise Refused("A number is too long for B1-02", text=command.offered_as)
    day = f"{command.answered_at.astimezone(UTC):%Y%m%d}"
    scac = command.carrier_scac or settings.own_scac
    lines = [
        ["ST", "990", ""],
        ["B1", scac, command.offered_as, day, _code(command, settings)],
        ["N9", CARRIER_NUMBER, command.shipment_id[:REFERENCE_MAX]],
    ]
    if command.counter is not None:
        lines.extend(_terms(command.counter, settings))
    note = command.counter.note if command.counter else ""
    words = "; ".join(filter(None, (command.reason, note)))
    return [*lines, *remarks(words, marks)]


def _code(command: AnswerTender, settings: Settings) -> str:
    if command.answer is not OfferAnswer.CALL_OFF:
        return REPLIES[command.answer]
    if not settings.cancellation_answer:
        raise Refused("This partner wants no answer to an offer that it takes back")
    return settings.cancellation_answer


def _terms(counter: CounterOffer, settings: Settings) -> Iterator[Line]:
    """Write on which other terms: dates before the charge, as the set wants them.

    A 990 names no currency: its reader takes an amount for one in the currency of the profile.
    """
    if counter.charge is not None and counter.charge.currency != settings.currency:
        raise Refused(
            "A 990 can only name a price in the partner's currency",
            asked=counter.charge.currency,
            partner=settings.currency,
        )
    if counter.pickup is not None:
        yield date_line(PICKUP_PLANNED, counter.pickup, None)
    if counter.delivery is not None:
        yield date_line(DELIVERY_PLANNED, counter.delivery, None)
    if counter.charge is not None:
        yield ["L9", FREIGHT, decimal_text(counter.charge)]
