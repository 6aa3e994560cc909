"""What the processes of a house hold, and what is left in its store: read from outside."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import apsw
import psycopg

from tests.proofs.sending import memory_of

FILE = "crossdock.db"
HELD = {
    "timers": "SELECT count(*) FROM timer",
    "leases": "SELECT count(*) FROM outbox WHERE status = 'leased'",
}
OLDEST = """
SELECT min(received_at) FROM {steps}
JOIN message ON message.tenant = inbox.tenant AND message.id = inbox.message_id
WHERE place = 0
"""
SQLITE = HELD | {
    "oldest": OLDEST.format(steps="inbox"),
    "file": "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",  # and log
}
POSTGRES = HELD | {
    "oldest": OLDEST.format(steps="pending JOIN inbox USING (seq)"),
    "file": "SELECT pg_database_size(current_database())",
    "connections": "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()",
    "locks": """
        SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
        WHERE datname = current_database()
    """,
}
MICROSECONDS, KIB, MIB = 1_000_000, 1 << 10, 1 << 20


class Gauge:
    """Reads it all at once, over one connection that it keeps."""

    def __init__(self, pids: Sequence[int], folder: Path, database: str = "") -> None:
        """Look at these processes, and at the file in the folder, or at a database."""
        self._pids = pids
        self._log = None if database else folder / f"{FILE}-wal"
        self._first: tuple[int, int] | None = None  # flows, and what the file took after them
        self._asked = POSTGRES if database else SQLITE
        self._session: psycopg.Connection[Any] | apsw.Connection = (
            psycopg.connect(database, autocommit=True)
            if database
            else apsw.Connection(str(folder / FILE), flags=apsw.SQLITE_OPEN_READONLY)
        )

    def close(self) -> None:
        """Give the connection back."""
        self._session.close()

    def read(self, flows: int) -> dict[str, float]:
        """Read each resource, after so many flows."""
        found = {
            name: next(iter(self._session.execute(sql)))[0] for name, sql in self._asked.items()
        }
        oldest, file = found.pop("oldest"), found.pop("file")
        if self._log is not None:
            found["log_mib"] = self._log.stat().st_size / MIB
        first_flows, first_file = self._first = self._first or (flows, file)
        if flows > first_flows:
            found["file_kib_a_flow"] = (file - first_file) / KIB / (flows - first_flows)
        return {
            "memory_mib": sum(map(memory_of, self._pids)) / KIB,
            "files": sum(_in(pid, "fd") for pid in self._pids),
            "threads": sum(_in(pid, "task") for pid in self._pids),
            "oldest_step_seconds": time.time() - oldest / MICROSECONDS if oldest else 0.0,
            **found,
        }


def _in(pid: int, what: str) -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/{what}").iterdir())
