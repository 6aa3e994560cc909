"""What a message store must do, told as stories: one suite over every store.

Subclass it and give it a fixture `store` that yields an empty one:

    class TestMyStore(StoreConformance):
        @pytest.fixture
        def store(self) -> Iterator[Store]: ...

For readable failures call `pytest.register_assert_rewrite("crossdock.testing.store_conformance")`
before importing it.
"""

from __future__ import annotations

from crossdock.testing.store_conformance.effects import EffectStories
from crossdock.testing.store_conformance.history import HistoryStories
from crossdock.testing.store_conformance.references import ReferenceStories
from crossdock.testing.store_conformance.states import StateStories
from crossdock.testing.store_conformance.steps import StepStories
from crossdock.testing.store_conformance.transactions import TransactionStories
from crossdock.testing.store_conformance.views import ViewStories

__all__ = ["StoreConformance"]


class StoreConformance(
    TransactionStories,
    HistoryStories,
    StepStories,
    StateStories,
    ReferenceStories,
    EffectStories,
    ViewStories,
):
    """The whole suite."""
