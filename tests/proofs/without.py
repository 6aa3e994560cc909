"""The tests that hold defences, each without the defence it holds.

    python -m tests.proofs.without in_order lease

Says of each defence whether a test fails without it; no name stands for all. The simulation takes
defences away for whole histories; here one is away while the story is told that says what it is
good for. All are told in one run of pytest, each from the ground up: nothing that was made without
one defence is at hand for the next.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest
from _pytest.runner import runtestprotocol

from crossdock.testing.simulation.__main__ import say
from crossdock.testing.simulation.defences import DEFENCES, switched_off
from tools.floorplan import ROOT

HELD = tuple(name for name, each in DEFENCES.items() if each.held_by)
QUIET = ("-q", "--tb=no", "-p", "no:cacheprovider", "--no-header")


class Alone:
    """A plugin for pytest that runs each test once for each defence it holds, without that alone.

    `fails` tells of each defence whose test was run whether it failed.
    """

    def __init__(self, names: Sequence[str]) -> None:
        """Take these away, one at a time."""
        self._names = names
        self.fails: dict[str, bool] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool:
        """Run a test."""
        for name in self._names:
            held_by = DEFENCES[name].held_by
            if item.nodeid != held_by and not item.nodeid.startswith(f"{held_by}::"):
                continue
            with self._away(name, item):
                said = runtestprotocol(item, log=False, nextitem=None)
            if not any(each.skipped for each in said):
                self.fails[name] = self.fails.get(name, False) or any(each.failed for each in said)
        return True

    @staticmethod
    @contextlib.contextmanager
    def _away(name: str, item: pytest.Item) -> Iterator[None]:
        """Take a defence away, also from a test that has imported what carries it."""
        story = vars(item.module) if isinstance(item, pytest.Function) else {}
        carriers = {id(getattr(each.owner, each.name)): each for each in DEFENCES[name].patches}
        imported = {known: what for known, what in story.items() if id(what) in carriers}
        with switched_off(name):
            for known, what in imported.items():
                carrier = carriers[id(what)]
                story[known] = getattr(carrier.owner, carrier.name)
            try:
                yield
            finally:
                story.update(imported)


def held_by(names: Sequence[str]) -> list[str]:
    """Name the tests that hold these defences. Raises ValueError for one that none holds."""
    if alone := [name for name in names if name not in HELD]:
        raise ValueError(f"No test holds {alone[0]}")
    return list(dict.fromkeys(DEFENCES[name].held_by for name in names))


def run(names: Sequence[str]) -> dict[str, bool]:
    """Run the tests that hold these defences, in this process; tell of each whether one failed."""
    alone = Alone(names)
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        pytest.main([*QUIET, *held_by(names)], plugins=[alone])
    return alone.fails


def fails_without(names: Sequence[str] = HELD) -> dict[str, bool]:
    """Tell of each defence whether a test that holds it fails once that alone is away.

    Raises RuntimeError where the test of one was not run at all.
    """
    command = [sys.executable, "-m", "tests.proofs.without", *names]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE)
    fails = msgspec.json.decode(done.stdout, type=dict[str, bool])
    if left := [name for name in names if name not in fails]:
        raise RuntimeError(f"{DEFENCES[left[0]].held_by} was not run")
    return fails


def hold(names: Sequence[str] = HELD) -> bool:
    """Tell whether the tests that hold these defences pass in the house as it is."""
    command = [sys.executable, "-m", "pytest", *QUIET, *held_by(names)]
    done = subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.DEVNULL)
    return done.returncode == pytest.ExitCode.OK


if __name__ == "__main__":
    say(msgspec.json.encode(run(sys.argv[1:] or HELD)).decode())
