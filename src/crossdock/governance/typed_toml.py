"""TOML files read into frozen structs, with errors that name file, line and what was meant."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path as File
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from crossdock.faults import Misconfigured
from crossdock.governance import toml_lines
from crossdock.governance.toml_lines import Path

S = TypeVar("S")

_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_SAID = re.compile(r"^(?P<what>.*?)(?: - at `(?P<key>key in )?\$(?P<path>.*)`)?$", re.DOTALL)
_UNKNOWN = re.compile(r"^Object contains unknown field `(.+)`$")
_MISSING = re.compile(r"^Object missing required field `(.+)`$")
_ENUM = re.compile(r"^Invalid enum value '(.+)'$")
_AT_LINE = re.compile(r"^(?P<what>.*?) \(at (?:line (?P<line>\d+), column \d+|end of document)\)$")


class Toml(Struct, frozen=True):
    """A file as read: what it says, and where each thing stands."""

    file: File
    table: dict[str, Any]
    lines: dict[Path, int]

    def fault(self, said: str, path: Path, **seen: object) -> Misconfigured:
        """Make the fault that points at a path of this file."""
        line = toml_lines.line_at(self.lines, path)
        return Misconfigured(f"{self.file}:{line}: {said}", file=self.file, line=line, **seen)


def read(file: File) -> Toml:
    """Read a TOML file. Raises Misconfigured where it is missing, or is not TOML."""
    try:
        text = file.read_text("utf-8")
    except FileNotFoundError as error:
        raise Misconfigured(
            f"There is no file {file}; `crossdock init` writes one", file=file
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"The file {file} cannot be read: {error}", file=file) from error
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _AT_LINE.match(str(error))
        what = found["what"] if found else str(error)
        line = int((found and found["line"]) or text.count("\n") + 1)
        raise Misconfigured(
            f"{file}:{line}: this is not TOML: {what}", file=file, line=line
        ) from error
    return Toml(file, table, toml_lines.lines_of(text))


def convert(toml: Toml, value: object, kind: type[S], at: Path = ()) -> S:
    """Read a value of a file as a struct; `at` is the value's path in the file.

    Raises Misconfigured with file, line, and for a misspelt name the nearest right one.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise _explained(toml, kind, at, str(error)) from error


def meant(word: str, known: Iterable[str]) -> str:
    """Say what a misspelt word may have meant: a half sentence, or the known words if few."""
    known = sorted(known)
    if near := difflib.get_close_matches(word, known, n=1, cutoff=0.6):
        return f"did you mean `{near[0]}`?"
    if known:
        return "known are: " + ", ".join(f"`{each}`" for each in known)
    return "nothing is known here"


def _explained(toml: Toml, kind: Any, at: Path, error: str) -> Misconfigured:
    said = _SAID.match(error)
    what, path = (said["what"], said["path"] or "") if said else (error, "")
    steps = _steps(path)
    place = at + steps
    name = _spelt(place)
    if found := _UNKNOWN.match(what):
        word = found[1]
        hint = meant(word, _names(_kind_at(kind, steps)))
        return toml.fault(f"unknown setting `{word}`{name}; {hint}", (*place, word), setting=word)
    if found := _MISSING.match(what):
        return toml.fault(f"the setting `{found[1]}` is missing{name}", place, setting=found[1])
    if found := _ENUM.match(what):
        hint = meant(found[1], _values(_kind_at(kind, steps)))
        return toml.fault(f"`{found[1]}` is not a value that is known{name}; {hint}", place)
    return toml.fault(f"{_plainly(what)}{name}", place)


def _plainly(what: str) -> str:
    if found := re.match(r"^Expected `(\w+)`, got `(\w+)`$", what):
        wanted, given = (_TYPES.get(each, each) for each in found.groups())
        return f"this must be {wanted}, not {given}"
    if found := re.match(r"^Expected `(\w+)` (matching regex|[<>]=?) (.+)$", what):
        return f"this must be {_TYPES.get(found[1], found[1])} {found[2]} {found[3]}"
    return what[:1].lower() + what[1:]


_TYPES = {
    "int": "a whole number",
    "float": "a number",
    "str": "a text in quotes",
    "bool": "true or false",
    "array": "a list in brackets",
    "object": "a table",
}


def _steps(path: str) -> Path:
    return tuple(
        int(number) if number.isdigit() else (name or number)
        for name, number in _STEP.findall(path)
    )


def _spelt(place: Path) -> str:
    if not place:
        return ""
    text = "".join(f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in place)
    return f" in `{text.lstrip('.')}`"


def _kind_at(kind: Any, steps: Path) -> msgspec.inspect.Type:
    found = msgspec.inspect.type_info(kind)
    for step in steps:
        found = _inside(found, step)
    return found


def _inside(kind: msgspec.inspect.Type, step: str | int) -> msgspec.inspect.Type:
    match kind:
        case msgspec.inspect.Metadata():
            return _inside(kind.type, step)
        case msgspec.inspect.UnionType():
            inner = [each for each in kind.types if not isinstance(each, msgspec.inspect.NoneType)]
            return _inside(inner[0], step)
        case msgspec.inspect.StructType():
            fields = {each.encode_name: each.type for each in kind.fields}
            return fields.get(str(step), kind)
        case msgspec.inspect.VarTupleType() | msgspec.inspect.ListType():
            return kind.item_type
        case msgspec.inspect.DictType():
            return kind.value_type
        case _:
            return kind


def _bare(kind: msgspec.inspect.Type) -> msgspec.inspect.Type:
    return kind.type if isinstance(kind, msgspec.inspect.Metadata) else kind


def _names(kind: msgspec.inspect.Type) -> list[str]:
    kind = _bare(kind)
    if isinstance(kind, msgspec.inspect.StructType):
        return [each.encode_name for each in kind.fields]
    return []


def _values(kind: msgspec.inspect.Type) -> list[str]:
    kind = _bare(kind)
    if isinstance(kind, msgspec.inspect.EnumType):
        return [str(each.value) for each in kind.cls]
    if isinstance(kind, msgspec.inspect.LiteralType):
        return [str(each) for each in kind.values]
    return []
