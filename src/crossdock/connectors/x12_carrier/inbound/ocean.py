"""315 read: what an ocean carrier tells of a container, and when it expects the way to end.

B4 is one claim. Its place is the port of the same code among the R4 loops, where there is one; its
time is local there. A date expected at the port of discharge or the place of delivery is a claim
of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import NamedTuple

from crossdock.canonical.identifiers import check_container, container_check_digit
from crossdock.canonical.moments import Moment
from crossdock.canonical.party import Address, Location
from crossdock.canonical.references import Reference, ReferenceType
from crossdock.canonical.tracking import Classifier, EvidenceKind, Milestone, TrackingEvent
from crossdock.canonical.zones import PlaceZone, country_of, zone_of_place
from crossdock.connectors.x12_carrier.codes.ocean import (
    CARRIER_CODE,
    EMPTY,
    ENDS,
    EXPECTED,
    NAMING,
    OCEAN_STATUSES,
    WHEN_EMPTY,
)
from crossdock.connectors.x12_carrier.codes.statuses import Status
from crossdock.connectors.x12_carrier.inbound.context import SetContext
from crossdock.connectors.x12_carrier.inbound.times import is_ahead, moment_at, moment_with
from crossdock.connectors.x12_carrier.wire import Row
from crossdock.messages.shipment_visibility import MilestoneReported
from crossdock.ports import Reported

UNLOCODE, CITY = "UN", "CI"  # element 309
UNLOCODE_LENGTH = 5
STEM_LENGTH = 10  # of a container number without its check digit
SCAC_QUALIFIER = "02"  # element I07


class Port:
    """One R4 loop: a port or a place on the way, with its dates."""

    def __init__(self, r4: Row) -> None:
        """Begin with R4."""
        self.r4 = r4
        self.dates: list[Row] = []

    def zone(self) -> PlaceZone | None:
        """Find its zone."""
        return zone_of_place(self._country(), self.r4[8])

    def location(self) -> Location:
        """Make a place of it."""
        code = self.r4[3] if self.r4[2] == UNLOCODE and len(self.r4[3]) == UNLOCODE_LENGTH else ""
        country, zone = self._country(), self.zone()
        return Location(
            name=self.r4[4],
            unlocode=code,
            address=Address(country=country, city="", subdivision=self.r4[8]) if country else None,
            zone=zone.zone if zone and not zone.split else "",
        )

    def _country(self) -> str:
        in_code = self.r4[3][:2] if self.r4[2] == UNLOCODE else ""
        return country_of(self.r4[5] or in_code, self.r4[8])


class Claim(NamedTuple):
    """One thing a 315 tells: what, when, where, and the segments that say so."""

    rows: tuple[Row, ...]
    status: Status
    occurred: Moment
    place: Location | None
    estimate: Moment | None


class Voyage:
    """What a 315 says: of which container, by which numbers, on which way."""

    def __init__(self) -> None:
        """Begin empty."""
        self.b4: Row | None = None
        self.q2: Row | None = None
        self.numbers: dict[str, str] = {}
        self.ports: list[Port] = []

    def take(self, row: Row) -> None:
        """Take the next segment of the set."""
        match row.tag:
            case "B4":
                self.b4 = row
            case "Q2":
                self.q2 = row
            case "N9" if row[2]:
                self.numbers.setdefault(row[1], row[2])
            case "R4":
                self.ports.append(Port(row))
            case "DTM" if self.ports:
                self.ports[-1].dates.append(row)
            case _:
                pass

    def port_of(self, b4: Row) -> Port | None:
        """Find the port that B4 speaks of."""
        return next((each for each in self.ports if b4[11] and each.r4[3] == b4[11]), None)

    def note(self, b4: Row, container: str) -> str:
        """Say what is moved by what."""
        q2 = self.q2
        vessel = " ".join(filter(None, (q2[13], q2[9]))) if q2 else ""
        state = "empty" if b4[9] in EMPTY else ""
        return "; ".join(filter(None, (container, state, vessel)))


def ocean(context: SetContext) -> Iterator[Reported]:
    """Read a 315: what happened, and when the way is expected to end."""
    voyage = Voyage()
    for row in context.rows():
        voyage.take(row)
    b4 = voyage.b4
    container = _container(context, b4) if b4 else ""
    reference = _reference(context, voyage, container)
    if b4 is None or reference is None:
        said = "This set names no shipment: neither a booking, nor a bill, nor a container"
        context.notice("NO_SHIPMENT_NUMBER", said, b4, 0, "lost")
        return
    note = voyage.note(b4, container)
    for claim in _claims(context, voyage, b4):
        yield _reported(context, claim, reference, note)


def _claims(context: SetContext, voyage: Voyage, b4: Row) -> Iterator[Claim]:
    """Read B4, and the dates at which the way is expected to end."""
    port = voyage.port_of(b4)
    told = moment_with(context, b4, 4, _zone_code(port, b4), port.zone() if port else None)
    if told is None:
        return
    status = _status(context, b4)
    if status.classifier is Classifier.ACTUAL and is_ahead(told, context):
        said = "This is told as a fact and lies ahead of the message that tells it"
        context.notice("TIME_AHEAD", said, b4, 4, "time", text=told.text)
    place = port.location() if port else _named(b4)
    if status.milestone is Milestone.ETA_CHANGED:
        yield Claim((b4,), status, context.written or told, place, told)
    else:
        yield Claim((b4,), status, told, place, None)
    for end in voyage.ports:
        for row in end.dates:
            if end.r4[1] in ENDS and row[1] in EXPECTED:
                due = moment_at(context, row, 2, end.zone())
                expects = Status(row[1], Milestone.ETA_CHANGED, Classifier.ESTIMATED, "")
                if due is not None:
                    yield Claim((b4, row), expects, told, end.location(), due)


def _container(context: SetContext, b4: Row) -> str:
    """Spell the container: owner and number, and the check digit where it is told apart."""
    stem = b4[7] + b4[8]
    if not stem:
        return ""
    number = stem + b4[13]
    if len(stem) == STEM_LENGTH and not b4[13] and stem[4:].isdecimal():
        number = stem + container_check_digit(stem)
    context.check(check_container(number, context.where(b4, 8)), b4)
    return number


def _reference(context: SetContext, voyage: Voyage, container: str) -> Reference | None:
    """Name the shipment by the surest number there is."""
    profile = context.settings
    by_profile = profile.partner_id if profile.partner_qualifier == SCAC_QUALIFIER else ""
    carrier = voyage.numbers.get(CARRIER_CODE) or by_profile
    for qualifier, kind in NAMING.items():
        if value := voyage.numbers.get(qualifier):
            issuer = carrier if kind is ReferenceType.BOOKING else ""
            return Reference(type=kind, value=value, issuer=issuer)
    return Reference(type=ReferenceType.CONTAINER, value=container) if container else None


def _zone_code(port: Port | None, b4: Row) -> str:
    """Find the time code that a port's date of the same minute has; B4 has none."""
    dates = port.dates if port else ()
    same = (row[4] for row in dates if (row[2], row[3]) == (b4[4], b4[5]))
    return next(same, "")


def _named(b4: Row) -> Location | None:
    """Make a place of B4 alone."""
    if b4[12] == UNLOCODE:
        return Location(unlocode=b4[11]) if len(b4[11]) == UNLOCODE_LENGTH else None
    if b4[12] == CITY and b4[11]:
        return Location(address=Address(country="", city=b4[11]))
    return None


def _status(context: SetContext, b4: Row) -> Status:
    """Look a code up: what the partner means by it, what the house's table says, else a note."""
    code = b4[3]
    standard = OCEAN_STATUSES.get(code)
    for meaning in context.document.meanings.get(("ocean", code), ()):
        if meaning.holds_on(b4[4]):
            known = standard.classifier if standard else Classifier.ACTUAL
            return Status(code, meaning.milestone, meaning.classifier or known, meaning.why)
    if standard is None:
        said = "This status code is in no list of ours; the event was kept as a note"
        context.notice("UNKNOWN_STATUS_CODE", said, b4, 3, "code", sent=code, suggested="")
        return Status(code, Milestone.NOTE, Classifier.ACTUAL, "")
    if b4[9] in EMPTY and code in WHEN_EMPTY:
        return standard._replace(milestone=WHEN_EMPTY[code])
    return standard


def _reported(context: SetContext, claim: Claim, reference: Reference, note: str) -> Reported:
    texts = (text for row in claim.rows for text in row.elements)
    said = "\x1f".join((reference.term(), note, *texts))
    digest = blake2b(said.encode("utf-8", "replace"), digest_size=10).hexdigest()
    identity = f"315/{reference.value}/{claim.status.code}/{digest}"
    event = TrackingEvent(
        source=context.document.source,
        source_event_id=identity,
        kind=EvidenceKind.ORIGINAL,
        milestone=claim.status.milestone,
        classifier=claim.status.classifier,
        occurred=claim.occurred,
        raw_code=claim.status.code,
        reference=reference,
        place=claim.place,
        note=note,
        estimate=claim.estimate,
    )
    report = MilestoneReported(evidence=event)
    return Reported(identity=identity, report=report, where=context.where(claim.rows[-1]))
