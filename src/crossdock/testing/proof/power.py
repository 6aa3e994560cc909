"""Power: a disk in memory that forgets, when the current fails, what was never flushed.

`Disk` is an apsw VFS. What is written is seen at once and durable only after xSync. At a cut,
`image` makes what a real disk might hold then: the durable bytes, and of the writes since the last
flush any part: none, all, some, in another order, torn between sectors of 512 bytes.

What it does not cover: several connections (a VFS in Python has no shared memory, so the store is
opened with `locking_mode=exclusive` and reads through its writer), the shared index itself, bit
rot, and disks that lie about a flush.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import apsw
from msgspec import Struct

from crossdock.ports.store import Reader
from crossdock.store.sqlite import SqliteStore
from crossdock.store.sqlite.sql import SqliteSql
from crossdock.store.sqlite.unit import SqliteReader

NAME = "crossdock-forgetful"
SECTOR = 512
CHECKPOINT_PAGES = 60  # small, so that a day has many checkpoints


class Written(Struct, frozen=True):
    """A write that is not flushed: where, and which bytes. No bytes: the file is cut there."""

    offset: int
    content: bytes | None


@dataclass
class Content:
    """One file: what is seen, what is durable, and what was done to it since.

    `named` tells whether its name has been flushed; `gone` that it was deleted without a flush.
    """

    seen: bytearray = field(default_factory=bytearray)
    durable: bytes = b""
    since: list[Written] = field(default_factory=list)
    named: bool = False
    gone: bool = False


class Disk(apsw.VFS):
    """A disk of its own; `before` is called before whatever changes it."""

    def __init__(self, before: Callable[[], None] = lambda: None) -> None:
        """Plug it in, as the disk that every new connection uses."""
        self.files: dict[str, Content] = {}
        self.before = before
        super().__init__(NAME, base="", makedefault=True)

    def xOpen(self, name: object, flags: list[int]) -> OpenFile:  # noqa: N802 - SQLite's word
        """Open a file, or make it."""
        path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        if path not in self.files or self.files[path].gone:
            self.before()
            self.files[path] = Content()
        flags[1] = flags[0]
        return OpenFile(self, self.files[path])

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802, FBT001 - SQLite's words
        """Delete a file; without a flush of its folder it may be there again."""
        self.before()
        if syncdir or not self.files[filename].named:
            del self.files[filename]
        else:
            self.files[filename].gone = True

    def flush_names(self) -> None:
        """Make durable which files there are, as the first flush of a new file does."""
        self.files = {name: each for name, each in self.files.items() if not each.gone}
        for each in self.files.values():
            each.named = True

    def xAccess(self, pathname: str, flags: int) -> bool:  # noqa: N802 - SQLite's word
        """Tell whether a file is there."""
        del flags
        return pathname in self.files and not self.files[pathname].gone

    def xFullPathname(self, name: str) -> str:  # noqa: N802 - SQLite's word
        """Give a name back: all of them are whole."""
        return name


class OpenFile(apsw.VFSFile):
    """A file of the disk, open."""

    def __init__(self, disk: Disk, content: Content) -> None:
        """Take the file. The base is left alone: nothing of it is used."""
        self._disk = disk
        self._content = content

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802 - SQLite's word
        """Read what is seen."""
        return bytes(self._content.seen[offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's word
        """Write what is seen at once, and durable later."""
        self._disk.before()
        written = Written(offset, bytes(data))
        self._content.since.append(written)
        apply(self._content.seen, written)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - SQLite's word
        """Cut the file."""
        self._disk.before()
        written = Written(newsize, None)
        self._content.since.append(written)
        apply(self._content.seen, written)

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's word
        """Make durable what was done, the file's name included."""
        del flags
        self._disk.before()
        self._content.durable = bytes(self._content.seen)
        self._content.since.clear()
        if not self._content.named:
            self._disk.flush_names()

    def xFileSize(self) -> int:  # noqa: N802 - SQLite's word
        """Tell how long it is."""
        return len(self._content.seen)

    def xClose(self) -> None:  # noqa: N802 - SQLite's word
        """Close it; closing flushes nothing."""

    def xLock(self, level: int) -> None:  # noqa: N802 - SQLite's word
        """Nobody else is there."""

    def xUnlock(self, level: int) -> None:  # noqa: N802 - SQLite's word
        """Nobody else is there."""

    def xCheckReservedLock(self) -> bool:  # noqa: N802 - SQLite's word
        """Nobody else is there."""
        return False

    def xFileControl(self, op: int, pointer: int) -> bool:  # noqa: N802 - SQLite's word
        """Know none of these."""
        del op, pointer
        return False

    def xSectorSize(self) -> int:  # noqa: N802 - SQLite's word
        """Say what the disks of the operating system say."""
        return 4096

    def xDeviceCharacteristics(self) -> int:  # noqa: N802 - SQLite's word
        """Promise what the operating system's disks promise: bytes not written stay as they are."""
        return int(apsw.SQLITE_IOCAP_POWERSAFE_OVERWRITE)


def apply(content: bytearray, written: Written) -> None:
    """Do to a file's bytes what was written."""
    if written.content is None:
        del content[written.offset :]
        return
    if len(content) < written.offset:
        content.extend(bytes(written.offset - len(content)))
    content[written.offset : written.offset + len(written.content)] = written.content


def image(disk: Disk, chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """Draw what the disk holds after a cut: each file's name and bytes."""
    for name, content in disk.files.items():
        if content.named:
            if content.gone and chance.random() < 1 / 2:
                continue
        elif chance.random() < 1 / 2:
            continue  # its name was never flushed
        left = bytearray(content.durable)
        for written in survivors(content.since, chance):
            apply(left, written)
        yield name, bytes(left)


def survivors(since: list[Written], chance: random.Random) -> list[Written]:
    """Draw which of the unflushed writes reach the disk: none, all, the first, or any of them."""
    match chance.choice(("none", "all", "first", "some", "torn")):
        case "none":
            return []
        case "all":
            return list(since)
        case "first":
            return since[: chance.randint(0, len(since))]
        case "some":
            return shuffled([each for each in since if chance.random() < 1 / 2], chance)
        case _:
            parts = [part for each in since for part in sectors(each)]
            return shuffled([part for part in parts if chance.random() < 1 / 2], chance)


def shuffled(written: list[Written], chance: random.Random) -> list[Written]:
    """Let them reach the disk in any order."""
    chance.shuffle(written)
    return written


def sectors(written: Written) -> Iterator[Written]:
    """Tear a write where a sector begins."""
    if written.content is None:
        yield written
        return
    begin = 0
    while begin < len(written.content):
        room = SECTOR - (written.offset + begin) % SECTOR
        yield Written(written.offset + begin, written.content[begin : begin + room])
        begin += room


class ExclusiveStore(SqliteStore):
    """The store over one connection, which reads as well as it writes."""

    def __init__(self, path: Path, synchronous: str = "FULL") -> None:
        """Open it; `synchronous` NORMAL is the mistake a proof must find."""
        super().__init__(path)
        self._writer.execute(f"PRAGMA synchronous = {synchronous}")
        self._writer.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")

    @contextmanager
    def read(self) -> Iterator[Reader]:
        """Ask the one connection."""
        cursor = self._writer.cursor()
        try:
            yield SqliteReader(SqliteSql(cursor))
        finally:
            cursor.close(force=True)


@contextmanager
def plugged_in(before: Callable[[], None] = lambda: None) -> Iterator[Disk]:
    """Use a forgetful disk for every connection opened meanwhile, each of them alone on it."""
    disk = Disk(before)
    apsw.connection_hooks.append(alone)
    try:
        yield disk
    finally:
        plug_out()
        disk.unregister()


def plug_out() -> None:
    """Use the operating system's disk again."""
    if alone in apsw.connection_hooks:
        apsw.connection_hooks.remove(alone)
    apsw.set_default_vfs("unix")


def alone(connection: apsw.Connection) -> None:
    """Let a connection have its file alone, which needs no shared memory."""
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
