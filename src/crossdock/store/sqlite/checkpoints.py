"""Checkpoints beside the writer: what is committed moves from the log into the file.

A commit is durable once it is in the write-ahead log. SQLite moves the log into the file within the
commit that makes it long, so that whoever waits for that one waits for the copying and two more
flushes. Here a thread does it on a connection of its own, and the writer itself only where the
thread does not keep up.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

import apsw

from crossdock.store.sqlite.connections import CHECKPOINT_PAGES, open_writer

LOG_PAGES_MAX = 16_000  # from here on the writer helps


class Checkpoints:
    """Watches the log of a writer's connection, in its place."""

    def __init__(self, path: Path, writer: apsw.Connection) -> None:
        """Begin. Raises Misconfigured as `open_writer`."""
        self._connection = open_writer(path)
        self._wanted = threading.Event()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)
        writer.set_wal_hook(self._committed)
        self._thread.start()

    def _committed(self, writer: apsw.Connection, name: str, pages: int) -> int:
        """Look how long the log is after a commit, which stands whatever is said here."""
        del name
        if pages >= LOG_PAGES_MAX:
            _move(writer)
        elif pages >= CHECKPOINT_PAGES:
            self._wanted.set()
        return apsw.SQLITE_OK

    def _run(self) -> None:
        while self._wanted.wait() and not self._ended:
            self._wanted.clear()
            _move(self._connection)

    def close(self) -> None:
        """End, and let go of the connection; what is left in the log is the writer's to move."""
        self._ended = True
        self._wanted.set()
        self._thread.join()
        self._connection.close()


def _move(connection: apsw.Connection) -> None:
    """Move as much as readers and the disk allow; the next commit asks again."""
    with suppress(apsw.Error):
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
