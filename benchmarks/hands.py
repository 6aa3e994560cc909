"""How many flows a second one house takes over its file, with hands beside it and without.

    python -m benchmarks.hands [--hands 1] [--flows 400] [--rounds 2]

The shell in earnest, as `crossdock up` runs it; partners answer at once, in the house's process.
The flows come as in `workers`. A round is a run without hands and one with, each in a process of
its own; the hands are there before the first flow. `--alone` is one run. The last line is JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import view_delay
from benchmarks.order_to_delivery import PARTNERS, check, figures
from benchmarks.workers import DAY_OVER, house, live
from crossdock.app.hands import Desk, HandProcess
from crossdock.app.memory import collect_seldom
from crossdock.flow.machine import Machine
from crossdock.flow.shell import Shell
from crossdock.store.sqlite import open_reader, open_sqlite
from crossdock.testing.plain_partner import PlainPartner

SIGN = "the benchmark's"
CPU = "cpu_seconds_per_1000_flows"


def furnish(file: Path) -> Desk:
    """Put together what a hand of this house works with."""
    return Desk(store=open_reader(file), roster=house(), sign=SIGN)


def measure(folder: Path, count: int, hands: int) -> dict[str, float]:
    """Run the flows once through one house."""
    file, partner = folder / "flows.db", PlainPartner()
    store = open_sqlite(file, threads=True)
    beside = [HandProcess(partial(furnish, file), SIGN) for _ in range(hands)]

    async def whole() -> dict[str, float]:
        for each in beside:
            await each.start()
        shell = Shell(
            Machine(store=store, roster=house()),
            clock=view_delay.DayClock(DAY_OVER, time.time()),
            transports=dict.fromkeys(PARTNERS, partner),
            hands=beside,
        )
        return figures(await live(shell, count))

    found = asyncio.run(whole())
    check(store, partner, range(count))
    store.close()
    del found["commits"]
    return found | {"hands": hands, "effects_per_flow": sum(partner.applied.values()) / count}


def compare(count: int, hands: int, rounds: int) -> dict[str, Any]:
    """Run without hands and with, in turn."""
    runs: dict[int, list[dict[str, float]]] = {0: [], hands: []}
    for _ in range(rounds):
        for number, found in runs.items():
            command = [sys.executable, "-m", "benchmarks.hands", "--alone"]
            command += ["--hands", str(number), "--flows", str(count)]
            ended = subprocess.run(command, stdout=subprocess.PIPE, check=True)  # noqa: S603 - this module
            found.append(json.loads(ended.stdout.splitlines()[-1]))
            print(json.dumps(found[-1]), flush=True)
    pairs = list(zip(runs[0], runs[hands], strict=True))
    return {
        "flows_per_s": round(statistics.median(each["flows_per_s"] for each in runs[hands]), 1),
        "flows_per_s_alone": round(statistics.median(each["flows_per_s"] for each in runs[0]), 1),
        "ratios": [round(two["flows_per_s"] / one["flows_per_s"], 2) for one, two in pairs],
        "cpu_ratios": [round(two[CPU] / one[CPU], 2) for one, two in pairs],
    }


def main() -> None:
    """Compare, or run once; the last line is JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hands", type=int, default=1)
    parser.add_argument("--flows", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--ease", type=float, default=0.0, help="not measured here")
    parser.add_argument("--alone", action="store_true", help="one run, and no comparison")
    asked = parser.parse_args()
    if not asked.alone:
        print(json.dumps(compare(asked.flows, asked.hands, asked.rounds)))
        return
    collect_seldom()  # as `crossdock up` does
    with tempfile.TemporaryDirectory() as name:
        print(json.dumps(measure(Path(name), asked.flows, asked.hands)))


if __name__ == "__main__":
    main()
