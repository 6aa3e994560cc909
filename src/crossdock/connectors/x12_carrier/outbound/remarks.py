"""Remarks (K1): free words for people, in lines of two texts."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from crossdock.formats.x12.delimiters import Delimiters
from crossdock.formats.x12.writer import fitting

TEXT_MAX = 30  # element 61
TEXTS_MAX = 20  # ten K1 of two texts


def remarks(text: str, marks: Delimiters) -> Iterator[list[str]]:
    """Write a text as K1 lines, broken between words; what does not fit into ten is cut."""
    texts = textwrap.wrap(fitting(text, marks), TEXT_MAX)[:TEXTS_MAX]
    for first in range(0, len(texts), 2):
        yield ["K1", *texts[first : first + 2]]
