"""Kill the house at every point of a day, again while it recovers, and see what it still knows.

    python -m tests.proofs.crash_points [--every K] [--seed N] [--jobs N] [--folder DIR] [--record]

`--every 1`, the default, takes every point; a greater one every k-th and one of each name. Three
planted mistakes come first: a proof that does not find them proves nothing. The last line is JSON.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from pathlib import Path

import msgspec

from crossdock.testing.proof.crashing import Campaign, campaign, control
from crossdock.testing.proof.day import Flaw
from tools import figures

MISTAKES = (Flaw.HASTY, Flaw.TORN, Flaw.BLIND)


def main() -> None:
    """Crash, print, and end with 1 where a promise was broken or a mistake was not found."""
    parser = argparse.ArgumentParser(description="Every crash point of a day.")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--folder", type=Path, default=None, help="where the stores lie meanwhile")
    parser.add_argument("--record", action="store_true", help="keep the figures for the docs")
    asked = parser.parse_args()
    logging.disable(logging.ERROR)
    found = {flaw.value: control(flaw, asked.folder) is not None for flaw in MISTAKES}
    began = time.monotonic()
    done = campaign(asked.every, asked.seed, asked.jobs, asked.folder)
    figure = _figures(done, found)
    _print(done, found)
    sys.stdout.write(f"{time.monotonic() - began:.0f} s\n")
    if asked.record:
        command = f"make crash EVERY={asked.every}"
        figures.record("crash_points", "A crash at every point of a day", command, figure)
    sys.stdout.write(msgspec.json.encode(figure).decode() + "\n")
    sys.exit(bool(done.broken) or not all(found.values()) or bool(done.missed()))


def _figures(done: Campaign, found: dict[str, bool]) -> dict[str, figures.Figure]:
    return {
        "points": len(done.points),
        "kinds": len(set(done.points)),
        "crashed_at": len(done.fates),
        "kinds_hit": len(set(done.points) & set(done.hit())),
        "second_crashes": sum(bool(fate.again) for fate in done.fates),
        "lost": sum("acknowledged and lost" in each for each in done.broken),
        "doubled": sum("done " in each and " times: " in each for each in done.broken),
        "broken": len(done.broken),
        "planted_mistakes_found": f"{sum(found.values())} of {len(found)}",
    }


def _print(done: Campaign, found: dict[str, bool]) -> None:
    hit = done.hit()
    for name in sorted(set(done.points)):
        sys.stdout.write(f"{done.points.count(name):6} points, {hit[name]:6} deaths  {name}\n")
    for flaw, seen in found.items():
        sys.stdout.write(f"planted mistake `{flaw}`: {'found' if seen else 'NOT FOUND'}\n")
    for each in done.broken:
        sys.stdout.write(f"BROKEN {each}\n")


if __name__ == "__main__":
    main()
