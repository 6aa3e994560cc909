"""A ledger on disk: what somebody outside of the house knows, whatever becomes of the house.

One line of JSON for each entry, flushed before it counts. It lies beside the store and is never
read by crossdock.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
from msgspec import Struct

_fsync = os.fsync  # the real one: a ledger's own flush is no point of the house


class Entry(Struct, frozen=True, kw_only=True):
    """One thing that happened: `kind` is the ledger's own word, `about` names what it was about.

    `key` is what the house called it, kept for look-ups and never used for counting.
    """

    kind: str
    about: str
    content: str = ""
    key: str = ""


class DiskLedger:
    """The entries of one party, oldest first."""

    def __init__(self, file: Path) -> None:
        """Open the ledger, which may have been written by a process that is gone."""
        self._file = file
        self.entries: list[Entry] = []
        if file.exists():
            lines = file.read_bytes().splitlines()
            self.entries = [msgspec.json.decode(line, type=Entry) for line in lines]

    def write(self, entry: Entry) -> None:
        """Write an entry down; it is on disk when this returns."""
        line = msgspec.json.encode(entry) + b"\n"
        descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, line)
            _fsync(descriptor)
        finally:
            os.close(descriptor)
        self.entries.append(entry)

    def has(self, kind: str, about: str) -> bool:
        """Tell whether there is such an entry."""
        return any(each.kind == kind and each.about == about for each in self.entries)

    def of(self, kind: str) -> list[Entry]:
        """List the entries of a kind."""
        return [each for each in self.entries if each.kind == kind]
