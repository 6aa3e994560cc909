"""The message store in memory: dictionaries, and a journal that takes a transaction back."""

from __future__ import annotations

from crossdock.store.memory.store import MemoryStore

__all__ = ["MemoryStore"]
