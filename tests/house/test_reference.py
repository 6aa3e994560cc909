"""The reference names everything one can meet: what is not in it does not exist for its reader."""

import ast
import re
from collections.abc import Callable, Iterator

import pytest

from crossdock.cli import commands
from tools import floorplan
from tools.floorplan import Module

REFERENCE = floorplan.ROOT / "docs" / "reference"


def reference() -> str:
    return "\n".join(path.read_text("utf-8") for path in sorted(REFERENCE.glob("*.md")))


def documented() -> set[str]:
    """Every word of the reference, options and paths taken apart."""
    return set(re.findall(r"[\w-]+", reference()))


def messages() -> set[str]:
    return set(floorplan.message_types())


def faults() -> set[str]:
    faults = floorplan.modules("faults")
    return {
        node.name
        for module in faults
        for node in module.classes()
        if any(floorplan.named(base) == "Fault" for base in node.bases)
    }


def fields(module: Module) -> Iterator[str]:
    for node in module.classes():
        for line in node.body:
            if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
                yield line.target.id


def connector_settings() -> set[str]:
    found = [module for module in floorplan.modules("connectors") if module.path.stem == "settings"]
    return {name for module in found for name in fields(module)}


def configuration() -> set[str]:
    """What crossdock.toml may say."""
    found = [module for module in floorplan.modules("app") if module.path.stem == "config"]
    return {name for module in found for name in fields(module)}


def policy_settings() -> set[str]:
    found = [module for module in floorplan.modules("policies") if module.path.stem == "rules"]
    return {name for module in found for name in fields(module)}


def connectors() -> set[str]:
    return {path.parent.name for path in floorplan.HOUSE.glob("connectors/*/manifest.toml")}


@pytest.mark.parametrize(
    ("subjects", "least"),
    [
        (messages, 10),
        (faults, 5),
        (policy_settings, 10),
        (configuration, 10),
        (connector_settings, 3),
        (connectors, 3),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_everything_one_can_meet_is_in_the_reference(
    subjects: Callable[[], set[str]], least: int
) -> None:
    found = subjects()

    assert len(found) >= least
    assert found - documented() == set()


def command_lines() -> list[str]:
    single = [f"crossdock {name}" for name in commands.COMMANDS]
    grouped = [
        f"crossdock {group} {name}"
        for group, (_, members) in commands.GROUPS.items()
        for name in members
    ]
    return [*single, *grouped]


def test_every_command_is_in_the_reference() -> None:
    lines = command_lines()

    assert len(lines) > 8
    assert [line for line in lines if line not in reference()] == []


def test_every_command_is_where_the_table_says() -> None:
    places = [place for place, _ in commands.COMMANDS.values()]
    places += [place for _, group in commands.GROUPS.values() for place, _ in group.values()]
    built = {
        f"crossdock.cli.{module.path.stem}:{function.name}"
        for module in floorplan.modules("cli")
        for function in module.functions()
    }

    assert set(places) - built == set()
