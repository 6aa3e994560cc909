"""Who is measured side by side, how each is run, and what its run must print.

Each runs in a process of its own, with its servers, and prints one line of JSON last.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from benchmarks.peers import PEERS

ROOT = Path(__file__).resolve().parent.parent
OURS, THEIRS = ROOT / ".venv-bench", ROOT / ".venv-peers"
SQLITE = "crossdock on SQLite"
POSTGRES = "crossdock on PostgreSQL, 1 process"
POSTGRES_2 = "crossdock on PostgreSQL, 2 workers"
RUN_SECONDS_MAX = 180.0
GROWTH_SECONDS_MAX = 1_200.0
# Flows of a run of crossdock, as many as a few seconds take on a quiet machine of two cores.
FLOWS = {SQLITE: 1_200, POSTGRES: 400, POSTGRES_2: 400}
OPTIONS = {
    SQLITE: ("benchmarks.order_to_delivery", "--store", "sqlite"),
    POSTGRES: ("benchmarks.order_to_delivery", "--store", "postgres"),
    POSTGRES_2: ("benchmarks.workers", "--workers", "2"),
}
NOT_HERE = 3  # the exit code of a peer that is not installed

NAMES = {
    "dbos": "DBOS",
    "temporal": "Temporal",
    "restate": "Restate",
    "celery": "Celery",
    "procrastinate": "Procrastinate",
}


class Contender(Struct, frozen=True, kw_only=True):
    """One system: its name, its environment, the module to run and what it is told."""

    name: str
    environment: Path
    module: str
    options: tuple[str, ...]
    seconds_max: float = RUN_SECONDS_MAX

    def command(self, ease_seconds: float) -> list[str]:
        """Write the command of one run; with `ease_seconds` the view's age is measured, too."""
        python = str(self.environment / "bin" / "python")
        ease = ["--ease", str(ease_seconds)] if ease_seconds else []
        return [python, "-m", self.module, *self.options, *ease]


def everyone(*, seconds: float, size: float) -> list[Contender]:
    """List crossdock and its peers: peers run for so many seconds, crossdock `size` x its flows."""
    ours = [
        Contender(
            name=name,
            environment=OURS,
            module=module,
            options=(*options, "--flows", str(max(int(FLOWS[name] * size), 1))),
        )
        for name, (module, *options) in OPTIONS.items()
    ]
    peers = [
        Contender(
            name=NAMES[each],
            environment=THEIRS,
            module="benchmarks.peers",
            options=(each, "--seconds", str(seconds)),
        )
        for each in PEERS
    ]
    return [*ours, *peers]


def growth(events: int) -> Contender:
    """Tell what measures the cost of an event in a store that holds so many."""
    return Contender(
        name=SQLITE,
        environment=OURS,
        module="benchmarks.growth",
        options=("--events", str(events)),
        seconds_max=GROWTH_SECONDS_MAX,
    )


class Failed(Exception):
    """A run that ended badly; the text is its last words."""


def run(contender: Contender, ease_seconds: float = 0.0) -> dict[str, Any]:
    """Run once. Answers the figures, or `missing` with the reason; raises Failed."""
    path = f"{contender.environment / 'bin'}:/usr/local/bin:/usr/bin:/bin"
    try:
        ended = subprocess.run(  # noqa: S603 - commands of this package
            contender.command(ease_seconds),
            cwd=ROOT,
            env={"PATH": path, "HOME": str(Path.home()), "PYTHONPATH": str(ROOT / "src")},
            capture_output=True,
            text=True,
            timeout=contender.seconds_max,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise Failed(f"did not end within {contender.seconds_max:.0f} s") from late
    except FileNotFoundError as absent:
        raise Failed(f"{absent.filename} is missing: tools/bench.sh lays it out") from absent
    if ended.returncode not in {0, NOT_HERE}:
        raise Failed(_last_words(ended.stderr or ended.stdout))
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return found


def _last_words(text: str) -> str:
    lines: Sequence[str] = [line.strip(" |") for line in text.splitlines()]
    return next((line for line in reversed(lines) if line[:1].isalpha()), "no word")
