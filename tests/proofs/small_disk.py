"""A small disk of its own, mounted for as long as it is wanted."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MIB = 1 << 20


class NoMount(Exception):
    """Nothing can be mounted here; the text says why."""


@contextmanager
def small_disk(folder: Path, mib: int) -> Iterator[Path]:
    """Mount a disk of that many MiB in a folder. Raises NoMount where this user may not."""
    place = folder / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={mib}m", "crossdock-small-disk", str(place)]
    try:
        made = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise NoMount("there is no `mount` on this machine") from error
    if made.returncode:
        raise NoMount(f"a tmpfs cannot be mounted here: {made.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def free(folder: Path) -> int:
    """Tell how many bytes are left."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def fill(folder: Path, leave: int) -> Path:
    """Write a file that leaves so many bytes."""
    file = folder / "filler"
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT)
    os.posix_fallocate(descriptor, 0, max(1, free(folder) - leave))
    os.close(descriptor)
    return file
