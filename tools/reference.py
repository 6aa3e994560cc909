"""The pages of docs/reference, written from the code they are about."""

import ast
import inspect
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

from crossdock import faults
from crossdock.apis.problems import PROBLEMS
from crossdock.app import config
from crossdock.app.sections import (
    CustomerSection,
    OperatorSection,
    PoliciesSection,
    ServerSection,
    StoreSection,
)
from crossdock.cli.commands import COMMANDS, GROUPS
from crossdock.cli.ending import Exit, code_of
from crossdock.connectors import discover
from crossdock.governance.contracts import kind_of
from crossdock.governance.settings import Setting, settings_of
from crossdock.messages.envelope import Body
from crossdock.messages.registry import BODIES
from crossdock.policies.rules import Rules
from tools import floorplan

HEAD = "Written by `make contracts` from the code; change the code, not this page.\n"
SPEAKERS = ("connectors", "processes", "projections", "flow")
CODE = re.compile(r"^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$")


def pages() -> dict[str, str]:
    """Write every page, by its file's name."""
    return {
        "messages.md": messages(),
        "settings.md": settings(),
        "policies.md": policies(),
        "faults.md": fault_page(),
        "exceptions.md": exceptions(),
        "cli.md": commands(),
        "problems.md": problem_page(),
    }


def first(text: str | None) -> str:
    """Take the first paragraph of a docstring, as one line."""
    return " ".join(inspect.cleandoc(text or "").split("\n\n")[0].split())


def rows(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """Write a table."""
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(_cell(each) for each in line)} |" for line in lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def messages() -> str:
    """Every message: what it says, who says it, who hears it."""
    emitted, received = speakers(), hearers()
    parts = ["# Messages\n", HEAD]
    parts.append(
        "Reports are what partners told, events what processes decided, commands what is asked of "
        "partners, internal ones what flow and operators say to one process.\n"
    )
    for name, body in sorted(BODIES.items()):
        fields = [
            (f"`{each.name}`", each.kind, "" if each.required else f"`{each.default}`")
            for each in settings_of(body)
        ]
        parts += [
            f"## {name}\n",
            f"{first(body.__doc__)}\n",
            (
                f"- kind: {kind_of(body)}, schema {body.schema}, "
                f"[contract](../../contracts/messages/{name}.v{body.schema}.json)"
            ),
            f"- emitted by: {', '.join(sorted(emitted[name])) or 'flow'}",
            f"- received by: {', '.join(sorted(received[name])) or _takers(body)}\n",
            rows(("field", "type", "default"), fields),
        ]
    return "\n".join(parts)


def _takers(body: type[Body]) -> str:
    """Name the connectors that carry a command to a partner; other messages are for replay."""
    verb = getattr(body, "verb", "")
    able = [f"`{name}`" for name, each in sorted(discover().items()) if verb in each.operations]
    return f"partners over {', '.join(able)} (`{verb}`)" if able else "nobody; kept as history"


def speakers() -> Mapping[str, set[str]]:
    """Find the modules that build each message."""
    found: dict[str, set[str]] = defaultdict(set)
    for module in floorplan.modules(*SPEAKERS):
        for name, _line in floorplan.constructions(module):
            found[name].add(f"`{module.place.removeprefix('src/crossdock/')}`")
    return found


def hearers() -> Mapping[str, set[str]]:
    """Find the subscribers and read models that ask for each message."""
    found: dict[str, set[str]] = defaultdict(set)
    for module in floorplan.modules("processes", "projections"):
        for call in ast.walk(module.tree):
            if not isinstance(call, ast.Call):
                continue
            for option in call.keywords:
                if option.arg == "receives" and isinstance(option.value, ast.Tuple):
                    for each in option.value.elts:
                        found[floorplan.named(each)].add(
                            f"`{module.place.removeprefix('src/crossdock/')}`"
                        )
    return found


def settings() -> str:
    """Every setting of crossdock.toml, and of each connector."""
    sections: tuple[tuple[str, type[Struct]], ...] = (
        ("At the top", config.ConfigFile),
        ("`[store]`", StoreSection),
        ("`[server]`", ServerSection),
        ("`[policies]`", PoliciesSection),
        ("`[[partners]]`", config.PartnerSection),
        ("`[[customers]]`", CustomerSection),
        ("`[[operators]]`", OperatorSection),
        ("`[[streams]]`", config.StreamSection),
    )
    parts = ["# Settings\n", HEAD]
    parts.append(
        "`crossdock.toml`, section by section, as `crossdock init` writes it. Relative paths "
        "start at its folder. A "
        'secret is never written there but referred to: `"${file:secrets/name}"` or '
        '`"${env:NAME}"`.\n'
    )
    for title, section in sections:
        parts += [f"## {title}\n", f"{first(section.__doc__)}\n", _settings(section)]
    for name, connector in sorted(discover().items()):
        operations = ", ".join(f"`{each}`" for each in sorted(connector.operations)) or "none"
        documents = ", ".join(f"`{each}`" for each in sorted(connector.documents)) or "none"
        parts += [
            f"## `[partners.settings]` of the connector `{name}`\n",
            f"{first(connector.settings.__doc__)}\n",
            f"Role {connector.role}; brings {documents}; takes {operations}.\n",
            _settings(connector.settings),
        ]
    return "\n".join(parts)


def _settings(section: type[Struct]) -> str:
    listed = [
        (
            f"`{each.name}`",
            each.kind + (", secret" if each.secret else ""),
            _default(each),
            _purpose(each),
        )
        for each in settings_of(section)
        if each.inner is None
    ]
    return rows(("setting", "type", "default", "purpose"), listed)


def _default(setting: Setting) -> str:
    return "**required**" if setting.required else f"`{setting.default}`"


def _purpose(setting: Setting) -> str:
    example = f" Such as `{setting.example}`." if setting.example else ""
    return f"{setting.purpose}{example}"


def policies() -> str:
    """Every policy file and what can be set in it."""
    parts = ["# Policies\n", HEAD]
    parts.append(
        "One TOML file each, in the folder that `[policies] folder` names. A file that is not "
        "there leaves the defaults. Together they are the rule book; its digest is kept with "
        "whatever was decided by it.\n"
    )
    for field in msgspec.structs.fields(Rules):
        if field.name == "digest":
            continue
        row = get_args(field.type)[0] if get_origin(field.type) is tuple else field.type
        kind = f"rows `[[{field.name}]]`" if row is not field.type else "settings"
        parts += [f"## `{field.name}.toml`\n", f"{_whole(row.__doc__)}\n", f"{kind}:\n"]
        parts.append(_policy(row))
    return "\n".join(parts)


def _whole(text: str | None) -> str:
    return inspect.cleandoc(text or "")


def _policy(struct: type[Struct]) -> str:
    written = rows(
        ("setting", "type", "default"),
        [(f"`{each.name}`", each.kind, _default(each)) for each in settings_of(struct)],
    )
    for each in settings_of(struct):
        if each.inner is not None:
            written += f"\nEach of `{each.name}`: {first(each.inner.__doc__)}\n\n"
            written += _policy(each.inner)
    return written


def fault_page() -> str:
    """Every fault, with what someone must do about it."""
    kinds = [
        each
        for each in vars(faults).values()
        if isinstance(each, type) and issubclass(each, faults.Fault) and each is not faults.Fault
    ]
    listed = [
        (f"`{each.__name__}`", each.remedy, first(each.__doc__), str(int(code_of(each("")))))
        for each in kinds
    ]
    head = ("fault", "remedy", "what it says", "exit code")
    return "\n".join(["# Faults\n", HEAD, "Named by what someone must do.\n", rows(head, listed)])


def problem_page() -> str:
    """Every kind of problem an API answers with."""
    listed = [
        (f"`{each.uri}`", str(each.status), each.title, each.remedy) for each in PROBLEMS.values()
    ]
    head = ("type", "status", "title", "remedy")
    said = "What the APIs answer with when they decline (RFC 9457, `application/problem+json`).\n"
    return "\n".join(["# Problems\n", HEAD, said, rows(head, listed)])


def exceptions() -> str:
    """Every code of an exception, with its team, cause and what would help."""
    listed = [
        (f"`{code}`", told.get("team", ""), told.get("cause", ""), told.get("action", ""), place)
        for code, place, told in sorted(codes())
    ]
    said = (
        "Whatever cannot be decided becomes a row in a team's queue. `teams.toml` sends a code to "
        "another team. An ellipsis stands for what is known only then.\n"
    )
    head = ("code", "team", "cause", "what would help", "decided in")
    return "\n".join(["# Exceptions\n", HEAD, said, rows(head, listed)])


def codes() -> Iterator[tuple[str, str, dict[str, str]]]:
    """Find the codes of exceptions: constants that processes and flow use as a `code`."""
    constants = dict(_constants())
    told = _told_codes(constants)
    for name, (code, place) in sorted(constants.items()):
        del name
        yield code, f"`{place.removeprefix('src/crossdock/')}`", told.get(code, {})


def _constants() -> Iterator[tuple[str, tuple[str, str]]]:
    for module in floorplan.modules("processes", "flow"):
        whole = module.room == "processes" or module.path.stem in {"exceptions", "findings"}
        for line in module.tree.body if whole else ():
            match line:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(code))):
                    if CODE.match(code) and ("_" in code or module.path.stem == "exceptions"):
                        yield f"{module.path.stem}.{name}", (code, module.place)
                case _:
                    continue


def _told_codes(constants: Mapping[str, tuple[str, str]]) -> dict[str, dict[str, str]]:
    by_name = {name.rpartition(".")[2]: code for name, (code, _place) in constants.items()}
    found: dict[str, dict[str, str]] = {}
    for module in floorplan.modules("processes", "flow"):
        for call in ast.walk(module.tree):
            if isinstance(call, ast.Call):
                options = {each.arg: each.value for each in call.keywords if each.arg}
                code = by_name.get(floorplan.named(options.get("code", ast.Constant(""))), "")
                if code and "cause" in options:
                    found[code] = {
                        name: _text(options[name])
                        for name in ("team", "cause", "action")
                        if name in options
                    }
    return found


def _text(node: ast.expr) -> str:
    """Write an expression that makes a text as the text, with `…` where something is filled in."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_text(each) for each in parts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _text(left) + _text(right)
        case ast.Attribute(value=ast.Name(id="Team"), attr=team):
            return team.replace("_", " ").lower()
        case ast.Name(id="OWNERLESS"):
            return "integration"
        case _:
            return "…"


def commands() -> str:
    """Every command with its options, and what the exit codes mean."""
    parts = ["# Command line\n", HEAD]
    parts.append(
        "Standard output is the answer, standard error is for people. `--json` answers as the "
        "APIs do.\n"
    )
    for name, (place, _says) in COMMANDS.items():
        parts += _command(f"crossdock {name}", place)
    for group, (_says, inner) in GROUPS.items():
        for name, (place, _what) in inner.items():
            parts += _command(f"crossdock {group} {name}", place)
    meanings = [(str(int(each)), each.name.lower().replace("_", " ")) for each in Exit]
    parts += ["## Exit codes\n", rows(("code", "meaning"), meanings)]
    return "\n".join(parts)


def _command(name: str, place: str) -> Iterator[str]:
    module, function = place.split(":")
    called = getattr(import_module(module), function)
    yield f"## {name}\n"
    yield f"{_whole(called.__doc__)}\n"
    listed = [each for each in _parameters(called) if each is not None]
    if listed:
        yield rows(("parameter", "purpose", "default"), listed)


def _parameters(called: Any) -> Iterator[tuple[str, str, str] | None]:
    hints = get_type_hints(called, include_extras=True)
    for name, parameter in inspect.signature(called).parameters.items():
        notes = get_args(hints[name])[1:] if get_origin(hints[name]) is Annotated else ()
        note = next((each for each in notes if hasattr(each, "help")), None)
        if note is not None and note.show is False:
            continue
        written = (note.name or ()) if note is not None else ()
        word = written[0] if written else name.replace("_", "-")
        positional = parameter.kind in {parameter.POSITIONAL_ONLY, parameter.VAR_POSITIONAL}
        shown = name.upper() if positional else (word if word.startswith("--") else f"--{word}")
        default = parameter.default
        empty = default in {parameter.empty, None, ""} or default is False
        yield (
            f"`{shown}`",
            (note.help or "") if note is not None else "",
            "" if empty else f"`{default}`",
        )
