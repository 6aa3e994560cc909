"""Where the store is kept, and how each kind of process opens it.

A file of SQLite is one process's to write. A database of PostgreSQL is shared: workers take parts
of the work, and whoever else writes, an API node or a command, is a door to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from enum import StrEnum
from typing import Protocol

from crossdock.app.config import Config
from crossdock.faults import Misconfigured
from crossdock.ports.store import Reader, Store
from crossdock.store import postgres, sqlite
from crossdock.store.postgres.connections import shown
from crossdock.store.sqlite.lock import WriterLock


class Role(StrEnum):
    """What a process does with the store."""

    HOUSE = "up"  # everything
    WORKER = "worker"  # takes steps and delivers
    API = "api"  # takes in, shows and decides
    COMMAND = "command"  # one decision, one document, and it ends


class Looking(Protocol):
    """A store that is only read here."""

    def read(self) -> AbstractContextManager[Reader]:
        """Open a snapshot."""
        ...

    def close(self) -> None:
        """Let go."""
        ...


def open_store(config: Config, role: Role) -> Store:
    """Open the configured store for writing.

    Raises Misconfigured where it cannot be, or where the role needs a store that is shared; NotNow
    where a server is away.
    """
    if config.database:
        if role in {Role.HOUSE, Role.WORKER}:
            return postgres.open_worker(config.database, config.tenant)
        return postgres.open_door(config.database)
    if role in {Role.WORKER, Role.API}:
        raise Misconfigured(
            f"`crossdock {role}` shares the store with others, and a file of SQLite is one "
            "process's; set `store.address` to a PostgreSQL database, or start `crossdock up`",
            file=config.store,
        )
    reserve = sqlite.Reserve.of_mib(config.ballast_mib, config.low_water_mib)
    return sqlite.open_sqlite(config.store, reserve, threads=True)


def is_there(config: Config) -> bool:
    """Tell whether there is a store to look into; a database is always asked."""
    return bool(config.database) or config.store.exists()


def open_to_look(config: Config) -> Looking:
    """Open the configured store for reading. Raises Misconfigured and NotNow."""
    if config.database:
        return postgres.open_reader(config.database)
    return sqlite.open_reader(config.store)


@contextmanager
def looking_into(config: Config) -> Iterator[Reader]:
    """Look into the configured store in one snapshot. Raises Misconfigured and NotNow."""
    store = open_to_look(config)
    try:
        with store.read() as reader:
            yield reader
    finally:
        store.close()


def needs_the_house(config: Config) -> bool:
    """Tell whether another process alone may write the store: it is asked for the right to."""
    if config.database or not config.store.exists():
        return False
    try:
        WriterLock(config.store).release()
    except Misconfigured:
        return True
    return False


def named(config: Config) -> str:
    """Name the store for people, without a secret."""
    return shown(config.database) if config.database else str(config.store)


def migrate(config: Config, *, post: bool) -> list[str]:
    """Bring a database up to this release; answer the names of the changes.

    Raises Misconfigured for a file of SQLite, which whoever writes it brings up to date.
    """
    if not config.database:
        raise Misconfigured(
            "A file of SQLite is brought up to date by whoever opens it for writing; there is "
            "nothing to migrate",
            file=config.store,
        )
    return postgres.migrate_postgres(config.database, post=post)
