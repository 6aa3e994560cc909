"""Fuzzes one target until it breaks or its time is over; called by `python -m tests.fuzz`."""

from __future__ import annotations

import sys

import atheris  # type: ignore[import-untyped]  # it comes without types

with atheris.instrument_imports(include=["crossdock"]):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    """Hand the rest of the command line to the fuzzer."""
    name, *rest = sys.argv[1:]
    target = TARGETS[name]
    atheris.Setup([name, *rest], lambda raw: ignored(target.try_on(raw)))
    atheris.Fuzz()


def ignored(_answer: object) -> None:
    """Let an answer go; only what is raised counts."""


if __name__ == "__main__":
    main()
