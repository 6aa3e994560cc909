"""The stores every story is told over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crossdock.ports.store import Store
from crossdock.store.memory import MemoryStore
from crossdock.store.postgres import open_postgres
from crossdock.store.sqlite import open_sqlite


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Open an empty store."""
    opened: Store
    match request.param:
        case "memory":
            opened = MemoryStore()
        case "sqlite":
            opened = open_sqlite(tmp_path / "flow.db")
        case _:
            opened = open_postgres(request.getfixturevalue("database"))
    yield opened
    opened.close()
