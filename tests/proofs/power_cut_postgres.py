"""Cut the power under PostgreSQL, and see whether it still has what it committed.

    make power-cut-postgres CUTS=50

The server's files lie on a disk that forgets what was not flushed (`tests.proofs.forgetful_disk`).
Writers insert rows, plain ones and documents through the real house; what a commit or a receipt has
acknowledged is noted. At a random moment every process of the server is killed and the disk is cut;
the server comes up again on what is left. The control, `synchronous_commit=off`, must lose: else
the disk forgets too little. The last line is JSON.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import msgspec
import psycopg
from msgspec import Struct

from crossdock.faults import NotNow
from crossdock.flow.machine import Machine
from crossdock.store.postgres import PostgresStore
from crossdock.testing.in_process import arrival
from crossdock.testing.postgres import NotInstalled, PostgresServer
from crossdock.testing.proof import papers
from crossdock.testing.proof.day import Places, house
from tools.figures import Figure, record

WRITERS = 3
LONGEST_SECONDS = 1.0
PATIENCE_SECONDS = 60.0
SETTINGS = (
    "fsync=on",
    "full_page_writes=on",
    "wal_writer_delay=10s",  # the control may then lose as much as can be lost
    "recovery_init_sync_method=syncfs",
)
TENANT = "main"
SKIPPED = 77  # what test harnesses take for "could not be run here"


class NoDisk(Exception):
    """No forgetful disk can be made here; the text says why."""


class Cut(Struct, frozen=True, kw_only=True):
    """What one cut showed: rows and documents acknowledged before it, and lost by it."""

    rows: int
    documents: int
    rows_lost: int
    documents_lost: int


class ForgetfulServer:
    """A PostgreSQL server on a forgetful disk."""

    def __init__(self, folder: Path, synchronous_commit: str) -> None:
        """Make the server's files, with small logs. Raises NotInstalled or NoDisk."""
        if not Path("/dev/fuse").exists() or shutil.which("fusermount3") is None:
            raise NoDisk("FUSE is not here: apt-get install fuse3, and run where /dev/fuse is")
        if os.geteuid() != 0:
            raise NoDisk("only root can mount a disk that another user sees")
        wanted = (*SETTINGS, f"synchronous_commit={synchronous_commit}")
        self.server = PostgresServer(folder / "server", wanted, files=("--wal-segsize=1",))
        self._data = folder / "server" / "data"
        self._tree = folder / "tree"
        self._data.rename(self._tree)
        self._data.mkdir(mode=0o700)
        self._disk: subprocess.Popen[bytes] | None = None

    def power_on(self) -> None:
        """Plug the disk in, and start the server. Raises NoDisk."""
        command = [sys.executable, "-m", "tests.proofs.forgetful_disk"]
        self._disk = subprocess.Popen([*command, str(self._tree), str(self._data)])
        ends = time.monotonic() + PATIENCE_SECONDS
        while not self._data.is_mount():
            if self._disk.poll() is not None or time.monotonic() > ends:
                raise NoDisk("the FUSE file system could not be mounted; see its words above")
            time.sleep(0.02)
        self.server.run()

    def power_off(self) -> None:
        """Kill every process of the server, and cut the disk."""
        self.server.kill()
        self.unplug()

    def unplug(self) -> None:
        """Unmount the disk, and wait until it has forgotten."""
        if self._disk is None:
            return
        ends = time.monotonic() + PATIENCE_SECONDS
        while subprocess.run(
            ["umount", str(self._data)], check=False, stderr=subprocess.DEVNULL
        ).returncode:
            if not self._data.is_mount() or time.monotonic() > ends:
                break  # processes that die slowly keep it busy for a moment
            time.sleep(0.02)
        if self._data.is_mount():
            subprocess.run(["umount", "--lazy", str(self._data)], check=True)
        self._disk.wait(PATIENCE_SECONDS)
        self._disk = None

    def stop(self) -> None:
        """End everything, and remove the files."""
        self.server.kill()
        self.unplug()


class Writers:
    """Writes until the server is gone, and notes what was acknowledged."""

    def __init__(self, address: str, round_: int, places: Places) -> None:
        """Take the store's address; `round_` makes this round's rows different from others'."""
        self._address = address
        self._round = round_
        self._places = places
        self.rows: list[int] = []
        self.documents: list[str] = []
        self._threads = [
            threading.Thread(target=self._write_rows, args=(number,)) for number in range(WRITERS)
        ]
        self._threads.append(threading.Thread(target=self._deliver))

    def start(self) -> None:
        """Begin to write; returns when the first row and document are acknowledged."""
        for each in self._threads:
            each.start()
        ends = time.monotonic() + PATIENCE_SECONDS
        while not (self.rows and self.documents) and time.monotonic() < ends:
            time.sleep(0.01)

    def join(self) -> None:
        """Wait until all have noticed that the server is gone."""
        for each in self._threads:
            each.join(PATIENCE_SECONDS)

    def _write_rows(self, writer: int) -> None:
        key = (self._round * WRITERS + writer) * 1_000_000
        with suppress(psycopg.Error), psycopg.connect(self._address, autocommit=True) as connection:
            while True:
                key += 1
                connection.execute("INSERT INTO acknowledged VALUES (%s)", (key,))
                self.rows.append(key)

    def _deliver(self) -> None:
        number = 0
        with suppress(NotNow, psycopg.Error):
            store = PostgresStore(self._address)
            machine = Machine(store=store, roster=house(self._places))
            machine.start()
            while True:
                number += 1
                content = msgspec.json.encode([papers.item(f"I-{self._round}-{number}", "Drill")])
                machine.receive([arrival("erp", "master_data", content)], datetime.now(UTC))
                self.documents.append(sha256(content).hexdigest())


def found(address: str) -> tuple[set[int], set[str]]:
    """Read which rows and documents are there."""
    with psycopg.connect(address) as connection:
        rows = {key for (key,) in connection.execute("SELECT id FROM acknowledged")}
    store = PostgresStore(address)
    with store.read() as reader:
        documents = reader.documents(TENANT, limit=1_000_000)
    store.close()
    return rows, {row.sha256 for row in documents}


@contextmanager
def powered(folder: Path, synchronous_commit: str) -> Iterator[ForgetfulServer]:
    """Use a server on a forgetful disk. Raises NotInstalled or NoDisk."""
    served = ForgetfulServer(folder, synchronous_commit)
    try:
        served.power_on()
        yield served
    finally:
        served.stop()


def cuts(folder: Path, count: int, seed: int, synchronous_commit: str = "on") -> list[Cut]:
    """Cut the power so many times under load. Raises NotInstalled or NoDisk."""
    chance = random.Random(seed)  # noqa: S311 - chooses when, no secret
    places = Places(folder / "places")
    places.make()
    shown: list[Cut] = []
    with powered(folder, synchronous_commit) as served:
        address = served.server.database()
        with psycopg.connect(address) as connection:
            connection.execute("CREATE TABLE acknowledged (id bigint PRIMARY KEY)")
        with psycopg.connect(served.server.address("postgres"), autocommit=True) as connection:
            connection.execute("CHECKPOINT")  # the tables are there, whatever is lost
        for number in range(count):
            writers = Writers(address, number, places)
            writers.start()
            time.sleep(chance.uniform(0.2, LONGEST_SECONDS))
            served.power_off()
            writers.join()
            served.power_on()
            rows, documents = found(address)
            shown.append(
                Cut(
                    rows=len(writers.rows),
                    documents=len(writers.documents),
                    rows_lost=len(set(writers.rows) - rows),
                    documents_lost=len(set(writers.documents) - documents),
                )
            )
    return shown


def main() -> None:
    """Cut, print, and end with 1 where something was lost, or the control lost nothing."""
    parser = argparse.ArgumentParser(description="Power cuts for PostgreSQL.")
    parser.add_argument("--cuts", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--record", action="store_true", help="keep the figures for the docs")
    asked = parser.parse_args()
    logging.disable(logging.ERROR)
    try:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o755)  # the server's user must reach its files
            shown = cuts(Path(folder) / "on", asked.cuts, asked.seed)
            control = cuts(Path(folder) / "off", max(1, asked.cuts // 10), asked.seed, "off")
    except (NoDisk, NotInstalled) as why:
        sys.stdout.write(f"SKIPPED, nothing was shown: {why}\n")
        sys.exit(SKIPPED)
    figures: dict[str, Figure] = {
        "cuts": len(shown),
        "acknowledged_rows": sum(each.rows for each in shown),
        "acknowledged_documents": sum(each.documents for each in shown),
        "lost": sum(each.rows_lost + each.documents_lost for each in shown),
        "control_acknowledged": sum(each.rows + each.documents for each in control),
        "control_lost": sum(each.rows_lost + each.documents_lost for each in control),
    }
    if asked.record:
        command = f"make power-cut-postgres CUTS={asked.cuts}"
        record("power_cut_postgres", "The power is cut under PostgreSQL", command, figures)
    sys.stdout.write(msgspec.json.encode(figures).decode() + "\n")
    sys.exit(bool(figures["lost"]) or not figures["control_lost"])


if __name__ == "__main__":
    main()
