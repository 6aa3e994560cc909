"""A document of X12: every set read, every group answered, whatever stands in it.

The partner's profile decides by classes of findings: accept, accept with errors, or reject. A set
that is rejected is not read; the rest of its group is. Acknowledgements are never acknowledged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256

from msgspec import Struct

from crossdock.connectors.x12_carrier.codes.envelopes import (
    ELEMENT_FAULTS,
    SEGMENT_FAULTS,
    VERDICTS,
)
from crossdock.connectors.x12_carrier.inbound.acknowledgements import (
    acknowledgement,
    environment_of,
    interchange_reports,
)
from crossdock.connectors.x12_carrier.inbound.context import Context, SetContext
from crossdock.connectors.x12_carrier.inbound.invoices import invoice
from crossdock.connectors.x12_carrier.inbound.ocean import ocean
from crossdock.connectors.x12_carrier.inbound.statuses import statuses
from crossdock.connectors.x12_carrier.inbound.tenders import answer, tender
from crossdock.connectors.x12_carrier.inbound.times import written_at
from crossdock.connectors.x12_carrier.outbound.answers import group_answer, interchange_answer
from crossdock.connectors.x12_carrier.settings import Acceptance, Settings
from crossdock.faults import Finding, Unreadable
from crossdock.formats.x12.acknowledgement import (
    ACCEPTED,
    PARTLY,
    REJECTED,
    WITH_ERRORS,
    GroupVerdict,
    SegmentFault,
    SetVerdict,
)
from crossdock.formats.x12.envelope import Document, Group, Interchange, Transaction, read
from crossdock.formats.x12.findings import CODES, LAYOUT, SYNTAX
from crossdock.formats.x12.resemblance import other_than_x12
from crossdock.formats.x12.schema import release_of
from crossdock.formats.x12.tokens import Limits
from crossdock.formats.x12.validation import validator
from crossdock.messages.acknowledgement import EnvelopeReceived, Environment, Level
from crossdock.ports import Owed, Reading, Reported

Read = Callable[[SetContext], Iterator[Reported]]

READERS: Mapping[str, Read] = {
    "204": tender,
    "210": invoice,
    "214": statuses,
    "315": ocean,
    "990": answer,
    "997": acknowledgement,
    "999": acknowledgement,
}
UNMAPPED = "unmapped"
SET_NOT_SUPPORTED, SEGMENTS_AT_FAULT = "1", "5"  # element 718
RANKS: tuple[Acceptance, ...] = ("accept", "accept_with_errors", "reject")
LETTERS: Mapping[Acceptance, str] = {
    "accept": ACCEPTED,
    "accept_with_errors": WITH_ERRORS,
    "reject": REJECTED,
}


class Answered(Struct, frozen=True, kw_only=True):
    """What came of a group: what is said of it, what was read in it, and the hash of its bytes."""

    verdict: GroupVerdict
    reports: tuple[Reported, ...]
    digest: str


def interchange(raw: bytes, settings: Settings) -> Reading:
    """Read a document of X12. Raises Unreadable where no interchange can be found in it."""
    document = read(raw, Limits(interchange_bytes=settings.interchange_mib * 1024 * 1024))
    if not document.interchanges:
        raise _unreadable(document, raw)
    context = Context(settings)
    context.noticed += document.findings
    reports: list[Reported] = []
    owed: list[Owed] = []
    environments: dict[Environment, None] = {}
    for each in document.interchanges:
        reading = _read_interchange(context, each, raw)
        reports += reading.reports
        owed += reading.owed
        environments |= dict.fromkeys(reading.environments)
    return Reading(
        reports=tuple(reports),
        findings=tuple(sorted(context.noticed, key=lambda each: each.at or 0)),
        owed=tuple(owed),
        environments=tuple(environments),
    )


def _unreadable(document: Document, raw: bytes) -> Unreadable:
    """Name what broke the file, not how it is laid out."""
    found = document.findings
    finding = next((each for each in found if each.kind != LAYOUT), found[0])
    instead = other_than_x12(raw)
    return Unreadable(
        f"{finding.said}: {instead}" if instead else finding.said,
        code=finding.code,
        at_byte=finding.at,
        **finding.seen,
    )


def _read_interchange(context: Context, found: Interchange, raw: bytes) -> Reading:
    context.noticed += found.findings
    accepted = _worst(context, found.findings)
    answered = [(group, _read_group(context, group, raw, accepted)) for group in found.groups]
    verdict = LETTERS[accepted]
    reports = [
        *_envelopes(found, verdict, raw, answered),
        *interchange_reports(context, found),
        *(reported for _, each in answered for reported in each.reports),
    ]
    owed = [
        group_answer(context.settings, group, each.verdict, each.digest)
        for group, each in answered
        if found.control and not group.is_acknowledgement and group.functional_id
    ]
    if found.control and (found.ack_requested or verdict == REJECTED) and not found.reports:
        note = next((CODES[each.code].note for each in found.findings if _noted(each)), "")
        owed.insert(
            0, interchange_answer(context.settings, found, verdict, note, _digest(raw, found))
        )
    environments = (environment_of(found),) if found.usage else ()
    return Reading(reports=tuple(reports), owed=tuple(owed), environments=environments)


def _noted(finding: Finding) -> bool:
    return finding.code in CODES and bool(CODES[finding.code].note)


def _envelopes(
    found: Interchange, verdict: str, raw: bytes, answered: list[tuple[Group, Answered]]
) -> Iterator[Reported]:
    """Report the numbers that an interchange and its groups came under, where they have any."""
    if not found.control.isdecimal():
        return
    whose = f"{found.sender}/{found.receiver}"
    usage = found.usage or "P"
    yield Reported(
        identity=f"isa {whose}/{usage}/{int(found.control)}",
        report=EnvelopeReceived(
            stream=whose,
            environment=environment_of(found),
            level=Level.INTERCHANGE,
            number=int(found.control),
            digest=_digest(raw, found),
            verdict=VERDICTS[verdict],
        ),
        where=f"ISA {found.control}",
    )
    for group, each in answered:
        if group.control.isdecimal():
            yield Reported(
                identity=f"gs {whose}/{group.functional_id}/{usage}/{int(group.control)}",
                report=EnvelopeReceived(
                    stream=f"{whose}/{group.functional_id}",
                    environment=environment_of(found),
                    level=Level.GROUP,
                    number=int(group.control),
                    digest=each.digest,
                    verdict=VERDICTS[each.verdict.verdict],
                ),
                where=f"GS {group.control}",
            )


def _digest(raw: bytes, found: Interchange | Group) -> str:
    return sha256(memoryview(raw)[found.at : found.at + found.size]).hexdigest()


def _read_group(context: Context, group: Group, raw: bytes, above: Acceptance) -> Answered:
    context.noticed += group.findings
    accepted = max(above, _worst(context, group.findings), key=RANKS.index)
    sets: list[SetVerdict] = []
    reports: list[Reported] = []
    written = written_at(group, context.settings.time_zone)
    against = validator(release_of(group.version), group.interchange.delimiters)
    for found in group.transactions:
        texts = found.texts
        tags, faults = against.look_at(found, texts)
        verdict = _judge(context, found, faults, accepted)
        sets.append(verdict)
        if verdict.verdict == REJECTED:
            context.noticed.append(_rejected(found, verdict))
        elif found.set_id in READERS:
            reports += READERS[found.set_id](SetContext(context, found, texts, tags, written))
    codes = dict.fromkeys(
        CODES[each.code].note for each in group.findings if _noted(each) and accepted != "accept"
    )
    claimed = int(group.claimed) if group.claimed.isdecimal() else len(sets)
    return Answered(
        verdict=GroupVerdict(
            functional_id=group.functional_id,
            control=group.control,
            version=group.version,
            verdict=_group_letter(sets, accepted),
            included=min(claimed, 999_999),
            sets=tuple(sets),
            codes=tuple(codes),
        ),
        reports=tuple(reports),
        digest=_digest(raw, group),
    )


def _judge(
    context: Context, found: Transaction, faults: tuple[SegmentFault, ...], above: Acceptance
) -> SetVerdict:
    """Say of a set whether it is accepted, and why not; a set without a map is told so."""
    if not faults and not found.findings and above == "accept" and found.set_id in READERS:
        return SetVerdict(
            set_id=found.set_id,
            control=found.control,
            implementation=found.implementation,
            verdict=ACCEPTED,
        )
    context.noticed += found.findings
    context.noticed += (_fault_finding(found, each) for each in faults)
    accepted = max(above, _worst(context, found.findings), key=RANKS.index)
    codes = [CODES[each.code].note for each in found.findings if _noted(each)]
    if faults:
        accepted = max(accepted, context.acceptance[SYNTAX], key=RANKS.index)
        codes.append(SEGMENTS_AT_FAULT)
    if found.set_id not in READERS:
        accepted = max(accepted, context.acceptance[UNMAPPED], key=RANKS.index)
        codes.append(SET_NOT_SUPPORTED)
        context.noticed.append(_unmapped(found))
    return SetVerdict(
        set_id=found.set_id,
        control=found.control,
        implementation=found.implementation,
        verdict=LETTERS[accepted],
        codes=tuple(dict.fromkeys(codes)) if accepted != "accept" else (),
        faults=faults if accepted != "accept" else (),
    )


def _group_letter(sets: list[SetVerdict], accepted: Acceptance) -> str:
    verdicts = {each.verdict for each in sets}
    if accepted == "reject" or verdicts == {REJECTED}:
        return REJECTED
    if REJECTED in verdicts:
        return PARTLY
    return WITH_ERRORS if WITH_ERRORS in verdicts or accepted != "accept" else ACCEPTED


def _worst(context: Context, findings: Iterable[Finding]) -> Acceptance:
    """Tell what the partner's profile makes of findings: the strictest word holds."""
    return max(
        (context.acceptance.get(each.kind, "accept") for each in findings),
        key=RANKS.index,
        default="accept",
    )


def _fault_finding(found: Transaction, fault: SegmentFault) -> Finding:
    where = f"ST {found.control}/{fault.tag} at {fault.position}"
    if fault.elements:
        where += f"/{fault.elements[0].position:02d}"
    told = (
        f"{each.position}{f'-{each.component}' if each.component else ''} "
        f"{ELEMENT_FAULTS.get(each.code, f'has fault {each.code}')}"
        for each in fault.elements
    )
    return Finding(
        code=f"SEGMENT_{fault.code}",
        said=f"By the standard this segment {SEGMENT_FAULTS[fault.code]}",
        where=where,
        seen={"elements": ", ".join(told)} if fault.elements else {},
        kind=SYNTAX,
        at=fault.at,
    )


def _unmapped(found: Transaction) -> Finding:
    return Finding(
        code="SET_NOT_MAPPED",
        said=f"There is no map for this set ({found.set_id or 'without a name'})",
        where=f"ST {found.control}",
        seen={"set": found.set_id, "release": found.group.version},
        kind=UNMAPPED,
        at=found.at,
    )


def _rejected(found: Transaction, verdict: SetVerdict) -> Finding:
    return Finding(
        code="SET_REJECTED",
        said="This set was rejected, and nothing in it was read",
        where=f"ST {found.control}",
        seen={"set": found.set_id, "codes": ", ".join(verdict.codes)},
        kind="rejected",
        at=found.at,
    )
