"""What a target is, what may come of it, and how its work is counted."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

from msgspec import Struct

from crossdock.faults import Fault

CORPUS = Path(__file__).parent / "corpus"
WORDS = (b"null", b'"', b"{", b"[", b"\\u0000", b"\xef\xbb\xbf", b"\xff", b"9" * 20, b"1e99", b"-0")
SIZE_MAX = 20_000


class Target(Struct, frozen=True, kw_only=True):
    """A parser: what it may raise, and the small documents that its fuzzing begins from."""

    name: str
    read: Callable[[bytes], Any]
    faults: tuple[type[Fault], ...] = ()
    seeds: tuple[bytes, ...] = ()

    def corpus(self) -> tuple[bytes, ...]:
        """Give the seeds, and the files that were written for this target."""
        files = sorted((CORPUS / self.name).glob("*"))
        return (*self.seeds, *(file.read_bytes() for file in files))

    def try_on(self, raw: bytes) -> object:
        """Read; answer the result, or the fault. Raises whatever else the parser raises."""
        try:
            return self.read(raw)
        except self.faults as fault:
            return fault


def mutants(seeds: tuple[bytes, ...], dice: Random, number: int) -> Iterator[bytes]:
    """Make documents from the seeds: cut, spliced, repeated, broken, with words put in."""
    for _ in range(number):
        raw = bytearray(dice.choice(seeds or (b"",)))
        for _ in range(dice.randint(1, 4)):
            at = dice.randint(0, len(raw))
            to = min(len(raw), at + dice.randint(0, 20))
            match dice.randint(0, 5):
                case 0:
                    del raw[at:to]
                case 1:
                    raw[at:at] = raw[at:to] * dice.randint(1, 9)
                case 2:
                    raw[at:at] = dice.choice(WORDS)
                case 3 if at < len(raw):
                    raw[at] = dice.randrange(256)
                case 4:
                    raw[at:to] = dice.choice(seeds or (b"",))[:50]
                case _:
                    raw[at:] = b""
        yield bytes(raw[:SIZE_MAX])


def lines_of_work(target: Target, raw: bytes) -> int:
    """Count the lines of Python that reading takes: the same each time, on any machine."""
    counted = 0

    def count(_frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal counted
        counted += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        target.try_on(raw)
    finally:
        sys.settrace(before)
    return counted
