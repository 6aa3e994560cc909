"""`crossdock exceptions ls` and `show`: what waits for people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from cyclopts import Parameter

from crossdock.apis import words
from crossdock.apis.http import json_text
from crossdock.apis.process.v1.chapters import stuck_of
from crossdock.apis.process.v1.operations import PAGE, Queue
from crossdock.apis.process.v1.story import Stuck
from crossdock.cli.ending import Ended, Exit, say
from crossdock.cli.place import DEFAULT, AsJson, ConfigFile, configured, looking
from crossdock.cli.table import table
from crossdock.messages.teams import Team
from crossdock.ports.store import ExceptionStatus

ID_SHOWN = 8
Wanted = Literal["open", "resolved", "waived", "all"]


def ls(  # noqa: PLR0913 - a search has this many parts
    *,
    team: Annotated[Team | None, Parameter(help="Only this team's.")] = None,
    about: Annotated[str, Parameter(help="Only those that name this number.")] = "",
    status: Annotated[Wanted, Parameter(help="Which ones.")] = "open",
    limit: Annotated[int, Parameter(help="How many at most.")] = PAGE,
    as_json: AsJson = False,
    config: ConfigFile = DEFAULT,
) -> int:
    """List what waits for people, oldest first."""
    house = configured(config)
    with looking(house) as reader:
        rows = reader.exceptions(
            house.tenant,
            status=None if status == "all" else ExceptionStatus(status),
            team=team,
            about=about or None,
            limit=limit + 1,
        )
    found = tuple(stuck_of(row) for row in rows[:limit])
    if as_json:
        after = found[-1].id if len(rows) > limit else ""
        print(json_text(Queue(exceptions=found, after=after)))
    elif found:
        print(tell(found, datetime.now(UTC)))
        if len(rows) > limit:
            say(f"There are more than {limit}; ask with --limit.")
    else:
        say("Nothing waits for people.")
    return Exit.OK


def show(
    id: Annotated[str, Parameter(help="The exception, or the start of its id.")],  # noqa: A002 - a user reads it
    /,
    *,
    as_json: AsJson = False,
    config: ConfigFile = DEFAULT,
) -> int:
    """Show one exception: what is wrong, what would help, and the facts."""
    house = configured(config)
    with looking(house) as reader:
        row = reader.exception(house.tenant, id)
    if row is None:
        raise Ended(Exit.NOT_FOUND, f"There is no exception {id}, or more than one begins so.")
    one = stuck_of(row)
    print(json_text(one) if as_json else "\n".join(explain(one)))
    return Exit.OK


def tell(found: tuple[Stuck, ...], now: datetime) -> str:
    """Write exceptions for a terminal."""
    rows = [
        (
            each.id[:ID_SHOWN],
            each.team.replace("_", " ").lower(),
            words.ago(each.opened_at, now),
            each.status,
            " ".join(each.about[:3]),
            each.cause,
        )
        for each in found
    ]
    return table(("ID", "TEAM", "AGE", "STATE", "ABOUT", "WHAT IS WRONG"), rows)


def explain(one: Stuck) -> list[str]:
    """Write one exception for a terminal."""
    lines = [
        one.cause,
        f"  what would help  {one.action}",
        f"  team             {one.team.replace('_', ' ').lower()}",
        f"  owner            {one.owner or 'nobody yet'}",
        f"  since            {words.utc(one.opened_at)}, {one.count} time(s)",
        f"  about            {', '.join(one.about)}",
        f"  stuck            {one.kind} {one.subject}",
        f"  id               {one.id}",
    ]
    lines += [f"  {name:<16} {value}" for name, value in one.seen.items()]
    if one.status != ExceptionStatus.OPEN:
        lines.append(f"{one.status} by {one.closed_by}: {one.closed_because}")
    else:
        lines.append(f"decide: crossdock exceptions retry {one.id[:ID_SHOWN]} --reason '...'")
    return lines
