"""What a settings struct says about its fields, for files and pages that explain them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import Any

import msgspec
from msgspec import Struct

_KINDS: dict[type[msgspec.inspect.Type], str] = {
    msgspec.inspect.StrType: "text",
    msgspec.inspect.IntType: "whole number",
    msgspec.inspect.FloatType: "number",
    msgspec.inspect.DecimalType: "decimal",
    msgspec.inspect.BoolType: "true or false",
    msgspec.inspect.DictType: "table",
}


class Setting(Struct, frozen=True, kw_only=True):
    """One field: `default` and `example` as TOML, empty where there is none; `purpose` a text."""

    name: str
    kind: str
    required: bool
    purpose: str = ""
    default: str = ""
    example: str = ""
    secret: bool = False
    inner: type[Struct] | None = None  # the struct of a row or a sub-table


def settings_of(struct: type[Struct]) -> tuple[Setting, ...]:
    """List a struct's fields as settings, in the order they are written."""
    described = msgspec.inspect.type_info(struct)
    assert isinstance(described, msgspec.inspect.StructType)  # noqa: S101 - the type says so
    return tuple(_setting(field) for field in described.fields)


def _setting(field: msgspec.inspect.Field) -> Setting:
    kind = field.type
    notes: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    while isinstance(kind, msgspec.inspect.Metadata):
        notes = notes | (kind.extra_json_schema or {})
        extra = extra | (kind.extra or {})
        kind = kind.type
    examples = notes.get("examples", ())
    default = field.default
    if field.default_factory is not msgspec.NODEFAULT:
        default = field.default_factory()
    return Setting(
        name=field.encode_name,
        kind=_kind(kind),
        required=field.required,
        purpose=str(notes.get("description", "")),
        default="" if default is msgspec.NODEFAULT else toml_of(default),
        example=toml_of(examples[0]) if examples else "",
        secret=bool(extra.get("secret")),
        inner=_inner(kind),
    )


def _kind(kind: msgspec.inspect.Type) -> str:
    match kind:
        case msgspec.inspect.EnumType():
            return "one of " + ", ".join(str(each.value) for each in kind.cls)
        case msgspec.inspect.LiteralType():
            return "one of " + ", ".join(str(each) for each in kind.values)
        case msgspec.inspect.VarTupleType() | msgspec.inspect.ListType():
            return f"list of {_kind(kind.item_type)}"
        case msgspec.inspect.StructType():
            return "table"
        case msgspec.inspect.Metadata():
            return _kind(kind.type)
        case msgspec.inspect.UnionType():
            return " or ".join(
                _kind(each) for each in kind.types if not isinstance(each, msgspec.inspect.NoneType)
            )
        case _:
            return _KINDS.get(type(kind), type(kind).__name__.removesuffix("Type").lower())


def _inner(kind: msgspec.inspect.Type) -> type[Struct] | None:
    if isinstance(kind, msgspec.inspect.VarTupleType | msgspec.inspect.ListType):
        kind = kind.item_type
    return kind.cls if isinstance(kind, msgspec.inspect.StructType) else None


def toml_of(value: Any) -> str:
    """Write a value as TOML, in line."""
    match value:
        case bool():
            return "true" if value else "false"
        case Enum():
            return toml_of(value.value)
        case int() | float():
            return str(value)
        case str() | Decimal():
            return msgspec.json.encode(str(value)).decode()  # a JSON text is a TOML basic string
        case Struct():
            return toml_of(msgspec.structs.asdict(value))
        case Mapping():
            inside = ", ".join(f"{name} = {toml_of(each)}" for name, each in value.items())
            return f"{{ {inside} }}" if inside else "{}"
        case Sequence():
            return f"[{', '.join(toml_of(each) for each in value)}]"
        case None:
            return ""
        case _:
            return toml_of(str(value))
