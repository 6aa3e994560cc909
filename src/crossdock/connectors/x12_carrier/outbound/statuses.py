"""214 written: one milestone that a customer is shown, corrected or taken back.

X12 has no word for taking back: a set without a status says it in a remark, so that no system
takes it for an event. So does a milestone that the standard has no code for. A correction is the
status again with the time that holds; the reader takes the last.
"""

from __future__ import annotations

from collections.abc import Iterator

from crossdock.canonical.party import Location
from crossdock.canonical.references import ReferenceType
from crossdock.canonical.tracking import Milestone
from crossdock.connectors.x12_carrier.codes.statuses import (
    APPOINTMENT_CODES,
    PARTIAL_CODES,
    STATUS_CODES,
)
from crossdock.connectors.x12_carrier.codes.tenders import REFERENCE_CODES, STOP_NUMBER
from crossdock.connectors.x12_carrier.outbound.remarks import remarks
from crossdock.connectors.x12_carrier.outbound.tenders import (
    CITY_MAX,
    REFERENCE_MAX,
    Line,
)
from crossdock.connectors.x12_carrier.outbound.times import moment_told, state_of
from crossdock.faults import Refused
from crossdock.formats.x12.delimiters import Delimiters
from crossdock.formats.x12.writer import fitting
from crossdock.messages.shipment_visibility import TellMilestone

NORMAL, APPOINTED = "NS", "NA"  # element 1651: nothing is wrong, with a shipment, an appointment
_RETURNED = Milestone.RETURNED
CARRIER_NUMBERS = (ReferenceType.PRO, ReferenceType.TRACKING)


def status(command: TellMilestone, marks: Delimiters) -> list[Line]:
    """Write one milestone, in a set of its own."""
    if len(command.number) > REFERENCE_MAX:
        raise Refused(
            "A number is too long for B10-02, and must be known again", text=command.number
        )
    numbers = [each.value for each in command.references if each.type in CARRIER_NUMBERS]
    pro = numbers[0] if numbers else command.number
    lines = [
        ["ST", "214", ""],
        ["B10", pro[:REFERENCE_MAX], command.number, command.carrier_scac],
        *_numbers(command),
        ["LX", "1"],
    ]
    event = _event(command)
    if event and not command.retracted:
        lines += [event, *_place(command, marks)]
    if command.stop:
        lines.append(["L11", str(command.stop), STOP_NUMBER])
    return [*lines, *remarks(_words(command, told=bool(event)), marks)]


def _numbers(command: TellMilestone) -> Iterator[Line]:
    for each in command.references:
        code = REFERENCE_CODES.get(each.type)
        if code and each.type not in CARRIER_NUMBERS:
            yield ["L11", each.value[:REFERENCE_MAX], code]


def _event(command: TellMilestone) -> Line:
    """Write what happened and when; empty where X12 has no code for it."""
    date, time, zone = moment_told(command.occurred, _written(command))
    appointed = APPOINTMENT_CODES.get(command.milestone)
    if appointed:
        return ["AT7", "", "", appointed, APPOINTED, date, time, zone]
    code = STATUS_CODES.get((command.milestone, command.classifier))
    if command.partial:
        code = PARTIAL_CODES.get(command.milestone)
    return ["AT7", code, NORMAL, "", "", date, time, zone] if code else []


def _written(command: TellMilestone) -> Location | None:
    """Give the place as far as MS1 can name it: without its city its reader finds no zone."""
    address = command.place.address if command.place else None
    return command.place if address is not None and address.city else None


def _place(command: TellMilestone, marks: Delimiters) -> Iterator[Line]:
    place = _written(command)
    address = place.address if place else None
    if address is not None:
        city = fitting(address.city, marks)[:CITY_MAX]
        yield ["MS1", city, state_of(address), address.country]


def _words(command: TellMilestone, *, told: bool) -> str:
    """Say what no code says: that it is taken back, corrected, or on the way back to the sender."""
    date, time, zone = moment_told(command.occurred, _written(command))
    happened = " ".join(filter(None, (command.milestone, date, time, zone)))
    if command.retracted:
        return f"TAKEN BACK {happened}"
    back = "ON THE WAY BACK" if command.returning and command.milestone is not _RETURNED else ""
    parts = ("" if told else happened, back, "CORRECTED" if command.revision > 1 else "")
    return ", ".join(filter(None, parts))
