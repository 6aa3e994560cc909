"""Ballast: a file beside the store that is given up when the disk is full.

On a full disk even a DELETE fails, for it needs room in the log. So some room is held back: whoever
meets the full disk drops the ballast, and what is under way can be finished. Until there is room
again, for low water and for the ballast twice over so that the next write is not the one that
fills the disk, nothing more should be taken in.
"""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import Struct

from crossdock.ports.space import Space

MIB = 1 << 20


class Reserve(Struct, frozen=True, kw_only=True):
    """How much room is held back, and below how much nothing more is taken in; in bytes."""

    ballast_bytes: int = 0
    low_water_bytes: int = 0

    @classmethod
    def of_mib(cls, ballast: int, low_water: int) -> Reserve:
        """Take both in MiB."""
        return cls(ballast_bytes=ballast * MIB, low_water_bytes=low_water * MIB)


class Ballast:
    """The ballast of one store."""

    def __init__(self, store: Path, reserve: Reserve) -> None:
        """Hold the ballast where there is room for it; give it up where there is not."""
        self._file = store.with_name(f"{store.name}.ballast")
        self._reserve = reserve
        if free_bytes(store.parent) < max(reserve.low_water_bytes, reserve.ballast_bytes):
            self.drop()  # a house that starts must write
        self.look()

    @property
    def is_held(self) -> bool:
        """Tell whether there is ballast to drop."""
        return self._file.exists()

    def drop(self) -> None:
        """Give the ballast's room to whoever needs it; none held is no error."""
        self._file.unlink(missing_ok=True)

    def look(self) -> Space:
        """Look how much room there is, and hold the ballast again where it has come back."""
        free = free_bytes(self._file.parent)
        wanted = self._reserve.ballast_bytes
        missing = 2 * wanted if wanted and not self.is_held else 0
        needed = self._reserve.low_water_bytes + missing
        if free < needed or (missing and not self._hold()):
            said = f"The store's disk has {free // MIB} MiB left and needs {needed / MIB:g} MiB"
            return Space(free_bytes=free, scarce=f"{said}; make room on it")
        return Space(free_bytes=free)

    def _hold(self) -> bool:
        descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, self._reserve.ballast_bytes)
        except OSError:  # somebody else was faster
            self.drop()
            return False
        finally:
            os.close(descriptor)
        return True


def free_bytes(folder: Path) -> int:
    """Tell how many bytes this user may still write on the folder's disk."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize
