"""One seed, many seeds, and the smallest history that still shows what a seed has found."""

from __future__ import annotations

import hashlib
import math
import shutil
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

from crossdock.app.memory import collect_seldom
from crossdock.testing.simulation import image
from crossdock.testing.simulation.image import Image
from crossdock.testing.simulation.memory import MemoryFile
from crossdock.testing.simulation.options import Options, draw, narrowed
from crossdock.testing.simulation.world import Outcome, World

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder in memory, where the system has one
SHARE = 5  # seeds a process takes at a time: few, so that all end at the same time
AHEAD = 8  # shares begun for each process, so that none waits while another lives a long one
ROUNDS_MAX = 40


class Summary(Struct, kw_only=True):
    """What many seeds came to. `digest` is of all histories, in the order of their seeds."""

    seeds: int = 0
    events: int = 0
    simulated: timedelta = timedelta()
    seconds: float = 0.0
    digest: str = ""
    struck: Counter[str] = msgspec.field(default_factory=Counter)
    reached: Counter[str] = msgspec.field(default_factory=Counter)
    failed: list[Outcome] = msgspec.field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Add one run."""
        self.seeds += 1
        self.events += outcome.events
        self.simulated += outcome.simulated
        self.struck.update(outcome.struck)
        self.reached.update(outcome.reached)
        if outcome.violation is not None:
            self.failed.append(outcome)


class Stage:
    """A folder with an image, in which runs follow each other."""

    def __init__(self, folder: Path) -> None:
        """Make the image."""
        self._folder = folder
        self.image: Image = image.made()
        self._store = _store()

    def run(self, options: Options, line: Callable[[str], None] | None = None) -> Outcome:
        """Run once; nothing is left of it."""
        folder = self._folder / "run"
        folder.mkdir()
        try:
            return World(options, self.image, self._store, folder, line).run()
        finally:
            shutil.rmtree(folder)


@cache
def _store() -> MemoryFile:
    """Open the store of this process's runs, one after the other: its statements stay planned."""
    return MemoryFile(image.made().store)


@contextmanager
def stage(kind: type[Stage] = Stage) -> Iterator[Stage]:
    """Give a stage, in memory where the system has room for it there."""
    where = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="crossdock-simulation-", dir=where) as name:
        yield kind(Path(name))


def run_share(seeds: range, kind: type[Stage] = Stage) -> list[Outcome]:
    """Run some seeds one after the other: what one process does."""
    with stage(kind) as here:
        return [here.run(draw(seed)) for seed in seeds]


def run_many(  # noqa: PLR0913 - a long run has this many wishes
    first: int,
    count: int,
    *,
    processes: int,
    told: Callable[[Summary], None] | None = None,
    kind: type[Stage] = Stage,
    seconds: float = math.inf,
) -> Summary:
    """Run many seeds in a few processes; `told` hears of the progress, `kind` builds the house.

    After so many `seconds` no more are begun: the summary tells how many were run.
    """
    began = time.perf_counter()
    image.made()  # once for all processes
    summary, history = Summary(), hashlib.blake2b(digest_size=8)
    shares = [
        range(seed, min(seed + SHARE, first + count)) for seed in range(first, first + count, SHARE)
    ]
    for outcomes in _in_processes(shares, processes, kind, began + seconds):
        for outcome in outcomes:
            summary.add(outcome)
            history.update(outcome.digest.encode())
        summary.seconds = time.perf_counter() - began
        if told is not None:
            told(summary)
    summary.digest = history.hexdigest()
    return summary


def _in_processes(
    shares: list[range], processes: int, kind: type[Stage], end: float
) -> Iterable[list[Outcome]]:
    """Run the shares, in their order; none is begun after `end` on the process's own clock."""
    if processes == 1:
        for each in shares:
            if time.perf_counter() < end:
                yield run_share(each, kind)
        return
    with ProcessPoolExecutor(processes, initializer=collect_seldom) as pool:
        begun: deque[Future[list[Outcome]]] = deque()
        for each in shares:
            if len(begun) > AHEAD * processes:
                yield begun.popleft().result()
            if time.perf_counter() >= end:
                break
            begun.append(pool.submit(run_share, each, kind))
        while begun:
            yield begun.popleft().result()


def shrink(here: Stage, failed: Outcome) -> Outcome:
    """Find a smaller run that violates the same invariant: fewer orders, fewer faults, shorter."""
    best = failed
    for _ in range(ROUNDS_MAX):
        smaller = _smaller(here, best)
        if smaller is None:
            return best
        best = smaller
    return best


def _smaller(here: Stage, best: Outcome) -> Outcome | None:
    number = best.violation.number if best.violation is not None else ""
    for options in _simpler(best):
        tried = here.run(options)
        if tried.violation is not None and tried.violation.number == number:
            return tried
    return None


def _simpler(best: Outcome) -> Iterator[Options]:
    """Give what may be left out, the largest first."""
    options = best.options
    if options.orders > 1:
        yield narrowed(options, orders=options.orders - 1)
    names = tuple(options.levels)
    half = len(names) // 2
    if half:
        yield narrowed(options, off=names[:half])
        yield narrowed(options, off=names[half:])
    for name in names:
        yield narrowed(options, off=(name,))
    last = best.violation.event if best.violation is not None else best.events
    for until in (last // 2, last * 3 // 4):
        if 0 < until < (options.until or last):
            yield narrowed(options, until=until)
