"""Plain tables for a terminal."""

from __future__ import annotations

import shutil
from collections.abc import Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay rows out in columns; the last one is cut where the terminal ends."""
    widths = [max(len(row[each]) for row in (head, *rows)) for each in range(len(head))]
    wide = shutil.get_terminal_size((160, 24)).columns
    return "\n".join(_line(row, widths, wide) for row in (head, *rows))


def _line(row: Sequence[str], widths: Sequence[int], wide: int) -> str:
    line = "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
    return line if len(line) <= wide else f"{line[: wide - 1]}…"
