"""A plugin for pytest: the house without some of its defences, for as long as the tests run.

    python -m pytest -p tests.proofs.without --without in_order tests/flow/test_deliverer.py

The simulation takes them away for whole histories; here they are away while the story is told that
says what each is good for.
"""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from crossdock.testing.simulation.defences import switched_off

_BACK = ExitStack()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Know which defences to take away."""
    parser.addoption("--without", action="append", default=[], help="a defence to take away")


def pytest_configure(config: pytest.Config) -> None:
    """Take them away."""
    _BACK.enter_context(switched_off(*config.getoption("--without")))


def pytest_unconfigure() -> None:
    """Give them back."""
    _BACK.close()
