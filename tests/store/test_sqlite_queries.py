"""The SQL of the store: every statement is used, fits the tables, and reads no table whole."""

import re
from collections.abc import Iterator
from importlib import resources

import apsw
import pytest

from crossdock.store.sqlite.migrations import migrate, shipped
from crossdock.store.sqlite.queries import named

TABLES = resources.files("crossdock.store.sqlite.tables")
FILES = sorted(each.name[:-4] for each in TABLES.iterdir() if each.name.endswith(".sql"))

# What may be walked whole: the keys that are parked are few, the rest is counted up to a limit.
WALKED = {
    ("inbox", "before_enqueue"): ["SCAN parked"],
    ("projection", "how_many"): ["SCAN (subquery-1)"],
}


@pytest.fixture
def tables() -> apsw.Connection:
    connection = apsw.Connection(":memory:")
    migrate(connection, shipped())
    return connection


def statements() -> Iterator[tuple[str, str, str]]:
    for table in FILES:
        for name, statement in named(table).items():
            yield table, name, statement


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


@pytest.mark.parametrize("table", FILES)
def test_every_statement_is_used_and_every_used_one_is_there(table: str) -> None:
    text = TABLES.joinpath(f"{table}.py").read_text("utf-8")

    used = set(re.findall(r'SQL\["(\w+)"\]', text)) | set(re.findall(r'_run\("(\w+)"', text))

    assert used == set(named(table))


def test_no_statement_walks_a_table_that_grows(tables: apsw.Connection) -> None:
    found = {
        (table, name): steps
        for table, name, statement in statements()
        if (steps := walked(tables, statement))
    }

    assert found == WALKED
