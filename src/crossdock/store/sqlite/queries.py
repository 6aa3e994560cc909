"""The SQL of the store: a `.sql` file beside each table's Python, a name above each statement."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import resources

NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


def named(table: str) -> Mapping[str, str]:
    """Read `tables/<table>.sql`: each statement under the name written above it."""
    folder = resources.files("crossdock.store.sqlite.tables")
    text = folder.joinpath(f"{table}.sql").read_text("utf-8")
    _, *parts = NAME.split(text)
    statements = zip(parts[::2], parts[1::2], strict=True)
    return {name: statement.strip() for name, statement in statements}
