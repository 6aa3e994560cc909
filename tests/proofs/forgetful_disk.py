"""A disk that forgets, under any program: a FUSE file system that undoes what was not flushed.

    python -m tests.proofs.forgetful_disk TREE MOUNTPOINT

It shows the files of TREE at MOUNTPOINT. When it is unmounted, which is the power cut, whatever was
not flushed is undone in TREE: bytes written since the file's last fsync, and names made, changed or
removed since the fsync of their folder. The fsync of a file or folder makes its own name durable
too, as the journalling file systems of Linux do. Not covered: writes torn in part, disks that lie.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mfusepy  # type: ignore[import-untyped]  # it has no types

STATUS = ("st_mode", "st_nlink", "st_size", "st_uid", "st_gid", "st_ino", "st_blocks")
TIMES = ("st_atime", "st_mtime", "st_ctime")
ROOM = (
    "f_bavail", "f_bfree", "f_blocks", "f_bsize", "f_favail", "f_ffree", "f_files", "f_flag",
    "f_frsize", "f_namemax",
)  # fmt: skip


@dataclass(frozen=True)
class OldBytes:
    """What stood in a file before a write: the bytes at a place, and how long the file was."""

    offset: int
    content: bytes
    size: int


@dataclass(frozen=True)
class OldName:
    """How to undo a change of a name; `names` are those it made, `trash` what it took away."""

    undo: Callable[[], object]
    names: tuple[Path, ...] = ()
    trash: Path | None = None


class ForgetfulDisk(mfusepy.Operations):  # type: ignore[misc]  # as above
    """Files of a tree, each with what must be undone at a power cut."""

    use_ns = True

    def __init__(self, tree: Path) -> None:
        """Show this tree."""
        self._tree = tree
        self._trash = Path(tempfile.mkdtemp(dir=tree.parent))
        self._bytes: dict[int, list[OldBytes]] = defaultdict(list)
        self._names: dict[Path, list[OldName]] = defaultdict(list)
        self._order: list[OldName] = []

    def cut(self) -> None:
        """Undo what was not flushed: names first, the last one first, then bytes."""
        pending = {id(each) for names in self._names.values() for each in names}
        for each in reversed(self._order):
            if id(each) in pending:
                each.undo()
        for folder, _, files in os.walk(self._tree):
            for name in files:
                path = Path(folder, name)
                for old in reversed(self._bytes.get(path.lstat().st_ino, ())):
                    with path.open("r+b") as file:
                        file.seek(old.offset)
                        file.write(old.content)
                        file.truncate(old.size)
        shutil.rmtree(self._trash)

    def _at(self, path: str) -> Path:
        return self._tree / path.lstrip("/")

    # Bytes.

    def create(self, path: str, mode: int, _flags: Any = None) -> int:
        """Make a file."""
        place = self._at(path)
        descriptor = os.open(place, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)
        self._own(place)
        self._note(place.parent, OldName(place.unlink, names=(place,)))
        return descriptor

    def open(self, path: str, flags: int) -> int:
        """Open a file, emptied where that is asked."""
        place = self._at(path)
        descriptor = os.open(place, flags & ~(os.O_TRUNC | os.O_APPEND))
        if flags & os.O_TRUNC:
            self.truncate(path, 0)
        return descriptor

    def read(self, _path: str, size: int, offset: int, fh: int) -> bytes:
        """Read what is seen."""
        return os.pread(fh, size, offset)

    def write(self, _path: str, data: bytes, offset: int, fh: int) -> int:
        """Write, and remember what stood there."""
        self._remember(fh, offset, len(data))
        return os.pwrite(fh, data, offset)

    def truncate(self, path: str, length: int, _fh: int | None = None) -> int:
        """Cut or lengthen, and remember what stood there."""
        descriptor = os.open(self._at(path), os.O_RDWR)
        size = os.fstat(descriptor).st_size
        self._remember(descriptor, length, max(0, size - length))
        os.ftruncate(descriptor, length)
        os.close(descriptor)
        return 0

    def _remember(self, descriptor: int, offset: int, length: int) -> None:
        reading = os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY)
        found = os.fstat(reading)
        content = os.pread(reading, length, offset)
        os.close(reading)
        self._bytes[found.st_ino].append(OldBytes(offset, content, found.st_size))

    def fsync(self, path: str, _datasync: int, fh: int) -> int:
        """Forget how to undo a file's bytes and its own name."""
        self._bytes.pop(os.fstat(fh).st_ino, None)
        self._keep_name(self._at(path))
        return 0

    def _keep_name(self, place: Path) -> None:
        """Make a name durable, and those of the folders it lies in."""
        while place != self._tree:
            kept = [each for each in self._names[place.parent] if place not in each.names]
            self._names[place.parent] = kept
            place = place.parent

    def release(self, _path: str, fh: int) -> int:
        """Close a file; closing flushes nothing."""
        os.close(fh)
        return 0

    def flush(self, _path: str, _fh: int) -> int:
        """Hear of a close; it flushes nothing."""
        return 0

    # Names.

    def _note(self, folder: Path, old: OldName) -> None:
        self._names[folder].append(old)
        self._order.append(old)

    def _own(self, place: Path) -> None:
        user, group, _ = mfusepy.fuse_get_context()
        os.chown(place, user, group, follow_symlinks=False)

    def _aside(self, place: Path) -> Path:
        trash = self._trash / str(len(self._order))
        place.replace(trash)
        return trash

    def fsyncdir(self, path: str, _datasync: int, _fh: int) -> int:
        """Forget how to undo the names of a folder, and its own."""
        self._keep_name(self._at(path))
        for old in self._names.pop(self._at(path), ()):
            if old.trash is not None:
                old.trash.unlink(missing_ok=True)
        return 0

    def unlink(self, path: str) -> int:
        """Remove a file's name; its bytes are kept until the folder is flushed."""
        place = self._at(path)
        trash = self._aside(place)
        self._note(place.parent, OldName(lambda: trash.replace(place), trash=trash))
        return 0

    def rename(self, old: str, new: str) -> int:
        """Rename, and keep what stood there."""
        source, target = self._at(old), self._at(new)
        trash = self._aside(target) if target.is_file() else None
        source.replace(target)

        def undo() -> None:
            target.replace(source)
            if trash is not None:
                trash.replace(target)

        self._note(target.parent, OldName(undo, names=(target,), trash=trash))
        return 0

    def link(self, target: str, source: str) -> int:
        """Give a file another name."""
        place = self._at(target)
        os.link(self._at(source), place)
        self._note(place.parent, OldName(place.unlink, names=(place,)))
        return 0

    def symlink(self, target: str, source: str) -> int:
        """Make a name that leads elsewhere."""
        place = self._at(target)
        place.symlink_to(source)
        self._own(place)
        self._note(place.parent, OldName(place.unlink))
        return 0

    def mkdir(self, path: str, mode: int) -> int:
        """Make a folder."""
        place = self._at(path)
        place.mkdir(mode)
        self._own(place)
        self._note(place.parent, OldName(lambda: shutil.rmtree(place), names=(place,)))
        return 0

    def rmdir(self, path: str) -> int:
        """Remove a folder that is empty."""
        place = self._at(path)
        was = place.stat()
        place.rmdir()

        def undo() -> None:
            place.mkdir(was.st_mode & 0o7777)
            os.chown(place, was.st_uid, was.st_gid)

        self._note(place.parent, OldName(undo))
        return 0

    # What changes nothing that could be forgotten.

    def getattr(self, path: str, _fh: int | None = None) -> dict[str, int]:
        """Tell of a file."""
        found = self._at(path).lstat()
        times = {name: getattr(found, f"{name}_ns") for name in TIMES}
        return {name: getattr(found, name) for name in STATUS} | times

    def readdir(self, path: str, _fh: int) -> Iterable[str]:
        """List a folder."""
        return [".", "..", *os.listdir(self._at(path))]  # noqa: PTH208 - names are asked for

    def readlink(self, path: str) -> str:
        """Tell where a name leads."""
        return str(self._at(path).readlink())

    def access(self, path: str, _amode: int) -> int:
        """Tell whether a file is there."""
        if not os.path.lexists(self._at(path)):
            raise mfusepy.FuseOSError(errno.ENOENT)
        return 0

    def chmod(self, path: str, mode: int) -> int:
        """Change who may do what."""
        self._at(path).chmod(mode)
        return 0

    def chown(self, path: str, uid: int, gid: int) -> int:
        """Change whose it is."""
        os.chown(self._at(path), uid, gid, follow_symlinks=False)
        return 0

    def utimens(self, path: str, times: tuple[int, int]) -> int:
        """Change its times."""
        os.utime(self._at(path), ns=times)
        return 0

    def statfs(self, path: str) -> dict[str, int]:
        """Tell of the disk."""
        found = os.statvfs(self._at(path))
        return {name: getattr(found, name) for name in ROOM}


def main() -> None:
    """Serve until unmounted, then undo what was not flushed."""
    tree, mountpoint = Path(sys.argv[1]), sys.argv[2]
    disk = ForgetfulDisk(tree)
    try:
        mfusepy.FUSE(disk, mountpoint, foreground=True, nothreads=True, allow_other=True)
    except RuntimeError as error:
        if Path(mountpoint).is_mount():
            raise
        sys.stderr.write(f"the disk was pulled out: {error}\n")  # as a power cut does
    disk.cut()


if __name__ == "__main__":
    main()
