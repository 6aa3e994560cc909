"""Cutting: the current fails at moments of a day, and the images of the disk are judged.

A cut is a fork: the child has the disk as it was that moment, makes images of it beside copies of
the ledgers (partners did not lose power), opens each with the normal code on a normal disk, and
tells what it found. Every so many images the day is told to its end from there.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import msgspec
from msgspec import Struct

from crossdock.store.sqlite import open_sqlite
from crossdock.testing.proof import verdict
from crossdock.testing.proof.crashing import Unexpected, apart, clean_run
from crossdock.testing.proof.day import Day, Places
from crossdock.testing.proof.points import Points
from crossdock.testing.proof.power import Disk, ExclusiveStore, image, plug_out, plugged_in
from crossdock.testing.proof.verdict import Ends


class Found(Struct, frozen=True, kw_only=True):
    """What images showed: how many there were, what was promised in them, what was broken."""

    images: int = 0
    cuts: int = 0
    acknowledged: int = 0
    recovered: int = 0
    lost: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()

    def plus(self, other: Found) -> Found:
        """Add what other images showed."""
        return Found(
            images=self.images + other.images,
            cuts=self.cuts + other.cuts,
            acknowledged=self.acknowledged + other.acknowledged,
            recovered=self.recovered + other.recovered,
            lost=self.lost + other.lost,
            broken=self.broken + other.broken,
        )


class Cutter:
    """Cuts the current before every `every`-th change of the disk, `images` times each.

    Every `recover`-th image is told to its end.
    """

    def __init__(self, places: Places, wanted: Ends, *, seed: int, every: int, images: int) -> None:
        """Take the running house's places, and how its day ends without a cut."""
        self.found = Found()
        self.disk: Disk | None = None
        self.recover = 10
        self._places = places
        self._wanted = wanted
        self._seed = seed
        self._every = every
        self._images = images
        self._changes = seed % every

    def before(self) -> None:
        """Hear that the disk is about to change."""
        self._changes += 1
        if self.disk is None or self._changes % self._every:
            return
        status, said = apart(self._cut)
        if status:
            raise Unexpected(f"the verdict of cut {self._changes} ended with status {status}")
        self.found = self.found.plus(msgspec.json.decode(said, type=Found))

    def _cut(self, say: Callable[[Struct], None]) -> None:
        plug_out()
        found = Found(cuts=1)
        for number in range(self._images):
            chance = random.Random(f"{self._seed}/{self._changes}/{number}")  # noqa: S311 - no secret
            with tempfile.TemporaryDirectory(dir=self._places.folder.parent) as folder:
                places = self._picture(Path(folder) / "image", chance)
                recover = chance.randrange(self.recover) == 0
                found = found.plus(self._judge(places, recover=recover))
        say(found)

    def _picture(self, folder: Path, chance: random.Random) -> Places:
        """Make what is left after the cut: an image of the disk, and all that is elsewhere."""
        shutil.copytree(self._places.folder, folder, ignore=shutil.ignore_patterns("house"))
        places = Places(folder)
        places.make()
        if self.disk is None:
            raise Unexpected("there is no disk to cut")
        for name, content in image(self.disk, chance):
            (places.store.parent / Path(name).name).write_bytes(content)
        return places

    def _judge(self, places: Places, *, recover: bool) -> Found:
        promised = len(verdict.promised(places))
        open_sqlite(places.store).close()  # the normal code finds the image, and mends it
        rest = verdict.at_rest(places)
        lost = tuple(each for each in rest if verdict.LOST in each)
        broken = [each for each in rest if verdict.LOST not in each]
        if recover and not lost:
            store = open_sqlite(places.store)
            Day(places, store, Points()).live()
            store.close()
            broken += verdict.at_end(places, self._wanted)
        return Found(
            images=1,
            acknowledged=promised,
            recovered=int(recover),
            lost=lost,
            broken=tuple(f"change {self._changes}: {each}" for each in broken),
        )


class Chosen(Struct, frozen=True, kw_only=True):
    """How a day is cut: before every `every`-th change of the disk, into so many images."""

    every: int
    images: int
    seed: int = 1
    synchronous: str = "FULL"


@contextmanager
def _folder(where: Path | None) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=where) as name:
        yield Path(name) / "day"


def _live(where: Path | None, wanted: Ends, chosen: Chosen, say: Callable[[Struct], None]) -> None:
    with _folder(where) as folder:
        places = Places(folder)
        places.make()
        cutter = Cutter(places, wanted, seed=chosen.seed, every=chosen.every, images=chosen.images)
        with plugged_in(cutter.before) as disk:
            cutter.disk = disk
            store = ExclusiveStore(places.store, chosen.synchronous)
            Day(places, store, Points()).live()
            store.close()
    say(cutter.found)


def cut(chosen: Chosen, where: Path | None = None) -> Found:
    """Live a day on a forgetful disk, and judge what each cut leaves. Raises Unexpected."""
    wanted = clean_run(where).ends
    status, said = apart(partial(_live, where, wanted, chosen))
    if status:
        raise Unexpected(f"the day on the forgetful disk ended with status {status}")
    return msgspec.json.decode(said, type=Found)
