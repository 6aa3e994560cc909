"""A folder where a partner drops files, and the safe way to write one for a partner.

    drop/                 partners write here
    drop/processing/      claimed by us: being stored, or left over from a crash
    drop/archive/         stored
    drop/refused/         never read: too large, or not ours to read

A file is claimed once it has not changed between two polls; partners cannot be asked to say when
they are done. All functions block: call them in a thread. One process polls a folder; should two,
each file is claimed by one of them.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from crossdock.faults import Misconfigured

FILE_BYTES_MAX = 50 * 1024 * 1024
POLL_BYTES_MAX = 64 * 1024 * 1024  # held in memory at once; one file alone may be larger
NAME_BYTES_MAX = 200  # of 255 that file systems allow: a claimed file's name grows by its mark

# What programs call a file they are still writing.
UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".crdownload", ".swp", "~")


class DroppedFile(Struct, frozen=True, kw_only=True):
    """A claimed file: its name as dropped, its bytes, and where it waits to be archived.

    `identity` is the same for the same name and bytes, dropped again.
    """

    name: str
    content: bytes
    identity: str
    path: Path


class UnreadFile(Struct, frozen=True, kw_only=True):
    """A claimed file that is not read: its name as dropped, why, and where it waits."""

    name: str
    why: str
    path: Path


class Poll(Struct, frozen=True, kw_only=True):
    """What a look into the folder found: files to store, and files that nobody reads.

    The second come again with every poll until they are refused.
    """

    files: tuple[DroppedFile, ...] = ()
    unread: tuple[UnreadFile, ...] = ()


class FileDrop:
    """One watched folder."""

    def __init__(
        self,
        folder: Path,
        *,
        suffix: str = "",
        bytes_max: int = FILE_BYTES_MAX,
        poll_bytes_max: int = POLL_BYTES_MAX,
    ) -> None:
        """Watch a folder for files, or only for those that end with `suffix`.

        Raises Misconfigured where the folder cannot be made or written to.
        """
        self.folder = folder
        self.suffix = suffix.lower()
        self.bytes_max = bytes_max
        self.poll_bytes_max = poll_bytes_max
        self._before: dict[str, tuple[int, int, int]] = {}
        self._given: set[Path] = set()
        try:
            for each in (folder, self.processing, self.archived, self.refused):
                each.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Misconfigured(
                "A folder for files cannot be used", folder=folder, why=error
            ) from error

    @property
    def processing(self) -> Path:
        """Name the folder of claimed files."""
        return self.folder / "processing"

    @property
    def archived(self) -> Path:
        """Name the folder of stored files."""
        return self.folder / "archive"

    @property
    def refused(self) -> Path:
        """Name the folder of files never read."""
        return self.folder / "refused"

    def poll(self) -> Poll:
        """Look once: claim what is complete, and give again what a crash left behind.

        A file comes once; it comes again after a restart if it was not archived.
        """
        for name, mark in self._complete():
            _move(self.folder / name, self.processing / f"{mark[1]:x}-{_fitting(name)}")
        found = list(self._left_in_processing())
        return Poll(
            files=tuple(each for each in found if isinstance(each, DroppedFile)),
            unread=tuple(each for each in found if isinstance(each, UnreadFile)),
        )

    def refuse(self, file: UnreadFile) -> None:
        """Put away a file that nobody reads, once a person is asked about it."""
        _move(file.path, self.refused / file.path.name)

    def archive(self, file: DroppedFile) -> Path:
        """Put a stored file away, under its name and the first digits of its identity."""
        stem, dot, suffix = file.name.rpartition(".")
        digest = file.identity.rpartition("/")[2][:12]
        name = f"{stem}.{digest}.{suffix}" if dot and stem else f"{file.name}.{digest}"
        if digest in file.name.split("."):  # it was archived before, and is read again
            name = file.name
        kept = self.archived / name
        _move(file.path, kept)
        self._given.discard(file.path)
        return kept

    def give_back(self, file: DroppedFile) -> None:
        """Let the next poll give this file again; it could not be stored now."""
        self._given.discard(file.path)

    def read_again(self, since: datetime | None) -> int:
        """Let the next polls give again what was put away since; None: everything. Count it.

        A file counts as put away when it was last written or moved, whichever is later.
        """
        again = [each for each in sorted(self.archived.iterdir()) if _moved_since(each, since)]
        for path in again:
            _move(path, self.folder / path.name)
        return len(again)

    def _complete(self) -> Iterator[tuple[str, tuple[int, int, int]]]:
        """Find the files that are as they were at the poll before: size, time and inode."""
        seen: dict[str, tuple[int, int, int]] = {}
        for entry in sorted(os.scandir(self.folder), key=lambda each: each.name):
            if not self._wanted(entry.name) or not entry.is_file(follow_symlinks=False):
                continue
            try:
                found = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            seen[entry.name] = (found.st_size, found.st_mtime_ns, found.st_ino)
        before, self._before = self._before, seen
        for name, mark in seen.items():
            if before.get(name) == mark:
                yield name, mark

    def _wanted(self, name: str) -> bool:
        lower = name.lower()
        unfinished = lower.startswith((".", "~")) or lower.endswith(UNFINISHED)
        return lower.endswith(self.suffix) and not unfinished

    def _left_in_processing(self) -> Iterator[DroppedFile | UnreadFile]:
        """Read what is claimed and was not given yet; what still grows waits for another poll.

        So does what is too much to hold in memory beside the others.
        """
        held = 0
        for path in sorted(self.processing.iterdir()):
            claimed, _, name = path.name.partition("-")
            try:
                found = path.stat()
                if path in self._given or not stat.S_ISREG(found.st_mode):
                    continue
                if claimed != f"{found.st_mtime_ns:x}":
                    _move(path, self.processing / f"{found.st_mtime_ns:x}-{name}")
                    continue
                if found.st_size > self.bytes_max:
                    why = f"it has {found.st_size} bytes, and {self.bytes_max} are read at most"
                    yield UnreadFile(name=name, why=why, path=path)
                    continue
                held += found.st_size
                if held > self.poll_bytes_max and held > found.st_size:
                    return
                content = path.read_bytes()
            except FileNotFoundError:
                continue  # another process was faster, and has it now
            except OSError as error:
                yield UnreadFile(name=name, why=error.strerror or repr(error), path=path)
                continue
            self._given.add(path)
            digest = hashlib.sha256(content).hexdigest()
            yield DroppedFile(name=name, content=content, identity=f"{name}/{digest}", path=path)


def _fitting(name: str) -> str:
    """Shorten a name that has no room for more; its beginning, by which it is known, stays."""
    written = os.fsencode(name)
    if len(written) <= NAME_BYTES_MAX:
        return name
    digest = hashlib.sha256(written).hexdigest()[:12]
    begins = written[: NAME_BYTES_MAX // 2].decode(errors="ignore")
    return f"{begins}.{digest}{Path(name).suffix[:16]}"


def write_file(folder: Path, name: str, content: bytes) -> Path:
    """Write a file so that a reader sees all of it or nothing, and a power cut changes neither.

    The same name again replaces the file. Raises OSError where it cannot be written, and
    Misconfigured for a name that leads out of the folder.
    """
    if not name or name != Path(name).name or name.startswith(".") or "\0" in name:
        raise Misconfigured("This is no name for a file", name=name)
    unfinished = folder / f".{name}.part"
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    written = folder / name
    unfinished.replace(written)
    flush_folder(folder)
    return written


def flush_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _moved_since(path: Path, since: datetime | None) -> bool:
    found = path.stat()
    moved = max(found.st_mtime, found.st_ctime)
    return stat.S_ISREG(found.st_mode) and (since is None or moved >= since.timestamp())


def _move(source: Path, target: Path) -> None:
    try:
        source.replace(target)
    except FileNotFoundError:
        return  # another process was faster, and has it now
