"""`crossdock reconcile`: what ledgers hold of a business date against what was posted."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from crossdock.apis import words
from crossdock.apis.http import json_text
from crossdock.apis.process.v1.reconciliation import Day, days
from crossdock.cli.ending import Exit, say
from crossdock.cli.freight import declining, money
from crossdock.cli.place import DEFAULT, AsJson, ConfigFile, configured, looking
from crossdock.cli.table import table
from crossdock.messages.freight_reconciliation import DifferenceKind


def reconcile(
    *,
    date: Annotated[str, Parameter(help="One business date, as 2026-03-29; the newest else.")] = "",
    as_json: AsJson = False,
    config: ConfigFile = DEFAULT,
) -> int:
    """Hold what ERP and TMS say they hold against what was posted, by count, sum and line.

    Ends with 8 where something differs that nobody has let be.
    """
    where = configured(config)
    with looking(where) as reader, declining():
        found = days(reader, where.tenant, date)
    if as_json:
        print(json_text(found))
    elif found.days:
        print("\n\n".join(tell(each) for each in found.days))
    else:
        say("No ledger has sent a statement of that.")
    differs = any(each.state == "differs" for each in found.days)
    return Exit.CHECKS_FAILED if differs else Exit.OK


def tell(day: Day) -> str:
    """Write a business date for a terminal."""
    drawn = "; ".join(
        f"{each.ledger} as of {words.utc(each.as_of)}"
        if each.as_of
        else f"{each.ledger} has sent no statement"
        for each in day.ledgers
    )
    sums = [
        (
            each.ledger,
            each.posting,
            each.carrier_scac,
            f"{each.our_count}",
            money(each.our_sum),
            f"{each.their_count}",
            money(each.their_sum),
        )
        for each in day.totals
    ]
    parts = [f"{day.business_date}: {day.state} ({drawn})"]
    if sums:
        parts.append(table("LEDGER POSTING CARRIER OURS SUM THEIRS SUM".split(), sums))
    parts += [
        f"{'.' if each.kind is DifferenceKind.ON_ITS_WAY else '!'} "
        f"{each.kind.replace('_', ' ')}: {each.ledger} {each.posting} of "
        f"{each.load_id or 'no load'} {each.charge or each.invoice_id}, ours {money(each.ours)}, "
        f"theirs {money(each.theirs)}"
        f"{f', found on {each.found_on}' if each.found_on else ''}"
        f"{', let be' if each.accepted else ''}"
        for each in day.differences
    ]
    return "\n".join(parts)
