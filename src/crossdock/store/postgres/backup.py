"""Backups of the database: one snapshot in one file, put back in one transaction.

A backup is a zip: `backup.json` says what it is, and each table is the text that COPY writes. It
needs no program of the server's, and one server's backup may be put back on another's.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import psycopg
from msgspec import Struct
from psycopg import Connection, sql

from crossdock.faults import Misconfigured, NotNow
from crossdock.ports.backup import Backup
from crossdock.ports.store import CONTROL_FLOOR, Unit
from crossdock.store import migrations as bookkeeping
from crossdock.store.flushing import flush
from crossdock.store.instants import instant
from crossdock.store.migrations import Applied
from crossdock.store.postgres.connections import connect, shown, told
from crossdock.store.postgres.locks import GIVE_ALL_BACK, WRITER, WRITERS_MAX, first_of
from crossdock.store.postgres.migrations import APPLIED, check, migrate, shipped
from crossdock.store.postgres.session import Session
from crossdock.store.postgres.sql import PostgresSql
from crossdock.store.postgres.unit import PostgresUnit

T = TypeVar("T")

HEAD = "backup.json"
PIECE_BYTES = 1 << 20
SETTINGS = {"client_encoding": "UTF8", "lock_timeout": "10s"}
SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
MADE = re.compile(r"^CREATE TABLE (\w+)", re.MULTILINE)

COLUMNS = """
SELECT table_name, column_name, is_identity = 'YES'
FROM information_schema.columns
WHERE table_schema = current_schema() AND table_name = ANY($1) AND is_generated = 'NEVER'
ORDER BY table_name, ordinal_position
"""
SEQUENCE = "SELECT pg_get_serial_sequence($1, $2)"
MESSAGES = "SELECT coalesce(sum(count), 0)::bigint FROM message_count"
NEWEST = "SELECT received_at FROM message ORDER BY seq DESC LIMIT 1"
FLOOR = "SELECT value FROM mark WHERE name = $1"
HOLD = """
SELECT count(*) FROM generate_series(0, $2 - 1) AS number
WHERE pg_try_advisory_lock($1 + number)
"""
IS_USED = "SELECT EXISTS (SELECT 1 FROM message) OR EXISTS (SELECT 1 FROM raw_document)"


class Table(Struct, frozen=True, kw_only=True):
    """One table of a backup: its columns in order, how many rows, and where its numbers stand."""

    columns: tuple[str, ...]
    rows: int
    numbers: Mapping[str, int] = {}


class Head(Struct, frozen=True, kw_only=True):
    """What a backup says of itself."""

    engine: str
    taken_at: datetime
    as_of: datetime | None
    messages: int
    control_floor: int
    applied: tuple[Applied, ...]
    tables: Mapping[str, Table]


def back_up(address: str, file: Path, now: datetime) -> Backup:
    """Write a backup while any number of processes write the store; durable when it returns.

    Raises Misconfigured where there is no such store or the file exists already, and NotNow where
    the database cannot be reached or the file cannot be written whole.
    """
    if file.exists():
        raise Misconfigured("There is a file of this name; choose another", file=file)
    unfinished = file.with_name(f".{file.name}.part")
    connection = connect(address, SETTINGS)
    try:
        with closing(connection), told(connection, address):
            connection.execute(SNAPSHOT)
            _write(connection, address, unfinished, now)
        verify(unfinished)
        flush(unfinished)
        unfinished.replace(file)
        flush(file.parent)
    except OSError as error:
        raise NotNow(
            "The backup could not be written; free some space", file=file, because=error
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)
    return look_at(file)


def _write(connection: Connection[Any], address: str, file: Path, now: datetime) -> None:
    if check(connection, shipped()) == 0:
        raise Misconfigured("There is no store of crossdock here", store=shown(address))
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        tables = {
            name: _export(connection, archive, name, columns)
            for name, columns in _tables(connection).items()
        }
        newest = connection.execute(NEWEST).fetchone()
        head = Head(
            engine="postgres",
            taken_at=now.astimezone(UTC),
            as_of=instant(newest[0]) if newest else None,
            messages=_asked(connection, MESSAGES),
            control_floor=int(_asked(connection, FLOOR, CONTROL_FLOOR) or 0),
            applied=tuple(Applied(*row) for row in connection.execute(APPLIED)),
            tables=tables,
        )
        archive.writestr(HEAD, msgspec.json.encode(head))


def _tables(connection: Connection[Any]) -> dict[str, dict[str, bool]]:
    """List the columns of our tables, and which of them count by themselves."""
    ours = {name for each in shipped() for name in MADE.findall(each.sql)}
    found: dict[str, dict[str, bool]] = {}
    for table, column, counts in connection.execute(COLUMNS, (sorted(ours),)):
        found.setdefault(table, {})[column] = counts
    return found


def _export(
    connection: Connection[Any], archive: zipfile.ZipFile, name: str, columns: Mapping[str, bool]
) -> Table:
    rows = 0
    statement = _copy(name, columns, "TO STDOUT")
    with (
        archive.open(_member(name), "w", force_zip64=True) as out,
        connection.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        for chunk in copy:
            out.write(chunk)
            rows += bytes(chunk).count(b"\n")
    numbers = {
        column: _last_number(connection, name, column)
        for column, counts in columns.items()
        if counts
    }
    return Table(columns=tuple(columns), rows=rows, numbers=numbers)


def _last_number(connection: Connection[Any], table: str, column: str) -> int:
    sequence = _asked(connection, SEQUENCE, table, column)
    return int(_asked(connection, f"SELECT last_value FROM {sequence}"))  # noqa: S608 - its name


def _copy(table: str, columns: Mapping[str, Any] | tuple[str, ...], way: str) -> sql.Composed:
    return sql.SQL("COPY {} ({}) " + way).format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )


def _member(table: str) -> str:
    return f"{table}.copy"


def _asked(connection: Connection[Any], question: str, *values: object) -> Any:
    """Ask for one value; None where there is none."""
    found = connection.execute(question.encode(), values or None).fetchone()
    return found[0] if found else None


def look_at(file: Path) -> Backup:
    """Tell what a backup holds. Raises Misconfigured where the file is none."""
    head = _head(file)
    return Backup(
        file=str(file),
        size=file.stat().st_size,
        taken_at=head.taken_at,
        as_of=head.as_of,
        messages=head.messages,
        control_floor=head.control_floor,
    )


def _head(file: Path) -> Head:
    try:
        with zipfile.ZipFile(file) as archive:
            return msgspec.json.decode(archive.read(HEAD), type=Head)
    except (OSError, KeyError, zipfile.BadZipFile, msgspec.DecodeError) as error:
        raise Misconfigured(
            "This is no backup of a database, or it is damaged; take another",
            file=file,
            because=error,
        ) from error


def verify(file: Path) -> None:
    """Read every byte of a backup, and count its rows. Raises Misconfigured where it is damaged."""
    head = _head(file)
    with zipfile.ZipFile(file) as archive:
        for name, table in head.tables.items():
            try:
                rows = sum(piece.count(b"\n") for piece in _pieces(archive, name))
            except (KeyError, OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
                raise _damaged(file, name, error) from error
            if rows != table.rows:
                raise _damaged(file, name, f"{rows} rows of {table.rows}")


def _pieces(archive: zipfile.ZipFile, table: str) -> Iterator[bytes]:
    with archive.open(_member(table)) as content:
        while piece := content.read(PIECE_BYTES):
            yield piece


def _damaged(file: Path, table: str, because: object) -> Misconfigured:
    return Misconfigured(
        "The file is damaged; take another backup", file=file, table=table, because=because
    )


def control_floor_of(address: str) -> int:
    """Read how far the control numbers of a store had been raised; 0 where there is no store."""
    connection = connect(address, SETTINGS)
    with closing(connection), told(connection, address):
        if check(connection, shipped()) == 0:
            return 0
        return int(_asked(connection, FLOOR, CONTROL_FLOOR) or 0)


def put_back(
    file: Path, address: str, prepare: Callable[[Unit], T], now: datetime, *, replace: bool = False
) -> T:
    """Put a backup in the place of the store, whose tables are kept in a schema beside.

    All is one transaction, `prepare` with it: who opens the store finds the old one whole or the
    restored one prepared. Raises Misconfigured where a process writes the store, where there is one
    and `replace` is not said, and where the backup is damaged or of a newer release; NotNow where
    the database cannot be reached. Then nothing is changed.
    """
    verify(file)
    head = _head(file)
    connection = connect(address, SETTINGS)
    with closing(connection), told(connection, address), _alone(connection, address):
        with connection.transaction():
            if check(connection, shipped()):
                if not replace and _asked(connection, IS_USED):
                    raise Misconfigured(
                        "There is a store in this place; say that it shall be replaced (it is kept "
                        "beside)",
                        store=shown(address),
                    )
                _set_aside(connection, aside_of(now))
            _fill(connection, file, head)
            connection.execute("SELECT set_config('crossdock.writer', '0', true)")
            session = Session(connection)
            prepared = prepare(PostgresUnit(PostgresSql(session)))
            session.end()
        connection.execute("ANALYZE")
    return prepared


@contextmanager
def _alone(connection: Connection[Any], address: str) -> Iterator[None]:
    """Hold every writer's number, so that none is there and none comes, until the block ends."""
    held = connection.execute(HOLD, (first_of(WRITER), WRITERS_MAX)).fetchone()
    others = WRITERS_MAX - (held[0] if held else 0)
    try:
        if others:
            raise Misconfigured(
                "Other processes write this store; stop them first",
                store=shown(address),
                processes=others,
            )
        yield
    finally:
        with suppress(psycopg.Error):
            connection.execute(GIVE_ALL_BACK)


def aside_of(now: datetime) -> str:
    """Name the schema where the tables of a store are kept that is replaced now."""
    return f"replaced_{now.astimezone(UTC):%Y%m%dt%H%M%S%f}"


def _set_aside(connection: Connection[Any], schema: str) -> None:
    connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    for table in ("migration", *_tables(connection)):
        move = sql.SQL("ALTER TABLE {} SET SCHEMA {}")
        connection.execute(move.format(sql.Identifier(table), sql.Identifier(schema)))


def _fill(connection: Connection[Any], file: Path, head: Head) -> None:
    """Make the tables as they were, fill them, and bring them up to this release."""
    known = {each.number for each in head.applied}
    bookkeeping.check(head.applied, shipped(), str(file))
    migrate(connection, [each for each in shipped() if each.number in known], post=True)
    with zipfile.ZipFile(file) as archive:
        for name, table in head.tables.items():
            statement = _copy(name, table.columns, "FROM STDIN")
            with connection.cursor() as cursor, cursor.copy(statement) as copy:
                for piece in _pieces(archive, name):
                    copy.write(piece)
            for column, last in table.numbers.items():
                sequence = _asked(connection, SEQUENCE, name, column)
                connection.execute("SELECT setval($1::regclass, $2)", (sequence, last))
    migrate(connection, shipped(), post=True)
