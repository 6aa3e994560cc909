"""A soak: an hour of whole flows at a steady pace, and nothing that the house holds grows.

    make soak MINUTES=60               one `crossdock up` over a file
    make soak ARGS=--postgres          two `crossdock api` and two `crossdock worker`

How it is loaded is in `tests/proofs/soaking.py`, what is read in `gauge.py`, and in `steady.py` how
far each resource may rise over the second half. First the caches are filled (`WARM_FLOWS`): pages
of the store take 64 MiB, states that are remembered some 70 MB at most.

Before it a house that leaks is loaded for 120 flows (`leaking.py`): a run that does not find every
one of its leaks proves nothing.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import msgspec
from msgspec.structs import replace

from crossdock.testing.postgres import PostgresServer
from tests.proofs.leaking import LEAKS
from tests.proofs.soaking import Plan, Soaked, soak
from tests.proofs.steady import TooFew, Trend, growing, trends
from tools.figures import Figure, record

WARM_FLOWS = 4000
CONTROL_WARM, CONTROL_FLOWS = 8, 120
LEAKING = "tests.proofs.leaking"


def soaked(plan: Plan, *, shared: bool) -> Soaked:
    """Soak a house of its own, over a database of its own where it is shared."""
    with ExitStack() as end:
        folder = Path(end.enter_context(tempfile.TemporaryDirectory()))
        server = end.enter_context(PostgresServer.start()) if shared else None
        database = server.empty_database() if server else ""
        return soak(replace(plan, folder=folder, database=database))


def expected(*, shared: bool) -> set[str]:
    """Name the leaks of the house that leaks, on this store."""
    return set(LEAKS) - ({"log_mib"} if shared else set())


def told(found: dict[str, Trend]) -> dict[str, Figure]:
    """Write the trends for the page: what is usual, what came to it, and what might have."""
    return {
        name: f"{each.usual:.1f} {each.added:+.1f} (at most +{each.allowed:.1f})"
        for name, each in found.items()
    }


def main() -> int:
    """Soak a house that leaks and one that should not, record, and judge both."""
    words = argparse.ArgumentParser(prog="make soak")
    words.add_argument("--minutes", type=float, default=60.0)
    words.add_argument("--pace", type=float, default=8.0, help="flows a second")
    words.add_argument("--postgres", action="store_true", help="two nodes and two workers")
    asked = words.parse_args()
    shared, seconds = asked.postgres, 60 * asked.minutes
    control = Plan(warm=CONTROL_WARM, flows=CONTROL_FLOWS, program=LEAKING)
    leaks = set(growing(trends(soaked(control, shared=shared).series)))
    flows = int(asked.pace * seconds)
    plan = Plan(warm=WARM_FLOWS, flows=flows, pace=asked.pace, seconds=seconds)
    run = soaked(plan, shared=shared)
    found = trends(run.series)
    missed = sorted(expected(shared=shared) - leaks)
    figures: dict[str, Figure] = {
        "store": "PostgreSQL, two workers" if shared else "SQLite",
        "minutes": f"{run.seconds / 60:.1f}",
        "flows": run.flows,
        "flows_a_second": f"{asked.pace:g}",
        "pages_read": run.pages,
        "bad_answers_of_partners": run.bad_answers,
        "lost": run.lost,
        "doubled": run.doubled,
        **told(found),
        "growing": ", ".join(growing(found)) or "nothing",
        "planted_leaks_found": f"{len(leaks & expected(shared=shared))} of "
        f"{len(expected(shared=shared))}",
    }
    if not missed:
        title = f"What a house holds after many flows, and what came to it ({figures['store']})"
        programme = "soak_postgres" if shared else "soak_sqlite"
        command = f"make soak MINUTES={asked.minutes:g}" + " ARGS=--postgres" * shared
        record(programme, title, command, figures)
    print(msgspec.json.encode(figures).decode())
    if missed:
        sys.stderr.write(f"Planted, and not found: {', '.join(missed)}; this run proves nothing.\n")
    return 1 if missed or growing(found) or run.lost or run.doubled else 0


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except TooFew as few:
        raise SystemExit(f"{few}; give it more minutes") from few
