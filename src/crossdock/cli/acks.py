"""`crossdock acks ls` and `review`: what partners owe for what we sent."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from crossdock.apis import words
from crossdock.apis.http import json_text
from crossdock.apis.process.v1.promises import (
    OPEN,
    STATUSES,
    Promise,
    Promises,
    promise,
    promises,
)
from crossdock.cli.decide import By, Reason, decide
from crossdock.cli.ending import Ended, Exit, say
from crossdock.cli.place import DEFAULT, AsJson, ConfigFile, configured, looking
from crossdock.cli.table import table
from crossdock.flow.decisions import WAIVE
from crossdock.governance.typed_toml import meant

PAGE = 100
Exchange = Annotated[
    str, Parameter(help="Which one, as `acks ls` names it: partner/environment/level/number.")
]


def ls(
    *,
    status: Annotated[
        str, Parameter(help=f"Which ones: {', '.join(STATUSES)}; open leaves out the accepted.")
    ] = OPEN,
    partner: Annotated[str, Parameter(help="Only this partner's.")] = "",
    limit: Annotated[int, Parameter(help="How many at most.")] = PAGE,
    as_json: AsJson = False,
    config: ConfigFile = DEFAULT,
) -> int:
    """List the acknowledgements that partners owe, and where each stands."""
    if status not in STATUSES:
        raise Ended(Exit.USAGE, f"There is no status `{status}`; {meant(status, STATUSES)}")
    house = configured(config)
    with looking(house) as reader:
        found = promises(reader, house.tenant, status, partner, limit)
    if as_json:
        print(json_text(found))
    elif found.acknowledgements:
        print(tell(found))
    else:
        say("No acknowledgement stands so.")
    return Exit.OK


def review(
    exchange: Exchange,
    /,
    *,
    reason: Reason,
    by: By = "",
    config: ConfigFile = DEFAULT,
) -> int:
    """Note that somebody has looked at a missing or bad acknowledgement, and what of it."""
    house = configured(config)
    with looking(house) as reader:
        one = promise(reader, house.tenant, exchange)
        stuck = reader.exceptions(house.tenant, subject=one.subject) if one else []
    if one is None:
        raise Ended(Exit.NOT_FOUND, f"No acknowledgement is known of {exchange}.")
    if not stuck:
        raise Ended(Exit.CONFLICT, f"Nothing is to review about {exchange}: it is {one.status}.")
    return decide(WAIVE, stuck[0].id, reason, by, house)


def tell(found: Promises) -> str:
    """Write acknowledgements for a terminal."""
    return table(
        ("EXCHANGE", "STATE", "WHAT", "SENT", "DUE", "ACKNOWLEDGED"),
        [_row(each) for each in found.acknowledgements],
    )


def _row(one: Promise) -> tuple[str, ...]:
    told = one.told
    comment = f" ({told.reviewed_by}: {told.comment})" if told.reviewed_by else ""
    late = " (late)" if told.late else ""
    return (
        one.exchange,
        one.status.replace("_", " ") + comment,
        f"{told.verb} {told.business_key}",
        words.utc(told.sent_at) if told.sent_at else "",
        words.utc(told.due_at) if told.due_at else "",
        words.utc(told.acknowledged_at) + late if told.acknowledged_at else "",
    )
