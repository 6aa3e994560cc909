"""`crossdock backup`: the store as one file, taken while the house works."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from crossdock.apis import words
from crossdock.apis.http import json_text
from crossdock.cli.ending import Exit
from crossdock.cli.place import DEFAULT, AsJson, ConfigFile, configured

MIB = 1024 * 1024


def backup(
    file: Annotated[Path, Parameter(help="Where to write it; nothing may be there yet.")],
    /,
    *,
    as_json: AsJson = False,
    config: ConfigFile = DEFAULT,
) -> int:
    """Write the store as it stands at one moment into a file, check it, and flush it to disk.

    `crossdock up` goes on working meanwhile.
    """
    from crossdock.app.restoring import back_up

    made = back_up(configured(config), file, datetime.now(UTC))
    if as_json:
        print(json_text(made))
        return Exit.OK
    newest = words.utc(made.as_of) if made.as_of else "nothing was received yet"
    print(f"{made.file}: {made.size / MIB:.1f} MiB, {made.messages} message(s), checked")
    print(f"  the newest message was received {newest}")
    return Exit.OK
