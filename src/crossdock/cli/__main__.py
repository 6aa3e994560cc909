"""The entrance of the command line; answering `--version` imports nothing else."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import crossdock

VERSION = {("--version",), ("-V",), ("version",)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and answer its exit code."""
    given = tuple(sys.argv[1:] if arguments is None else arguments)
    if given in VERSION:
        print(f"crossdock {crossdock.__version__}")
        return 0
    from crossdock.cli.commands import run

    return run(given)


if __name__ == "__main__":
    sys.exit(main())
