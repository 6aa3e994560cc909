"""Run the simulation: one seed, told event by event, or many seeds, summed up.

python -m crossdock.testing.simulation --seed 7
python -m crossdock.testing.simulation --seeds 2000
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence

import msgspec

from crossdock.app.memory import collect_seldom
from crossdock.faults import Fault
from crossdock.testing.simulation import coverage
from crossdock.testing.simulation.options import draw, narrowed
from crossdock.testing.simulation.runs import Stage, Summary, run_many, shrink, stage
from crossdock.testing.simulation.world import Outcome

VIOLATED, MISCONFIGURED = 1, 2  # exit codes
SHOWN_MAX = 3  # failing seeds that are made smaller


def say(text: str) -> None:
    """Write a line to standard output."""
    sys.stdout.write(text + "\n")


def one(asked: argparse.Namespace) -> int:
    """Tell one seed's history, and make it smaller where it fails."""
    off = tuple(filter(None, asked.off.split(",")))
    options = narrowed(draw(asked.seed), orders=asked.orders, off=off, until=asked.until)
    with stage() as here:
        say(options.said())
        outcome = here.run(options, say)
        if outcome.violation is not None:
            tell_failure(here, outcome)
    end(
        seeds=1,
        events=outcome.events,
        violations=int(outcome.violation is not None),
        digest=outcome.digest,
    )
    return VIOLATED if outcome.violation is not None else 0


def many(asked: argparse.Namespace) -> Summary:
    """Run many seeds, and tell what they reached and what they found."""
    summary = run_many(
        asked.first,
        asked.seeds,
        processes=asked.processes,
        told=progress,
        seconds=asked.minutes * 60,
    )
    for line in coverage.table(summary.struck, summary.reached):
        say(line)
    days = summary.simulated.total_seconds() / 86_400
    say(
        f"{summary.seeds} seeds, {summary.events} events, {days / 365:.1f} simulated years, "
        f"{summary.struck.total()} faults, {summary.seeds / summary.seconds:.1f} seeds/s"
    )
    if summary.failed:
        with stage() as here:
            for outcome in summary.failed[:SHOWN_MAX]:
                tell_failure(here, outcome)
    end(
        seeds=summary.seeds,
        events=summary.events,
        violations=len(summary.failed),
        digest=summary.digest,
    )
    return summary


def progress(summary: Summary) -> None:
    """Tell now and then how far it is, to standard error."""
    if summary.seeds % 500 == 0:
        failed = f", {len(summary.failed)} failed" if summary.failed else ""
        sys.stderr.write(f"{summary.seeds} seeds after {summary.seconds:.0f} s{failed}\n")


def tell_failure(here: Stage, outcome: Outcome) -> None:
    """Tell what a seed has found, and the smallest run that shows it."""
    smaller = shrink(here, outcome)
    for title, each in (("found", outcome), ("smallest", smaller)):
        if each.violation is not None:
            found = each.violation
            say(f"{title}: {found.number} at event {found.event}: {found.said}")
    say(f"repeat: {smaller.options.command}")


def end(**figures: int | str) -> None:
    """Write the figures as the last line, in JSON."""
    say(msgspec.json.encode(figures).decode())


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    known = argparse.ArgumentParser(prog="python -m crossdock.testing.simulation")
    known.add_argument("--seed", type=int, help="one seed, told event by event")
    known.add_argument(
        "--orders", type=int, default=0, help="so many orders instead of those drawn"
    )
    known.add_argument("--off", default="", help="faults to switch off, by comma")
    known.add_argument("--until", type=int, default=0, help="end the faults after so many events")
    known.add_argument("--seeds", type=int, default=200, help="how many seeds, where none is given")
    known.add_argument("--first", type=int, default=1, help="the first of them")
    known.add_argument("--processes", type=int, default=2, help="in so many processes")
    known.add_argument("--minutes", type=float, default=math.inf, help="begin no more after these")
    return known


def main(argv: Sequence[str] | None = None) -> int:
    """Run what was asked; 1 where an invariant did not hold."""
    asked = parser().parse_args(argv)
    collect_seldom()
    try:
        if asked.seed is not None:
            return one(asked)
        return VIOLATED if many(asked).failed else 0
    except Fault as fault:
        sys.stderr.write(f"{fault}\n")
        return MISCONFIGURED


if __name__ == "__main__":
    sys.exit(main())
