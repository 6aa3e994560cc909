"""The tables' changes for SQLite, and how they are applied to a file."""

from __future__ import annotations

from collections.abc import Sequence

import apsw

from crossdock.store import migrations as bookkeeping
from crossdock.store.migrations import Applied, Migration

NOTE = """
CREATE TABLE IF NOT EXISTS migration (
    number   INTEGER PRIMARY KEY,
    name     TEXT NOT NULL,
    checksum TEXT NOT NULL
) STRICT
"""
EXISTS = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'migration'"
APPLIED = "SELECT number, name, checksum FROM migration ORDER BY number"
APPLY = "INSERT INTO migration (number, name, checksum) VALUES (?, ?, ?)"


def shipped() -> list[Migration]:
    """List the migrations of this release, in order."""
    return bookkeeping.shipped(__name__)


def migrate(connection: apsw.Connection, migrations: Sequence[Migration]) -> None:
    """Apply what is missing, all in one transaction. Raises Misconfigured as `check` does.

    Whoever calls this holds the file's only right to write, so no worker of an older release is
    left, and what waits for that (`post`) may be applied as well.
    """
    with connection:
        connection.execute(NOTE)
        applied = check(connection, migrations)
        for migration in bookkeeping.to_apply(applied, migrations):
            connection.execute(migration.sql)
            note = (migration.number, migration.name, migration.checksum)
            connection.execute(APPLY, note)


def check(connection: apsw.Connection, migrations: Sequence[Migration]) -> int:
    """Hold what was applied against what is shipped; answer how many were applied.

    Raises Misconfigured as the shared bookkeeping does.
    """
    if not connection.execute(EXISTS).fetchall():
        return 0
    applied = [Applied(*row) for row in connection.execute(APPLIED)]
    return bookkeeping.check(applied, migrations, connection.filename)
