"""What is fired at: processes of crossdock, started again whenever they end.

On SQLite it is one `crossdock up`; on PostgreSQL two `crossdock api` and three `crossdock worker`,
which reach their database through a proxy of the run.
"""

from __future__ import annotations

import hashlib
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.proofs.poison import POLICY, until_answers
from tests.simulators.kit import free_port

LOG = logging.getLogger(__name__)
API_KEY = "a key for the customer's eyes"
CONFIG = """
[server]
port = {port}
[policies]
folder = "policies"
{store}
[[customers]]
id = "C-1"
name = "Kunde"
api_key_sha256 = "{key}"
"""
PARTNER = """
[[partners]]
name = "{name}"
connector = "{connector}"
retry_base_seconds = 0.2
retry_max_seconds = 2
breaker_open_seconds = 1
[partners.settings]
base_url = "{url}"
"""
CONNECTORS = {"erp": "reference_erp", "tms": "reference_tms", "road": "reference_carrier"}
POSTINGS = "settle_minutes = 0\n"
APIS, WORKERS = 2, 3
PROGRAM = "crossdock.cli"


class Member:
    """One process, which can be killed, frozen and started again."""

    def __init__(
        self, name: str, command: list[str], log: Path, surroundings: Mapping[str, str]
    ) -> None:
        """Know how it is started; `surroundings` are added to the environment."""
        self.name = name
        self._surroundings = surroundings
        self._command = command
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it where it does not run; tell how it ended."""
        if self._process is None or self._process.poll() is not None:
            if self._process is not None:
                LOG.warning(
                    "%s ended with %s: %s", self.name, self._process.returncode, self._last_words()
                )
            with self._log.open("ab") as log:
                env = {**os.environ, **self._surroundings}
                self._process = subprocess.Popen(self._command, stdout=log, stderr=log, env=env)

    def _last_words(self) -> str:
        return "\n".join(self._log.read_text("utf-8").splitlines()[-3:])

    @property
    def pid(self) -> int:
        """Name the process; 0 where it was never started."""
        return 0 if self._process is None else self._process.pid

    def tell(self, what: signal.Signals) -> None:
        """Send it a signal; one that kills is waited for."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(what)
            if what is signal.SIGKILL:
                self._process.wait()

    def end(self) -> None:
        """End it for good."""
        self.tell(signal.SIGCONT)
        self.tell(signal.SIGKILL)


class Fleet:
    """All processes of one house.

    `program` is the module that they run, `surroundings` what is added to the environment of some,
    by their names.
    """

    def __init__(  # noqa: PLR0913 - a house differs in so many ways
        self,
        folder: Path,
        partners: dict[str, str],
        database: str = "",
        *,
        workers: int = WORKERS,
        program: str = PROGRAM,
        surroundings: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        """Write the configurations; `database` empty: one process over a file."""
        self.folder = folder
        policies = folder / "policies"
        policies.mkdir()
        (policies / "completeness.toml").write_text(POLICY, "utf-8")
        (policies / "posting.toml").write_text(POSTINGS, "utf-8")
        self._partners = partners
        self._database = database
        self._workers = workers
        self._program = program
        self._surroundings = surroundings or {}
        self.doors = [free_port() for _ in range(APIS if database else 1)]
        self.members = self._members()

    def _members(self) -> list[Member]:
        if not self._database:
            return [self._member("up", "up", self.doors[0])]
        apis = [self._member(f"api-{port}", "api", port) for port in self.doors]
        return [
            *apis,
            *(self._member(f"worker-{n}", "worker", self.doors[0]) for n in range(self._workers)),
        ]

    def _member(self, name: str, command: str, port: int) -> Member:
        config = self._config(port)
        typed = [sys.executable, "-m", self._program, command, "--config", str(config)]
        log = self.folder / f"{name}.log"
        return Member(name, typed, log, self._surroundings.get(name, {}))

    def _config(self, port: int) -> Path:
        file = self.folder / f"crossdock-{port}.toml"
        store = f'[store]\naddress = "{self._database}"\n' if self._database else ""
        key = hashlib.sha256(API_KEY.encode()).hexdigest()
        told = CONFIG.format(port=port, store=store, key=key)
        for name, url in self._partners.items():
            told += PARTNER.format(name=name, connector=CONNECTORS[name], url=url)
        file.write_text(told, "utf-8")
        return file

    def start(self) -> None:
        """Bring the tables up to date where they are shared, start all, and wait for the doors."""
        if self._database:
            config = self._config(self.doors[0])
            migrate = [sys.executable, "-m", "crossdock.cli", "migrate", "--config", str(config)]
            subprocess.run(migrate, check=True, capture_output=True)
        self.answers()

    def answers(self) -> None:
        """Start whatever has ended, and wait for the doors."""
        self.keep_alive()
        for port in self.doors:
            until_answers(f"http://127.0.0.1:{port}/livez")

    def keep_alive(self) -> None:
        """Start whatever has ended."""
        for each in self.members:
            each.start()

    def end(self) -> None:
        """End all."""
        for each in self.members:
            each.end()
