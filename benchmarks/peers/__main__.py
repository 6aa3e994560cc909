"""Measures one peer: `python -m benchmarks.peers NAME`, in the peers' environment."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import sys
import tempfile
from pathlib import Path
from typing import cast

from benchmarks.peers import PEERS
from benchmarks.peers.drive import at_ease, at_full_speed
from benchmarks.peers.work import Module
from benchmarks.servers import Missing

NOT_HERE = 3  # the exit code of a peer that is not installed
SECONDS_MAX = 170.0


async def measured(module: Module, folder: Path, seconds: float, ease: float) -> dict[str, object]:
    """Deploy a peer and measure it. Raises Missing, Wrong or TimeoutError."""
    async with asyncio.timeout(SECONDS_MAX), module.deploy(folder) as peer:
        rate = await at_full_speed(peer, module, seconds)
        found: dict[str, object] = {
            "flows_per_s": rate["flows"] / rate["seconds"],
            "cpu_seconds_per_1000_flows": 1000 * rate["cpu_seconds"] / rate["flows"],
            **rate,
        }
        if ease:
            first = 10 * rate["flows"] + 1_000_000  # numbers nobody has used
            found["view"] = await at_ease(peer, rate["flows"] / rate["seconds"], ease, first)
    return found


def main() -> int:
    """Measure, and print one line of JSON; a peer that is not installed says what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=PEERS)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--ease", type=float, default=0.0, help="seconds at a fifth of the peak")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="crossdock-bench-") as folder:
        try:
            module = cast("Module", importlib.import_module(f"benchmarks.peers.{asked.name}"))
            found = asyncio.run(measured(module, Path(folder), asked.seconds, asked.ease))
        except (Missing, ImportError) as absent:
            print(json.dumps({"missing": str(absent)}))
            return NOT_HERE
    print(json.dumps({"deployment": module.DEPLOYMENT, "guarantee": module.GUARANTEE, **found}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
