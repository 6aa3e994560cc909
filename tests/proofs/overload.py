"""Five times as much as it can take: an open loop of documents against a real `crossdock up`.

    make overload SECONDS=20

First the peak is found by senders that wait for each answer. Then documents come at five times that
rate whether or not the earlier ones are answered, as the world does it: each over a connection of
its own, and in a second house over connections that are kept and used again (`kept`). Both is the
custom: a sender of webhooks opens one for each, a gateway keeps them.

Before what is measured come a peak and a flood that are not: they fill what fills, which is the
store's cache of pages (64 MiB) and the states that are remembered (some 70 MB at most). Memory is
flat where the second half of the flood holds no more than the first.

The peak is taken twice, before the flood and after it, each half as long as the flood: a machine
whose speed moves from one half minute to the next would be measured otherwise, and not the house.

Told are the accepted against the peak, a second while the load lasts and a CPU second of the house;
the refusals (429, each with Retry-After), how long they took and what one costs; what was offered
and what was sent of it, for no more than 9,000 connections are open at once. What was acknowledged
must be stored.

Sender and house share a machine: where it has two cores each gets its own, at the peak and in the
flood alike, or the flood would be measured on a house that has lost half of its core to the sender.
What else runs on the machine takes from both; a CPU second of the house is one all the same.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import mean, median

import msgspec

from crossdock.store.sqlite import open_reader
from tests.proofs.poison import CONFIG, POLICY, until_answers
from tests.proofs.sending import NO_ANSWER, Sender
from tests.simulators.kit import free_port
from tools.figures import Figure, record

TIMES = 5


@contextmanager
def on_a_core_of_their_own() -> Iterator[None]:
    """Let what is started here have the first core, and then this process the others."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(0, cores[:1])
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores[1:] or cores)


@contextmanager
def serving(folder: Path, *, keeps: bool = False) -> Iterator[Sender]:
    """Start `crossdock up`, and give somebody who sends to it; `keeps` keeps connections."""
    port = free_port()
    cores = os.sched_getaffinity(0)
    (folder / "policies").mkdir()
    (folder / "policies" / "completeness.toml").write_text(POLICY, "utf-8")
    config = folder / "crossdock.toml"
    config.write_text(CONFIG.format(port=port), "utf-8")
    command = [sys.executable, "-m", "crossdock.cli", "up", "--config", str(config)]
    with (folder / "up.log").open("wb") as log, on_a_core_of_their_own():
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        until_answers(f"http://127.0.0.1:{port}/readyz")
        yield Sender(port, process.pid, keeps=keeps)
    finally:
        process.terminate()
        process.wait(60)
        os.sched_setaffinity(0, cores)


def stored(folder: Path) -> set[str]:
    """Tell which documents are in the store."""
    store = open_reader(folder / "crossdock.db")
    found: set[str] = set()
    after = ""
    with store.read() as reader:
        while page := reader.list_processes("main", "order_release", None, after, 1000):
            found |= {row.key.id for row in page}
            after = page[-1].key.id
    store.close()
    return found


def flooded(seconds: float, *, keeps: bool) -> dict[str, Figure]:
    """Warm a house up, find its peak, and flood it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with serving(folder, keeps=keeps) as sender:
            cold = sender.peak(seconds / 4)
            first = sender.flood(TIMES * cold.rate, 2 * seconds)
            before = sender.peak(seconds / 2)
            flood = sender.flood(TIMES * before.rate, seconds)
            after = sender.peak(seconds / 2)
        loads = (cold, first, before, flood, after)
        acknowledged = {name for each in loads for name in each.acknowledged}
        lost = acknowledged - stored(folder)
    half = len(flood.memory_kib) // 2
    peak, thrift = mean((before.rate, after.rate)), mean((before.thrift, after.thrift))
    refusing = flood.cpu_seconds - len(flood.acknowledged) / thrift
    return {
        "peak_a_second": round(peak),
        "peak_before_and_after": f"{before.rate:.0f} and {after.rate:.0f}",
        "offered_a_second": round(TIMES * before.rate),
        "sent_a_second": round(flood.sent / flood.sending_seconds),
        "accepted_a_second": round(flood.rate),
        "accepted_against_peak": f"{flood.rate / peak:.2f}",
        "accepted_a_cpu_second_against_peak": f"{flood.thrift / thrift:.2f}",
        "refused_429": flood.refused,
        "refused_without_retry_after": flood.refused - flood.retry_after,
        "refused_after_ms_median": round(1000 * median(flood.refused_after or [0])),
        "refused_after_ms_most": round(1000 * max(flood.refused_after, default=0)),
        "cpu_microseconds_a_refusal": round(1e6 * refusing / max(flood.refused, 1)),
        "no_answer": flood.statuses.get(NO_ANSWER, 0),
        "memory_mib_most": max(flood.memory_kib) >> 10,
        "memory_second_half_against_first": (
            f"{mean(flood.memory_kib[half:]) / mean(flood.memory_kib[:half]):.2f}"
        ),
        "sender_cores": f"{flood.sender_cpu_seconds / flood.seconds:.2f}",
        "acknowledged": len(acknowledged),
        "acknowledged_and_lost": len(lost),
    }


def main() -> int:
    """Flood a house over new connections and another over kept ones, and record both."""
    words = argparse.ArgumentParser(prog="make overload")
    words.add_argument("--seconds", type=float, default=20.0)
    seconds = words.parse_args().seconds
    once, kept = flooded(seconds, keeps=False), flooded(seconds, keeps=True)
    figures = once | {f"kept_{name}": each for name, each in kept.items()}
    title = "Five times as much as it can take, sender and house on one machine"
    record("overload", title, f"make overload SECONDS={seconds:g}", figures)
    print(msgspec.json.encode(figures).decode())
    lost = (once["acknowledged_and_lost"], kept["acknowledged_and_lost"])
    return 1 if any(lost) else 0


if __name__ == "__main__":
    raise SystemExit(main())
