"""`crossdock init`: files to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from crossdock.app.first_files import write_first_files
from crossdock.cli.ending import Exit, say
from crossdock.connectors import discover


def init(
    folder: Annotated[Path, Parameter(help="Where to write; made where it is not there.")] = Path(),
    /,
) -> int:
    """Write a commented crossdock.toml, the policies, and fresh secrets.

    Nothing is written where a configuration is there already.
    """
    written = write_first_files(folder, discover())
    for file in written:
        print(file)
    say(f"\nNext: set the partners' addresses in {written[0]}, then `crossdock doctor`.")
    return Exit.OK
