"""Reads the house from its source, importing none of it: modules, messages, who says and hears.

`make where`, the customs in tests/house and the documentation's checks all look through this.
"""

import ast
import functools
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOUSE = ROOT / "src" / "crossdock"
KINDS = ("Report", "Event", "Command", "Internal")
ENVELOPE = "src/crossdock/messages/envelope.py"  # where the bases of all messages are

Function = ast.FunctionDef | ast.AsyncFunctionDef
SPEAKING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)  # have docstrings


@dataclass(frozen=True)
class Module:
    """One file of Python, read."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def place(self) -> str:
        """Tell the path as one writes it in a link: `src/crossdock/faults.py`."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def room(self) -> str:
        """Tell which room of the house this is in; empty outside of it."""
        inside = self.path.is_relative_to(HOUSE)
        return self.path.relative_to(HOUSE).parts[0].removesuffix(".py") if inside else ""

    @property
    def head(self) -> str:
        """Tell the module's docstring."""
        return ast.get_docstring(self.tree) or ""

    def functions(self) -> Iterator[Function]:
        """Walk all functions and methods, nested ones too."""
        for node in ast.walk(self.tree):
            if isinstance(node, Function):
                yield node

    def classes(self) -> Iterator[ast.ClassDef]:
        """Walk all classes."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ClassDef):
                yield node

    def comments(self) -> Iterator[tuple[int, str]]:
        """Walk the comments with their lines."""
        for token in _tokens(self.text):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string


@dataclass(frozen=True)
class MessageType:
    """A type of message, and where it is written."""

    name: str
    kind: str
    place: str
    line: int
    says: str


@dataclass(frozen=True)
class Contract:
    """What the head of a process module promises."""

    receives: frozenset[str]
    emits: frozenset[str]
    key: str
    rules: tuple[str, ...]


@functools.cache
def read(path: Path) -> Module:
    """Read one file."""
    text = path.read_text(encoding="utf-8")
    return Module(path, text, ast.parse(text, filename=str(path)))


@functools.cache
def house() -> tuple[Module, ...]:
    """Read every module of the house."""
    return tuple(read(path) for path in sorted(HOUSE.rglob("*.py")))


@functools.cache
def modules(*rooms: str) -> tuple[Module, ...]:
    """Read all modules of some rooms; a room not yet built has none."""
    return tuple(module for module in house() if module.room in rooms)


@functools.cache
def rooms() -> frozenset[str]:
    """Name the rooms that are built."""
    return frozenset(module.room for module in house()) - {"__init__", "__main__"}


@functools.cache
def message_types() -> dict[str, MessageType]:
    """Find every message type by name; a base further up counts like the base itself."""
    bases: dict[str, set[str]] = {}
    found: dict[str, tuple[Module, ast.ClassDef]] = {}
    for module in modules("messages"):
        for node in module.classes():
            bases[node.name] = {base.id for base in node.bases if isinstance(base, ast.Name)}
            found[node.name] = (module, node)
    types = {}
    for name, (module, node) in found.items():
        kind = _kind(name, bases)
        if kind and module.place != ENVELOPE:
            says = (ast.get_docstring(node) or "").split("\n")[0]
            types[name] = MessageType(name, kind, module.place, node.lineno, says)
    return types


def _kind(name: str, bases: dict[str, set[str]]) -> str:
    above = bases.get(name, set())
    for kind in KINDS:
        if kind in above:
            return kind
    return next(filter(None, (_kind(base, bases) for base in sorted(above))), "")


def named(node: ast.expr) -> str:
    """Tell the last word of a dotted name: `visibility.MilestoneReported` is MilestoneReported."""
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def constructions(module: Module) -> Iterator[tuple[str, int]]:
    """Find where message types are built."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and named(node.func) in message_types():
            yield named(node.func), node.lineno


def receptions(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Find the message types that `case` patterns wait for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.MatchClass) and named(node.cls) in message_types():
            yield named(node.cls), node.lineno


def decide(module: Module) -> Function | None:
    """Find the function in which a subscriber decides."""
    return next((each for each in module.functions() if each.name == "decide"), None)


def leaves(module: Module) -> tuple[Module, ...]:
    """Find the modules of the same room that this one's decisions are made with."""
    room = {_dotted(each): each for each in modules(module.room) if not decide(each)}
    found: dict[str, Module] = {}
    unread = [module]
    while unread:
        names = set(_imported(unread.pop())) & (set(room) - set(found))
        found |= {name: room[name] for name in names}
        unread += [room[name] for name in names]
    return tuple(found[name] for name in sorted(found))


def _imported(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _dotted(module: Module) -> str:
    inside = module.path.relative_to(HOUSE.parent).with_suffix("")
    return ".".join(inside.parts).removesuffix(".__init__")


def processes() -> tuple[Module, ...]:
    """Read the modules in which business processes decide."""
    return tuple(module for module in modules("processes") if decide(module))


def subscribed(module: Module) -> frozenset[str]:
    """Read which messages a module's `Subscriber` asks for."""
    return frozenset(
        named(each)
        for call in ast.walk(module.tree)
        if isinstance(call, ast.Call) and named(_bare(call.func)) == "Subscriber"
        for option in call.keywords
        if option.arg == "receives" and isinstance(option.value, ast.Tuple)
        for each in option.value.elts
    )


def _bare(node: ast.expr) -> ast.expr:
    return node.value if isinstance(node, ast.Subscript) else node


def contract(module: Module) -> Contract:
    """Read the head of a process module: what it receives and emits, its key and house rules."""
    return Contract(
        receives=frozenset(_list(module.head, "Receives")),
        emits=frozenset(_list(module.head, "Emits")),
        key=" ".join(_list(module.head, "Key", word=r"\w+")),
        rules=house_rules(module),
    )


def _list(head: str, label: str, word: str = r"\b[A-Z]\w+") -> list[str]:
    # A label opens at the margin; what follows may run on over indented lines.
    found = re.search(rf"^{label}\s+(.*(?:\n[ \t]+\S.*)*)", head, re.MULTILINE)
    return re.findall(word, found[1]) if found else []


def house_rules(module: Module) -> tuple[str, ...]:
    """Read the numbered house rules of a module's head, each as one line."""
    _, label, below = module.head.partition("House rules")
    if not label:
        return ()
    rules = re.split(r"^\s*\d+\.\s+", below, flags=re.MULTILINE)[1:]
    return tuple(" ".join(rule.split("\n\n")[0].split()) for rule in rules)


def code_lines(module: Module, within: Function | None = None) -> int:
    """Count the lines that hold code, in a module or in a function of it.

    Docstrings, comments and blank lines are not counted: explaining is free.
    """
    lines = _holding(module.text)
    spoken = [each for each in ast.walk(within or module.tree) if isinstance(each, SPEAKING)]
    for node in spoken:
        if ast.get_docstring(node) is not None:
            lines = lines - _span(node.body[0])
    return len(lines & _span(within) if within else lines)


def _span(node: ast.stmt) -> frozenset[int]:
    return frozenset(range(node.lineno, (node.end_lineno or node.lineno) + 1))


@functools.cache
def _holding(text: str) -> frozenset[int]:
    silent = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    return frozenset(
        line
        for token in _tokens(text)
        if token.type not in silent and token.type != tokenize.ENDMARKER
        for line in range(token.start[0], token.end[0] + 1)
    )


@functools.cache
def _tokens(text: str) -> tuple[tokenize.TokenInfo, ...]:
    return tuple(tokenize.generate_tokens(io.StringIO(text).readline))
