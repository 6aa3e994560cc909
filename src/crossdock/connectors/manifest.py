"""A connector's manifest: what it declares about itself, in a file that a person can read."""

from __future__ import annotations

import re
import tomllib
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from crossdock.faults import Misconfigured
from crossdock.ports import EffectClass, Operation

FILE = "manifest.toml"

_AT = re.compile(r"^(?P<what>.*?)(?: - at `(?:key in )?\$\.?(?P<key>.*)`)?$", re.DOTALL)

Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*$")]


class DeclaredOperation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One verb: what repeating it does, how long it may take, what two odd answers mean."""

    effect: EffectClass
    deadline_seconds: Annotated[float, Meta(gt=0, le=600)] = 20.0
    duplicate_means: Literal["applied", "refused"] = "applied"
    busy_means: Literal["not_applied", "unknown"] = "unknown"


class Manifest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`manifest.toml` as written.

    `also` are roles it may play beside its own: one who speaks a carrier's dialect may be our
    customer. `documents` are what the partner delivers, `reports` the message types read in them.
    `exempt` names what this connector leaves out, each with the reason.
    """

    name: Name
    role: Literal["erp", "tms", "carrier"]
    also: tuple[Literal["customer"], ...] = ()
    owner: Annotated[str, Meta(min_length=1)]
    quality: Literal["bronze", "silver", "gold"]
    documents: tuple[Name, ...] = ()
    reports: tuple[str, ...] = ()
    operations: dict[str, DeclaredOperation] = {}
    exempt: dict[str, Annotated[str, Meta(min_length=10)]] = {}

    def declared(self) -> dict[str, Operation]:
        """Give the operations as flow reads them, by verb."""
        return {
            verb: Operation(
                verb=verb,
                effect=each.effect,
                deadline_seconds=each.deadline_seconds,
                duplicate_means=each.duplicate_means,
                busy_means=each.busy_means,
            )
            for verb, each in self.operations.items()
        }


def read_manifest(text: str, place: str) -> Manifest:
    """Read a manifest. Raises Misconfigured that names the file and the key."""
    try:
        return msgspec.convert(tomllib.loads(text), Manifest)
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured("A connector's manifest is not TOML", file=place, why=error) from error
    except msgspec.ValidationError as error:
        found = _AT.match(str(error))
        what, key = (found["what"], found["key"] or "") if found else (str(error), "")
        key = key or (re.search(r"`(.+)`", what) or ["", ""])[1]
        raise Misconfigured(
            "A connector's manifest cannot mean this", file=place, key=key, why=what
        ) from error
