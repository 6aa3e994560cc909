"""The stateful machines, at length.

make properties EXAMPLES=1000
"""

from __future__ import annotations

import argparse
import logging
import sys

import msgspec
from hypothesis.stateful import run_state_machine_as_test

from tests.stateful.counted import COUNTED, STEPS, profile
from tests.stateful.machines import MACHINES
from tools.figures import record


def main() -> int:
    """Run every machine; a failure is printed as hypothesis shrank it."""
    words = argparse.ArgumentParser(prog="make properties")
    words.add_argument("--examples", type=int, default=1000)
    examples = words.parse_args().examples
    logging.disable(logging.CRITICAL)
    failed = []
    for name, machine in MACHINES.items():
        try:
            run_state_machine_as_test(machine, settings=profile(examples))
        except (AssertionError, LookupError, TypeError, ValueError) as error:
            sys.stderr.write(f"{name}: {error!r}\n" + "\n".join(getattr(error, "__notes__", ())))
            failed.append(name)
    figures = {
        "machines": len(MACHINES),
        "examples": COUNTED["runs"],
        "steps_most": STEPS,
        "steps": COUNTED["steps"],
        "failed": len(failed),
    }
    title = "Machines that draw their own steps, held against plain models"
    record("stateful", title, f"make properties EXAMPLES={examples}", figures)
    print(msgspec.json.encode(figures).decode())
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
