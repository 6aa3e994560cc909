"""One PostgreSQL server for all stories of a run, begun by the first that asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crossdock.testing.postgres import NotInstalled, PostgresServer


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A running server."""
    try:
        server = PostgresServer.start()
    except NotInstalled as missing:
        pytest.skip(str(missing))
    with server:
        yield server


@pytest.fixture(scope="session")
def _database(postgres: PostgresServer) -> str:
    return postgres.database()


@pytest.fixture
def database(postgres: PostgresServer, _database: str) -> str:
    """The address of an empty store, for stories that leave no session behind."""
    return postgres.emptied(_database)
