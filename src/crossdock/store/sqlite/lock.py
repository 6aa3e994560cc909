"""One process writes a store: a lock file beside it, held for as long as the store is open."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from crossdock.faults import Misconfigured


class WriterLock:
    """The right to write a store; the operating system takes it back when the process ends."""

    def __init__(self, store: Path) -> None:
        """Take the lock.

        Raises Misconfigured where another process holds it, or where there is no folder for it.
        """
        path = store.with_name(f"{store.name}.lock")
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Misconfigured(
                "The store's file cannot be opened for writing; check its folder and its rights",
                file=store,
                because=error.strerror,
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(self._file, 20).decode() or "unknown"
            os.close(self._file)
            raise Misconfigured(
                "Another process is writing this store; stop it first, or only read here",
                file=store,
                lock=path,
                process=holder,
            ) from error
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Let another process write. The file stays: removing it would race with the next owner."""
        os.close(self._file)
