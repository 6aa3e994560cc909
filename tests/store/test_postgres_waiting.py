"""Nobody who waits, reads or sleeps may keep the database from its work for long."""

from __future__ import annotations

import time
from contextlib import closing

import psycopg
import pytest

from crossdock.faults import NotNow
from crossdock.store.postgres import migrate_postgres
from crossdock.store.postgres.connections import READING
from crossdock.store.postgres.session import open_session
from crossdock.testing.postgres import PostgresServer

HELD = "BEGIN; LOCK TABLE process IN ACCESS SHARE MODE"
TAKEN = "SELECT count(*) FROM migration"


def test_a_change_that_cannot_have_its_table_lets_others_through_and_changes_nothing(
    postgres: PostgresServer,
) -> None:
    address = postgres.database()  # with all changes but those taken back here
    with psycopg.connect(address, autocommit=True) as backup, psycopg.connect(address) as other:
        taken_back = backup.execute("DELETE FROM migration WHERE number > 2").rowcount
        backup.execute("CREATE TABLE IF NOT EXISTS expected_ack ()")
        backup.execute(HELD)  # as a backup does, for as long as it takes

        with pytest.raises(NotNow, match="Others use the tables") as waited:
            migrate_postgres(address, patience_seconds=0.5)
        kept = other.execute(TAKEN).fetchone()
        other.execute("UPDATE process SET revision = revision")
        other.commit()
        backup.execute("COMMIT")

        assert (kept, waited.value.remedy) == ((2,), "wait")
        assert len(migrate_postgres(address)) == taken_back


def test_a_reader_that_sleeps_in_its_snapshot_loses_it(database: str) -> None:
    with closing(open_session(database, READING)) as session:
        asked = "SELECT current_setting($1)"
        found = {
            name: session.ask(asked, (name,))[0][0]
            for name in ("idle_in_transaction_session_timeout", "statement_timeout")
        }

        session.tell("SET idle_in_transaction_session_timeout = '200ms'")
        session.tell("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        session.tell("SELECT 1")
        time.sleep(1)
        with pytest.raises(psycopg.OperationalError):
            session.tell("SELECT 1")

    assert found == {
        "idle_in_transaction_session_timeout": "30s",
        "statement_timeout": "30s",
    }
