"""Workers of a released version run on the tables as the next release has prepared them."""

from collections.abc import Mapping, Sequence

import apsw
import psycopg
import pytest
from apsw.ext import query_info

from crossdock.store.migrations import Migration, shipped
from crossdock.store.postgres.connections import SETTINGS, connect
from crossdock.store.postgres.migrations import migrate as migrate_postgres
from crossdock.store.postgres.sql import parsed
from crossdock.store.sqlite.migrations import migrate as migrate_sqlite
from tests.store import released
from tests.store.released import Released, prepared_by_the_next

ON_SQLITE, ON_POSTGRES = released.frozen("sqlite"), released.frozen("postgres")


def ships(engine: str) -> list[Migration]:
    return shipped(f"crossdock.store.{engine}.migrations")


def broken(statements: Mapping[str, str], migrations: Sequence[Migration]) -> dict[str, str]:
    """Prepare every statement on tables with these changes; tell what does not fit, and why."""
    connection = apsw.Connection(":memory:")
    migrate_sqlite(connection, migrations)
    found = {}
    for name, statement in statements.items():
        try:
            query_info(connection, statement)
        except apsw.Error as error:
            found[name] = str(error)
    return found


def broken_there(
    address: str, statements: Mapping[str, str], migrations: Sequence[Migration]
) -> dict[str, str]:
    """Prepare every statement in an empty schema of a database with these changes."""
    found = {}
    with connect(address, SETTINGS) as connection:
        connection.execute("CREATE SCHEMA story")
        connection.execute("SET search_path = story")
        migrate_postgres(connection, migrations, post=True)
        for name, statement in statements.items():
            try:
                prepare = f"PREPARE asked AS {parsed(statement).text}"
                connection.execute(prepare.encode(), prepare=False)
                connection.execute("DEALLOCATE asked")
            except psycopg.Error as error:
                found[name] = str(error)
        connection.execute("DROP SCHEMA story CASCADE")
    return found


def next_release(engine: str, *more: tuple[str, str]) -> list[Migration]:
    """Ship further changes after those of today."""
    ready = ships(engine)
    later = [
        Migration(number=len(ready) + place, name=f"{len(ready) + place:04}_{name}.sql", sql=sql)
        for place, (name, sql) in enumerate(more, start=1)
    ]
    return [*ready, *later]


@pytest.mark.parametrize("version", ON_SQLITE, ids=lambda each: each.version)
def test_every_statement_of_a_released_version_fits_today_s_file(version: Released) -> None:
    prepared = prepared_by_the_next(version.migrations, ships("sqlite"))

    assert (len(version.statements) > 80, broken(version.statements, prepared)) == (True, {})


@pytest.mark.parametrize("version", ON_POSTGRES, ids=lambda each: each.version)
def test_every_statement_of_a_released_version_fits_today_s_database(
    version: Released, database: str
) -> None:
    prepared = prepared_by_the_next(version.migrations, ships("postgres"))

    found = broken_there(database, version.statements, prepared)

    assert (len(version.statements) > 80, found) == (True, {})


WIDER = ("pre_wider", "ALTER TABLE outbox ADD COLUMN priority INTEGER NOT NULL DEFAULT 0")
TIDY = ("post_tidy", "ALTER TABLE raw_document DROP COLUMN retention")


def test_every_statement_of_today_fits_what_the_next_release_may_add(database: str) -> None:
    found = []
    for engine in released.ENGINES:
        today = released.today(engine)
        prepared = prepared_by_the_next(today.migrations, next_release(engine, WIDER, TIDY))
        found.append(
            broken(today.statements, prepared)
            if engine == "sqlite"
            else broken_there(database, today.statements, prepared)
        )

    assert found == [{}, {}]


CARELESS = [
    ("ALTER TABLE raw_document DROP COLUMN retention", {"raw_document"}),
    ("ALTER TABLE seen RENAME TO heard", {"seen"}),
]


@pytest.mark.parametrize(("sql", "names"), [*CARELESS, ("DROP INDEX inbox_pending", {"inbox"})])
def test_a_change_that_would_break_running_workers_is_noticed(sql: str, names: set[str]) -> None:
    today = released.today("sqlite")
    prepared = prepared_by_the_next(today.migrations, next_release("sqlite", ("pre_careless", sql)))

    found = broken(today.statements, prepared)

    assert {name.split(".")[0] for name in found} == names


@pytest.mark.parametrize(("sql", "names"), CARELESS)
def test_a_change_that_would_break_running_workers_of_a_database_is_noticed(
    sql: str, names: set[str], database: str
) -> None:
    today = released.today("postgres")
    prepared = prepared_by_the_next(
        today.migrations, next_release("postgres", ("pre_careless", sql))
    )

    found = broken_there(database, today.statements, prepared)

    assert {name.split(".")[0] for name in found} == names
