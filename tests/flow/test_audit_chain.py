"""The chain of the audit log: whatever is done to a row is told, with its number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import apsw
import psycopg
import pytest

from crossdock.flow import audit_chain
from crossdock.flow.audit_chain import Verdict
from crossdock.ports.store import Store
from crossdock.store.postgres import open_postgres
from crossdock.store.sqlite import open_sqlite
from crossdock.testing.store_conformance import rows
from crossdock.testing.store_conformance.rows import MAIN

SET_BACK = "UPDATE mark SET value = '{}' WHERE name = 'audit_head/main'"
Database = Callable[[str], None]


def note(store: Store, *subjects: str) -> None:
    """Let an operator do something to each."""
    with store.write() as unit:
        unit.log([rows.line(each) for each in subjects])


def sealed(store: Store) -> str:
    with store.write() as unit:
        return audit_chain.seal(unit, MAIN)


def verdict(store: Store, head: str = "") -> Verdict:
    with store.read() as reader:
        return audit_chain.verify(reader, MAIN, head)


@pytest.fixture(params=["sqlite", "postgres"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Store, Database]]:
    """A store with five sealed rows, and a way to change it behind crossdock's back."""
    store: Store

    def in_file(statement: str) -> None:
        with closing(apsw.Connection(str(tmp_path / "crossdock.db"))) as connection:
            connection.execute(statement)

    def in_database(statement: str) -> None:
        with psycopg.connect(request.getfixturevalue("database")) as connection:
            connection.execute(statement.encode())

    if request.param == "sqlite":
        store, change = open_sqlite(tmp_path / "crossdock.db"), in_file
    else:
        store, change = open_postgres(request.getfixturevalue("database")), in_database
    note(store, "SO-1", "SO-2")
    sealed(store)
    note(store, "SO-3", "SO-4", "SO-5")
    sealed(store)
    with closing(store):
        yield store, change


def test_a_log_that_nobody_touched_is_whole(kept: tuple[Store, Database]) -> None:
    store, _ = kept
    head = sealed(store)  # nothing is new, and the head stays
    note(store, "SO-6")

    found = verdict(store, head)

    assert found == Verdict(rows=6, waiting=1, head=head, wrong=())
    assert head.partition(":")[0] == "5"


CHANGED = "row {}, or the seal before it, was changed"
SWAPPED = """
UPDATE audit SET subject = CASE seq WHEN 2 THEN 'SO-3' ELSE 'SO-2' END WHERE seq IN (2, 3)
"""


@pytest.mark.parametrize(
    ("done", "told"),
    [
        ("UPDATE audit SET reason = 'because' WHERE seq = 3", (CHANGED.format(3),)),
        ("UPDATE audit SET actor = 'eve' WHERE seq = 1", (CHANGED.format(1),)),
        (SWAPPED, (CHANGED.format(3), CHANGED.format(2))),
        ("DELETE FROM audit WHERE seq = 2", ("row 2 is gone",)),
        ("DELETE FROM audit WHERE seq = 5", ("row 5 is gone",)),
        (
            "UPDATE audit SET seal = (SELECT seal FROM audit WHERE seq = 2) WHERE seq = 5",
            ("row 5 is not the one that was sealed",),
        ),
    ],
)
def test_a_row_that_was_changed_taken_out_or_moved_is_named(
    kept: tuple[Store, Database], done: str, told: tuple[str, ...]
) -> None:
    store, change = kept

    change(done)

    assert verdict(store).wrong == told


def test_a_row_that_was_put_in_is_named(kept: tuple[Store, Database]) -> None:
    store, change = kept

    note(store, "SO-6")
    change("UPDATE audit SET seal = (SELECT seal FROM audit WHERE seq = 2) WHERE seq = 6")

    assert verdict(store).wrong == ("row 6 was put in: the chain does not know it",)


def test_rows_cut_off_with_their_head_are_told_by_a_head_that_was_kept(
    kept: tuple[Store, Database],
) -> None:
    store, change = kept
    before, head = verdict(store), sealed(store)
    with store.read() as reader:
        third = reader.audit_after(MAIN, 2, 1)[0]
    link = f"3:{third.seal[8:].hex()}"

    change("DELETE FROM audit WHERE seq > 3")
    change(SET_BACK.format(link))

    assert before.wrong == ()
    assert verdict(store) == Verdict(rows=3, waiting=0, head=link, wrong=())
    assert verdict(store, head).wrong == (
        f"the head {head} is not in the log: rows were cut off, or a backup put back",
    )
    assert verdict(store, link).wrong == ()


def test_a_head_that_is_gone_leaves_rows_that_the_chain_does_not_know(
    kept: tuple[Store, Database],
) -> None:
    store, change = kept

    change("DELETE FROM mark WHERE name = 'audit_head/main'")

    assert verdict(store).wrong == tuple(
        f"row {seq} was put in: the chain does not know it" for seq in range(1, 6)
    )


def test_a_row_committed_late_is_sealed_behind_those_with_higher_numbers(database: str) -> None:
    with closing(open_postgres(database)) as store, psycopg.connect(database) as slow:
        note(store, "SO-1")
        slow.execute(
            "INSERT INTO audit (tenant, at, actor, action, subject, reason, detail)"
            " VALUES ('main', 0, 'ann', 'retry', 'SO-2', 'late', '')"
        )
        note(store, "SO-3")
        first = sealed(store)
        slow.commit()
        second = sealed(store)

        assert (first.partition(":")[0], second.partition(":")[0]) == ("3", "2")
        assert verdict(store, first) == Verdict(rows=3, waiting=0, head=second, wrong=())


def test_many_rows_are_sealed_a_portion_at_a_time(tmp_path: Path) -> None:
    with closing(open_sqlite(tmp_path / "crossdock.db")) as store:
        note(store, *(f"SO-{each}" for each in range(1200)))
        waiting = []
        for _ in range(3):
            sealed(store)
            waiting.append(verdict(store).waiting)

        assert waiting == [700, 200, 0]
        assert verdict(store).wrong == ()
