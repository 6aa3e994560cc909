"""`crossdock exceptions retry`, `edit` and `waive`: an operator decides, beside a running house.

Where `crossdock up` runs, it carries the decision out; else it is carried out here.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from crossdock.app.config import Config
from crossdock.cli import house
from crossdock.cli.ending import Ended, Exit, say
from crossdock.cli.place import DEFAULT, ConfigFile, configured, looking
from crossdock.flow.decisions import EDIT, RETRY, WAIVE, Decision

PAGE = 500
ExceptionId = Annotated[str, Parameter(help="The exception, or the start of its id.")]
Reason = Annotated[str, Parameter(help="Why; it is kept with the decision.")]
By = Annotated[str, Parameter(help="Who decides; whoever is logged in where it is not said.")]


def retry(  # noqa: PLR0913 - one exception, or those that several words describe
    id: ExceptionId = "",  # noqa: A002 - a user reads it
    /,
    *,
    reason: Reason,
    code: Annotated[str, Parameter(help="Every open exception of this code.")] = "",
    about: Annotated[str, Parameter(help="Of those, the ones that name this value.")] = "",
    by: By = "",
    config: ConfigFile = DEFAULT,
) -> int:
    """Try again what stopped, as it is: one exception, or all of a code once it was taught."""
    house_ = configured(config)
    if bool(id) == bool(code):
        raise Ended(Exit.USAGE, "Name one exception, or a code with --code.")
    if id:
        return decide(RETRY, id, reason, by, house_)
    waiting = _of_code(house_, code, about)
    if not waiting:
        named = f" about {about}" if about else ""
        raise Ended(Exit.NOT_FOUND, f"No open exception {code}{named}.")
    for each in waiting:
        decide(RETRY, each, reason, by, house_)
    still = len(_of_code(house_, code, about))
    say(f"{len(waiting)} tried again; {still} of that code wait now")
    return Exit.OK


def _of_code(config: Config, code: str, about: str) -> list[str]:
    """List the open exceptions of a code, oldest first."""
    found: list[str] = []
    after = ""
    with looking(config) as reader:
        while rows := reader.exceptions(
            config.tenant, about=about or None, after=after, limit=PAGE
        ):
            found += [row.id for row in rows if row.code == code]
            after = rows[-1].id
    return found


def waive(id: ExceptionId, /, *, reason: Reason, by: By = "", config: ConfigFile = DEFAULT) -> int:  # noqa: A002 - as above
    """Go on without what the exception asks."""
    return decide(WAIVE, id, reason, by, configured(config))


def edit(
    id: ExceptionId,  # noqa: A002 - as above
    file: Annotated[Path, Parameter(help="The mended document; `-` reads standard input.")],
    /,
    *,
    reason: Reason,
    by: By = "",
    config: ConfigFile = DEFAULT,
) -> int:
    """Take a mended document in place of the one that stopped."""
    content = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    return decide(EDIT, id, reason, by, configured(config), content)


def decide(  # noqa: PLR0913, PLR0917 - what an operator decides has this many parts
    verb: str, exception_id: str, reason: str, by: str, config: Config, content: str = ""
) -> int:
    """Carry a decision out, here or in the running house, and say what happens now."""
    if not reason.strip():
        raise Ended(Exit.USAGE, "Say why with --reason; it is kept with the decision.")
    with looking(config) as reader:
        row = reader.exception(config.tenant, exception_id)
    if row is None:
        raise Ended(
            Exit.NOT_FOUND, f"There is no exception {exception_id}, or more than one begins so."
        )
    decision = Decision(
        verb=verb,
        exception_id=row.id,
        by=by or house.me(),
        reason=reason,
        content=content.encode(),
    )
    if house.is_running(config):
        said = house.decide_there(config, decision)
        say("carried out by the running house")
    else:
        said = _decide_here(config, decision)
        say("carried out here; `crossdock up` sends what is asked of partners")
    print(said)
    return Exit.OK


def _decide_here(config: Config, decision: Decision) -> str:
    from crossdock.app.compose import build

    built = build(config)
    try:
        built.machine.start()
        said = built.machine.decide(decision, datetime.now(UTC)).said
        built.machine.run_to_quiescence(datetime.now(UTC))
        built.machine.stop()
    finally:
        built.store.close()
    return said
