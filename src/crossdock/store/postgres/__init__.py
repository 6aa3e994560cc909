"""The message store in PostgreSQL: for any number of processes on any number of machines."""

from __future__ import annotations

from crossdock.store.postgres.shared import Door, WorkingStore, open_door, open_worker
from crossdock.store.postgres.store import (
    PostgresStore,
    ReadingStore,
    migrate_postgres,
    open_postgres,
    open_reader,
)

__all__ = [
    "Door",
    "PostgresStore",
    "ReadingStore",
    "WorkingStore",
    "migrate_postgres",
    "open_door",
    "open_postgres",
    "open_reader",
    "open_worker",
]
