"""Measures crossdock beside its peers: the same order-to-delivery work, run after run in turn.

    python -m benchmarks [--minutes 9] [--only NAME ...] [--events 5000000] [--no-record]

Every system in the deployment its module states, with its own servers on this machine, everything
durable before it is acknowledged. The runs alternate, and crossdock is compared with each peer
within each round; in the last round the age of the customer's view is measured at a fifth of each
system's own peak. At last the cost of an event is compared between a store that holds five million
and one of fifty thousand, which takes some minutes more. What is not installed or fails is named
with the reason. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.contenders import (
    POSTGRES,
    POSTGRES_2,
    SQLITE,
    Contender,
    Failed,
    everyone,
    growth,
    run,
)
from benchmarks.growth import EVENTS, SMALL_EVENTS
from tools.figures import Figure, record

ROUNDS = 3
SECONDS = 7.0  # of a peer's run
EASE_SECONDS = 5.0
BUSY = 2.5  # a run alone keeps each core busy, with somebody waiting now and then

Runs = dict[str, list[dict[str, Any]]]


class Measured:
    """What the runs have found so far, how long each took, and why some are not there.

    `absent` could not be run at all, `failed` ended badly in some round.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.runs: Runs = {}
        self.absent: dict[str, str] = {}
        self.failed: dict[str, str] = {}
        self.took: dict[str, float] = {}
        self.growth: dict[str, Any] = {}

    def add(self, contender: Contender, ease_seconds: float, left_seconds: float) -> None:
        """Run once more, where there is time for it, and say so."""
        name = contender.name
        if name in self.absent:
            return
        if left_seconds < self.took.get(name, 0.0) + 2 * ease_seconds:
            if name not in self.runs:
                self.absent[name] = "the time was over"
            return
        began = time.monotonic()
        try:
            said = self._take(name, run(contender, ease_seconds))
        except Failed as failure:
            said = self.failed[name] = f"failed: {failure}"
        self.took[name] = time.monotonic() - began
        print(f"{name:<34} {said}", flush=True)

    def add_growth(self, events: int) -> None:
        """Compare the cost of an event in a store that holds so many, and say so."""
        try:
            self.growth = run(growth(events))
            said = f"{self.growth['growth_ratio']} times the cost of {SMALL_EVENTS:,}"
        except Failed as failure:
            said = self.failed["growth"] = f"failed: {failure}"
        print(f"{f'an event among {events:,}':<34} {said}", flush=True)

    def _take(self, name: str, found: dict[str, Any]) -> str:
        if "missing" in found:
            self.absent[name] = str(found["missing"])
            return self.absent[name]
        self.runs.setdefault(name, []).append(found)
        view = found.get("view")
        age = f", view p50 {view['p50_ms']:.1f} p99 {view['p99_ms']:.1f} ms" if view else ""
        return (
            f"{found['flows_per_s']:8.1f} flows/s, "
            f"{found['cpu_seconds_per_1000_flows']:6.1f} CPU s for 1,000{age}"
        )


def measure(contenders: Sequence[Contender], rounds: int, minutes: float) -> Measured:
    """Run everyone in turn; the age of the view is measured in the last round that fits in."""
    measured, began = Measured(), time.monotonic()
    until = began + 60 * minutes
    for number in range(rounds):
        round_began = time.monotonic()
        # Another round and a last one must fit in, else this one is the last.
        is_last = number == rounds - 1 or (
            number > 0 and until - round_began < 2.6 * (round_began - began) / number
        )
        for each in contenders:
            measured.add(each, EASE_SECONDS if is_last else 0.0, until - time.monotonic())
        if is_last:
            break
    return measured


def spread(values: Sequence[float], digits: int = 1) -> str:
    """Write a median with its range: `64.2 (61.0 to 66.1)`."""
    middle, low, high = statistics.median(values), min(values), max(values)
    return f"{middle:,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f})"


def ratios(runs: Runs, name: str) -> list[float]:
    """Compare crossdock with a peer, round by round."""
    pairs = zip(runs.get(SQLITE, []), runs[name], strict=False)
    return [one["flows_per_s"] / other["flows_per_s"] for one, other in pairs]


def to_limits(runs: Sequence[Mapping[str, Any]], limit: str) -> list[float]:
    """Compare crossdock with a limit, each measured right after its run."""
    return [each["flows_per_s"] / each[limit] for each in runs]


def figures(measured: Measured) -> dict[str, Figure]:
    """Write what was measured for the page: `system: figure`, each with its spread."""
    found: dict[str, Figure] = {"machine: note": _machine()}
    for name, runs in measured.runs.items():
        found |= _of_system(name, runs)
        if name != SQLITE and ratios(measured.runs, name):
            found[f"{name}: crossdock does so many times as much"] = spread(
                ratios(measured.runs, name)
            )
    if grown := measured.growth:
        what = f"cost of an event among {grown['events']:,} beside {SMALL_EVENTS:,}"
        found[f"{SQLITE}: {what}"] = str(grown["growth_ratio"])
    for name, why in (measured.failed | measured.absent).items():
        found[f"{name}: note"] = why
    return found


def _of_system(name: str, runs: Sequence[Mapping[str, Any]]) -> dict[str, Figure]:
    found: dict[str, Figure] = {
        f"{name}: flows a second": spread([each["flows_per_s"] for each in runs]),
        f"{name}: CPU seconds for 1,000 flows": spread(
            [each["cpu_seconds_per_1000_flows"] for each in runs]
        ),
    }
    for asked, named in (("view", "event to view, ms"), ("view_at_goal", "event to view at goal")):
        if view := runs[-1].get(asked):
            found[f"{name}: {named}"] = _age(view)
    if "deployment" in runs[-1]:
        found[f"{name}: deployment"] = runs[-1]["deployment"]
        found[f"{name}: guarantee"] = runs[-1]["guarantee"]
    if "bare_flows_per_s" in runs[-1]:
        found |= _of_limits(name, runs)
    return found


def _age(view: Mapping[str, Any]) -> str:
    """Write the age of a view, and where it was measured, what a bare flush took beside it."""
    said = f"p50 {view['p50_ms']}, p99 {view['p99_ms']} at {view['events_per_s']} events/s"
    if flush := view.get("flush"):
        said += f"; a bare flush p50 {flush['p50_ms']}, p99 {flush['p99_ms']}"
    return said


def _of_limits(name: str, runs: Sequence[Mapping[str, Any]]) -> dict[str, Figure]:
    return {
        f"{name}: milestone events a second": spread(
            [each["milestone_events_per_s"] for each in runs], 0
        ),
        f"{name}: rows of a flow": round(runs[-1]["rows_per_flow"]),
        f"{name}: messages of a flow": round(runs[-1]["messages_per_flow"]),
        f"{name}: flows a second of the bare rows": spread(
            [each["bare_flows_per_s"] for each in runs]
        ),
        f"{name}: of the bare rows": spread(to_limits(runs, "bare_flows_per_s"), 3),
        f"{name}: flows a second of one row for each message": spread(
            [each["one_row_flows_per_s"] for each in runs]
        ),
        f"{name}: of one row for each message": spread(to_limits(runs, "one_row_flows_per_s"), 3),
    }


def _machine() -> str:
    cores, load = os.cpu_count() or 1, os.getloadavg()[0]
    told = f"{cores} cores; 1-minute load at the end {load:.1f}"
    return f"{told}, so it was shared with other work" if load > BUSY * cores else told


def summary(measured: Measured) -> dict[str, Any]:
    """Write the last line."""
    runs = measured.runs
    ours = runs.get(SQLITE, [])
    middle = {
        name: statistics.median(each["flows_per_s"] for each in found)
        for name, found in runs.items()
    }
    peers = {name: round(value, 1) for name, value in middle.items() if "crossdock" not in name}
    best = max(peers, key=lambda name: peers[name], default="")
    line: dict[str, Any] = {
        "peers": peers,
        "absent": measured.failed | measured.absent,
        "best_peer": best,
        "growth_ratio": measured.growth.get("growth_ratio"),
        "postgres_1_flows_per_s": round(middle[POSTGRES], 1) if POSTGRES in middle else None,
        "postgres_2_flows_per_s": round(middle[POSTGRES_2], 1) if POSTGRES_2 in middle else None,
    }
    if ours:
        rows = to_limits(ours, "bare_flows_per_s")
        line |= {
            "sqlite_flows_per_s": round(middle[SQLITE], 1),
            "flows_per_s": round(middle[SQLITE], 1),
            "milestone_events_per_s": round(
                statistics.median(each["milestone_events_per_s"] for each in ours)
            ),
            "limits": {
                "bare_rows": round(statistics.median(each["bare_flows_per_s"] for each in ours), 1),
                "one_row": round(
                    statistics.median(each["one_row_flows_per_s"] for each in ours), 1
                ),
            },
            "ratio_limit": round(statistics.median(rows), 3),
            "ratio_limit_spread": [round(min(rows), 3), round(max(rows), 3)],
            "view_p99_ms": ours[-1].get("view", {}).get("p99_ms"),
            "view_p99_ms_at_500": ours[-1].get("view_at_goal", {}).get("p99_ms"),
            "flush_p99_ms": ours[-1].get("view_at_goal", {}).get("flush", {}).get("p99_ms"),
        }
    if shared := runs.get(POSTGRES, []):
        line["postgres_view_p99_ms_at_500"] = shared[-1].get("view_at_goal", {}).get("p99_ms")
    if ours and best:
        compared = ratios(runs, best)
        line["ratio_best_peer"] = round(statistics.median(compared), 2)
        line["ratio_best_peer_spread"] = [round(min(compared), 2), round(max(compared), 2)]
    return line


def main() -> int:
    """Measure everyone, keep the figures, and print the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--minutes", type=float, default=9.0, help="a run begins only if it ends within"
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each run of a peer")
    parser.add_argument("--size", type=float, default=1.0, help="of each run of crossdock")
    parser.add_argument(
        "--events", type=int, default=EVENTS, help="in the store of growth_ratio; 0 leaves it out"
    )
    parser.add_argument("--only", nargs="*", default=(), help="systems by their first letters")
    parser.add_argument("--no-record", action="store_true", help="leave docs/ as it is")
    asked = parser.parse_args()
    everybody = everyone(seconds=asked.seconds, size=asked.size)
    chosen = [
        each
        for each in everybody
        if not asked.only or any(each.name.lower().startswith(one.lower()) for one in asked.only)
    ]
    measured = measure(chosen, asked.rounds, asked.minutes)
    if asked.events and any(each.name == SQLITE for each in chosen):
        measured.add_growth(asked.events)
    if not asked.no_record:
        command = shlex.join(sys.argv[1:])
        command = f"make bench BENCH='{command}'" if command else "make bench"
        record(
            "benchmark", "The same orders on crossdock and its peers", command, figures(measured)
        )
    print(json.dumps(summary(measured)))
    return int(any(each.name == SQLITE for each in chosen) and SQLITE not in measured.runs)


if __name__ == "__main__":
    sys.exit(main())
