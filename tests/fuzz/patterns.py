"""Every compiled pattern of the house, and texts that would make a careless one explode.

A text is made from the pattern itself: the shortest way to a repetition, the repetition pumped, and
an end at which it must fail, so that an engine that goes back tries everything.
"""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import pkgutil
import re
import time
from collections.abc import Iterator
from re import _constants as names  # type: ignore[attr-defined] # the parser has no public name
from re import _parser as parser  # type: ignore[attr-defined] # as above
from types import ModuleType
from typing import Any, NamedTuple

import crossdock

SIZES = (*range(8, 64, 2), 64, 512, 4096, 20_000)  # in small steps while a bad one doubles
SECONDS_MAX = 0.25  # of this thread's own time; a linear pattern takes a few milliseconds
ENDS = ("\x00", "!", "\n\x00")
AnyPattern = re.Pattern[str] | re.Pattern[bytes]


def modules() -> Iterator[Any]:
    """Import every module of the house."""
    for found in pkgutil.walk_packages(crossdock.__path__, "crossdock."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


class Used(NamedTuple):
    """A pattern, and the ways in which its module asks it."""

    pattern: AnyPattern
    ways: tuple[str, ...] = ("fullmatch", "search")


@functools.cache
def every_pattern() -> dict[str, Used]:
    """Find the patterns that modules hold, by where they are."""
    found: dict[str, Used] = {}
    for module in modules():
        found |= {
            f"{module.__name__}.{name}": Used(value, ways_of(module, name))
            for name, value in vars(module).items()
            if isinstance(value, re.Pattern)
        }
        found |= {
            f"{module.__name__}:{line}": Used(re.compile(text), (WAYS[way],))
            for line, way, text in written_out(module)
        }
    return found


def written_out(module: ModuleType) -> Iterator[tuple[int, str, str]]:
    """Find the patterns that are asked where they are written: `re.match("a+", text)`."""
    for node in ast.walk(ast.parse(inspect.getsource(module) or "")):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="re"), attr=way),
                args=[ast.Constant(value=str(text)), *_],
            ) if way in WAYS:
                yield node.lineno, way, text


def ways_of(module: ModuleType, name: str) -> tuple[str, ...]:
    """Find how a module asks a pattern; one that others ask may be asked in any way."""
    asked = re.findall(rf"\b{name}\.([a-z]+)\(", inspect.getsource(module))
    return tuple(sorted({WAYS[way] for way in asked})) or Used._field_defaults["ways"]


WAYS = {
    "match": "match",
    "fullmatch": "fullmatch",
    **dict.fromkeys(("search", "sub", "subn", "split", "findall", "finditer"), "search"),
}


def slowest(used: Used) -> tuple[float, int]:
    """Try the texts, growing; tell the longest time one took, and its size."""
    worst = (0.0, 0)
    for size in SIZES:
        for text in hostile(used.pattern, size):
            seconds = timed(used, text)
            if seconds > SECONDS_MAX:
                seconds = min(seconds, timed(used, text))
            worst = max(worst, (seconds, size))
            if worst[0] > SECONDS_MAX:
                return worst
    return worst


def timed(used: Used, text: Any) -> float:
    """Tell how long the pattern thinks about a text, in this thread's own time."""
    begun = time.thread_time()
    for way in used.ways:
        getattr(used.pattern, way)(text)
    return time.thread_time() - begun


def hostile(pattern: AnyPattern, size: int) -> Iterator[Any]:
    """Write texts of about this size at which the pattern must fail late."""
    tree = parser.parse(pattern.pattern, pattern.flags & ~re.LOCALE)
    for before, pumped in pumps(tree, ""):
        for end in ENDS:
            text = before + pumped * (1 + size // max(1, len(pumped))) + end
            yield text if isinstance(pattern.pattern, str) else text.encode("latin-1", "replace")


def pumps(tree: Any, before: str) -> Iterator[tuple[str, str]]:
    """Give, for each repetition in a pattern, the way there and what it repeats."""
    for operation, value in tree:
        if operation in REPEATS:
            _least, most, inner = value
            if most > 1:
                yield before, sample(inner) or "a"
            yield from pumps(inner, before)
        elif operation is names.SUBPATTERN:
            yield from pumps(value[3], before)
        elif operation is names.BRANCH:
            for each in value[1]:
                yield from pumps(each, before)
        elif operation is names.ATOMIC_GROUP:
            yield from pumps(value, before)
        before += sample([(operation, value)])


REPEATS = {names.MAX_REPEAT, names.MIN_REPEAT, names.POSSESSIVE_REPEAT}
CATEGORIES = {
    names.CATEGORY_DIGIT: "1",
    names.CATEGORY_SPACE: " ",
    names.CATEGORY_WORD: "a",
    names.CATEGORY_NOT_DIGIT: "a",
    names.CATEGORY_NOT_SPACE: "a",
    names.CATEGORY_NOT_WORD: " ",
}


def sample(tree: Any) -> str:
    """Write a short text that a pattern matches, as far as its parts tell."""
    return "".join(_sample(operation, value) for operation, value in tree)


def _sample(operation: Any, value: Any) -> str:
    if operation is names.LITERAL:
        return chr(value)
    if operation is names.NOT_LITERAL:
        return "a" if value != ord("a") else "b"
    if operation is names.ANY:
        return "a"
    if operation is names.IN:
        return _member(value)
    if operation in REPEATS:
        return sample(value[2]) * max(1, int(value[0]))
    if operation is names.SUBPATTERN:
        return sample(value[3])
    if operation is names.BRANCH:
        return sample(value[1][0])
    if operation is names.ATOMIC_GROUP:
        return sample(value)
    return ""  # anchors and looks take no room


def _member(members: Any) -> str:
    negated = members[0][0] is names.NEGATE
    inside = {character for member in members for character in _characters(member)}
    if not negated:
        return min(inside, default="a")
    return next(each for each in "a0 ;\x7f\u0100" if each not in inside)


def _characters(member: Any) -> Iterator[str]:
    operation, value = member
    if operation is names.LITERAL:
        yield chr(value)
    elif operation is names.RANGE:
        yield from map(chr, range(value[0], min(value[1], value[0] + 128) + 1))
    elif operation is names.CATEGORY:
        yield CATEGORIES[value]
