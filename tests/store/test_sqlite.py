"""The SQLite store keeps the promises of every store."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from crossdock.ports.store import Store
from crossdock.store.sqlite import open_sqlite
from crossdock.testing.store_conformance import StoreConformance


class TestSqliteStore(StoreConformance):
    """The whole suite over the SQLite store."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        """An empty store in a file."""
        store = open_sqlite(tmp_path / "crossdock.db")
        yield store
        store.close()
