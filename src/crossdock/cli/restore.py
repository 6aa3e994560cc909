"""`crossdock restore`: a backup put back, with everything held that it cannot know."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from crossdock.apis.http import json_text
from crossdock.cli import house
from crossdock.cli.decide import By, Reason
from crossdock.cli.ending import Ended, Exit, say
from crossdock.cli.place import DEFAULT, AsJson, ConfigFile, configured
from crossdock.cli.recovery import facts


def restore(  # noqa: PLR0913 - what a person decides has this many parts
    file: Annotated[Path, Parameter(help="A backup, or a store that was replaced before.")],
    /,
    *,
    reason: Reason,
    by: By = "",
    replace: Annotated[
        bool, Parameter(negative="", help="Replace the store that is there; it is kept beside.")
    ] = False,
    as_json: AsJson = False,
    config: ConfigFile = DEFAULT,
) -> int:
    """Put a backup in the place of the store, while nothing writes it.

    Nothing is sent afterwards until `crossdock recovery release`.
    """
    from crossdock.app.restoring import Decision
    from crossdock.app.restoring import restore as put_back

    if not reason.strip():
        raise Ended(Exit.USAGE, "Say why with --reason; it is kept with the decision.")
    decision = Decision(by=by or house.me(), reason=reason, replace=replace)
    restored = put_back(configured(config), file, decision, datetime.now(UTC))
    if as_json:
        print(json_text(restored))
        return Exit.OK
    print("\n".join(facts(restored)))
    say(
        "Outbound is held. Start `crossdock up`, let partners send again what they sent since, "
        "look with `crossdock recovery show`, then `crossdock recovery release`."
    )
    return Exit.OK
