"""Poison against real `crossdock up` processes, with somebody who starts them again.

    make poison

Each kind of poison is an order of its own, with a change of the same order behind it and good
orders around it. Counted are the workers it cost until its key was set aside; the good orders must
all be decided, and the change must wait for a person, with a reason everyone can read.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.messages.envelope import Key
from crossdock.ports.store import Reader
from crossdock.store.sqlite import open_reader
from tests.histories.words import Told, order
from tests.poison.house import POISONS
from tests.simulators.kit import free_port
from tools.figures import record

PATIENCE_SECONDS, HUNG_SECONDS = 240.0, 3.0
GOOD = ("SO-GOOD-1", "SO-GOOD-2", "SO-GOOD-3")
POLICY = """
known_customer = false
known_items = false
known_ship_to = false
"""
CONFIG = """
[server]
port = {port}
[policies]
folder = "policies"
[[partners]]
name = "erp"
connector = "reference_erp"
[partners.settings]
base_url = "http://127.0.0.1:9"
[[partners]]
name = "tms"
connector = "reference_tms"
[partners.settings]
base_url = "http://127.0.0.1:9"
"""


class Outcome(Struct, frozen=True, kw_only=True):
    """What came of the poison: deaths in all, what is set aside by order, and who went on."""

    deaths: int
    aside: dict[str, str]
    good: list[str]
    waiting: dict[str, int]


class Ward:
    """A house that is started again whenever it dies or hangs."""

    def __init__(self, folder: Path) -> None:
        """Write its configuration."""
        self.folder = folder
        self.config = folder / "crossdock.toml"
        self.port = free_port()
        (folder / "policies").mkdir()
        (folder / "policies" / "completeness.toml").write_text(POLICY, "utf-8")
        self.config.write_text(CONFIG.format(port=self.port), "utf-8")
        self.deaths = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._silent_since = 0.0

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self.port}"

    def look_after(self) -> None:
        """Start it where it does not run, end it where it hangs."""
        if self._process is None or self._process.poll() is not None:
            self.deaths += self._process is not None
            self._process = self._start()
            self._silent_since = 0.0
        elif self._answers():
            self._silent_since = 0.0
        elif self._silent_since and time.monotonic() - self._silent_since > HUNG_SECONDS:
            self._process.kill()
            self._process.wait()
        else:
            self._silent_since = self._silent_since or time.monotonic()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.poison.house", "up", "--config", str(self.config)]
        with (self.folder / "up.log").open("ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        until(lambda: process.poll() is not None or self._answers())
        return process

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.url}/readyz", timeout=1).close()  # noqa: S310 - ours
        except OSError:
            return False
        return True

    def tell(self, told: Told) -> None:
        """Bring a document in, as often as it takes until it is acknowledged."""
        where = f"{self.url}/system/v1/partners/{told.partner}/{told.document}"
        body = json.dumps(told.content).encode()

        def taken() -> bool:
            self.look_after()
            try:
                urllib.request.urlopen(where, body, timeout=2).close()  # noqa: S310 - ours
            except OSError:
                return False
            return True

        until(taken)

    def end(self) -> None:
        """Stop it for good."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """Look into its store."""
        store = open_reader(self.folder / "crossdock.db")
        try:
            with store.read() as reader:
                yield reader
        finally:
            store.close()

    def command(self, *words: str) -> Any:
        """Type a command, as an operator would, and read its JSON."""
        typed = [sys.executable, "-m", "crossdock.cli", *words, "--json", "--config"]
        heard = subprocess.run([*typed, str(self.config)], capture_output=True, check=False)
        return json.loads(heard.stdout)


def until_answers(url: str) -> None:
    """Wait until an address answers."""

    def answers() -> bool:
        try:
            urllib.request.urlopen(url, timeout=1).close()  # noqa: S310 - ours
        except OSError:
            return False
        return True

    until(answers)


def until(true: Any) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError("it did not become so")
        time.sleep(0.1)


def poison(ward: Ward, kinds: Sequence[str]) -> Outcome:
    """Bring in the poison with what is around it, and wait until every key is settled."""
    bad = {f"SO-{kind}": kind for kind in kinds}
    ward.tell(order("released", order_id=GOOD[0]))
    for order_id, kind in bad.items():
        ward.tell(order("released", order_id=order_id, customer_reference=kind))
    for order_id in (*GOOD[1:], *bad):
        version = 2 if order_id in bad else 1
        ward.tell(order("changed" if version > 1 else "released", version, order_id=order_id))

    def settled() -> bool:
        ward.look_after()
        with ward.reading() as reader:
            return len(reader.parked("main")) == len(bad) and reader.pending("main") == 2 * len(bad)

    until(settled)
    stuck = ward.command("exceptions", "ls")["exceptions"]
    with ward.reading() as reader:
        return Outcome(
            deaths=ward.deaths,
            aside={
                each["subject"].rpartition("/")[2]: each["code"]
                for each in stuck
                if each["code"].startswith("STEP_")
            },
            good=[
                each
                for each in GOOD
                if reader.outbox_of("main", "order_release", Key("order", each))
            ],
            waiting={
                key.id: len(reader.unhandled("main", name, key))
                for name, key in reader.parked("main")
            },
        )


def main() -> int:
    """Try every poison, and record what it cost."""
    with tempfile.TemporaryDirectory() as folder:
        ward = Ward(Path(folder))
        try:
            outcome = poison(ward, tuple(POISONS))
        finally:
            ward.end()
    codes = list(outcome.aside.values())
    figures = {
        "kinds": len(POISONS),
        "set_aside": len(outcome.aside),
        "as_poison": codes.count("STEP_POISON"),
        "as_failed": codes.count("STEP_FAILED"),
        "workers_lost": outcome.deaths,
        "good_orders": len(GOOD),
        "good_orders_decided": len(outcome.good),
    }
    title = "Messages that kill, hang, exhaust or break their worker"
    record("poison", title, "make poison", figures)
    print(msgspec.json.encode(figures).decode())
    return 0 if (len(outcome.aside), outcome.good) == (len(POISONS), list(GOOD)) else 1


if __name__ == "__main__":
    raise SystemExit(main())
