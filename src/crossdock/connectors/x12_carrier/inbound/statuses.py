"""214 read: each AT7 is one claim about a shipment, with the place and the numbers beside it.

What a code means is looked up in the partner's own meanings first, then in the house's table. A
code in neither is kept as a note, with what it may mean: never a guess that moves anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b

from crossdock.canonical.moments import Moment
from crossdock.canonical.references import Reference, ReferenceType
from crossdock.canonical.tracking import Classifier, EvidenceKind, Milestone, TrackingEvent
from crossdock.connectors.x12_carrier.codes.reasons import REASONS
from crossdock.connectors.x12_carrier.codes.statuses import (
    APPOINTMENT_STATUSES,
    SAID_ALREADY,
    SHIPMENT_STATUSES,
    SUGGESTED,
    Status,
)
from crossdock.connectors.x12_carrier.codes.tenders import (
    DELIVERY_PARTIES,
    PICKUP_PARTIES,
    STOP_NUMBER,
)
from crossdock.connectors.x12_carrier.inbound.context import SetContext
from crossdock.connectors.x12_carrier.inbound.places import Party, town, zone_of
from crossdock.connectors.x12_carrier.inbound.times import envelope_time, is_ahead, moment_at
from crossdock.connectors.x12_carrier.settings import CodeMeaning
from crossdock.connectors.x12_carrier.wire import Row, rows
from crossdock.messages.shipment_visibility import MilestoneReported
from crossdock.ports import Reported

NOTHING_HAPPENED = frozenset({"", "NS", "NA"})


class Claim:
    """One AT7 with the segments that belong to it."""

    __slots__ = ("at7", "code", "ms1", "table")

    def __init__(self, at7: Row) -> None:
        """Take AT7: a status pair, or an appointment pair."""
        self.at7 = at7
        self.ms1: Row | None = None
        status = at7[1]
        self.table = "status" if status or not at7[3] else "appointment"
        self.code = status or at7[3]

    def town(self) -> tuple[str, str, str, str]:
        """Give city, state, country and postal code as MS1 has them."""
        ms1 = self.ms1
        return ("", "", "", "") if ms1 is None else (ms1[1], ms1[2], ms1[3], ms1[8])


class Line:
    """One LX loop: its claims, and the numbers and remarks that hold for all of them."""

    def __init__(self) -> None:
        """Begin empty."""
        self.claims: list[Claim] = []
        self.stop = 0
        self.remarks: list[str] = []

    def take(self, row: Row) -> None:
        """Take one segment of the loop."""
        match row.tag:
            case "AT7":
                self.claims.append(Claim(row))
            case "MS1" if self.claims and self.claims[-1].ms1 is None:
                self.claims[-1].ms1 = row
            case "L11" if row[2] == STOP_NUMBER and row[1].isdecimal():
                self.stop = int(row[1])
            case "L11" if row[1]:
                self.remarks.append(f"{row[2]} {row[1]}".strip())
            case "K1":
                self.remarks.append(" ".join(filter(None, (row[1], row[2]))))
            case _:
                pass


class Shipment:
    """What a 214 says above its lines."""

    def __init__(self) -> None:
        """Begin empty."""
        self.b10: Row | None = None
        self.parties: list[Party] = []
        self.lines: list[Line] = []

    def take(self, row: Row) -> None:
        """Take the next segment of the set."""
        match row.tag:
            case "LX":
                self.lines.append(Line())
            case "AT7" if not self.lines:  # some leave LX out
                self.lines.append(Line())
                self.lines[-1].take(row)
            case "B10":
                self.b10 = row
            case "N1" if not self.lines:
                self.parties.append(Party(row))
            case _ if self.lines:
                self.lines[-1].take(row)
            case _ if self.parties:
                self.parties[-1].take(row)
            case _:
                pass


def statuses(context: SetContext) -> Iterator[Reported]:
    """Read every claim of a 214."""
    shipment = Shipment()
    for row in rows(context.found.segments):
        shipment.take(row)
    reference = _reference(context, shipment.b10)
    if reference is None:
        return
    for line in shipment.lines:
        said = {claim.code for claim in line.claims}
        for claim in line.claims:
            reported = _reported(context, shipment, line, claim, reference, said)
            if reported is not None:
                yield reported


def _reference(context: SetContext, b10: Row | None) -> Reference | None:
    """Name the shipment by the shipper's number, else by the carrier's own."""
    if b10 is None or not (b10[1] or b10[2]):
        said = "This set names no shipment: B10-01 and B10-02 are empty"
        context.notice("NO_SHIPMENT_NUMBER", said, b10, 0, "lost")
        return None
    if b10[2]:
        return Reference(type=ReferenceType.SHIPMENT, value=b10[2])
    return Reference(type=ReferenceType.PRO, value=b10[1], issuer=b10[3])


def _reported(  # noqa: PLR0913, PLR0917 - a claim is read with all of these
    context: SetContext,
    shipment: Shipment,
    line: Line,
    claim: Claim,
    reference: Reference,
    said: set[str],
) -> Reported | None:
    city, state, country, postal_code = claim.town()
    at7 = claim.at7
    told = moment_at(context, at7, 5, zone_of(city, state, country))
    if told is None:
        return None
    status = _status(context, shipment, claim)
    if claim.table == "status" and SAID_ALREADY.get(claim.code) in said:
        status = status._replace(milestone=Milestone.NOTE)
    if status.classifier is Classifier.ACTUAL and is_ahead(told, context):
        text = "This is told as a fact and lies ahead of the message that tells it"
        context.notice("TIME_AHEAD", text, at7, 5, "time", text=told.text)
    estimate = told if status.milestone is Milestone.ETA_CHANGED else None
    identity = _identity(reference, claim, line)
    event = TrackingEvent(
        source=context.document.source,
        source_event_id=identity,
        kind=EvidenceKind.ORIGINAL,
        milestone=status.milestone,
        classifier=status.classifier,
        occurred=told if estimate is None else _when_said(context, told),
        raw_code=claim.code,
        reference=reference,
        place=town(city, state, country, postal_code),
        stop=line.stop,
        partial=status.partial,
        reason=_reason(context, claim),
        note=_note(claim, line),
        estimate=estimate,
    )
    return Reported(
        identity=identity, report=MilestoneReported(evidence=event), where=context.where(at7)
    )


def _when_said(context: SetContext, told: Moment) -> Moment:
    """Tell when an estimate was made: when the group was written."""
    return envelope_time(context) or told


def _identity(reference: Reference, claim: Claim, line: Line) -> str:
    """Name the claim by what it says: X12 gives events no number, and histories come again."""
    at7 = claim.at7
    said = (
        reference.term(),
        claim.table,
        *(at7[number] for number in range(1, 8)),
        *claim.town(),
        str(line.stop),
        *line.remarks,
    )
    digest = blake2b("\x1f".join(said).encode("utf-8", "replace"), digest_size=10).hexdigest()
    return f"214/{reference.value}/{claim.code}/{digest}"


def _reason(context: SetContext, claim: Claim) -> str:
    number = 2 if claim.table == "status" else 4
    code = claim.at7[number]
    if code and code not in REASONS:
        said = "This reason code is in no list of ours; it was kept as it came"
        context.notice("UNKNOWN_REASON_CODE", said, claim.at7, number, "code", sent=code)
    return "" if code in NOTHING_HAPPENED else code


def _note(claim: Claim, line: Line) -> str:
    code = claim.at7[2 if claim.table == "status" else 4]
    reason = REASONS.get(code)
    words = []
    if reason is not None and code not in NOTHING_HAPPENED:
        words.append(f"{reason.meaning} ({reason.responsible})")
    return "; ".join((*words, *line.remarks))


def _status(context: SetContext, shipment: Shipment, claim: Claim) -> Status:
    """Look a code up: what the partner means by it, what the house's table says, else a note."""
    table = SHIPMENT_STATUSES if claim.table == "status" else APPOINTMENT_STATUSES
    standard = table.get(claim.code)
    for meaning in context.document.meanings.get((claim.table, claim.code), ()):
        if _holds(meaning, shipment, claim):
            return _meant(meaning, standard)
    if standard is not None:
        return standard
    said = "This status code is in no list of ours; the event was kept as a note"
    number = 1 if claim.table == "status" else 3
    context.notice(
        "UNKNOWN_STATUS_CODE",
        said,
        claim.at7,
        number,
        "code",
        sent=claim.code,
        suggested=suggestion(claim.code),
    )
    return Status(claim.code, Milestone.NOTE, Classifier.ACTUAL, "")


def _meant(meaning: CodeMeaning, standard: Status | None) -> Status:
    known = Classifier.ACTUAL if standard is None else standard.classifier
    return Status(
        meaning.code,
        meaning.milestone,
        meaning.classifier or known,
        meaning.why,
        standard is not None and standard.partial,
    )


def _holds(meaning: CodeMeaning, shipment: Shipment, claim: Claim) -> bool:
    """Tell whether a meaning holds on the day of the event, and at this kind of stop."""
    day = claim.at7[5]
    since, until = meaning.since.replace("-", ""), meaning.until.replace("-", "")
    if (since and day < since) or (until and day > until):
        return False
    return not meaning.stop or meaning.stop in _roles(shipment, claim)


def _roles(shipment: Shipment, claim: Claim) -> set[str]:
    """Tell which stops of the shipment lie in the town of an event, by their N1 loops."""
    city, state, _, _ = claim.town()
    found = set()
    for party in shipment.parties:
        if city and (party.city.upper(), party.state.upper()) == (city.upper(), state.upper()):
            found |= {"PICKUP"} if party.role in PICKUP_PARTIES else set()
            found |= {"DELIVERY"} if party.role in DELIVERY_PARTIES else set()
    return found


def suggestion(code: str) -> str:
    """Guess what an unknown code may mean, for the person who teaches it; empty for no idea."""
    spelt = code.upper().replace("0", "O")
    for candidate in (code.upper(), spelt):
        if candidate in SHIPMENT_STATUSES:
            return f"{SHIPMENT_STATUSES[candidate].milestone} (as {candidate})"
        if candidate in APPOINTMENT_STATUSES:
            return f"{APPOINTMENT_STATUSES[candidate].milestone} (an appointment's {candidate})"
        if candidate in SUGGESTED:
            return f"{SUGGESTED[candidate]} (as in element 157, of the ocean sets)"
    return ""
