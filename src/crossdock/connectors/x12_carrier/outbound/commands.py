"""Commands as segments that wait for their numbers, and what the carrier's transport answers."""

from __future__ import annotations

from crossdock.connectors.x12_carrier.codes.envelopes import FUNCTIONAL_IDS
from crossdock.connectors.x12_carrier.outbound.replies import reply
from crossdock.connectors.x12_carrier.outbound.sealing import delimiters, unsealed
from crossdock.connectors.x12_carrier.outbound.statuses import status
from crossdock.connectors.x12_carrier.outbound.tenders import Line, offer, withdrawal
from crossdock.connectors.x12_carrier.settings import Settings
from crossdock.connectors.x12_carrier.wire import Unsealed
from crossdock.faults import Misconfigured
from crossdock.messages.acknowledgement import Level
from crossdock.messages.envelope import Command
from crossdock.messages.load_acceptance import AnswerTender
from crossdock.messages.order_release import CancelTender, TenderLoad
from crossdock.messages.shipment_visibility import TellMilestone
from crossdock.ports import Answer, Exchange, Request, Stage

SAID_MAX = 500
TAKEN = range(200, 300)
REFUSALS_FROM = 400  # RFC 9110, section 15.5


def write(command: Command, settings: Settings) -> Request:
    """Write a command as segments. Raises Refused for what X12 cannot carry whole."""
    marks = delimiters(settings, settings.release)
    match command:
        case TenderLoad():
            return _request(command, offer(command, settings, marks), settings)
        case CancelTender():
            return _request(command, withdrawal(command, settings, marks), settings)
        case AnswerTender():
            return _request(command, reply(command, settings, marks), settings)
        case TellMilestone():
            return _request(command, status(command, marks), settings)
        case _:
            raise Misconfigured("This partner cannot be asked this", verb=command.verb)


def _request(command: Command, segments: list[Line], settings: Settings) -> Request:
    awaits = [Level.GROUP] if settings.awaits_997 else []
    if settings.asks_for_ta1:
        awaits.append(Level.INTERCHANGE)
    functional_id = FUNCTIONAL_IDS[segments[0][1]]
    written = Unsealed(functional_id=functional_id, release=settings.release, segments=segments)
    return unsealed(command.verb, settings, written, awaits=tuple(awaits))


def answer(_operation: str, exchange: Exchange) -> Answer:
    """Read whether the bytes were taken: a transport says no more; the 997 says the rest."""
    if exchange.stage is not Stage.ANSWERED:
        return Answer(understood=False, said=exchange.said)
    text = " ".join(exchange.body[:SAID_MAX].decode("utf-8", "replace").split())
    said = f"{exchange.status} {text}".strip()[:SAID_MAX]
    if exchange.status in TAKEN:
        return Answer(understood=True, document=f"taken ({exchange.status})", said=said)
    return Answer(understood=exchange.status >= REFUSALS_FROM, said=said)
