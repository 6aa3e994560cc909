"""The SQLite store's file: one writer, readers beside it, nothing half-done, nothing old."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import pytest

from crossdock.faults import Misconfigured, NotNow
from crossdock.ports.store import StoreFull
from crossdock.store.migrations import Migration
from crossdock.store.sqlite import SqliteStore, open_reader, open_sqlite
from crossdock.store.sqlite.connections import refuse_old_sqlite
from crossdock.store.sqlite.migrations import check, migrate, shipped
from crossdock.testing.store_conformance import rows
from crossdock.testing.store_conformance.rows import MAIN

KILLED_IN_THE_MIDDLE = """
import os, signal, sys
from pathlib import Path
from crossdock.store.sqlite import open_sqlite
from crossdock.testing.store_conformance import rows

store = open_sqlite(Path(sys.argv[1]))
with store.write() as unit:
    unit.append([rows.message("kept")])
    unit.enqueue([rows.step("kept")])
with store.write() as unit:
    unit.append([rows.message(f"lost-{each}", body=bytes(10_000)) for each in range(9_000)])
    unit.finish([])
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "crossdock.db"


def note(path: Path, *message_ids: str) -> None:
    store = open_sqlite(path)
    with store.write() as unit:
        unit.append([rows.message(each) for each in message_ids])
    store.close()


def kept(path: Path) -> dict[str, int]:
    store = open_sqlite(path)
    with store.read() as reader:
        counts = reader.count_messages(MAIN)
    store.close()
    return counts


def test_a_closed_store_opens_with_what_was_committed(path: Path) -> None:
    note(path, "m1", "m2")
    note(path, "m2", "m3")

    assert kept(path) == {"OrderReleased": 3}


def test_a_killed_writer_leaves_nothing_half_done(path: Path) -> None:
    died = subprocess.run([sys.executable, "-c", KILLED_IN_THE_MIDDLE, path], check=False)

    with open_reader(path).read() as reader:
        seen = (reader.count_messages(MAIN), reader.pending())
    assert (died.returncode, seen) == (-signal.SIGKILL, ({"OrderReleased": 1}, 1))
    assert kept(path) == {"OrderReleased": 1}


def test_a_file_is_whole_after_a_kill(path: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED_IN_THE_MIDDLE, path], check=False)
    open_sqlite(path).close()

    connection = apsw.Connection(str(path))

    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_second_writer_is_refused(path: Path) -> None:
    store = open_sqlite(path)

    with pytest.raises(Misconfigured) as refusal:
        open_sqlite(path)

    store.close()
    assert refusal.value.said == (
        "Another process is writing this store; stop it first, or only read here"
    )
    assert refusal.value.seen == {
        "file": str(path),
        "lock": f"{path}.lock",
        "process": str(os.getpid()),
    }


def test_a_writer_in_another_process_is_refused(path: Path) -> None:
    store = open_sqlite(path)
    program = "import sys; from pathlib import Path; from crossdock.store.sqlite import open_sqlite"

    second = subprocess.run(
        [sys.executable, "-c", f"{program}; open_sqlite(Path(sys.argv[1]))", path],
        check=False,
        capture_output=True,
        text=True,
    )

    store.close()
    assert (second.returncode, "Another process is writing" in second.stderr) == (1, True)


def test_the_next_writer_may_open_what_the_last_one_closed(path: Path) -> None:
    open_sqlite(path).close()

    open_sqlite(path).close()

    assert kept(path) == {}


def test_a_reader_sees_what_a_writer_commits(path: Path) -> None:
    store = open_sqlite(path)
    reader = open_reader(path)
    with store.write() as unit:
        unit.append([rows.message()])

    with reader.read() as snapshot:
        found = snapshot.messages(MAIN, ["m1"])

    reader.close()
    store.close()
    assert found == {"m1": rows.message()}


def test_a_reader_of_a_closed_store_leaves_it_as_it_is(path: Path) -> None:
    note(path, "m1")
    before = path.read_bytes()

    reader = open_reader(path)
    with reader.read() as snapshot:
        counts = snapshot.count_messages(MAIN)
    reader.close()

    assert (counts, path.read_bytes()) == ({"OrderReleased": 1}, before)


def test_a_snapshot_cannot_be_asked_when_it_is_over(path: Path) -> None:
    store = open_sqlite(path)
    with store.read() as reader:
        pass

    with pytest.raises(apsw.CursorClosedError):
        reader.pending()

    store.close()


def test_more_readers_than_are_kept_may_read_at_once(path: Path) -> None:
    store = open_sqlite(path)
    open_ones = [store.read() for _ in range(9)]

    answers = [each.__enter__().pending() for each in open_ones]

    for each in open_ones:
        each.__exit__(None, None, None)
    store.close()
    assert answers == [0] * 9


@pytest.mark.parametrize("name", ["missing.db", "missing/crossdock.db"])
def test_nothing_to_read_is_said_so(tmp_path: Path, name: str) -> None:
    with pytest.raises(Misconfigured, match="no store to read at this path"):
        open_reader(tmp_path / name)


def test_a_folder_that_is_missing_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="cannot be opened for writing"):
        open_sqlite(tmp_path / "missing" / "crossdock.db")


def test_a_file_that_is_something_else_is_left_alone(path: Path) -> None:
    path.write_bytes(b"order_no;order_version;action\n" * 200)

    with pytest.raises(Misconfigured, match="cannot be opened for writing"):
        open_sqlite(path)

    assert path.read_bytes() == b"order_no;order_version;action\n" * 200


def test_a_store_that_was_never_set_up_is_not_read(path: Path) -> None:
    apsw.Connection(str(path)).execute("CREATE TABLE other (id)")

    with pytest.raises(Misconfigured, match="not up to this release"):
        open_reader(path)


def test_a_migration_that_was_edited_is_refused(path: Path) -> None:
    open_sqlite(path).close()
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE migration SET checksum = 'other'")

    with pytest.raises(Misconfigured) as refusal:
        open_sqlite(path)

    assert (refusal.value.seen["migration"], refusal.value.seen["applied"]) == (
        "0001_pre_message_store.sql",
        "other",
    )


def test_a_store_of_a_newer_release_is_refused(path: Path) -> None:
    open_sqlite(path).close()
    connection = apsw.Connection(str(path))
    connection.execute("INSERT INTO migration VALUES (9999, '9999_later.sql', 'x')")

    for opening in (open_sqlite, open_reader):
        with pytest.raises(Misconfigured, match="written by a newer release"):
            opening(path)


def test_a_refused_store_can_be_opened_by_the_right_release(path: Path) -> None:
    open_sqlite(path).close()
    connection = apsw.Connection(str(path))
    connection.execute("INSERT INTO migration VALUES (9999, '9999_later.sql', 'x')")
    with pytest.raises(Misconfigured):
        open_sqlite(path)

    connection.execute("DELETE FROM migration WHERE number = 9999")

    assert kept(path) == {}


def test_only_what_is_missing_is_applied() -> None:
    connection = apsw.Connection(":memory:")
    steps = [
        Migration(number=1, name="0001_pre_a.sql", sql="CREATE TABLE a (x)"),
        Migration(number=2, name="0002_pre_b.sql", sql="CREATE TABLE b (x); CREATE TABLE c (x)"),
    ]

    migrate(connection, steps[:1])
    migrate(connection, steps)

    tables = connection.execute("SELECT name FROM sqlite_schema WHERE name IN ('a', 'b', 'c')")
    assert (check(connection, steps), tables.fetchall()) == (2, [("a",), ("b",), ("c",)])


def test_a_migration_that_fails_changes_nothing() -> None:
    connection = apsw.Connection(":memory:")
    broken = Migration(
        number=1, name="0001_pre_a.sql", sql="CREATE TABLE a (x); CREATE TABLE a (x)"
    )

    with pytest.raises(apsw.SQLError):
        migrate(connection, [broken])

    assert connection.execute("SELECT name FROM sqlite_schema").fetchall() == []


def test_migrations_are_numbered_without_gaps() -> None:
    numbers = [each.number for each in shipped()]

    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("version", ["3.40.1", "3.51.2"])
def test_an_old_sqlite_is_refused(version: str) -> None:
    with pytest.raises(Misconfigured) as refusal:
        refuse_old_sqlite(version)

    assert refusal.value.seen == {"found": version, "needed": "3.51.3"}


def settings(store: SqliteStore) -> list[object]:
    names = ("journal_mode", "synchronous", "journal_size_limit")
    connection = store._writer  # noqa: SLF001 - the promise is about this very connection
    return [connection.execute(f"PRAGMA {name}").fetchall()[0][0] for name in names]


def test_what_is_acknowledged_is_flushed(path: Path) -> None:
    store = open_sqlite(path)

    found = settings(store)

    store.close()
    assert found == ["wal", 2, 64 << 20]  # 2 is FULL


def test_a_full_disk_is_said_so_and_nothing_is_written(path: Path) -> None:
    store = open_sqlite(path)
    store._writer.execute("PRAGMA max_page_count = 120")  # noqa: SLF001 - a disk of 480 KB

    with pytest.raises(StoreFull, match="disk of the store is full"), store.write() as unit:
        unit.append([rows.message(f"m{each}", body=bytes(10_000)) for each in range(900)])

    with store.read() as reader:
        counts = reader.count_messages(MAIN)
    with store.write() as unit:
        unit.append([rows.message()])
    store.close()
    assert (counts, kept(path)) == ({}, {"OrderReleased": 1})


def test_the_time_of_a_flush_is_measured_on_the_file(path: Path) -> None:
    store = open_sqlite(path)

    seconds = store.measure_flush()

    store.close()
    assert 0 < seconds < 10


@contextmanager
def disk_that_fails(path: Path) -> Iterator[None]:
    """Let no file of this process grow beyond the store's log: the system says EFBIG to it."""
    grown = path.with_name(f"{path.name}-wal").stat().st_size
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (grown, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_fails_is_no_fault_of_the_step_and_what_was_committed_stays(path: Path) -> None:
    store = open_sqlite(path)
    with store.write() as unit:
        unit.append([rows.message("before")])

    with disk_that_fails(path), pytest.raises(NotNow) as failed, store.write() as unit:
        unit.append([rows.message(f"lost-{each}", body=os.urandom(9_000)) for each in range(50)])
    with store.write() as unit:
        unit.append([rows.message("after")])
    store.close()

    assert failed.value.said == (
        "The store's file cannot be read or written; look at its disk, then go on"
    )
    assert failed.value.seen["because"] == "IOError: disk I/O error"
    assert kept(path) == {"OrderReleased": 2}


def test_a_store_that_is_damaged_says_so(path: Path) -> None:
    note(path, *(f"m{each}" for each in range(500)))
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + os.urandom(len(whole) - 4096))

    with pytest.raises((NotNow, Misconfigured)) as damaged:
        kept(path)

    assert "is damaged" in damaged.value.said
