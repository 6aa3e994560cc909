"""Which findings need a person, and whose: the others are kept with the document, and that is all.

A finding's code comes from the connector that read the document. A code that is not in the table
is kept and shown with the document; a code in it opens one exception for the document.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from crossdock.faults import Finding
from crossdock.flow.exceptions import Trouble
from crossdock.messages.teams import Team
from crossdock.ports import Reading


class Concern(Struct, frozen=True, kw_only=True):
    """Who looks at a finding, and the next step suggested."""

    team: Team
    action: str


LOST = Concern(
    team=Team.INTEGRATION,
    action="Mend the entry and send the document again as edited; or teach the connector and retry",
)
CONCERNS: dict[str, Concern] = {
    "UNKNOWN_STATUS_CODE": Concern(
        team=Team.CARRIER_RELATIONS,
        action="Ask the carrier what the code means, teach it to the connector, then retry",
    ),
    # An entry of the document was lost; the others went on.
    "BAD_ROW": LOST,
    "BAD_VALUE": LOST,
    "LOCAL_TIME_SKIPPED": LOST,
    "NOT_AN_AMOUNT": LOST,
    "NOT_A_NUMBER": LOST,
    "NOT_A_TIME": LOST,
    "ROWS_APART": LOST,
    "ROWS_DISAGREE": LOST,
    "ROW_LOST": LOST,
    "UNKNOWN_ACTION": LOST,
    "UNKNOWN_CODE": LOST,
    "UNKNOWN_EVENT_TYPE": LOST,
    "UNKNOWN_REFERENCE_TYPE": LOST,
    "WRONG_SHAPE": LOST,
}
NOTHING_READ = "NOTHING_READ"  # findings, and not one report: whatever their codes, look at it


def concerns(reading: Reading, partner: str, document: str, document_id: str) -> list[Trouble]:
    """Ask the teams about the findings that need a person: one trouble for each code."""
    by_code: dict[str, list[Finding]] = {}
    for finding in reading.findings:
        if finding.code in CONCERNS:
            by_code.setdefault(finding.code, []).append(finding)
    if reading.findings and not reading.reports and not by_code:
        by_code[NOTHING_READ] = list(reading.findings)
    return [
        _trouble(code, found, f"{partner} {document}", document_id)
        for code, found in by_code.items()
    ]


def _trouble(code: str, found: Sequence[Finding], whose: str, document_id: str) -> Trouble:
    concern = CONCERNS.get(code, LOST)
    first, more = found[0], len(found) - 1
    rest = f" (and {more} more)" if more else ""
    return Trouble(
        kind="document",
        subject=document_id,
        code=code,
        team=concern.team,
        cause=f"{whose}: {first.said}{rest}",
        action=concern.action,
        about=tuple(dict.fromkeys(value for each in found for value in each.seen.values())),
        seen={**first.seen, "where": first.where, "findings": str(len(found))},
        document_id=document_id,
    )
