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


class Concern(Struct, frozen=True, kw_only=True):
    """Who looks at a finding, and the next step suggested."""

    team: Team
    action: str


CONCERNS: dict[str, Concern] = {
    "UNKNOWN_STATUS_CODE": Concern(
        team=Team.CARRIER_RELATIONS,
        action="Ask the carrier what the code means, teach it to the connector, then retry",
    ),
    "UNREADABLE_ENTRY": Concern(
        team=Team.INTEGRATION,
        action="Mend the entry and send the document again as edited, or waive it",
    ),
}


def concerns(
    findings: Sequence[Finding], partner: str, document: str, document_id: str
) -> list[Trouble]:
    """Ask the teams about the findings that need a person: one trouble for each code."""
    by_code: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.code in CONCERNS:
            by_code.setdefault(finding.code, []).append(finding)
    return [
        _trouble(code, found, f"{partner} {document}", document_id)
        for code, found in by_code.items()
    ]


def _trouble(code: str, found: Sequence[Finding], whose: str, document_id: str) -> Trouble:
    concern = CONCERNS[code]
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
