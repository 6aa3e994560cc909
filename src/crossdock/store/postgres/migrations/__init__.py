"""The tables' changes for PostgreSQL, and how they are applied to a database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg import Connection

from crossdock.store import migrations as bookkeeping
from crossdock.store.migrations import Applied, Migration
from crossdock.store.postgres.locks import MIGRATING, first_of

NOTE = """
CREATE TABLE IF NOT EXISTS migration (
    number bigint PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL
)
"""
EXISTS = "SELECT to_regclass('migration') IS NOT NULL"
APPLIED = "SELECT number, name, checksum FROM migration ORDER BY number"
APPLY = "INSERT INTO migration (number, name, checksum) VALUES ($1, $2, $3)"
ALONE = "SELECT pg_advisory_xact_lock($1)"


def shipped() -> list[Migration]:
    """List the migrations of this release, in order."""
    return bookkeeping.shipped(__name__)


def migrate(
    connection: Connection[Any], migrations: Sequence[Migration], *, post: bool
) -> list[str]:
    """Apply what is missing, in one transaction and one process at a time; answer their names.

    Without `post` workers of the release before may go on. Raises Misconfigured as `check` does.
    """
    with connection.transaction():
        connection.execute(ALONE, (first_of(MIGRATING),))
        connection.execute(NOTE)
        missing = bookkeeping.to_apply(check(connection, migrations), migrations, post=post)
        for migration in missing:
            connection.execute(migration.sql.encode(), prepare=False)
            note = (migration.number, migration.name, migration.checksum)
            connection.execute(APPLY, note)
    return [each.name for each in missing]


def check(connection: Connection[Any], migrations: Sequence[Migration]) -> int:
    """Hold what was applied against what is shipped; answer how many of these were applied.

    Raises Misconfigured as the shared bookkeeping does.
    """
    ((exists,),) = connection.execute(EXISTS).fetchall()
    if not exists:
        return 0
    applied = [Applied(*row) for row in connection.execute(APPLIED)]
    return bookkeeping.check(
        applied, migrations, f"{connection.info.host}/{connection.info.dbname}"
    )
