"""The simulation at length, and its canary: what was run, what was found, how much was reached.

    make simulate SEEDS=20000

Runs of a thousand seeds and more are recorded for the page of guarantees.
"""

from __future__ import annotations

import argparse
import math

from crossdock.app.memory import collect_seldom
from crossdock.testing.simulation import coverage
from crossdock.testing.simulation.__main__ import end, progress, say, tell_failure
from crossdock.testing.simulation.invariants import INVARIANTS
from crossdock.testing.simulation.runs import Summary, run_many, stage
from tools.figures import record

RECORDED_FROM = 1000  # seeds; fewer say too little to be shown
SHOWN_MAX = 3  # failing seeds that are made smaller


def keep(summary: Summary) -> None:
    """Keep what a run has measured."""
    years = summary.simulated.total_seconds() / 86_400 / 365
    record(
        "simulation",
        "Simulated worlds: the real house under crashes, cuts, delays, bad input and people",
        f"make simulate SEEDS={summary.seeds}",
        {
            "seeds": summary.seeds,
            "events": summary.events,
            "simulated_years": f"{years:.1f}",
            "faults_struck": summary.struck.total(),
            "kinds_of_faults_struck": len(summary.struck),
            "kinds_reached": len(summary.reached),
            "kinds_never_reached": len(list(coverage.missing(summary.struck, summary.reached))),
            "invariants": len(INVARIANTS),
            "violations": len(summary.failed),
            "digest": summary.digest,
        },
    )


def main() -> int:
    """Run many seeds, tell what they reached, and record a long run."""
    words = argparse.ArgumentParser(prog="make simulate")
    words.add_argument("--seeds", type=int, default=200)
    words.add_argument("--first", type=int, default=1)
    words.add_argument("--processes", type=int, default=2)
    words.add_argument("--minutes", type=float, default=math.inf, help="begin no more after")
    asked = words.parse_args()
    collect_seldom()
    summary = run_many(
        asked.first,
        asked.seeds,
        processes=asked.processes,
        told=progress,
        seconds=asked.minutes * 60,
    )
    for line in coverage.table(summary.struck, summary.reached):
        say(line)
    say(f"{summary.seeds} seeds in {summary.seconds:.0f} s")
    with stage() as here:
        for outcome in summary.failed[:SHOWN_MAX]:
            tell_failure(here, outcome)
    if summary.seeds >= RECORDED_FROM:
        keep(summary)
    end(
        seeds=summary.seeds,
        events=summary.events,
        violations=len(summary.failed),
        digest=summary.digest,
    )
    return 1 if summary.failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
