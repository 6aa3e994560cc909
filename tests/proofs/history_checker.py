"""Histories under fire: the black box over HTTP, with kills, freezes and broken wires all around.

    make chaos SECONDS=120

The house is two `crossdock api` and three `crossdock worker` over a PostgreSQL of the run's own, or
with `ARGS=--sqlite` one `crossdock up` over a file. The checks are in
`tests/under_fire/history.py`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import msgspec

from crossdock.testing.postgres import PostgresServer
from tests.under_fire.run import Plan, run
from tools.figures import Figure, record


def main() -> int:
    """Fire, judge, and record; a run that proves nothing is red, too."""
    words = argparse.ArgumentParser(prog="make chaos")
    words.add_argument("--seconds", type=float, default=120.0)
    words.add_argument("--clients", type=int, default=6)
    words.add_argument("--seed", type=int, default=7)
    words.add_argument("--freeze-seconds", type=float, default=2.0)
    words.add_argument("--sqlite", action="store_true", help="one process over a file")
    asked = vars(words.parse_args())
    shared = not asked.pop("sqlite")
    with ExitStack() as end:
        folder = Path(end.enter_context(tempfile.TemporaryDirectory()))
        database = end.enter_context(PostgresServer.start()).empty_database() if shared else ""
        verdict, one = run(Plan(folder=folder, database=database, **asked))
    proxies = [*one.doors, *one.ways]
    figures: dict[str, Figure] = {
        "store": "PostgreSQL" if shared else "SQLite",
        "operations": verdict.operations,
        "acknowledged": verdict.ok,
        "info_share": f"{verdict.info / max(verdict.operations, 1):.2f}",
        "orders_complete": len(one.complete),
        "looks": len(one.looks),
        **{f"blows_{name}": times for name, times in sorted(one.blows.items())},
        "faults_on_the_wire": sum(
            each.counts.total() - each.counts["occasions"] for each in proxies
        ),
        "lost": len(verdict.lost),
        "doubled": len(verdict.doubled),
        "undone": len(verdict.undone),
        "out_of_order": len(verdict.out_of_order),
        "seen_going_backwards": len(verdict.backwards),
    }
    if not verdict.too_few:
        title = "What clients were told under fire, held against what is there"
        programme = "history_checker_postgres" if shared else "history_checker"
        command = f"make chaos SECONDS={asked['seconds']:g}" + " ARGS=--sqlite" * (not shared)
        record(programme, f"{title} ({figures['store']})", command, figures)
    print(msgspec.json.encode(figures).decode())
    if verdict.violations:
        sys.stderr.write(msgspec.json.format(msgspec.json.encode(verdict)).decode() + "\n")
    if verdict.too_few:
        sys.stderr.write("Too few operations succeeded: this run proves nothing.\n")
    return 1 if verdict.violations or verdict.too_few else 0


if __name__ == "__main__":
    raise SystemExit(main())
