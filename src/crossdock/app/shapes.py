"""What msgspec finds out about a struct when one is first read: all of it before there are threads.

It finds it out at the first reading of each type, and while it does, another thread that reads the
same type is given what is found by then; where that is not yet the whole, the process ends at once
(a null pointer, msgspec 0.22).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import msgspec
from msgspec import Struct


def learn_shapes() -> None:
    """Let msgspec look at every struct there is, for a process that is about to have threads."""
    for each in set(_below(Struct)):
        with suppress(TypeError):  # nobody reads it: it holds what no JSON can
            msgspec.json.Decoder(each)


def _below(kind: type[Struct]) -> Iterator[type[Struct]]:
    for each in kind.__subclasses__():
        yield each
        yield from _below(each)
