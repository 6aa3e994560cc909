"""What `crossdock init` writes: a commented `crossdock.toml`, the policies, and fresh secrets.

The texts are made from the settings themselves, so that what is written always loads, and every
setting there is stands in it with its purpose.
"""

from __future__ import annotations

import base64
import inspect
import secrets
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_origin

import msgspec
from msgspec import Struct

from crossdock.app.config import (
    FILE,
    ConfigFile,
    PartnerSection,
    StreamSection,
)
from crossdock.app.sections import (
    CustomerSection,
    OperatorSection,
    PoliciesSection,
    ServerSection,
    StoreSection,
)
from crossdock.faults import Misconfigured
from crossdock.governance.settings import Setting, settings_of, toml_of
from crossdock.policies.rules import Rules
from crossdock.ports import Connector

_SECTIONS: tuple[tuple[str, type[Struct]], ...] = (
    ("store", StoreSection),
    ("server", ServerSection),
    ("policies", PoliciesSection),
)
_REFERENCE = "${file:%s}"


def write_first_files(folder: Path, connectors: Mapping[str, Connector]) -> tuple[Path, ...]:
    """Write a configuration to begin with, and answer the files written.

    Raises Misconfigured, before anything is written, where a configuration is there already.
    """
    if (folder / FILE).exists():
        raise Misconfigured(
            f"{folder / FILE} is there already; nothing was changed", file=folder / FILE
        )
    hidden: dict[str, str] = {}
    texts = {FILE: _config_text(connectors, hidden)}
    for field in msgspec.structs.fields(Rules):
        texts[f"policies/{field.name}.toml"] = policy_text(field.name)
    written = [_write(folder / name, text, mode=0o644) for name, text in texts.items()]
    written += [_write(folder / name, text + "\n", mode=0o600) for name, text in hidden.items()]
    return tuple(written)


def _write(file: Path, text: str, *, mode: int) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=mode)
    file.write_text(text, "utf-8")
    return file


def _config_text(connectors: Mapping[str, Connector], hidden: dict[str, str]) -> str:
    lines = [
        "# crossdock: partners, customers and where things are kept.",
        "# A line that begins with `# name =` shows a setting with its default; take the mark away",
        '# to set it. Secrets are never written here: "${file:secrets/name}" or "${env:NAME}".',
        "",
        *_field(settings_of(ConfigFile)[0]),
    ]
    for name, section in _SECTIONS:
        lines += ["", f"[{name}]"]
        for setting in settings_of(section):
            lines += _field(setting)
    roles: set[str] = set()
    # The reference connectors come first: they are what a newcomer tries, the others stand beside.
    for connector in sorted(
        connectors.values(), key=lambda each: (not each.name.startswith("reference"), each.name)
    ):
        first = connector.role not in roles
        roles.add(connector.role)
        whole = len(roles) == 1 and first
        block = list(_partner(connector, hidden if first else {}, first=first, whole=whole))
        lines += ["", *(block if first else _commented(block))]
    customer = ["[[customers]]", *_fields(CustomerSection, {"api_key_sha256": toml_of("0" * 64)})]
    lines += ["", "# A customer who may look at its own shipments:", *_commented(customer)]
    operator = ["[[operators]]", *_fields(OperatorSection, {"token_sha256": toml_of("0" * 64)})]
    lines += ["", "# A person who decides about money by her own name:", *_commented(operator)]
    stream = ["[[streams]]", *_fields(StreamSection, {})]
    lines += ["", "# A stream of a broker that carries a partner's documents:", *_commented(stream)]
    return "\n".join(lines) + "\n"


def _partner(
    connector: Connector, hidden: dict[str, str], *, first: bool, whole: bool
) -> Iterator[str]:
    """Write one partner with every setting of its connector, and make up the secrets it needs.

    `whole` explains every setting of a partner, else only those given are written.
    """
    name = connector.role if first else connector.name
    webhook = f"secrets/{name}-webhook"
    hidden[webhook] = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
    given = {
        "name": toml_of(name),
        "connector": toml_of(connector.name),
        "webhook_secrets": toml_of([_REFERENCE % webhook]),
    }
    wanted = {each.name: each for each in settings_of(connector.settings)}
    inner: dict[str, str] = {}
    for setting in wanted.values():
        if setting.secret:
            file = f"secrets/{name}-{setting.name.replace('_', '-')}"
            hidden[file] = secrets.token_urlsafe(24)
            inner[setting.name] = toml_of(_REFERENCE % file)
        elif setting.required:
            inner[setting.name] = setting.example or toml_of("")
    yield "[[partners]]"
    yield from _fields(PartnerSection, given, skip=("settings",)) if whole else _brief(given)
    yield "[partners.settings]"
    yield from _fields(connector.settings, inner)


def _brief(given: Mapping[str, str]) -> list[str]:
    return [f"{name} = {value}" for name, value in given.items()]


def _fields(
    struct: type[Struct], given: Mapping[str, str], skip: tuple[str, ...] = ()
) -> list[str]:
    return [
        line
        for setting in settings_of(struct)
        if setting.name not in skip
        for line in _field(setting, given.get(setting.name))
    ]


def _field(setting: Setting, given: str | None = None) -> Iterator[str]:
    """Write a setting: its purpose, then its value, marked off where it is only the default."""
    if setting.purpose:
        yield from (f"# {line}" for line in textwrap.wrap(setting.purpose, 96))
    if given is None and setting.required:
        given = setting.example or toml_of("")
    example = setting.example if not setting.default.strip('"[]{}') else ""
    shown = f"   # such as {example}" if example and given is None else ""
    mark = "# " if given is None else ""
    yield f"{mark}{setting.name} = {setting.default if given is None else given}{shown}"


def _commented(lines: list[str]) -> list[str]:
    return [f"# {line}" for line in lines]


def policy_text(name: str) -> str:
    """Write one policy file with the defaults in force.

    Raises KeyError for a name that is no policy.
    """
    kind = {field.name: field.type for field in msgspec.structs.fields(Rules)}[name]
    value = getattr(Rules(), name)
    if get_origin(kind) is None:
        return "\n".join([*_purpose(kind), "", *_values(value)]) + "\n"
    row = settings_of(Rules)[[each.name for each in settings_of(Rules)].index(name)].inner
    assert row is not None  # noqa: S101 - a policy that is a list has rows
    lines = _purpose(row)
    for each in value:
        lines += ["", f"[[{name}]]", *_values(each)]
    if not value:
        sample = [
            f"{each.name} = {each.example or toml_of(each.kind)}" for each in settings_of(row)
        ]
        lines += ["", f"# [[{name}]]", *_commented(sample)]
    return "\n".join(lines) + "\n"


def _purpose(struct: type) -> list[str]:
    text = inspect.cleandoc(struct.__doc__ or "")
    return [f"# {line}".rstrip() for line in text.splitlines()]


def _values(value: Struct) -> Iterator[str]:
    for name, each in msgspec.structs.asdict(value).items():
        if isinstance(each, tuple) and each and isinstance(each[0], Struct):
            yield f"{name} = ["
            yield from (f"  {toml_of(row)}," for row in each)
            yield "]"
        else:
            yield f"{name} = {toml_of(each)}"
