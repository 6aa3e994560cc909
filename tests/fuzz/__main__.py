"""Fuzzes every parser with atheris: `make fuzz SECONDS=60`, or one with `TARGET=json`.

Each target has a process of its own, so that one that dies takes no other with it. What is found is
kept in `build/fuzz/<target>`, and a document that breaks a parser belongs into the corpus with a
test.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import msgspec
from msgspec import Struct

from tests.fuzz.kit import CORPUS
from tests.fuzz.targets import TARGETS
from tools.figures import record

FOUND = Path(__file__).parents[2] / "build" / "fuzz"
SKIPPED, PATIENCE_SECONDS, SECONDS_EACH = 0, 60, 10
EXECUTIONS = re.compile(r"stat::number_of_executed_units: +(\d+)")


class Fuzzed(Struct, frozen=True, kw_only=True):
    """How the fuzzing of one target ended."""

    target: str
    executions: int
    broke: bool
    said: str


def fuzz(name: str, seconds: int) -> Fuzzed:
    """Let the fuzzer at one target, in a process of its own."""
    folder = FOUND / name
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(TARGETS[name].corpus()):
        (folder / f"seed-{number}").write_bytes(seed)
    command = [
        *(sys.executable, "-m", "tests.fuzz.one", name, str(folder)),
        *(f"-max_total_time={seconds}", f"-timeout={SECONDS_EACH}", "-print_final_stats=1"),
        *(f"-artifact_prefix={folder}/broke-", "-max_len=4096"),
    ]
    ended = subprocess.run(
        command,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=seconds + PATIENCE_SECONDS,
        check=False,
    )
    counted = EXECUTIONS.search(ended.stderr)
    return Fuzzed(
        target=name,
        executions=int(counted[1]) if counted else 0,
        broke=ended.returncode != 0,
        said="\n".join((ended.stdout + ended.stderr).splitlines()[-40:]),
    )


def main() -> int:
    """Fuzz every target, print what broke, and record the figures."""
    words = argparse.ArgumentParser(prog="make fuzz")
    words.add_argument("--seconds", type=int, default=60, help="for each target")
    words.add_argument("--target", default="", help="only this one")
    asked = words.parse_args()
    if importlib.util.find_spec("atheris") is None:
        print("skipped: atheris 3.0 has no wheel for this system (it needs Linux, Python 3.11)")
        return SKIPPED
    ends = []
    for name in [asked.target] if asked.target else TARGETS:
        ends.append(fuzz(name, asked.seconds))
        print(f"{name}: {ends[-1].executions} documents{', BROKE' * ends[-1].broke}", flush=True)
    print("\n".join(end.said for end in ends if end.broke))
    figures = {
        "targets": len(ends),
        "seconds_each": asked.seconds,
        "documents": sum(end.executions for end in ends),
        "corpus_files": sum(1 for file in CORPUS.rglob("*") if file.is_file()),
        "broken_targets": sum(end.broke for end in ends),
    }
    if not asked.target:
        title = "Every parser under a coverage-guided fuzzer"
        record("fuzz", title, f"make fuzz SECONDS={asked.seconds}", figures)
    print(msgspec.json.encode(figures).decode())
    return 1 if figures["broken_targets"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
