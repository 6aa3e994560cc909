"""The SQL of the stores: every statement is used, fits the tables, and reads no table whole."""

import json
import re
from collections.abc import Iterator
from importlib import resources
from typing import Any

import apsw
import psycopg
import pytest

from crossdock.store.postgres.connections import SETTINGS, connect
from crossdock.store.postgres.sql import STATEMENTS
from crossdock.store.queries import statements
from crossdock.store.sqlite.connections import plan_once
from crossdock.store.sqlite.migrations import migrate, shipped
from crossdock.testing.postgres import PostgresServer

STORES = ("sqlite", "postgres")
SHARED = resources.files("crossdock.store.tables")
USED = re.compile(r'_sql\.\w+\(\s*"(\w+\.\w+)"')

# What may be walked whole: the keys that are parked are few, the rest is counted up to a limit.
WALKED_BY_SQLITE = {
    "inbox.any_parked": ["SCAN parked"],
    "inbox.before_enqueue": ["SCAN parked"],
    "projection.how_many": ["SCAN (subquery-1)"],
}
# Steps of parked keys are moved many at once, and seldom.
WRITTEN_BY_WAY_OF_A_TABLE = {"inbox.park_newcomers", "inbox.release_steps"}
# What waits is counted, the highest number is looked for after a restore; the first of an index is
# not the whole of it, and no more is one parked key.
COUNTED_BY_POSTGRES = {
    "control_number.highest",
    "inbox.any_parked",
    "inbox.pending",
    "timer.next",
}


@pytest.fixture
def tables() -> apsw.Connection:
    connection = apsw.Connection(":memory:")
    plan_once(connection)
    migrate(connection, shipped())
    return connection


@pytest.fixture
def server(postgres: PostgresServer) -> Iterator[psycopg.Connection[Any]]:
    """A session that writes, over tables of which nothing is known yet."""
    with connect(postgres.database(), SETTINGS) as connection:
        yield connection


def named_in(text: str) -> set[str]:
    return set(USED.findall(text))


@pytest.mark.parametrize("store", STORES)
def test_every_statement_is_used_and_every_used_one_is_there(store: str) -> None:
    shared = [each.read_text("utf-8") for each in SHARED.iterdir() if each.name.endswith(".py")]
    own = resources.files(f"crossdock.store.{store}").joinpath("unit.py").read_text("utf-8")
    there = set(statements(f"crossdock.store.{store}"))

    used = set().union(*map(named_in, [*shared, own]))

    # What one store does in a way of its own, the shared way of it is the other's.
    assert (there - used, {each for each in used - there if each not in REPLACED}) == (set(), set())


REPLACED = {
    "exception.about_before",
    "inbox.before_enqueue",
    "inbox.park_newcomers",
    "message.count",
    "projection.drop",
    "projection.index",
    "projection.put",
    "projection.unindex",
    "raw_document.keep_again",
}


def bindings(statement: str) -> int:
    """Count the values a statement asks for: all `?`, or the highest of `?1`, `?2`..."""
    numbers = [int(number) for number in re.findall(r"\?(\d+)", statement)]
    return max(numbers, default=statement.count("?"))


def walked(connection: apsw.Connection, statement: str) -> list[str]:
    """Find the steps of a plan that walk a table of ours without an index."""
    explain = f"EXPLAIN QUERY PLAN {statement}"
    plan = connection.execute(explain, [None] * bindings(statement))
    steps = [str(row[3]) for row in plan]
    ours = (each for each in steps if "CONSTANT ROW" not in each and "VIRTUAL" not in each)
    return [each for each in ours if each.startswith("SCAN") and "USING" not in each]


def test_no_statement_of_sqlite_walks_a_table_that_grows(tables: apsw.Connection) -> None:
    found = {
        name: steps
        for name, statement in statements("crossdock.store.sqlite").items()
        if (steps := walked(tables, statement))
    }

    assert found == WALKED_BY_SQLITE


@pytest.mark.parametrize(
    ("name", "values"),
    [("inbox.claim", (500,)), ("outbox.next_effect", ("main", "erp"))],
)
def test_what_is_asked_for_most_is_planned_once(
    tables: apsw.Connection, name: str, values: tuple[object, ...]
) -> None:
    asked = statements("crossdock.store.sqlite")[name]
    planned: list[str] = []

    def allow(*what: Any) -> int:  # SQLite asks what is allowed while it plans
        planned.append(str(what))
        return apsw.SQLITE_OK

    tables.authorizer = allow
    tables.execute(asked, values).fetchall()
    once = list(planned)
    tables.execute(asked, values).fetchall()

    assert once
    assert planned == once


def test_no_row_is_written_by_way_of_a_table_of_its_own(tables: apsw.Connection) -> None:
    """A list in the condition of an index is made a table, at each row that is written."""
    explained = {
        name: tables.execute(f"EXPLAIN {statement}", [None] * bindings(statement)).fetchall()
        for name, statement in statements("crossdock.store.sqlite").items()
        if statement.startswith(("INSERT", "UPDATE", "DELETE")) and "RETURNING" not in statement
    }

    found = {
        name
        for name, steps in explained.items()
        if any(step[1] == "OpenEphemeral" for step in steps)
    }

    assert found == WRITTEN_BY_WAY_OF_A_TABLE


def walked_whole(plan: dict[str, Any]) -> set[str]:
    """Find the tables that a plan reads without saying where to begin."""
    whole = plan["Node Type"] == "Seq Scan" or (
        plan["Node Type"] in {"Index Scan", "Index Only Scan"} and "Index Cond" not in plan
    )
    tables = {str(plan["Relation Name"])} if whole else set()
    return tables.union(*map(walked_whole, plan.get("Plans", [])))


def test_no_statement_of_postgres_walks_a_table_that_grows(
    server: psycopg.Connection[Any],
) -> None:
    server.execute("SET plan_cache_mode = force_generic_plan")
    found = {}
    for name, statement in STATEMENTS.items():
        server.execute(f"PREPARE asked AS {statement.text}".encode(), prepare=False)
        values = max((int(each) for each in re.findall(r"\$(\d+)", statement.text)), default=0)
        asked = f"({', '.join(['NULL'] * values)})" if values else ""
        explain = f"EXPLAIN (FORMAT JSON) EXECUTE asked{asked}"
        ((said,),) = server.execute(explain.encode(), prepare=False).fetchall()
        plan = said if isinstance(said, list) else json.loads(said)
        if (whole := walked_whole(plan[0]["Plan"])) and name not in COUNTED_BY_POSTGRES:
            found[name] = whole
        server.execute("DEALLOCATE asked")

    assert found == {}
