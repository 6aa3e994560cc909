"""A full disk: `crossdock up` in earnest on a disk of a few MiB, filled, and given room again.

    make disk-full

Two rounds. In the first the disk falls below low water, and nothing more is taken in. In the second
there is no low water: documents come until the disk itself is full and the ballast is dropped.
What was acknowledged must be stored; whoever is turned away hears 507 and when to come again; pages
and health go on; with room on the disk again the door opens without anybody's doing.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import json
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from crossdock.ports.store import ExceptionStatus
from crossdock.store.sqlite import open_sqlite
from crossdock.testing.proof.verdict import integrity
from tests.proofs.small_disk import MIB, fill, small_disk
from tests.simulators.kit import free_port
from tools.figures import Figure, record

DISK_MIB = 64
ROOM_BYTES = 12 * MIB  # what the filler leaves above low water
RECORDS = 20
PATIENCE_SECONDS = 120.0
TAKEN, TURNED_AWAY = 202, 507
QUEUE = "/process/v1/exceptions"
PAGES = ("/console/", "/livez", "/metrics")

CONFIG = """\
[store]
path = "disk/crossdock.db"
ballast_mib = 2
low_water_mib = {low_water}

[server]
port = {port}

[[partners]]
name = "erp"
connector = "reference_erp"
settings = {{ base_url = "http://127.0.0.1:9/system/v1" }}
"""


class Round(Struct, frozen=True, kw_only=True):
    """What a round showed; `answers` count by status, `recovery_seconds` until the next 202."""

    low_water_mib: int
    acknowledged: int
    lost: int
    answers: dict[str, int]
    retry_after: str
    problem: str
    not_ready: bool
    pages_served: bool
    ballast_dropped: bool
    recovery_seconds: float
    settled_by_itself: bool
    broken: tuple[str, ...]


class Hub:
    """The running house, as a partner and an operator reach it."""

    def __init__(self, port: int) -> None:
        """Take its port."""
        self._port = port
        self.answers: Counter[str] = Counter()
        self.acknowledged: set[str] = set()
        self.turned_away: tuple[str, str] = ("", "")

    def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, dict[str, str], bytes]:
        """Ask once; answer the status, the headers and the body."""
        line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_SECONDS)
        try:
            line.request(method, path, body, {"Content-Type": "application/json"})
            reply = line.getresponse()
            return reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read()
        finally:
            line.close()

    def deliver(self) -> int:
        """Deliver a document of records; note what is acknowledged."""
        content = records()
        status, headers, body = self.ask("POST", "/system/v1/partners/erp/master_data", content)
        self.answers[str(status)] += 1
        if status == TAKEN:
            self.acknowledged.add(hashlib.sha256(content).hexdigest())
        elif status == TURNED_AWAY:
            self.turned_away = (headers.get("retry-after", ""), json.loads(body)["type"])
        return status

    def deliver_until(self, wanted: int) -> float:
        """Deliver until an answer is the one wanted; tell how long that took, in seconds."""
        began = time.monotonic()
        while self.deliver() != wanted:
            if time.monotonic() - began > PATIENCE_SECONDS:
                sys.exit(f"no {wanted} in {PATIENCE_SECONDS} s: {self.answers}")
        return time.monotonic() - began


def records() -> bytes:
    """Write a document whose content does not pack well."""
    return msgspec.json.encode(
        [
            {
                "event_id": secrets.token_hex(8),
                "event_type": "item.changed",
                "occurred_at": "2026-03-27T06:00:00Z",
                "version": 1,
                "record": {"item_id": secrets.token_hex(6), "description": secrets.token_hex(500)},
            }
            for _ in range(RECORDS)
        ]
    )


@contextmanager
def running(folder: Path, low_water: int) -> Iterator[Hub]:
    """Run `crossdock up` on the small disk, and stop it cleanly."""
    port = free_port()
    (folder / "policies").mkdir()
    config = CONFIG.format(low_water=low_water, port=port)
    (folder / "crossdock.toml").write_text(config, "utf-8")
    command = [sys.executable, "-m", "crossdock.cli", "up", "--config", "crossdock.toml"]
    with (folder / "up.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        try:
            hub = Hub(port)
            wait(lambda: alive(hub, process), "the house to come up")
            yield hub
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE_SECONDS)


def alive(hub: Hub, process: subprocess.Popen[bytes]) -> bool:
    """Tell whether the house is ready. Ends where it has ended."""
    if process.poll() is not None:
        sys.exit("crossdock did not come up; see up.log")
    try:
        return hub.ask("GET", "/readyz")[0] == http.client.OK
    except OSError:
        return False


def wait(until: Callable[[], bool], what: str) -> None:
    """Wait for something; end where it does not come."""
    began = time.monotonic()
    while not until():
        if time.monotonic() - began > PATIENCE_SECONDS:
            sys.exit(f"waited in vain for {what}")
        time.sleep(0.05)


def go_round(folder: Path, low_water: int) -> Round:
    """Fill the disk, see who is turned away, make room, see who is taken in again."""
    with small_disk(folder, DISK_MIB) as disk:
        ballast = disk / "crossdock.db.ballast"
        with running(folder, low_water) as hub:
            hub.deliver()
            filler = fill(disk, leave=low_water * MIB + ROOM_BYTES)
            hub.deliver_until(TURNED_AWAY)
            dropped = not ballast.exists()
            wait(lambda: hub.ask("GET", "/readyz")[0] != http.client.OK, "readiness to fall")
            wait(lambda: b"STORE_FULL" in hub.ask("GET", QUEUE)[2], "the exception to open")
            served = all(hub.ask("GET", page)[0] == http.client.OK for page in PAGES)
            hub.deliver()
            filler.unlink()
            recovery = hub.deliver_until(TAKEN)
            wait(lambda: hub.ask("GET", "/readyz")[0] == http.client.OK, "readiness to come back")
            wait(lambda: b"STORE_FULL" not in hub.ask("GET", QUEUE)[2], "the exception to close")
        held = ballast.exists()
        return Round(
            low_water_mib=low_water,
            acknowledged=len(hub.acknowledged),
            lost=len(hub.acknowledged - kept(disk)),
            answers=dict(hub.answers),
            retry_after=hub.turned_away[0],
            problem=hub.turned_away[1],
            not_ready=True,
            pages_served=served,
            ballast_dropped=dropped,
            recovery_seconds=recovery,
            settled_by_itself=held and told(disk) == {ExceptionStatus.RESOLVED},
            broken=tuple(integrity(disk / "crossdock.db")),
        )


def kept(disk: Path) -> set[str]:
    """Read the SHA-256 of every document that is stored."""
    store = open_sqlite(disk / "crossdock.db")
    with store.read() as reader:
        rows = reader.documents("main", limit=1_000_000)
    store.close()
    return {row.sha256 for row in rows if hashlib.sha256(row.content).hexdigest() == row.sha256}


def told(disk: Path) -> set[ExceptionStatus]:
    """Read how the exceptions of the full disk stand."""
    store = open_sqlite(disk / "crossdock.db")
    with store.read() as reader:
        rows = reader.exceptions("main", status=None)
    store.close()
    return {row.status for row in rows if row.code == "STORE_FULL"}


def main() -> None:
    """Go both rounds, print, and end with 1 where something was lost or did not recover."""
    parser = argparse.ArgumentParser(description="A disk that fills.")
    parser.add_argument("--record", action="store_true", help="keep the figures for the docs")
    asked = parser.parse_args()
    rounds = []
    for low_water in (4, 0):
        with tempfile.TemporaryDirectory() as folder:
            rounds.append(go_round(Path(folder), low_water))
        sys.stdout.write(msgspec.json.encode(rounds[-1]).decode() + "\n")
    figures: dict[str, Figure] = {
        "acknowledged": sum(each.acknowledged for each in rounds),
        "lost": sum(each.lost for each in rounds),
        "turned_away_with_507": sum(each.answers[str(TURNED_AWAY)] for each in rounds),
        "other_answers": sum(
            count
            for each in rounds
            for status, count in each.answers.items()
            if int(status) not in {TAKEN, TURNED_AWAY}
        ),
        "pages_served_meanwhile": all(each.pages_served for each in rounds),
        "settled_by_itself": all(each.settled_by_itself for each in rounds),
        "seconds_until_taken_in_again_max": f"{max(each.recovery_seconds for each in rounds):.1f}",
    }
    if asked.record:
        record("disk_full", "A disk that fills, and has room again", "make disk-full", figures)
    sys.stdout.write(msgspec.json.encode(figures).decode() + "\n")
    well = figures["pages_served_meanwhile"] and figures["settled_by_itself"]
    sys.exit(bool(figures["lost"] or figures["other_answers"] or not well))


if __name__ == "__main__":
    main()
