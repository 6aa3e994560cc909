"""A session sends its statements together, and waits for their answers together."""

import re
import time
from collections.abc import Iterator

import psycopg
import pytest

from crossdock.store.postgres.connections import SETTINGS
from crossdock.store.postgres.session import Session, open_session
from crossdock.store.postgres.sql import STATEMENTS
from crossdock.store.postgres.store import SNAPSHOT
from crossdock.store.postgres.values import Texts

LOCK = "SELECT pg_advisory_lock($1)"
STATE = "SELECT state FROM pg_stat_activity WHERE pid = %s"
HELD = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711"


@pytest.fixture
def session(database: str) -> Iterator[Session]:
    opened = open_session(database, SETTINGS)
    yield opened
    opened.close()


def test_a_statement_leaves_with_the_question_that_waits_for_it(
    session: Session, database: str
) -> None:
    with psycopg.connect(database, autocommit=True) as watching:
        session.send(LOCK, (4711,))
        before = watching.execute(HELD).fetchone()
        session.sync()
        after = watching.execute(HELD).fetchone()

    assert (before, after) == ((0,), (1,))


def test_more_than_any_buffer_holds_is_sent_and_answered(session: Session) -> None:
    texts = [f"{number:07}" * 20_000 for number in range(100)]

    asked = [session.send("SELECT $1::text", (text,)) for text in texts]
    session.sync()

    assert [answer.rows for answer in asked] == [[(text,)] for text in texts]


def test_a_snapshot_is_over_though_nobody_waited_for_its_end(
    session: Session, database: str
) -> None:
    with session.snapshot(SNAPSHOT):
        ((process,),) = session.ask("SELECT pg_backend_pid()")

    with psycopg.connect(database, autocommit=True) as watching:
        while watching.execute(STATE, (process,)).fetchone() != ("idle",):
            time.sleep(0.01)
    with session.snapshot(SNAPSHOT):
        assert session.ask("SELECT 7") == [(7,)]


def test_a_snapshot_that_failed_is_over_too(session: Session) -> None:
    with pytest.raises(psycopg.errors.DivisionByZero), session.snapshot(SNAPSHOT):
        session.ask("SELECT 1 / $1", (0,))

    with session.snapshot(SNAPSHOT):
        assert session.ask("SELECT 7") == [(7,)]


def test_a_statement_that_could_not_be_prepared_is_prepared_again(session: Session) -> None:
    with pytest.raises(psycopg.errors.UndefinedTable):
        session.ask("SELECT number FROM to_come")
    session.tell("CREATE TEMPORARY TABLE to_come AS SELECT 7 AS number")

    assert session.ask("SELECT number FROM to_come") == [(7,)]


def test_what_was_sent_behind_a_failure_is_done_when_it_is_sent_again(session: Session) -> None:
    session.send("SELECT 1 / $1", (0,))
    session.send("SELECT $1", ("behind",))

    with pytest.raises(psycopg.errors.DivisionByZero):
        session.sync()

    assert session.ask("SELECT $1", ("behind",)) == [("behind",)]


def test_one_text_is_asked_with_values_of_several_types(session: Session) -> None:
    values = ["a", 4711, None, b"\x00\xff", True]

    assert [session.ask("SELECT $1", (each,)) for each in values] == [
        [("a",)],
        [(4711,)],
        [(None,)],
        [(b"\x00\xff",)],
        [(1,)],
    ]


def test_plans_made_for_an_empty_table_are_made_again_when_it_has_grown(session: Session) -> None:
    session.tell("CREATE TEMPORARY TABLE grown (LIKE reference INCLUDING INDEXES)")
    question = STATEMENTS["reference.routes"].text.replace("reference", "grown")
    asked = [Texts([each]) for each in ("main", "PRO", "ROAD", "7")]
    session.ask(question, asked)
    session.tell(
        "INSERT INTO grown SELECT 'main', 'PRO', 'ROAD', each, 'load', each, each, 1, ''"
        " FROM generate_series(1, 9999) AS each"
    )
    planned = [_index(session, question)]

    for _ in range(4):
        with session.transaction("BEGIN"):
            session.ask(question, asked)
    planned.append(_index(session, question))

    assert planned == ["grown_tenant_key_kind_key_id_idx", "grown_pkey"]


def _index(session: Session, question: str) -> str:
    """Tell which index a statement that is prepared reads."""
    named = "SELECT name FROM pg_prepared_statements WHERE statement = $1"
    ((name,),) = session.ask(named, (question,))
    lines = session.ask(f"EXPLAIN EXECUTE {name}('{{main}}', '{{PRO}}', '{{ROAD}}', '{{7}}')")
    return "".join(re.findall(r"Index Scan using (\w+)", str(lines)))
