"""A backup is one moment of a store, whole and checked; putting it back loses nothing else."""

import errno
import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import apsw
import pytest

from crossdock.faults import Misconfigured
from crossdock.ports.backup import Backup
from crossdock.ports.store import Unit
from crossdock.store.sqlite import SqliteStore, backup, open_reader, open_sqlite
from crossdock.testing.store_conformance import rows
from crossdock.testing.store_conformance.rows import MAIN, NOON

MONDAY = datetime(2026, 3, 30, 2, 0, tzinfo=UTC)

WRITES_WITHOUT_END = """
import itertools, sys
from pathlib import Path
from crossdock.store.sqlite import open_sqlite
from crossdock.testing.store_conformance import rows

store = open_sqlite(Path(sys.argv[1]))
for number in itertools.count():
    with store.write() as unit:
        unit.append([rows.message(f"{number}-{each}", body=bytes(2000)) for each in range(50)])
        unit.enqueue([rows.step(f"{number}-{each}") for each in range(50)])
    if number == 20:
        print("busy", flush=True)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "crossdock.db"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "monday.db"


def note(path: Path, *message_ids: str) -> None:
    store = open_sqlite(path)
    with store.write() as unit:
        unit.append([rows.message(each) for each in message_ids])
    store.close()


def kept(path: Path) -> dict[str, int]:
    with open_reader(path).read() as reader:
        return reader.count_messages(MAIN)


def nothing(unit: Unit) -> int:
    return unit.pending()


def names(folder: Path) -> list[str]:
    beside = (".lock", "-wal", "-shm")
    return sorted(each.name for each in folder.iterdir() if not each.name.endswith(beside))


def test_a_backup_is_one_file_that_says_what_it_holds(path: Path, file: Path) -> None:
    note(path, "m1", "m2")

    made = backup.back_up(path, file, MONDAY)

    assert made == Backup(
        file=str(file), size=file.stat().st_size, taken_at=MONDAY, as_of=NOON, messages=2
    )
    assert (kept(file), names(file.parent)) == ({"OrderReleased": 2}, ["crossdock.db", "monday.db"])


def test_a_backup_is_taken_beside_a_process_that_writes(path: Path, file: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WRITES_WITHOUT_END, path], stdout=subprocess.PIPE
    ) as busy:
        assert busy.stdout is not None
        busy.stdout.readline()

        made = backup.back_up(path, file, MONDAY)

        still_writing = busy.poll() is None
        busy.send_signal(signal.SIGKILL)
    with open_reader(file).read() as reader:
        messages, steps = reader.count_messages(MAIN)["OrderReleased"], reader.pending()
    assert (still_writing, messages, messages % 50) == (True, made.messages, 0)
    assert steps == messages  # every transaction is in it whole, or not at all


def test_a_backup_never_takes_the_place_of_a_file(path: Path, file: Path) -> None:
    note(path, "m1")
    file.write_bytes(b"dear to somebody")

    with pytest.raises(Misconfigured, match="choose another"):
        backup.back_up(path, file, MONDAY)

    assert file.read_bytes() == b"dear to somebody"


def test_nothing_half_written_is_called_a_backup(path: Path, file: Path) -> None:
    note(path, "m1")
    file.with_name(".monday.db.part").write_bytes(b"left by a power cut")

    backup.back_up(path, file, MONDAY)

    assert (kept(file), names(file.parent)) == ({"OrderReleased": 1}, ["crossdock.db", "monday.db"])


@pytest.mark.parametrize("content", [b"", b"order_no;order_version\n" * 999])
def test_what_is_no_store_is_neither_backed_up_nor_put_back(
    path: Path, file: Path, content: bytes
) -> None:
    file.write_bytes(content)

    with pytest.raises(Misconfigured):
        backup.back_up(file, path, MONDAY)
    with pytest.raises(Misconfigured):
        backup.put_back(file, path, nothing, MONDAY)

    assert names(path.parent) == ["monday.db"]


def test_a_damaged_backup_is_not_put_back(path: Path, file: Path) -> None:
    note(path, *(f"m{each}" for each in range(500)))
    backup.back_up(path, file, MONDAY)
    with file.open("r+b") as torn:
        torn.seek(40 * 4096)
        torn.write(os.urandom(4096))

    with pytest.raises(Misconfigured, match="is damaged"):
        backup.put_back(file, path, nothing, MONDAY, replace=True)

    assert kept(path) == {"OrderReleased": 500}


def test_whatever_page_is_torn_a_file_tells_what_it_holds_or_that_it_is_damaged(
    path: Path, file: Path
) -> None:
    note(path, *(f"m{each}" for each in range(500)))
    backup.back_up(path, file, MONDAY)
    whole, said = file.read_bytes(), set[str]()

    for page in range(len(whole) // 4096):
        torn = whole[: page * 4096] + os.urandom(4096) + whole[(page + 1) * 4096 :]
        file.write_bytes(torn if page else whole[:9000])
        try:
            said.add(str(backup.look_at(file).messages))
        except Misconfigured as error:
            said.add(error.said)

    assert said == {"500", "The file is damaged"}


def test_a_store_is_replaced_only_where_that_is_said(path: Path, file: Path) -> None:
    note(path, "m1")
    backup.back_up(path, file, MONDAY)
    note(path, "m2")

    with pytest.raises(Misconfigured, match="say that it shall be replaced"):
        backup.put_back(file, path, nothing, MONDAY)

    assert kept(path) == {"OrderReleased": 2}


def test_the_store_that_was_replaced_is_kept_beside(path: Path, file: Path) -> None:
    note(path, "m1")
    backup.back_up(path, file, MONDAY)
    note(path, "m2")

    backup.put_back(file, path, nothing, MONDAY, replace=True)

    aside = backup.aside_of(path, MONDAY)
    assert aside is not None
    assert aside.name == "crossdock.db.replaced-20260330T020000000000Z"
    assert (kept(path), kept(aside)) == ({"OrderReleased": 1}, {"OrderReleased": 2})


def test_what_a_killed_store_had_only_in_its_log_is_kept_too(path: Path, file: Path) -> None:
    note(path, "m0")
    backup.back_up(path, file, MONDAY)
    program = WRITES_WITHOUT_END.replace('print("busy", flush=True)', "sys.exit(os._exit(9))")
    subprocess.run([sys.executable, "-c", f"import os{program}", path], check=False)
    before = kept(path)["OrderReleased"]

    backup.put_back(file, path, nothing, MONDAY, replace=True)

    aside = backup.aside_of(path, MONDAY)
    assert aside is not None
    assert (kept(aside), kept(path)) == ({"OrderReleased": before}, {"OrderReleased": 1})
    assert before == 1 + 21 * 50


def test_a_store_that_cannot_be_opened_any_more_is_replaced_with_its_log(
    path: Path, file: Path
) -> None:
    note(path, "m1")
    backup.back_up(path, file, MONDAY)
    path.write_bytes(b"nothing but rust" * 999)
    path.with_name("crossdock.db-wal").write_bytes(b"and its log")

    backup.put_back(file, path, nothing, MONDAY, replace=True)

    aside = backup.aside_of(path, MONDAY)
    assert aside is not None
    assert (aside.read_bytes()[:7], kept(path)) == (b"nothing", {"OrderReleased": 1})
    assert aside.with_name(f"{aside.name}-wal").read_bytes() == b"and its log"


def test_a_store_that_is_written_is_not_replaced(path: Path, file: Path) -> None:
    note(path, "m1")
    backup.back_up(path, file, MONDAY)
    store = open_sqlite(path)

    with pytest.raises(Misconfigured, match="Another process is writing"):
        backup.put_back(file, path, nothing, MONDAY, replace=True)

    store.close()


def test_a_preparation_that_fails_leaves_the_store_as_it_is(path: Path, file: Path) -> None:
    note(path, "m1")
    backup.back_up(path, file, MONDAY)
    note(path, "m2")

    def broken(_unit: Unit) -> None:
        raise OSError(errno.EIO, "the folder of a partner is gone")

    with pytest.raises(OSError, match="folder"):
        backup.put_back(file, path, broken, MONDAY, replace=True)

    assert (kept(path), names(path.parent)) == (
        {"OrderReleased": 2},
        ["crossdock.db", "monday.db"],
    )


def test_a_replaced_store_may_be_put_back_itself(path: Path, file: Path) -> None:
    note(path, "m1")
    backup.back_up(path, file, MONDAY)
    note(path, "m2")
    backup.put_back(file, path, nothing, MONDAY, replace=True)
    aside = backup.aside_of(path, MONDAY)
    assert aside is not None

    backup.put_back(aside, path, nothing, MONDAY.replace(hour=3), replace=True)

    assert kept(path) == {"OrderReleased": 2}


def test_a_restored_store_is_opened_and_written_as_ever(path: Path, file: Path) -> None:
    note(path, "m1")
    backup.back_up(path, file, MONDAY)
    backup.put_back(file, path, nothing, MONDAY, replace=True)

    note(path, "m2")

    connection = apsw.Connection(str(path))
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA journal_mode").fetchall() == [("wal",)]
    assert (kept(path), backup.look_at(path).taken_at) == ({"OrderReleased": 2}, None)


def test_a_busy_store_goes_on_while_it_is_backed_up(path: Path, file: Path) -> None:
    store = SqliteStore(path)
    with store.write() as unit:
        unit.append([rows.message(f"m{each}", body=bytes(3000)) for each in range(3000)])
    taking = threading.Thread(target=backup.back_up, args=(path, file, MONDAY))
    taking.start()
    for each in range(30):
        with store.write() as unit:
            unit.append([rows.message(f"n{each}")])
    taking.join()
    store.close()

    assert kept(path) == {"OrderReleased": 3030}
    assert 3000 <= kept(file)["OrderReleased"] <= 3030
