"""Connections to the database: how they are set up, which servers are refused, what ends them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import Connection, RawCursor, errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow

from crossdock.faults import Misconfigured, NotNow
from crossdock.ports.store import Repeated, Stale, StoreFull

OLDEST_POSTGRES = 15_00_00
CONNECT_SECONDS = 5
SILENCE_SECONDS_MAX = 10.0  # a connection whose other end keeps silent for so long is dead
SILENCE = f"{SILENCE_SECONDS_MAX:.0f}s"

# What a transaction here does is found by index: a plan never walks a table that grows, and is the
# same for any values, so that a statement is planned once.
SETTINGS = {
    "synchronous_commit": "on",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
    "plan_cache_mode": "force_generic_plan",
    "client_encoding": "UTF8",
    # A process that freezes in a transaction, or is cut off, loses it and whatever it has locked.
    "idle_in_transaction_session_timeout": SILENCE,
    "tcp_user_timeout": SILENCE,
    "client_connection_check_interval": "3s",
}
# A worker tells every second that it is alive; one that does not loses its lanes.
WORKING = {**SETTINGS, "idle_session_timeout": SILENCE}
# `statement_timeout` frees a page that asks for too much; what writes ends when it ends.
# A snapshot whose reader froze is ended as well: as long as it is open nothing can be cleaned up.
READING = {
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "30s",
    "tcp_user_timeout": SILENCE,
    "client_connection_check_interval": "3s",
    "jit": "off",
    "client_encoding": "UTF8",
}
# A connection that failed brings no code, only words; these say that the server will be back.
FOR_NOW = ("starting up", "shutting down", "recovery mode", "not yet", "too many", "remaining")
AGAIN = (errors.SerializationFailure, errors.DeadlockDetected)
# The server has no room or no time now: classes 53 and 57, and locks not to be had.
LATER = (
    errors.InsufficientResources,
    errors.OperatorIntervention,
    errors.LockNotAvailable,
)


def shown(address: str) -> str:
    """Write an address for people: without its password."""
    parts = conninfo_to_dict(address)
    return "{}@{}:{}/{}".format(
        parts.get("user") or "",
        parts.get("host") or "localhost",
        parts.get("port") or "5432",
        parts.get("dbname") or parts.get("user") or "",
    )


def postgres_address(address: str, password: str) -> str:
    """Put an address and its password together.

    Raises Misconfigured for what is no address, and for one with a password written into it.
    """
    if not address.startswith(("postgresql://", "postgres://")):
        raise Misconfigured("an address begins with `postgresql://`; a file is `path`")
    try:
        parts = conninfo_to_dict(address)
    except psycopg.ProgrammingError as error:
        raise Misconfigured(f"this is no address of a database: {str(error).strip()}") from error
    if parts.get("password"):
        raise Misconfigured("the password does not belong in the address; `password` refers to it")
    return make_conninfo(address, password=password) if password else address


def connect(address: str, settings: Mapping[str, str]) -> Connection[TupleRow]:
    """Open a connection of our own to the server.

    Raises Misconfigured where it does not let us in, is too old, or is a pooler; NotNow where it
    cannot be reached.
    """
    wanted = {
        "connect_timeout": CONNECT_SECONDS,
        "tcp_user_timeout": int(1000 * SILENCE_SECONDS_MAX),
        "application_name": f"crossdock {os.getpid()}",
        **{name: value for name, value in conninfo_to_dict(address).items() if value is not None},
    }
    try:
        connection = psycopg.connect(
            make_conninfo("", **wanted), autocommit=True, cursor_factory=RawCursor
        )
    except psycopg.OperationalError as error:
        raise _refused(address, error) from error
    try:
        _examine(connection)
        for name, value in settings.items():
            connection.execute("SELECT set_config($1, $2, false)", (name, value))
    except BaseException:
        connection.close()
        raise
    return connection


def _refused(address: str, error: psycopg.OperationalError) -> Misconfigured | NotNow:
    said = str(error).strip()
    if " FATAL: " in said and not any(words in said for words in FOR_NOW):
        return Misconfigured(
            "The database does not let crossdock in; check user, password and name of `store`",
            store=shown(address),
            because=said,
        )
    return NotNow(
        "The database cannot be reached; what is under way is done when it is back",
        store=shown(address),
        because=said,
    )


def _examine(connection: Connection[TupleRow]) -> None:
    version = connection.info.server_version
    if version < OLDEST_POSTGRES:
        raise Misconfigured(
            "This PostgreSQL is too old for crossdock; use 15 or newer",
            found=version,
            needed=OLDEST_POSTGRES,
        )
    row = connection.execute("SELECT pg_backend_pid()").fetchone()
    # A pooler answers the connection itself, and passes statements on to a session of another.
    if row is None or row[0] != connection.info.backend_pid:
        raise Misconfigured(
            "A connection pooler stands before the database; a lane is owned by a session, so let "
            "`store` name the server itself",
            host=connection.info.host,
            port=connection.info.port,
        )


@contextmanager
def told(connection: Connection[Any], address: str) -> Iterator[None]:
    """Turn what PostgreSQL raises into what it means for the work at hand.

    Raises Stale where another transaction was in the way, Repeated where what was to be new is
    there, StoreFull where its disk is full, and NotNow where the server is gone, crowded or
    stopping: the same work can be done again.
    """
    try:
        yield
    except AGAIN as error:
        raise Stale from error
    except errors.UniqueViolation as error:
        raise Repeated from error
    except errors.DiskFull as error:
        raise StoreFull(
            "The disk of the database is full; make room on it, then go on", store=shown(address)
        ) from error
    except psycopg.Error as error:
        if isinstance(error, LATER) or connection.closed or connection.broken:
            raise NotNow(
                "The database has ended the connection or has no room; it is tried again",
                store=shown(address),
                because=str(error).strip(),
            ) from error
        raise
