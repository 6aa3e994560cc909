"""Where in a TOML file each key and each list item stands, so that an error can name its line.

`tomllib` tells what a file means, not where. This scanner reads a text that `tomllib` has already
accepted, so it needs only to step over strings and brackets rightly, never to judge them.
"""

from __future__ import annotations

import re
from collections.abc import Callable

Path = tuple[str | int, ...]

_PART = re.compile(r"""[ \t]*("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[A-Za-z0-9_-]+)[ \t]*""")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)+")
_PLAIN = re.compile(r"[^,\]}\n#]+")


def lines_of(text: str) -> dict[Path, int]:
    """Map each path of a valid TOML text, such as `("partners", 0, "name")`, to its line from 1."""
    return _Scanner(text).scan()


def line_at(lines: dict[Path, int], path: Path) -> int:
    """Find the line of a path, or of the nearest thing around it that was written; 1 at worst."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


class _Scanner:
    """One walk over one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Path, int] = {}
        self.tables: dict[Path, int] = {}  # arrays of tables: how many items so far

    def scan(self) -> dict[Path, int]:
        here: Path = ()
        self._blank()
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                here = self._header()
            else:
                self._pair(here)
            self._blank()
        return self.lines

    def _note(self, path: Path) -> None:
        self.lines.setdefault(path, self.text.count("\n", 0, self.at) + 1)

    def _blank(self) -> None:
        if found := _BLANK.match(self.text, self.at):
            self.at = found.end()

    def _key(self) -> Path:
        parts: list[str] = []
        while found := _PART.match(self.text, self.at):
            parts.append(_plain(found[1]))
            self.at = found.end()
            if self.text[self.at : self.at + 1] != ".":
                break
            self.at += 1
        return tuple(parts)

    def _header(self) -> Path:
        array = self.text.startswith("[[", self.at)
        self.at += 2 if array else 1
        start = self.at
        path = self._through(self._key())
        if array:
            number = self.tables.get(path, 0)
            self.tables[path] = number + 1
            self._note(path)
            path = (*path, number)
        after, self.at = self.at, start
        self._note(path)
        self.at = after + (2 if array else 1)
        return path

    def _through(self, key: Path) -> Path:
        """Step from each array of tables named on the way into its latest item."""
        path: Path = ()
        for number, part in enumerate(key):
            path = (*path, part)
            if number < len(key) - 1 and path in self.tables:
                path = (*path, self.tables[path] - 1)
        return path

    def _pair(self, here: Path) -> None:
        start = self.at
        key = self._key()
        after, self.at = self.at, start
        for depth in range(1, len(key) + 1):
            self._note(here + key[:depth])
        self.at = after + 1  # the equals sign
        self._value(here + key)

    def _value(self, path: Path) -> None:
        self._blank()
        opening = self.text[self.at : self.at + 1]
        if opening == "[":
            self._items(path, "]", self._item)
        elif opening == "{":
            self._items(path, "}", self._entry)
        elif found := _STRING.match(self.text, self.at) or _PLAIN.match(self.text, self.at):
            self.at = found.end()

    def _items(self, path: Path, closing: str, each: Callable[[Path, int], None]) -> None:
        self.at += 1
        number = 0
        self._blank()
        while self.at < len(self.text) and self.text[self.at] != closing:
            if self.text[self.at] == ",":
                self.at += 1
            else:
                each(path, number)
                number += 1
            self._blank()
        self.at += 1

    def _item(self, path: Path, number: int) -> None:
        self._note((*path, number))
        self._value((*path, number))

    def _entry(self, path: Path, _number: int) -> None:
        self._pair(path)


def _plain(part: str) -> str:
    return part[1:-1] if part[0] in "\"'" else part
