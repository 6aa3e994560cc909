"""The message store in one SQLite file: what a single machine needs, and nothing to install."""

from __future__ import annotations

from crossdock.store.sqlite.ballast import Reserve
from crossdock.store.sqlite.store import ReadingStore, SqliteStore, open_reader, open_sqlite

__all__ = ["ReadingStore", "Reserve", "SqliteStore", "open_reader", "open_sqlite"]
