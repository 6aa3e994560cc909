"""The message store in PostgreSQL: for any number of processes on any number of machines."""

from __future__ import annotations

from crossdock.store.postgres.store import (
    PostgresStore,
    ReadingStore,
    migrate_postgres,
    open_postgres,
    open_reader,
)

__all__ = ["PostgresStore", "ReadingStore", "migrate_postgres", "open_postgres", "open_reader"]
