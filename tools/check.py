"""Everything a change must pass: one line a step, and the whole story of a step that fails."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
TOOLS = Path(sys.executable).parent  # the tools of the very environment that runs this


class Step(NamedTuple):
    """One thing that is looked at, and what it means when nothing is found."""

    good_news: str
    command: tuple[str, ...]


def python_folders() -> tuple[str, ...]:
    """Name the folders that hold our Python, those that are there."""
    return tuple(name for name in ("src", "tests", "tools", "benchmarks") if (ROOT / name).is_dir())


STEPS = {
    "layout": Step("every file is laid out alike", ("ruff", "format", "--check", ".")),
    "lint": Step("ruff has nothing to say", ("ruff", "check", ".")),
    "types": Step("mypy believes every type", ("mypy", *python_folders())),
    "walls": Step("no room reaches into another", ("lint-imports",)),
    "dependencies": Step("what is imported is declared, and the reverse", ("deptry", "src")),
}


def passed(name: str, step: Step) -> bool:
    """Run one step and report it in one line; show its output only when it fails."""
    began = time.monotonic()
    done = subprocess.run(  # noqa: S603 - the commands are the table above
        [TOOLS / step.command[0], *step.command[1:]],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    took = time.monotonic() - began
    if done.returncode == 0:
        print(f"ok    {name:<13}{step.good_news:<48}{took:6.1f} s", flush=True)
        return True
    print(f"FAIL  {name:<13}{'what it said:':<48}{took:6.1f} s", flush=True)
    print(done.stdout.rstrip(), flush=True)
    return False


def tests_passed() -> bool:
    """Run the tests in the open, last, so that pytest's own summary closes the output."""
    print("      tests        pytest speaks for itself:", flush=True)
    command = ["make", "--no-print-directory", "test"]
    return subprocess.run(command, cwd=ROOT, check=False).returncode == os.EX_OK  # noqa: S603 - as above


def main() -> int:
    """Run the steps named on the command line, or all of them and then the tests."""
    wanted = sys.argv[1:] or list(STEPS)
    failed = [name for name in wanted if not passed(name, STEPS[name])]
    if not sys.argv[1:] and not tests_passed():
        failed.append("tests")
    if failed:
        print(f"\nnot yet: {', '.join(failed)}", file=sys.stderr)
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
