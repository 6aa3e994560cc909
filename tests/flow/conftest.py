"""The stores every story is told over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crossdock.ports.store import Store
from crossdock.store.memory import MemoryStore
from crossdock.store.sqlite import open_sqlite


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Open an empty store."""
    opened: Store = (
        MemoryStore() if request.param == "memory" else open_sqlite(tmp_path / "flow.db")
    )
    yield opened
    opened.close()
