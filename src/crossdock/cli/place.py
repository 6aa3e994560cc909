"""Where a command works: the configuration it reads, and the store it looks into."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from crossdock.app.config import FILE, Config, load_config
from crossdock.app.stores import is_there, looking_into
from crossdock.cli.ending import Ended, Exit
from crossdock.connectors import discover
from crossdock.ports.store import Reader

ConfigFile = Annotated[Path, Parameter(name="--config", help="The configuration.")]
AsJson = Annotated[bool, Parameter(name="--json", negative="", help="Answer as JSON.")]

DEFAULT = Path(FILE)


def configured(file: Path) -> Config:
    """Read the configuration. Raises Misconfigured with file and line."""
    return load_config(file, discover())


@contextmanager
def looking(config: Config) -> Iterator[Reader]:
    """Look into the store, whoever writes it. Raises Ended without one."""
    if not is_there(config):
        raise Ended(
            Exit.NOT_FOUND,
            f"There is no store at {config.store} yet. Start `crossdock up`, or take in a document "
            "with `crossdock receive`.",
        )
    with looking_into(config) as reader:
        yield reader
