"""214 read: each AT7 is one claim about a shipment, with the place and the numbers beside it.

What a code means is looked up in the partner's own meanings first, then in the house's table. A
code in neither is kept as a note, with what it may mean: never a guess that moves anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b

from msgspec import Struct

from crossdock.canonical.references import Reference, ReferenceType
from crossdock.canonical.tracking import Classifier, EvidenceKind, Milestone, TrackingEvent
from crossdock.connectors.x12_carrier.codes.ocean import OCEAN_STATUSES
from crossdock.connectors.x12_carrier.codes.reasons import REASONS
from crossdock.connectors.x12_carrier.codes.statuses import (
    APPOINTMENT_STATUSES,
    SAID_ALREADY,
    SHIPMENT_STATUSES,
    Status,
)
from crossdock.connectors.x12_carrier.codes.tenders import (
    CARRIER_ISSUED,
    DELIVERY_PARTIES,
    PICKUP_PARTIES,
    REFERENCES,
    STOP_NUMBER,
)
from crossdock.connectors.x12_carrier.inbound.context import SetContext
from crossdock.connectors.x12_carrier.inbound.places import Party, Town, town
from crossdock.connectors.x12_carrier.inbound.times import is_ahead, moment_told
from crossdock.connectors.x12_carrier.settings import CodeMeaning
from crossdock.connectors.x12_carrier.wire import TOLD_APART, Row, row_of
from crossdock.formats.x12.structure import ALIKE_MAX
from crossdock.messages.shipment_visibility import MilestoneReported
from crossdock.ports import Reported

NOTHING_HAPPENED = frozenset({"", "NS", "NA"})
AT7_EMPTY = ("AT7", "", "", "", "", "", "", "")
LX, MS1 = "LX", "MS1"
WITHOUT_PARTIES = frozenset({LX, MS1, "AT7", "B10", "L11", "K1"})
WITH_PARTIES = WITHOUT_PARTIES | {"N1", "N3", "N4"}
_ACTUAL, _ORIGINAL = Classifier.ACTUAL, EvidenceKind.ORIGINAL  # looked at with every claim
_ETA_CHANGED = Milestone.ETA_CHANGED


class Claim:
    """One AT7 with the town beside it: its code and reason, and its day, time and zone."""

    __slots__ = ("at7", "code", "is_status", "reason", "town", "when")

    def __init__(self, at7: Row) -> None:
        """Take AT7: a status pair, or an appointment pair."""
        texts = at7.elements
        if len(texts) < len(AT7_EMPTY):
            texts = [*texts, *AT7_EMPTY[len(texts) :]]
        _, status, reason, appointment, because, day, clock, zone, *_ = texts
        self.at7 = at7
        self.town: Town | None = None
        self.is_status = bool(status) or not appointment
        self.code = status or appointment
        self.reason = reason if self.is_status else because
        self.when = day, clock, zone


class Line(Struct, gc=False):
    """One LX loop: its claims, and the numbers and remarks that hold for all of them."""

    claims: list[Claim] = []
    stop: int = 0
    remarks: list[str] = []

    def take(self, tag: str, row: Row) -> None:
        """Take one segment of the loop."""
        if tag == "AT7":
            self.claims.append(Claim(row))
        elif tag == "K1":
            self.remarks.append(" ".join(filter(None, (row[1], row[2]))))
        elif tag == "L11" and row[2] == STOP_NUMBER and row[1].isdecimal():
            self.stop = int(row[1])
        elif tag == "L11" and row[1]:
            self.remarks.append(f"{row[2]} {row[1]}".strip())

    def stand(self, town: Town | None) -> None:
        """Take where the claim before was made; the first word holds."""
        if self.claims and self.claims[-1].town is None:
            self.claims[-1].town = town

    def tells(self, code: str) -> bool:
        """Tell whether a claim of the loop has this code."""
        return any(claim.code == code for claim in self.claims)


class Shipment(Struct, gc=False):
    """What a 214 says: the numbers of the shipment, its parties, and its lines."""

    b10: Row | None = None
    parties: list[Party] = []
    lines: list[Line] = []

    def take(self, tag: str, row: Row) -> None:
        """Take the next segment of the set."""
        lines = self.lines
        if tag == "AT7" and not lines:  # some leave LX out
            lines.append(Line())
        if tag == "B10":
            self.b10 = row
        elif lines:
            lines[-1].take(tag, row)
        elif tag == "N1":
            self.parties.append(Party(row))
        elif self.parties:
            self.parties[-1].take(row)

    def stand(self, place: Town | None) -> None:
        """Take the place of the claim before."""
        if self.lines:
            self.lines[-1].stand(place)


def statuses(context: SetContext) -> Iterator[Reported]:
    """Read every claim of a 214."""
    shipment = _gathered(context)
    reference = _reference(context, shipment.b10)
    if reference is None:
        return
    if not any(line.claims for line in shipment.lines):
        said = "This set tells of no milestone: there is no AT7 in it"
        context.notice("NO_STATUS", said, shipment.b10, 0, "lost")
    term = reference.term()
    for line in shipment.lines:
        told_beside = TOLD_APART.join((str(line.stop), *line.remarks))
        for claim in line.claims:
            named = f"214/{reference.value}/{claim.code}/{_digest(term, claim, told_beside)}"
            reported = _reported(context, shipment, line, claim, reference, named)
            if reported is not None:
                yield reported


def _gathered(context: SetContext) -> Shipment:
    """Gather what is read of a 214; its parties only where a partner's codes depend on them."""
    shipment = Shipment()
    separator = context.group.interchange.delimiters.element
    read = WITH_PARTIES if context.document.meanings else WITHOUT_PARTIES
    read_at = _read_at if len(context.tags) <= ALIKE_MAX else _read_at.__wrapped__
    for position, tag in read_at(context.tags, read):
        text = context.texts[position - 1]
        if tag == MS1:
            shipment.stand(town(text, separator))
        elif tag == LX:
            shipment.lines.append(Line())
        else:
            row = row_of(text, separator, position)
            shipment.take(row.elements[0], row)
    return shipment


@lru_cache(maxsize=1024)  # most sets of a partner are built alike
def _read_at(tags: tuple[str, ...], read: frozenset[str]) -> tuple[tuple[int, str], ...]:
    """Tell at which positions of a set the segments stand that are read."""
    names = ((position, tag[:3]) for position, tag in enumerate(tags, 1))  # blanks follow some
    return tuple((position, name) for position, name in names if name in read)


def _reference(context: SetContext, b10: Row | None) -> Reference | None:
    """Name the shipment by the shipper's number, else by the carrier's own, or another it knows."""
    if b10 is not None and b10[2]:
        return Reference(type=ReferenceType.SHIPMENT, value=b10[2])
    if b10 is not None and b10[1]:
        return Reference(type=ReferenceType.PRO, value=b10[1], issuer=b10[3])
    if b10 is not None and b10[6] and b10[5] in REFERENCES:
        kind = REFERENCES[b10[5]]
        issuer = b10[3] if kind in CARRIER_ISSUED else ""
        return Reference(type=kind, value=b10[6], issuer=issuer)
    said = "This set names no shipment: B10-01 and B10-02 are empty"
    if b10 is not None and b10[6]:
        said += ", and the list of numbers lacks the kind of B10-06 (B10-05)"
    context.notice("NO_SHIPMENT_NUMBER", said, b10, 0, "lost")
    return None


def _reported(  # noqa: PLR0913, PLR0917 - a claim is read with all of these
    context: SetContext,
    shipment: Shipment,
    line: Line,
    claim: Claim,
    reference: Reference,
    identity: str,
) -> Reported | None:
    at7, place = claim.at7, claim.town
    told = moment_told(context, at7, 5, claim.when, place.zone if place else None)
    if told is None:
        return None
    status = _status(context, shipment, line, claim)
    if status.classifier is _ACTUAL and is_ahead(told, context):
        text = "This is told as a fact and lies ahead of the message that tells it"
        context.notice("TIME_AHEAD", text, at7, 5, "time", text=told.text)
    estimate = told if status.milestone is _ETA_CHANGED else None
    reason = claim.reason
    event = TrackingEvent(
        source=context.document.source,
        source_event_id=identity,
        kind=_ORIGINAL,
        milestone=status.milestone,
        classifier=status.classifier,
        occurred=told if estimate is None else context.written or told,
        raw_code=claim.code,
        reference=reference,
        place=place.location if place else None,
        stop=line.stop,
        partial=status.partial,
        reason="" if reason in NOTHING_HAPPENED else _reason(context, claim, reason),
        note=_note(reason, line.remarks),
        estimate=estimate,
    )
    return Reported(
        identity=identity, report=MilestoneReported(evidence=event), where=context.where(at7)
    )


def _digest(term: str, claim: Claim, beside: str) -> str:
    """Name the claim by what it says: X12 gives events no number, and histories come again."""
    place = (claim.town.said,) if claim.town else ()
    said = TOLD_APART.join((term, *claim.at7.elements, *place, beside))
    return blake2b(said.encode("utf-8", "replace"), digest_size=10).hexdigest()


def _reason(context: SetContext, claim: Claim, code: str) -> str:
    if code not in REASONS:
        said = "This reason code is in no list of ours; it was kept as it came"
        number = 2 if claim.is_status else 4
        context.notice("UNKNOWN_REASON_CODE", said, claim.at7, number, "code", sent=code)
    return code


def _note(reason: str, remarks: list[str]) -> str:
    """Say in words why, and what was remarked."""
    known = None if reason in NOTHING_HAPPENED else REASONS.get(reason)
    if known is None:
        return "; ".join(remarks)
    return "; ".join((f"{known.meaning} ({known.responsible})", *remarks))


def _status(context: SetContext, shipment: Shipment, line: Line, claim: Claim) -> Status:
    """Look a code up: what the partner means by it, what the house's table says, else a note."""
    code = claim.code
    standard = (SHIPMENT_STATUSES if claim.is_status else APPOINTMENT_STATUSES).get(code)
    if context.document.meanings:
        table = "status" if claim.is_status else "appointment"
        for meaning in context.document.meanings.get((table, code), ()):
            if _holds(meaning, shipment, claim):
                return _meant(meaning, standard)
    if standard is None:
        _notice_unknown(context, claim)
        return Status(code, Milestone.NOTE, Classifier.ACTUAL, "")
    if claim.is_status and code in SAID_ALREADY and line.tells(SAID_ALREADY[code]):
        return standard._replace(milestone=Milestone.NOTE)
    return standard


def _notice_unknown(context: SetContext, claim: Claim) -> None:
    context.notice(
        "UNKNOWN_STATUS_CODE",
        "This status code is in no list of ours; the event was kept as a note",
        claim.at7,
        1 if claim.is_status else 3,
        "code",
        sent=claim.code,
        suggested=suggestion(claim.code),
    )


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
    if not meaning.holds_on(claim.at7[5]):
        return False
    return not meaning.stop or meaning.stop in _roles(shipment, claim)


def _roles(shipment: Shipment, claim: Claim) -> set[str]:
    """Tell which stops of the shipment lie in the town of an event, by their N1 loops."""
    found: set[str] = set()
    town = claim.town
    if town is None or not town.city:
        return found
    here = town.city.upper(), town.state.upper()
    for party in shipment.parties:
        if (party.city.upper(), party.state.upper()) == here:
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
        if candidate in OCEAN_STATUSES:
            return f"{OCEAN_STATUSES[candidate].milestone} (as in element 157, of the ocean sets)"
    return ""
