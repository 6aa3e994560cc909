"""Points: places where a process may die, counted and named, and the end of it at one of them.

Everything is wrapped from outside. Statements are seen by apsw's own tracing, commits around the
store, files around the calls the file channel makes. A point is reached before or after a thing is
done, never amid it, but for a file's bytes: those are written in two halves.
"""

from __future__ import annotations

import os
import re
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import apsw

from crossdock.ports.store import Reader, Store, Unit

TABLE = re.compile(r"\b(?:into|from|update)\s+(\w+)", re.IGNORECASE)
COMMENT = re.compile(r"--[^\n]*\n")
NAMED = {"insert", "update", "delete", "select"}


class Points:
    """Counts the points of a run, and ends the process at the one asked for.

    `end_at` 0 ends nothing. `last_word` is called with the point's name just before the end.
    """

    def __init__(
        self, end_at: int = 0, last_word: Callable[[str, int], None] = lambda _name, _count: None
    ) -> None:
        """Begin to count."""
        self.names: Counter[str] = Counter()
        self.order: list[str] = []
        self._end_at = end_at
        self._last_word = last_word

    def reach(self, name: str) -> None:
        """Reach a point: go on, or end here without another word, as a killed process does."""
        self.names[name] += 1
        self.order.append(name)
        if len(self.order) == self._end_at:
            self._last_word(name, len(self.order))
            os.kill(os.getpid(), signal.SIGKILL)

    @contextmanager
    def around(self, what: str) -> Iterator[None]:
        """Reach a point before and a point after something."""
        self.reach(f"before {what}")
        yield
        self.reach(f"after {what}")


@lru_cache(maxsize=1000)
def name_of(statement: str) -> str:
    """Name a statement by its verb and table: `insert message`."""
    bare = COMMENT.sub("", statement)
    verb = bare.split(maxsplit=1)[0].lower().rstrip(";")
    table = TABLE.search(bare) if verb in NAMED else None
    return f"{verb} {table[1].lower()}" if table else verb


class PointedStore:
    """A store with a point after each commit, before anybody hears of it."""

    def __init__(self, store: Store, points: Points) -> None:
        """Wrap a store."""
        self._store = store
        self._points = points

    @contextmanager
    def write(self) -> Iterator[Unit]:
        """Open a transaction."""
        with self._store.write() as unit:
            yield unit
        self._points.reach("after commit")

    def read(self) -> AbstractContextManager[Reader]:
        """Open a snapshot."""
        return self._store.read()

    def close(self) -> None:
        """Let go of the store."""
        self._store.close()


@contextmanager
def statements(points: Points) -> Iterator[None]:
    """Reach a point before each statement of every connection that is opened to write.

    What only reads changes nothing and leaves nothing behind: to die there is to die at the
    writer's next point.
    """

    def trace(_cursor: apsw.Cursor, statement: str, _bindings: object) -> bool:
        points.reach(f"before {name_of(statement)}")
        return True

    def watch(connection: apsw.Connection) -> None:
        if not connection.readonly("main"):
            connection.exec_trace = trace

    apsw.connection_hooks.append(watch)
    try:
        yield
    finally:
        apsw.connection_hooks.remove(watch)


@contextmanager
def files(points: Points) -> Iterator[None]:
    """Reach points around each write, flush and rename that Python code makes."""
    real_open, real_replace, real_fsync = Path.open, Path.replace, os.fsync

    def opened(path: Path, mode: str = "r", *rest: Any, **named: Any) -> Any:
        file = real_open(path, mode, *rest, **named)
        return HalvedFile(file, points) if "w" in mode else file

    def replaced(path: Path, target: Any) -> Path:
        with points.around("rename"):
            return real_replace(path, target)

    def flushed(descriptor: Any) -> None:
        with points.around("flush"):
            real_fsync(descriptor)

    swapped: list[tuple[Any, str, Any, Any]] = [
        (Path, "open", opened, real_open),
        (Path, "replace", replaced, real_replace),
        (os, "fsync", flushed, real_fsync),
    ]
    for owner, name, ours, _real in swapped:
        setattr(owner, name, ours)
    try:
        yield
    finally:
        for owner, name, _ours, real in swapped:
            setattr(owner, name, real)


class HalvedFile:
    """A file being written whose every write is made in two halves, with a point between them."""

    def __init__(self, file: Any, points: Points) -> None:
        """Wrap an open file."""
        self._file = file
        self._points = points

    def write(self, content: bytes) -> int:
        """Write all of it; a process that dies amid it leaves half."""
        middle = len(content) // 2
        with self._points.around("file write"):
            self._file.write(content[:middle])
            self._file.flush()
            self._points.reach("amid file write")
            self._file.write(content[middle:])
            self._file.flush()
        return len(content)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        self._file.close()
