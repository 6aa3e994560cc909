"""214 read: each AT7 is one claim about a shipment, with the place and the numbers beside it.

What a code means is looked up in the partner's own meanings first, then in the house's table. A
code in neither is kept as a note, with what it may mean: never a guess that moves anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
from crossdock.connectors.x12_carrier.wire import TOLD_APART, Row
from crossdock.formats.x12.structure import ALIKE_MAX
from crossdock.messages.shipment_visibility import MilestoneReported
from crossdock.ports import Reported

NOTHING_HAPPENED = frozenset({"", "NS", "NA"})
AT7_EMPTY = ("AT7", "", "", "", "", "", "", "")
READ = frozenset({"LX", "MS1", "AT7", "B10", "L11", "K1", "N1", "N3", "N4"})
_ACTUAL, _ORIGINAL = Classifier.ACTUAL, EvidenceKind.ORIGINAL  # looked at with every claim
_ETA_CHANGED, _SHIPMENT = Milestone.ETA_CHANGED, ReferenceType.SHIPMENT


class Line:
    """One LX loop by the positions of its segments: each AT7 with its MS1 (0: none), and words."""

    __slots__ = ("claims", "words")

    def __init__(self) -> None:
        """Begin empty."""
        self.claims: list[tuple[int, int]] = []
        self.words: list[int] = []

    def take(self, tag: str, position: int) -> None:
        """Take the next segment of the loop; of several towns beside a claim the first holds."""
        if tag == "AT7":
            self.claims.append((position, 0))
        elif tag in {"L11", "K1"}:
            self.words.append(position)
        elif tag == "MS1" and self.claims and not self.claims[-1][1]:
            self.claims[-1] = self.claims[-1][0], position


class Build:
    """Where in a set, by the tags of its segments, stands what is read of a 214; if it `tells`."""

    __slots__ = ("b10", "lines", "parties", "tells")

    def __init__(self, tags: Sequence[str]) -> None:
        """Go through the tags once."""
        self.b10 = 0
        self.parties: list[int] = []
        self.lines: list[Line] = []
        for position, tag in enumerate(tags, 1):
            name = tag[:3] + tag[3:].strip()  # blanks follow some
            if name in READ:
                self._take(name, position)
        self.tells = any(line.claims for line in self.lines)

    def _take(self, tag: str, position: int) -> None:
        if tag == "LX" or (tag == "AT7" and not self.lines):  # some leave LX out
            self.lines.append(Line())
        if tag == "B10":
            self.b10 = position
        elif self.lines:
            self.lines[-1].take(tag, position)
        elif tag in {"N1", "N3", "N4"}:
            self.parties.append(position)


_build_of = lru_cache(maxsize=1024)(Build)  # most sets of a partner are built alike


class Claim(Struct, frozen=True, gc=False):
    """One AT7 with the town beside it: its code and reason, and its day, time and zone."""

    at7: Row
    code: str
    is_status: bool
    reason: str
    when: tuple[str, str, str]
    town: Town | None


class Loop(Struct, frozen=True, gc=False):
    """One LX loop read: its claims, and the stop and the remarks that hold for all of them."""

    claims: list[Claim]
    stop: int
    remarks: list[str]

    def tells(self, code: str) -> bool:
        """Tell whether a claim of the loop has this code."""
        return any(claim.code == code for claim in self.claims)


class Shipment(Struct, frozen=True, gc=False):
    """Whose set it is, and its parties where a partner's codes depend on them."""

    reference: Reference
    term: str
    parties: list[Party]


def statuses(context: SetContext) -> Iterator[Reported]:
    """Read every claim of a 214."""
    build = _build_of(context.tags) if len(context.tags) <= ALIKE_MAX else Build(context.tags)
    reference = _reference(context, context.row(build.b10) if build.b10 else None)
    if reference is None:
        return
    if not build.tells:
        said = "This set tells of no milestone: there is no AT7 in it"
        context.notice("NO_STATUS", said, context.row(build.b10), 0, "lost")
    parties = _parties(context, build.parties) if context.document.meanings else []
    shipment = Shipment(reference, reference.term(), parties)
    for line in build.lines:
        loop = _loop(context, line)
        beside = TOLD_APART.join((str(loop.stop), *loop.remarks))
        for claim in loop.claims:
            digest = _digest(shipment.term, claim, beside)
            named = f"214/{reference.value}/{claim.code}/{digest}"
            reported = _reported(context, shipment, loop, claim, named)
            if reported is not None:
                yield reported


def _parties(context: SetContext, positions: list[int]) -> list[Party]:
    parties: list[Party] = []
    for row in map(context.row, positions):
        if row.elements[0] == "N1":
            parties.append(Party(row))
        elif parties:
            parties[-1].take(row)
    return parties


def _loop(context: SetContext, line: Line) -> Loop:
    stop, remarks = 0, []
    for row in map(context.row, line.words):
        if row.elements[0] == "K1":
            remarks.append(" ".join(filter(None, (row[1], row[2]))))
        elif row[2] == STOP_NUMBER and row[1].isdecimal():
            stop = int(row[1])
        elif row[1]:
            remarks.append(f"{row[2]} {row[1]}".strip())
    return Loop([_claim(context, at7, ms1) for at7, ms1 in line.claims], stop, remarks)


def _claim(context: SetContext, at7: int, ms1: int) -> Claim:
    """Read AT7, a status pair or an appointment pair, with the town beside it."""
    row = context.row(at7)
    texts = row.elements
    if len(texts) < len(AT7_EMPTY):
        texts = [*texts, *AT7_EMPTY[len(texts) :]]
    _, status, reason, appointment, because, day, clock, zone, *_ = texts
    is_status = bool(status) or not appointment
    return Claim(
        row,
        status or appointment,
        is_status,
        reason if is_status else because,
        (day, clock, zone),
        town(context.texts[ms1 - 1], context.separator) if ms1 else None,
    )


def _reference(context: SetContext, b10: Row | None) -> Reference | None:
    """Name the shipment by the shipper's number, else by the carrier's own, or another it knows."""
    if b10 is not None and b10[2]:
        return Reference(type=_SHIPMENT, value=b10[2])
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


def _reported(
    context: SetContext, shipment: Shipment, loop: Loop, claim: Claim, identity: str
) -> Reported | None:
    at7, place, reason = claim.at7, claim.town, claim.reason
    told = moment_told(context, at7, 5, claim.when, place.zone if place else None)
    if told is None:
        return None
    status = _status(context, shipment, loop, claim)
    if status.classifier is _ACTUAL and is_ahead(told, context):
        text = "This is told as a fact and lies ahead of the message that tells it"
        context.notice("TIME_AHEAD", text, at7, 5, "time", text=told.text)
    estimate = told if status.milestone is _ETA_CHANGED else None
    event = TrackingEvent(
        source=context.document.source,
        source_event_id=identity,
        kind=_ORIGINAL,
        milestone=status.milestone,
        classifier=status.classifier,
        occurred=told if estimate is None else context.written or told,
        raw_code=claim.code,
        reference=shipment.reference,
        place=place.location if place else None,
        stop=loop.stop,
        partial=status.partial,
        reason="" if reason in NOTHING_HAPPENED else _reason(context, claim, reason),
        note=_note(reason, loop.remarks),
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


def _status(context: SetContext, shipment: Shipment, loop: Loop, claim: Claim) -> Status:
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
    if claim.is_status and code in SAID_ALREADY and loop.tells(SAID_ALREADY[code]):
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
