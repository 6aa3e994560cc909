"""Numbered changes of the tables, each applied once and never edited afterwards.

A table notes what was applied with the SHA-256 of its text, so that a file edited later, or a store
written by a newer release, is noticed before anything is read or written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib import resources
from typing import Any

import apsw
from msgspec import Struct

from crossdock.faults import Misconfigured

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


class Migration(Struct, frozen=True, kw_only=True):
    """One change of the tables: `0001_message_store.sql` has number 1."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """The SHA-256 of the text, in hex."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def shipped() -> list[Migration]:
    """List the migrations of this release, in order."""
    files = sorted(
        (file for file in resources.files(__name__).iterdir() if file.name.endswith(".sql")),
        key=lambda file: file.name,
    )
    return [
        Migration(number=int(file.name[:4]), name=file.name, sql=file.read_text("utf-8"))
        for file in files
    ]


def migrate(connection: apsw.Connection, migrations: Sequence[Migration]) -> None:
    """Apply what is missing, all in one transaction. Raises Misconfigured as `check` does."""
    with connection:
        connection.execute(NOTE)
        applied = check(connection, migrations)
        for migration in migrations[applied:]:
            connection.execute(migration.sql)
            note = (migration.number, migration.name, migration.checksum)
            connection.execute(APPLY, note)


def check(connection: apsw.Connection, migrations: Sequence[Migration]) -> int:
    """Hold what was applied against what is shipped; answer how many were applied.

    Raises Misconfigured where the file was written by a newer release, or where a migration was
    edited after it had been applied.
    """
    if not connection.execute(EXISTS).fetchall():
        return 0
    applied: list[tuple[Any, ...]] = connection.execute(APPLIED).fetchall()
    known = {each.number: each for each in migrations}
    for number, name, checksum in applied:
        if number not in known:
            raise Misconfigured(
                "The store was written by a newer release of crossdock; start that release, "
                "or restore a backup made before the upgrade",
                file=connection.filename,
                migration=name,
            )
        if known[number].checksum != checksum:
            raise Misconfigured(
                "A migration was edited after it had been applied to this store; put its text "
                "back as released and write the change as a new migration",
                file=connection.filename,
                migration=known[number].name,
                applied=checksum,
                shipped=known[number].checksum,
            )
    return len(applied)
