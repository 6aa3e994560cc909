"""How a connector documents what it must be told: the type is the validation and the page.

A connector's `settings.py` holds one `Settings(PartnerSettings)`; every field is annotated with
`setting(purpose, example)`. The loader, the reference page and the console's form all read that.
"""

from __future__ import annotations

from typing import Any, NewType

import msgspec
from msgspec import Meta, Struct

# A credential, looked up by the loader from `${file:...}` or `${env:...}`; never written anywhere.
Secret = NewType("Secret", str)


def setting(purpose: str, *, example: object, secret: bool = False) -> Meta:
    """Describe a field: what it is for, one value as an example, whether it must stay hidden.

    The example of a secret is the reference by which it is looked up.
    """
    return Meta(description=purpose, examples=[example], extra={"secret": True} if secret else None)


class Described(Struct, frozen=True, kw_only=True):
    """What a field says about itself; `required` where it has no default."""

    name: str
    purpose: str
    example: Any
    secret: bool
    required: bool


class PartnerSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The base of every connector's settings; shows itself without its secrets."""

    def __repr__(self) -> str:
        """Write the settings as text, with secrets left out."""
        hidden = {each.name for each in described(type(self)) if each.secret}
        shown = (
            f"{name}={'***' if name in hidden else repr(value)}"
            for name, value in msgspec.structs.asdict(self).items()
        )
        return f"{type(self).__name__}({', '.join(shown)})"


def described(settings: type[Struct]) -> tuple[Described, ...]:
    """Read what the fields of a settings type say about themselves, in their order."""
    found = msgspec.inspect.type_info(settings)
    fields = found.fields if isinstance(found, msgspec.inspect.StructType) else ()
    return tuple(_described(field) for field in fields)


def _described(field: msgspec.inspect.Field) -> Described:
    said = field.type if isinstance(field.type, msgspec.inspect.Metadata) else None
    schema = (said.extra_json_schema if said else None) or {}
    extra = (said.extra if said else None) or {}
    return Described(
        name=field.name,
        purpose=schema.get("description", ""),
        example=next(iter(schema.get("examples", ())), None),
        secret=bool(extra.get("secret")),
        required=field.required,
    )
