"""The PostgreSQL store keeps the promises of every store."""

from collections.abc import Iterator

import pytest

from crossdock.ports.store import Store
from crossdock.store.postgres import open_postgres
from crossdock.testing.store_conformance import StoreConformance


class TestPostgresStore(StoreConformance):
    """The whole suite over the PostgreSQL store."""

    @pytest.fixture
    def store(self, database: str) -> Iterator[Store]:
        """An empty store."""
        store = open_postgres(database)
        yield store
        store.close()
