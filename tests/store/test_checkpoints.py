"""The log is moved into the file beside the writer, and nothing is lost with either."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from crossdock.store.sqlite import open_sqlite
from crossdock.store.sqlite.checkpoints import LOG_PAGES_MAX
from crossdock.store.sqlite.connections import CHECKPOINT_PAGES
from crossdock.testing.store_conformance import rows

PAGE_BYTES = 4_096
BODY = b"x" * 400_000
SOON_SECONDS = 20.0
WRITER = """
import sys
from pathlib import Path
from crossdock.store.sqlite import open_sqlite
from crossdock.testing.store_conformance import rows
store = open_sqlite(Path(sys.argv[1]), threads=True)
for number in range(10**6):
    with store.write() as unit:
        unit.append([rows.message(f"m{number}", body=b"x" * 400_000)])
    print(number, flush=True)
"""


def size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def test_what_is_committed_moves_into_the_file_while_the_store_is_open(tmp_path: Path) -> None:
    path = tmp_path / "crossdock.db"
    store = open_sqlite(path, threads=True)
    before, written = size_of(path), 0
    while written < CHECKPOINT_PAGES * PAGE_BYTES:
        with store.write() as unit:
            unit.append([rows.message(f"m{written}", body=BODY)])
        written += len(BODY)

    until = time.monotonic() + SOON_SECONDS
    while size_of(path) == before and time.monotonic() < until:
        time.sleep(0.01)

    assert size_of(path) > before
    store.close()


def test_the_log_does_not_grow_without_end_where_the_writer_never_rests(tmp_path: Path) -> None:
    path = tmp_path / "crossdock.db"
    store = open_sqlite(path, threads=True)
    for number in range(5 * LOG_PAGES_MAX * PAGE_BYTES // len(BODY) // 2):
        with store.write() as unit:
            unit.append([rows.message(f"m{number}", body=BODY)])

    log = size_of(path.with_name("crossdock.db-wal"))

    assert log < 2 * LOG_PAGES_MAX * PAGE_BYTES
    store.close()
    assert not path.with_name("crossdock.db-wal").exists()


def test_a_process_killed_while_both_write_has_kept_what_it_committed(tmp_path: Path) -> None:
    path = tmp_path / "crossdock.db"
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        committed = [next(process.stdout).strip() for _ in range(120)]
        os.kill(process.pid, signal.SIGKILL)

    store = open_sqlite(path)
    with store.read() as reader:
        kept = reader.messages("main", [f"m{number}" for number in committed])
    store.close()
    assert len(kept) == len(committed)
