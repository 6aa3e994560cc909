"""The simulation at length, and its canary: what was run, what was found, how much was reached.

    make simulate SEEDS=20000

Runs of five hundred seeds and more are recorded for the page of guarantees.
"""

from __future__ import annotations

from crossdock.app.memory import collect_seldom
from crossdock.testing.simulation import coverage
from crossdock.testing.simulation.__main__ import VIOLATED, many, parser
from crossdock.testing.simulation.invariants import INVARIANTS
from crossdock.testing.simulation.runs import Summary
from tools.figures import record

RECORDED_FROM = 500  # seeds; fewer say too little to be shown


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
    """Run many seeds, and record a long run."""
    asked = parser().parse_args()
    collect_seldom()
    summary = many(asked)
    if summary.seeds >= RECORDED_FROM:
        keep(summary)
    return VIOLATED if summary.failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
