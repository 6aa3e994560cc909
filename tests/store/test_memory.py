"""The memory store keeps the promises of every store."""

import pytest

from crossdock.ports.store import Store
from crossdock.store.memory import MemoryStore
from crossdock.testing.store_conformance import StoreConformance


class TestMemoryStore(StoreConformance):
    """The whole suite over the memory store."""

    @pytest.fixture
    def store(self) -> Store:
        """An empty store."""
        return MemoryStore()
