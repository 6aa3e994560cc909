"""Documents of any size: the ordinary one grown, and those that are made to hurt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from tests.fuzz.kit import Target

Growing = Callable[[int], bytes]

HOSTILE: dict[str, Growing] = {
    "nested arrays": lambda n: b"[" * n + b"]" * n,
    "open objects": lambda n: b'{"a":' * n,
    "empty objects": lambda n: b"[" + b",".join([b"{}"] * n) + b"]",
    "one long text": lambda n: b'"' + b"a" * n + b'"',
    "an open text": lambda n: b'"' + b"\\" * n,
    "quotes": lambda n: b'"' * n,
    "digits": lambda n: b"1" * n,
    "a long fraction": lambda n: b"0." + b"1" * n,
    "blanks": lambda n: b" " * n + b"x",
    "line ends": lambda n: b"\r\n" * n,
    "delimiters": lambda n: b";" * n,
    "many keys": lambda n: b"{" + b",".join(b'"k%d":1' % each for each in range(n)) + b"}",
    "segments": lambda n: b"ISA*00*" + b"N1*ST*X~" * n,
    "elements": lambda n: b"GS" + b"*" * n + b"~",
    "dots": lambda n: b"a." * n + b"= 1",
    "tables": lambda n: b"".join(b"[[a]]\nb = [%d]\n" % each for each in range(n)),
    "wrong bytes": lambda n: b"\xff\xfe" * n,
}


def growing(target: Target) -> Iterator[tuple[str, Growing]]:
    """Give every way in which a document of this target may grow."""
    yield from HOSTILE.items()
    for number, seed in enumerate(target.corpus()):
        yield f"seed {number} repeated", partial(_repeated, seed)
        if seed.lstrip().startswith(b"{"):
            yield f"seed {number} in an array", partial(_array, seed)


def _repeated(seed: bytes, size: int) -> bytes:
    return seed * (1 + size // (1 + len(seed)))


def _array(seed: bytes, size: int) -> bytes:
    return b"[" + b",".join([seed] * (1 + size // (1 + len(seed)))) + b"]"
