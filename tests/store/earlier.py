"""Stores as an earlier release would have left them: its tables and columns, with today's content.

Tables that were taken away since stay empty: today's release writes nothing there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import apsw
import psycopg
from psycopg import sql

from crossdock.ports.store import Store
from crossdock.store.migrations import Migration, shipped
from crossdock.store.postgres import migrate_postgres, open_postgres
from crossdock.store.postgres.connections import SETTINGS, connect
from crossdock.store.postgres.migrations import migrate as migrate_database
from crossdock.store.sqlite import SqliteStore
from crossdock.store.sqlite.migrations import migrate as migrate_file
from crossdock.testing.postgres import PostgresServer
from tests.store import grown, released

IN_BOTH = """
SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'
INTERSECT SELECT name FROM grown.sqlite_schema WHERE type = 'table'
"""
COLUMNS = """
SELECT column_name, is_identity = 'YES' FROM information_schema.columns
WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER'
"""
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migration'"
GO_ON = "SELECT setval(pg_get_serial_sequence({0}, {1}), coalesce(max({2}), 0) + 1, false) FROM {3}"


class Engine(Protocol):
    """An engine of the store, with places for stores: a file's path, a database's address."""

    name: str
    title: str

    def place(self) -> str:
        """Make a place for a store of today."""
        ...

    def open(self, place: str) -> Store:
        """Bring a store up to this release, and open it."""
        ...

    def as_of(self, release: Sequence[Migration], place: str) -> str:
        """Write a store's content as a release with these changes would hold it; say where."""
        ...


class Files:
    """SQLite, one file a store."""

    name = "sqlite"
    title = "SQLite"

    def __init__(self, folder: Path) -> None:
        """Put the files there."""
        self._folder = folder
        self._count = 0

    def place(self) -> str:
        """Name a new file."""
        self._count += 1
        return str(self._folder / f"{self._count}.db")

    def open(self, place: str) -> Store:
        """Open a file; that brings it up to this release."""
        return SqliteStore(Path(place))

    def as_of(self, release: Sequence[Migration], place: str) -> str:
        """Write a file with the tables of a release, and what both have of the other's columns."""
        image = self.place()
        connection = apsw.Connection(image)
        migrate_file(connection, release)
        connection.execute("ATTACH ? AS grown", (place,))
        tables = [name for (name,) in connection.execute(IN_BOTH) if name != "migration"]
        with connection:
            for table in tables:
                names = ", ".join(
                    column
                    for (_, column, _, _, _, _, hidden) in connection.execute(
                        f"PRAGMA main.table_xinfo({table})"
                    )
                    if not hidden
                )
                connection.execute(
                    f"INSERT INTO main.{table} ({names}) SELECT {names} FROM grown.{table}"  # noqa: S608 - names of our own tables
                )
        connection.close()
        return image


class Databases:
    """PostgreSQL, one database a store."""

    name = "postgres"
    title = "PostgreSQL"

    def __init__(self, server: PostgresServer) -> None:
        """Put the databases on this server."""
        self._server = server

    def place(self) -> str:
        """Make a database with the tables of today."""
        return self._server.database()

    def open(self, place: str) -> Store:
        """Bring a database up to this release, and open it."""
        migrate_postgres(place)
        return open_postgres(place)

    def as_of(self, release: Sequence[Migration], place: str) -> str:
        """Write a database with the tables of a release, and what the other's columns hold."""
        image = self._server.empty_database()
        with connect(image, SETTINGS) as target:
            migrate_database(target, release, post=True)
        with psycopg.connect(place) as source, psycopg.connect(image) as target:
            for table in sorted(_tables(source) & _tables(target)):
                _copy(source, target, table)
        return image


def _tables(connection: psycopg.Connection[Any]) -> set[str]:
    return {name for (name,) in connection.execute(TABLES)}


def _copy(source: psycopg.Connection[Any], target: psycopg.Connection[Any], table: str) -> None:
    """Copy a table's rows, and let its numbers go on behind the highest."""
    columns = target.execute(COLUMNS, (table,)).fetchall()
    names = sql.SQL(", ").join(sql.Identifier(name) for name, _ in columns)
    name = sql.Identifier(table)
    out = sql.SQL("COPY {} ({}) TO STDOUT").format(name, names)
    into = sql.SQL("COPY {} ({}) FROM STDIN").format(name, names)
    with source.cursor().copy(out) as rows, target.cursor().copy(into) as taken:
        for each in rows:
            taken.write(each)
    for column in [name for name, is_identity in columns if is_identity]:
        target.execute(
            sql.SQL(GO_ON).format(
                sql.Literal(table), sql.Literal(column), sql.Identifier(column), name
            )
        )


def changes(engine: Engine) -> list[Migration]:
    """List the changes of the tables that today's release has."""
    return shipped(f"crossdock.store.{engine.name}.migrations")


def oldest(engine: Engine) -> Sequence[Migration]:
    """List the changes of the tables that the oldest released version had."""
    return changes(engine)[: released.frozen(engine.name)[0].migrations]


def answers(engine: Engine, place: str) -> list[object]:
    """Open a store, bringing it up to this release, and ask it everything."""
    store = engine.open(place)
    with store.read() as reader:
        found = grown.answers(reader)
    store.close()
    return found
