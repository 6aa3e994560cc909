"""The SQL of a store: a `.sql` file for each table, a name above each statement."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import resources

NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


def statements(store: str) -> Mapping[str, str]:
    """Read a store's `tables/*.sql`: each statement under its table and the name written above it.

    `-- name: find` in `timer.sql` is `timer.find`.
    """
    found: dict[str, str] = {}
    for file in resources.files(store).joinpath("tables").iterdir():
        table, dot, ending = file.name.partition(".")
        if dot + ending == ".sql":
            _, *parts = NAME.split(file.read_text("utf-8"))
            for name, text in zip(parts[::2], parts[1::2], strict=True):
                found[f"{table}.{name}"] = text.strip()
    return found
