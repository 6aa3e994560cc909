"""997, 999 and TA1 read: what the partner says of the groups and interchanges we sent."""

from __future__ import annotations

from collections.abc import Iterator

from crossdock.connectors.x12_carrier.codes.envelopes import (
    ELEMENT_FAULTS,
    SEGMENT_FAULTS,
    VERDICTS,
)
from crossdock.connectors.x12_carrier.inbound.context import Context, SetContext
from crossdock.connectors.x12_carrier.wire import Row, row_of
from crossdock.faults import Finding
from crossdock.formats.x12.envelope import Interchange
from crossdock.messages.acknowledgement import AcknowledgementReceived, Environment, Level
from crossdock.ports import Reported

FAULTS_MAX = 50
UNCLEAR = "ACKNOWLEDGEMENT_UNCLEAR"


def environment_of(interchange: Interchange) -> Environment:
    """Tell what an interchange is for; `I` (information) and nothing count as production."""
    return Environment.TEST if interchange.usage == "T" else Environment.PRODUCTION


def acknowledgement(context: SetContext) -> Iterator[Reported]:
    """Read a 997 or 999: one group of ours, its sets, and what is wrong in them."""
    head = trailer = None
    faults: list[str] = []
    told = ""
    for row in context.rows():
        match row.tag:
            case "AK1":
                head = row
            case "AK2":
                told = f"set {row[1]} {row[2]}"
            case "AK3" | "IK3":
                faults.append(f"{told}: {_segment(row)}")
            case "AK4" | "IK4" if faults:
                faults.append(f"{told}: {_element(row)}")
            case "AK9":
                trailer = row
            case _:
                pass
    verdict = VERDICTS.get(trailer[1]) if trailer else None
    if head is None or trailer is None or verdict is None or not head[2].isdecimal():
        said = "This acknowledgement does not say which group it means, or what of it"
        context.notice(UNCLEAR, said, head, 0, "lost")
        return
    interchange = context.group.interchange
    report = AcknowledgementReceived(
        environment=environment_of(interchange),
        level=Level.GROUP,
        number=int(head[2]),
        verdict=verdict,
        faults=tuple(faults[:FAULTS_MAX]),
    )
    identity = f"997 {context.numbers}"
    yield Reported(identity=identity, report=report, where=context.where())


def _segment(row: Row) -> str:
    said = SEGMENT_FAULTS.get(row[4], f"has fault {row[4]}" if row[4] else "has a fault")
    return f"segment {row[1]} at {row[2]} {said}"


def _element(row: Row) -> str:
    said = ELEMENT_FAULTS.get(row[3], f"has fault {row[3]}")
    shown = f": {row[4]}" if row[4] else ""
    return f"element {row[1]} {said}{shown}"


def interchange_reports(document: Context, interchange: Interchange) -> Iterator[Reported]:
    """Read the TA1 of an interchange: each is about one interchange of ours."""
    for segment in interchange.reports:
        row = row_of(segment.text, segment.separator, 1)
        verdict = VERDICTS.get(row[4])
        if verdict is None or not row[1].isdecimal():
            said = "This TA1 does not say which interchange it means, or what of it"
            where = f"TA1 {row[1]}"
            unclear = Finding(code=UNCLEAR, said=said, where=where, kind="lost", at=segment.at)
            document.noticed.append(unclear)
            continue
        report = AcknowledgementReceived(
            environment=environment_of(interchange),
            level=Level.INTERCHANGE,
            number=int(row[1]),
            verdict=verdict,
            faults=() if row[5] in {"", "000"} else (f"note {row[5]}",),
        )
        identity = f"ta1 {interchange.sender}/{interchange.usage}/{interchange.control}/{row[1]}"
        yield Reported(identity=identity, report=report, where=f"TA1 {row[1]}")
