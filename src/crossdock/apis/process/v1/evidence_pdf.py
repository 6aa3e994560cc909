"""The evidence pack on paper: laid out by Typst, an extra, when somebody asks for it.

What partners wrote reaches the layout as values and never as its source.
"""

from __future__ import annotations

from importlib import resources
from typing import Protocol, cast

from crossdock.apis import problems
from crossdock.apis.http import json_text
from crossdock.apis.problems import Declined
from crossdock.apis.process.v1.evidence import Evidence

LAYOUT = "evidence.typ"


class Press(Protocol):
    """What turns a layout into a PDF."""

    def compile(self, input: bytes, *, sys_inputs: dict[str, str]) -> bytes:  # noqa: A002 - Typst's own word
        """Lay the source out with these values; answer the PDF."""
        ...


def on_paper(pack: Evidence) -> bytes:
    """Write a pack as PDF; the same pack gives the same pages.

    Takes some tenths of a second: call it beside the event loop. Raises Declined where the extra
    `crossdock[pdf]` is not installed.
    """
    layout = resources.files("crossdock.apis.process.v1") / LAYOUT
    return press().compile(layout.read_bytes(), sys_inputs={"pack": json_text(pack)})


def press() -> Press:
    """Find Typst. Raises Declined where it is not installed."""
    try:
        import typst  # noqa: PLC0415 - an extra of forty megabytes, only for who asks for paper
    except ImportError as error:
        raise Declined(
            problems.NOT_FOUND,
            "PDF needs an extra: install `crossdock[pdf]`; the same pack is there as JSON",
        ) from error
    return cast("Press", typst)
