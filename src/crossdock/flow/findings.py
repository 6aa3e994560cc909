"""Which findings need a person, and whose: the others are kept with the document, and that is all.

A finding's code comes from the connector that read the document. A code that is not in the table
is kept and shown with the document; a code in it opens one exception for the document.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

from msgspec import Struct

from crossdock.faults import Finding
from crossdock.flow.exceptions import Trouble
from crossdock.flow.reading import reference_in
from crossdock.messages.teams import Team
from crossdock.ports import Reading, Reported


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
    "SET_NOT_MAPPED": Concern(
        team=Team.INTEGRATION,
        action="Tell the partner not to send this set, or have a map made, then retry",
    ),
    "UNKNOWN_TENDER_ANSWER": Concern(
        team=Team.CARRIER_RELATIONS,
        action="Ask the carrier what it means, say so in its settings, then retry",
    ),
    "UNKNOWN_CHARGE_CODE": Concern(
        team=Team.FINANCE,
        action="Ask the carrier what it charges for, teach the code to the connector, then retry",
    ),
    "UNKNOWN_CORRECTION": Concern(
        team=Team.FINANCE,
        action="Ask the carrier whether this is a bill of its own or corrects an earlier one",
    ),
    # An entry of the document was lost; the others went on.
    "ACKNOWLEDGEMENT_UNCLEAR": LOST,
    "BAD_ROW": LOST,
    "BAD_VALUE": LOST,
    "LOCAL_TIME_SKIPPED": LOST,
    "NOT_AN_AMOUNT": LOST,
    "NOT_A_NUMBER": LOST,
    "NOT_A_TIME": LOST,
    "NO_INVOICE_NUMBER": LOST,
    "NO_SHIPMENT_NUMBER": LOST,
    "NO_STATUS": LOST,
    "NO_TIME": LOST,
    "NO_TOTAL": LOST,
    "ROWS_APART": LOST,
    "ROWS_DISAGREE": LOST,
    "ROW_LOST": LOST,
    "SET_REJECTED": Concern(
        team=Team.INTEGRATION,
        action="See that the partner sends it again, then waive this; or mend it and send it "
        "as edited",
    ),
    "UNKNOWN_ACTION": LOST,
    "UNKNOWN_CODE": LOST,
    "UNKNOWN_EVENT_TYPE": LOST,
    "UNKNOWN_REFERENCE_TYPE": LOST,
    "WRONG_SHAPE": LOST,
}
NOTHING_READ = "NOTHING_READ"  # findings, and not one report: whatever their codes, look at it


def concerns(reading: Reading, repeated: Container[str], whose: str, id_: str) -> list[Trouble]:
    """Ask the teams about the findings that need a person: one trouble for each code.

    `repeated` are the identities of reports that were said before: whoever had to look at them was
    asked then. `whose` is partner and document, `id_` the document's id.
    """
    by_code: dict[str, list[Finding]] = {}
    for finding in reading.findings:
        about = report_at(reading, finding.where)
        if finding.code in CONCERNS and (about is None or about.identity not in repeated):
            by_code.setdefault(finding.code, []).append(finding)
    if reading.findings and not reading.reports and not by_code:
        by_code[NOTHING_READ] = list(reading.findings)
    return [_trouble(code, found, reading, whose, id_) for code, found in by_code.items()]


def report_at(reading: Reading, where: str) -> Reported | None:
    """Find the report that a place in the document belongs to (JSON Pointers alone)."""
    return next(
        (
            each
            for each in reading.reports
            if where == each.where or where.startswith(f"{each.where}/")
        ),
        None,
    )


def _numbers(reading: Reading, found: Sequence[Finding]) -> Iterator[str]:
    """Name the values noticed, and the numbers of the reports they were noticed in."""
    for finding in found:
        yield from filter(None, finding.seen.values())
        reported = report_at(reading, finding.where)
        reference = None if reported is None else reference_in(reported.report)
        if reference is not None:
            yield reference.value


def _trouble(
    code: str, found: Sequence[Finding], reading: Reading, whose: str, document_id: str
) -> Trouble:
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
        about=tuple(dict.fromkeys(_numbers(reading, found))),
        seen={**first.seen, "where": first.where, "findings": str(len(found))},
        document_id=document_id,
    )
