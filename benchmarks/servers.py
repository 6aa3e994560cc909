"""Servers that a measurement starts for itself on 127.0.0.1, and stops again.

Only the standard library: what runs in the peers' environment uses this too.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 30.0
STOP_SECONDS = 20.0
TICKS = os.sysconf("SC_CLK_TCK")
POSTGRES = Path("/usr/lib/postgresql")
# Durable as shipped: fsync and synchronous_commit stay on. Sized for a machine of this kind.
POSTGRES_SETTINGS = ("shared_buffers=512MB", "max_wal_size=4GB", "max_connections=200")


class Missing(Exception):
    """A server or library that is not installed; the text says what to install."""


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int) -> bool:
    """Tell whether somebody listens on a port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(condition: Callable[[], bool], what: str, seconds: float = START_SECONDS) -> None:
    """Wait until something holds. Raises TimeoutError with its name."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError(f"{what} did not come about within {seconds:.0f} s")
        time.sleep(0.05)


@contextmanager
def running(
    command: Sequence[str | Path],
    log: Path,
    *,
    env: Mapping[str, str] | None = None,
    user: str | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server with its output in a file; it is asked to end, then made to."""
    with log.open("ab") as output:
        server = subprocess.Popen(  # noqa: S603 - commands of this package
            command,
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **(env or {})},
            user=user,
        )
    try:
        yield server
    finally:
        # PostgreSQL ends its sessions at once on SIGINT; the others take it as "stop" as well.
        server.send_signal(signal.SIGINT)
        try:
            server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def program(name: str, install: str) -> Path:
    """Find a program. Raises Missing, naming what brings it."""
    found = shutil.which(name)
    if found is None:
        raise Missing(f"{name} is not installed: {install}")
    return Path(found)


def postgres_programs() -> Path:
    """Find the folder with PostgreSQL's server programs. Raises Missing."""
    installed = sorted(POSTGRES.glob("*/bin"), key=lambda each: float(each.parent.name))
    for folder in reversed(installed):
        if (folder / "initdb").exists():
            return folder
    return program("initdb", "apt install postgresql").parent


def _new_cluster(programs: Path, folder: Path, user: str | None) -> Path:
    data = folder / "postgres"
    data.mkdir(parents=True)
    if user is not None:  # it must reach its data through the folders above
        shutil.chown(data, user)
        folder.chmod(folder.stat().st_mode | 0o011)
    command: list[str | Path] = [
        programs / "initdb",
        "-D",
        data,
        "-U",
        "postgres",
        "-A",
        "trust",
        "-E",
        "UTF8",
    ]
    with (folder / "initdb.log").open("wb") as output:
        subprocess.run(  # noqa: S603 - a program of the system
            command, stdout=output, stderr=output, user=user, check=True, cwd=data
        )
    return data


def _is_ready(programs: Path, port: int) -> bool:
    asked: list[str | Path] = [programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    return subprocess.run(asked, check=False).returncode == 0  # noqa: S603 - a program of the system


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """Run a PostgreSQL with an empty cluster; give the address of its database `postgres`."""
    programs = postgres_programs()
    user = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root
    data, port = _new_cluster(programs, folder, user), free_port()
    command: list[str | Path] = [programs / "postgres", "-D", data, "-k", data]
    command += ["-p", str(port), "-h", "127.0.0.1"]
    for each in POSTGRES_SETTINGS:
        command += ["-c", each]
    with running(command, folder / "postgres.log", user=user):
        wait_for(lambda: _is_ready(programs, port), "PostgreSQL")
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    """Run a Redis that flushes every write before it answers; give its address."""
    port = free_port()
    command: list[str | Path] = [
        program("redis-server", "apt install redis-server"),
        *("--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""),
        *("--appendonly", "yes", "--appendfsync", "always"),
    ]
    with running(command, folder / "redis.log"):
        wait_for(lambda: answers(port), "Redis")
        yield f"redis://127.0.0.1:{port}/0"


def cpu_seconds() -> float:
    """Tell the processor time of this process and all its descendants, ended ones included."""
    parents: dict[int, int] = {}
    spent: dict[int, float] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has just ended, and is its parent's account now
            parents[int(entry.name)] = int(fields[1])
            spent[int(entry.name)] = sum(map(int, fields[11:15])) / TICKS
    ours = {os.getpid()}
    while found := {child for child, parent in parents.items() if parent in ours} - ours:
        ours |= found
    return sum(spent[each] for each in ours)
