"""A backup of a database is one moment of it, whole and checked; putting it back is one, too."""

import threading
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from crossdock.faults import Misconfigured
from crossdock.ports.backup import Backup
from crossdock.ports.store import Unit
from crossdock.store.postgres import backup, open_postgres
from crossdock.testing.postgres import PostgresServer
from crossdock.testing.store_conformance import rows
from crossdock.testing.store_conformance.rows import MAIN, NOON

MONDAY = datetime(2026, 3, 30, 2, 0, tzinfo=UTC)
ASIDE = "replaced_20260330t020000000000"


@pytest.fixture
def address(postgres: PostgresServer) -> str:
    return postgres.database()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "monday.backup"


def note(address: str, *message_ids: str) -> None:
    store = open_postgres(address)
    with store.write() as unit:
        unit.append([rows.message(each) for each in message_ids])
        unit.enqueue([rows.step(each) for each in message_ids])
    store.close()


def kept(address: str) -> tuple[int, int]:
    """Count messages and steps."""
    store = open_postgres(address)
    with store.read() as reader:
        found = reader.count_messages(MAIN).get("OrderReleased", 0), reader.pending(MAIN)
    store.close()
    return found


def nothing(unit: Unit) -> int:
    return unit.pending()


def test_a_backup_is_one_file_that_says_what_it_holds(address: str, file: Path) -> None:
    note(address, "m1", "m2")

    made = backup.back_up(address, file, MONDAY)

    assert made == Backup(
        file=str(file), size=file.stat().st_size, taken_at=MONDAY, as_of=NOON, messages=2
    )
    assert [each.name for each in file.parent.iterdir()] == [file.name]


def test_a_backup_is_taken_while_the_store_is_written(
    address: str, file: Path, postgres: PostgresServer
) -> None:
    store, stop = open_postgres(address), threading.Event()

    def work() -> None:
        number = 0
        while not stop.is_set():
            ids = [f"{number}-{each}" for each in range(20)]
            with store.write() as unit:
                unit.append([rows.message(each) for each in ids])
                unit.enqueue([rows.step(each) for each in ids])
            number += 1

    worker = threading.Thread(target=work)
    worker.start()
    backup.back_up(address, file, MONDAY)
    stop.set()
    worker.join()
    store.close()
    other = postgres.empty_database()
    backup.put_back(file, other, nothing, MONDAY)

    messages, steps = kept(other)
    assert (messages % 20, steps) == (0, messages)  # every transaction is whole, or not there


def test_a_store_is_replaced_only_where_that_is_said(address: str, file: Path) -> None:
    note(address, "m1")
    backup.back_up(address, file, MONDAY)
    note(address, "m2")

    with pytest.raises(Misconfigured, match="say that it shall be replaced"):
        backup.put_back(file, address, nothing, MONDAY)

    assert kept(address) == (2, 2)


def test_the_tables_that_were_replaced_are_kept_beside(address: str, file: Path) -> None:
    note(address, "m1")
    backup.back_up(address, file, MONDAY)
    note(address, "m2")

    prepared = backup.put_back(file, address, nothing, MONDAY, replace=True)

    with psycopg.connect(address) as connection:
        aside = connection.execute(f"SELECT count(*) FROM {ASIDE}.message").fetchone()  # noqa: S608 - ours
    assert (prepared, kept(address), aside) == (1, (1, 1), (2,))


def test_a_restored_store_is_written_as_ever(address: str, file: Path) -> None:
    note(address, "m1", "m2")
    backup.back_up(address, file, MONDAY)
    backup.put_back(file, address, nothing, MONDAY, replace=True)

    note(address, "m2", "m3")

    assert kept(address) == (3, 3)


def test_a_store_that_is_written_is_not_replaced(address: str, file: Path) -> None:
    note(address, "m1")
    backup.back_up(address, file, MONDAY)
    store = open_postgres(address)

    with pytest.raises(Misconfigured, match="Other processes write this store") as refusal:
        backup.put_back(file, address, nothing, MONDAY, replace=True)

    store.close()
    assert (refusal.value.seen["processes"], kept(address)) == ("1", (1, 1))


def test_a_preparation_that_fails_leaves_the_store_as_it_is(address: str, file: Path) -> None:
    note(address, "m1")
    backup.back_up(address, file, MONDAY)
    note(address, "m2")

    def broken(_unit: Unit) -> None:
        raise OSError("the folder of a partner is gone")

    with pytest.raises(OSError, match="folder"):
        backup.put_back(file, address, broken, MONDAY, replace=True)

    assert kept(address) == (2, 2)


@pytest.mark.parametrize("content", [b"", b"order_no;order_version\n" * 99])
def test_what_is_no_backup_is_not_put_back(address: str, file: Path, content: bytes) -> None:
    file.write_bytes(content)

    with pytest.raises(Misconfigured, match="no backup of a database"):
        backup.put_back(file, address, nothing, MONDAY)


def test_a_damaged_backup_is_not_put_back(address: str, file: Path) -> None:
    note(address, *(f"m{each}" for each in range(300)))
    backup.back_up(address, file, MONDAY)
    with zipfile.ZipFile(file) as archive:
        begins = archive.getinfo("message.copy").header_offset + 100
    with file.open("r+b") as torn:
        torn.seek(begins)
        torn.write(b"\0" * 50)

    with pytest.raises(Misconfigured, match="is damaged"):
        backup.put_back(file, address, nothing, MONDAY, replace=True)

    assert kept(address) == (300, 300)


def test_a_database_without_a_store_has_nothing_to_back_up(
    postgres: PostgresServer, file: Path
) -> None:
    with pytest.raises(Misconfigured, match="There is no store of crossdock here"):
        backup.back_up(postgres.empty_database(), file, MONDAY)

    assert list(file.parent.iterdir()) == []
