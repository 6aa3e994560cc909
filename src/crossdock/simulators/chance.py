"""Chance without dice: every draw is a hash of what it is about, so a seed repeats the day."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def share(seed: int, *words: object) -> float:
    """Draw a number from 0 up to, not including, 1."""
    text = "\x1f".join([str(seed), *map(str, words)])
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def between(low: float, high: float, seed: int, *words: object) -> float:
    """Draw a number from `low` up to, not including, `high`."""
    return low + (high - low) * share(seed, *words)


def whole(low: int, high: int, seed: int, *words: object) -> int:
    """Draw a whole number from `low` to `high`, both included."""
    return int(between(low, high + 1, seed, *words))


def choose(choices: Sequence[T], seed: int, *words: object) -> T:
    """Draw one of the choices, all equally likely."""
    return choices[int(share(seed, *words) * len(choices))]


def token(seed: int, *words: object, length: int = 10) -> str:
    """Draw a number as partners print them: `length` decimal digits, the first not 0."""
    return str(whole(10 ** (length - 1), 10**length - 1, seed, *words))
