"""Answers `make where late`: who decides, emits or receives what matches the words."""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator

from tools import floorplan
from tools.floorplan import MessageType

SPEAKERS = ("connectors", "processes", "projections", "flow", "apis", "portal", "console", "app")
DECIDERS = ("policies", "processes", "projections")


def words_of(name: str) -> str:
    """Write a name as words, so that `late` finds judge_lateness and DELIVERY_LATE, not template.

    >>> words_of("MilestoneOverdue")
    'milestone overdue'
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_", " ", name).lower()


def matches(text: str, wanted: list[str]) -> bool:
    """Tell whether every word wanted is in the text, bent or not: late, lateness, but not later.

    >>> matches("judge_lateness", ["late"]), matches("the later one", ["late"])
    (True, False)
    """
    spread = words_of(text)
    return all(
        re.search(rf"\b{re.escape(each.lower())}(?!e?(?:r|st)\b)", spread) for each in wanted
    )


def places(found: dict[str, list[str]], name: str) -> str:
    """Join the places where something happens to a message."""
    return ", ".join(found.get(name, [])) or "nobody"


def messages(wanted: list[str]) -> Iterator[str]:
    """Tell each matching message's kind, and who emits and receives it."""
    emitted, received = defaultdict(list), defaultdict(list)
    for module in floorplan.modules(*SPEAKERS):
        for name, line in floorplan.constructions(module):
            emitted[name].append(f"{module.place}:{line}")
        for name, line in floorplan.receptions(floorplan.decide(module) or module.tree):
            received[name].append(f"{module.place}:{line}")
    for kind in floorplan.message_types().values():
        if matches(f"{kind.name} {kind.says}", wanted):
            yield from describe(kind, places(emitted, kind.name), places(received, kind.name))


def describe(kind: MessageType, emitted: str, received: str) -> Iterator[str]:
    """Write one message down."""
    yield f"  {kind.name} ({kind.kind.lower()})  {kind.place}:{kind.line}"
    yield f"      {kind.says}"
    yield f"      emitted by   {emitted}"
    yield f"      received by  {received}"


def rules(wanted: list[str]) -> Iterator[str]:
    """Tell the house rules that match, with the process they hold in."""
    for module in floorplan.processes():
        for number, rule in enumerate(floorplan.house_rules(module), start=1):
            if matches(rule, wanted):
                yield f"  {module.place}  rule {number}: {rule}"


def functions(wanted: list[str]) -> Iterator[str]:
    """Tell the functions that match by name or by their first sentence."""
    for module in floorplan.modules(*DECIDERS):
        for function in module.functions():
            says = (ast.get_docstring(function) or "").split("\n")[0]
            if matches(f"{function.name} {says}", wanted):
                yield f"  {module.place}:{function.lineno}  {function.name}  {says}".rstrip()


def glossary(wanted: list[str]) -> Iterator[str]:
    """Tell what the house means by the words."""
    for line in (floorplan.ROOT / "docs" / "glossary.md").read_text("utf-8").splitlines():
        word, _, means = line.strip("| ").partition(" | ")
        if means and matches(word, wanted):
            yield f"  {word}: {means}"


def main() -> int:
    """Print what the house knows about the words given."""
    wanted = sys.argv[1:]
    if not wanted:
        print("Which word? For example:  make where late", file=sys.stderr)
        return 2
    answers = {
        "Glossary": glossary,
        "House rules": rules,
        "Functions": functions,
        "Messages": messages,
    }
    told = [(title, lines) for title, ask in answers.items() if (lines := list(ask(wanted)))]
    for title, lines in told:
        print(title, *lines, "", sep="\n")
    if not told:
        print(
            f"Nothing here is about {' '.join(wanted)}. docs/glossary.md lists the house's words."
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
