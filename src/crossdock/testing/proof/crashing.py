"""Crashing: the day is ended before its n-th point, again during recovery, then told to its end.

Each run is a process of its own, forked before any store is open, and ended by SIGKILL. After each
death and at the end the house is judged. Work is shared over `jobs` processes; what they find comes
back through pipes.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import cast

import apsw
import msgspec
from msgspec import Struct

from crossdock.connectors import FolderConnector, discover
from crossdock.ports.store import ProcessRow, Unit
from crossdock.store.sqlite import SqliteStore
from crossdock.store.sqlite.unit import SqliteUnit
from crossdock.store.tables.table import Sql
from crossdock.testing.proof import verdict
from crossdock.testing.proof.day import Day, Flaw, Places
from crossdock.testing.proof.points import PointedStore, Points, files, statements
from crossdock.testing.proof.verdict import Ends

CONTROL_EVERY = 40
RECOVERY_POINTS = 400  # the second crash comes within so many points of the recovery


class Lived(Struct, frozen=True, kw_only=True):
    """A run that came to its end: the points it passed, in order, and how the day ended."""

    points: tuple[str, ...]
    broken: tuple[str, ...]
    ends: Ends


class Died(Struct, frozen=True, kw_only=True):
    """Where a run died: the point's name, and its number."""

    point: str
    number: int


class Fate(Struct, frozen=True, kw_only=True):
    """What became of one crash point: where it died, where again, and every broken promise.

    `again` is empty where the day was over before the second crash.
    """

    at: int
    point: str
    again: str
    broken: tuple[str, ...]

    def told(self) -> list[str]:
        """Tell every broken promise, with the point it broke at."""
        return [f"{self.at} {self.point}: {each}" for each in self.broken]


class Campaign(Struct, frozen=True, kw_only=True):
    """All crash points of a day and what became of those tried."""

    points: tuple[str, ...]
    fates: tuple[Fate, ...]

    @property
    def broken(self) -> list[str]:
        """Tell every broken promise, with the point it broke at."""
        return [each for fate in self.fates for each in fate.told()]

    def hit(self) -> Counter[str]:
        """Count by name the points that a process died at, recoveries included."""
        names = [name for fate in self.fates for name in (fate.point, fate.again) if name]
        return Counter(names)

    def missed(self) -> set[str]:
        """Tell the names of points that no process died at."""
        return set(self.points) - set(self.hit())


class Unexpected(Exception):
    """A run ended neither by our crash nor at the day's end."""


class TornStore(SqliteStore):
    """A store with a mistake: what was saved of a step is committed before the rest of it."""

    @contextmanager
    def write(self) -> Iterator[Unit]:
        """Open a transaction that is two."""
        with super().write() as unit:
            sql = cast("SqliteUnit", unit)._sql  # noqa: SLF001 - a mistake needs it
            yield TornUnit(sql, self._writer)


class TornUnit(SqliteUnit):
    """A transaction that is two."""

    def __init__(self, sql: Sql, writer: apsw.Connection) -> None:
        """Take the statements, and the connection they run on."""
        super().__init__(sql)
        self._writer = writer

    def save(self, rows: Sequence[ProcessRow]) -> None:
        """Save states, and commit them at once."""
        super().save(rows)
        self._writer.execute("COMMIT")
        self._writer.execute("BEGIN IMMEDIATE")


def live(places: Places, points: Points, flaw: Flaw = Flaw.NONE) -> None:
    """Live what is left of the day, with every point watched."""
    places.make()
    with ExitStack() as watched:
        watched.enter_context(statements(points))
        watched.enter_context(files(points))
        kind = TornStore if flaw is Flaw.TORN else SqliteStore
        store = PointedStore(kind(places.store), points)
        Day(places, store, points, flaw).live()
        store.close()


def apart(call: Callable[[Callable[[Struct], None]], None]) -> tuple[int, bytes]:
    """Run a call in a forked process; answer how it ended (wait status) and what it said last.

    The call gets a way to say one thing; what it says before it dies is heard.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        status = 1
        try:
            call(lambda said: _say(writing, said))
            status = 0
        finally:
            if status:
                traceback.print_exc()
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    return os.waitpid(child, 0)[1], said


def _say(descriptor: int, said: Struct) -> None:
    content = msgspec.json.encode(said)
    while content:
        content = content[os.write(descriptor, content) :]


def run(
    places: Places, end_at: int, wanted: Ends | None = None, flaw: Flaw = Flaw.NONE
) -> Lived | Died:
    """Live the day in a process that ends before its n-th point; 0 lets it live.

    Raises Unexpected where it ended otherwise.
    """

    def one(say: Callable[[Struct], None]) -> None:
        points = Points(end_at, lambda name, number: say(Died(point=name, number=number)))
        live(places, points, flaw)
        broken = verdict.at_end(places, wanted)
        say(Lived(points=tuple(points.order), broken=tuple(broken), ends=verdict.ends(places)))

    status, said = apart(one)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL and end_at:
        return msgspec.json.decode(said, type=Died)
    if status == 0:
        return msgspec.json.decode(said, type=Lived)
    raise Unexpected(f"the run that should end at point {end_at} ended with status {status}")


class Rest(Struct, frozen=True, kw_only=True):
    """The verdict over a house that died."""

    broken: tuple[str, ...]


def judge(places: Places) -> tuple[str, ...]:
    """Judge a house that died, in a process of its own."""
    status, said = apart(lambda say: say(Rest(broken=tuple(verdict.at_rest(places)))))
    if status:
        raise Unexpected(f"the verdict ended with status {status}")
    return msgspec.json.decode(said, type=Rest).broken


def crash(folder: Path, at: int, wanted: Ends, flaw: Flaw = Flaw.NONE) -> Fate:
    """Crash before point `at`, again during recovery, and let the day come to its end."""
    places = Places(folder)
    first = run(places, at, wanted, flaw)
    if isinstance(first, Lived):
        return Fate(at=at, point="", again="", broken=first.broken)
    broken = list(judge(places))
    again = run(places, random.Random(at).randint(1, RECOVERY_POINTS), wanted, flaw)  # noqa: S311 - chooses where, no secret
    if isinstance(again, Died):
        broken += judge(places)
    last = run(places, 0, wanted, flaw) if isinstance(again, Died) else again
    broken += last.broken if isinstance(last, Lived) else ()
    name = again.point if isinstance(again, Died) else ""
    return Fate(at=at, point=first.point, again=name, broken=tuple(broken))


def warm_up() -> None:
    """Import what connectors import late, once for all runs."""
    for connector in discover().values():
        if isinstance(connector, FolderConnector):
            for part in ("settings", "inbound", "outbound", "client"):
                import_module(f"{connector.package}.{part}")


def clean_run(where: Path | None = None) -> Lived:
    """Live the day without a crash: its points, and its ends. Raises Unexpected."""
    warm_up()
    with tempfile.TemporaryDirectory(dir=where) as folder:
        lived = run(Places(Path(folder)), 0)
    if not isinstance(lived, Lived) or lived.broken:
        raise Unexpected(f"the day is broken without any crash: {lived}")
    return lived


def choose(points: Sequence[str], every: int, seed: int) -> list[int]:
    """Choose every k-th point from a seeded beginning, and one of each name; 1 chooses all."""
    chance = random.Random(seed)  # noqa: S311 - chooses where, no secret
    chosen = set(range(1 + chance.randrange(every), len(points) + 1, every))
    for name in sorted(set(points)):
        places = [number for number, each in enumerate(points, 1) if each == name]
        if chosen.isdisjoint(places):
            chosen.add(chance.choice(places))
    return sorted(chosen)


def campaign(every: int = 1, seed: int = 1, jobs: int = 1, where: Path | None = None) -> Campaign:
    """Crash at the chosen points, in `jobs` processes at a time. Raises Unexpected."""
    clean = clean_run(where)
    chosen = choose(clean.points, every, seed)
    parts = [chosen[number::jobs] for number in range(jobs)]
    fates = tuple(_shared(parts, clean.ends, where))
    return Campaign(points=clean.points, fates=fates)


def control(flaw: Flaw, where: Path | None = None) -> Fate | None:
    """Crash a house with a planted mistake until it is found; None where it never is."""
    clean = clean_run(where)
    for at in choose(clean.points, CONTROL_EVERY, seed=1):
        with tempfile.TemporaryDirectory(dir=where) as folder:
            fate = crash(Path(folder), at, clean.ends, flaw)
        if fate.broken:
            return fate
    return None


class Fates(Struct, frozen=True, kw_only=True):
    """What one process found."""

    fates: tuple[Fate, ...]


def _crash_all(part: Sequence[int], wanted: Ends, where: Path | None) -> Iterator[Fate]:
    for at in part:
        folder = Path(tempfile.mkdtemp(dir=where))
        yield crash(folder, at, wanted)
        shutil.rmtree(folder)


def _shared(parts: Sequence[Sequence[int]], wanted: Ends, where: Path | None) -> Iterator[Fate]:
    """Let each part be done by a process, all at once."""
    workers: list[tuple[int, int]] = []
    for part in parts:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            status = 1
            try:
                _say(writing, Fates(fates=tuple(_crash_all(part, wanted, where))))
                status = 0
            finally:
                if status:
                    traceback.print_exc()
                os._exit(status)
        os.close(writing)
        workers.append((child, reading))
    for child, reading in workers:
        with os.fdopen(reading, "rb") as pipe:
            said = pipe.read()
        if os.waitpid(child, 0)[1]:
            raise Unexpected("one of the crashing processes ended before its work was done")
        yield from msgspec.json.decode(said, type=Fates).fates
