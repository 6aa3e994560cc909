"""What a proof measured, kept for the page of guarantees: one JSON file for each programme.

A programme calls `record` at the end of a run that it would show; `docs/guarantees.md` is written
from these files, so that a figure on that page is always one that a run has printed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "figures"

Figure = int | str | bool


class Measured(Struct, frozen=True, kw_only=True):
    """One run of a programme: what it is, how to run it, on which day it ran, what it counted."""

    programme: str
    title: str
    command: str
    day: str
    figures: dict[str, Figure]


def record(programme: str, title: str, command: str, figures: Mapping[str, Figure]) -> Path:
    """Keep what a run measured, in place of the run before.

    `programme` names the file (`crash_points`); `figures` go to the page in their order, so a
    quotient is written as text with its spread (`"1.04 (1.02 to 1.07)"`).
    """
    measured = Measured(
        programme=programme,
        title=title,
        command=command,
        day=datetime.now(UTC).date().isoformat(),
        figures=dict(figures),
    )
    FOLDER.mkdir(parents=True, exist_ok=True)
    file = FOLDER / f"{programme}.json"
    file.write_bytes(msgspec.json.format(msgspec.json.encode(measured), indent=2) + b"\n")
    return file


def recorded() -> dict[str, Measured]:
    """Read what every programme has measured, by its name."""
    return {
        file.stem: msgspec.json.decode(file.read_bytes(), type=Measured)
        for file in sorted(FOLDER.glob("*.json"))
    }
