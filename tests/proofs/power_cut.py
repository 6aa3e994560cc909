"""Cut the power at every change of the disk, and judge what is left of the SQLite store.

    make power-cut [EVERY=1]

A day of the real house is lived on a disk in memory that forgets what was not flushed. Before every
change of it images are drawn of what a real disk might hold then. Each is opened by the normal
code; every tenth day is told to its end from there. The control, `synchronous=NORMAL`, must lose
acknowledged work: else the disk forgets too little. The last line is JSON.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import os
import sys
from functools import partial, reduce
from pathlib import Path

import msgspec

from crossdock.testing.proof.cutting import Chosen, Found, cut
from tools.figures import Figure, record

CONTROL = Chosen(every=45, images=2, synchronous="NORMAL")


def judged(chosen: Chosen, folder: Path | None) -> Found:
    """Judge one share of the images."""
    logging.disable(logging.ERROR)
    return cut(chosen, folder)


def main() -> None:
    """Cut, print, and end with 1 where something was lost, broken, or the control lost nothing."""
    parser = argparse.ArgumentParser(description="Power cuts for the SQLite store.")
    parser.add_argument("--every", type=int, default=1, help="cut before every k-th change")
    parser.add_argument("--images", type=int, default=2, help="images of each cut")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--folder", type=Path, default=None, help="where the images lie meanwhile")
    parser.add_argument("--record", action="store_true", help="keep the figures for the docs")
    asked = parser.parse_args()
    every = asked.every * asked.jobs
    shares = [
        Chosen(every=every, images=asked.images, seed=asked.seed + share * asked.every)
        for share in range(asked.jobs)
    ]
    with multiprocessing.get_context("spawn").Pool(asked.jobs) as pool:
        control, *found = pool.map(partial(judged, folder=asked.folder), [CONTROL, *shares])
    total = reduce(Found.plus, found)
    figures: dict[str, Figure] = {
        "cuts": total.cuts,
        "images": total.images,
        "acknowledged_looked_for": total.acknowledged,
        "lost": len(total.lost),
        "broken": len(total.broken),
        "told_to_the_end": total.recovered,
        "control_images": control.images,
        "control_lost": len(control.lost),
    }
    for each in (*total.lost, *total.broken):
        sys.stdout.write(f"BROKEN {each}\n")
    if asked.record:
        command = f"make power-cut EVERY={asked.every}"
        record("power_cut_sqlite", "The power is cut under SQLite", command, figures)
    sys.stdout.write(msgspec.json.encode(figures).decode() + "\n")
    sys.exit(bool(total.lost or total.broken) or not control.lost)


if __name__ == "__main__":
    main()
