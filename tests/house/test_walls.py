"""The walls stand where .importlinter says, and no contract passes because it looks at nothing."""

import configparser
import fnmatch
import re

import pytest

from tools import floorplan

PURE = ("canonical", "messages", "policies", "processes", "projections")
MODULE_OPTIONS = ("source_modules", "forbidden_modules", "modules")


def walls() -> configparser.ConfigParser:
    read = configparser.ConfigParser()
    read.read(floorplan.ROOT / ".importlinter", encoding="utf-8")
    return read


def built() -> list[str]:
    return [
        ".".join(module.path.relative_to(floorplan.HOUSE.parent).with_suffix("").parts)
        for module in floorplan.house()
    ]


def expressions() -> list[tuple[str, str]]:
    """Every module of ours that a contract names, with the contract's section."""
    found = walls()
    return [
        (section, line)
        for section in found.sections()
        for option in MODULE_OPTIONS
        for line in found.get(section, option, fallback="").split()
        if line.startswith("crossdock.")
    ]


def matching(expression: str) -> list[str]:
    """A wildcard stands for one segment, as in import-linter; a package holds what is below it."""
    pattern = re.compile(
        r"\.".join(fnmatch.translate(part)[:-2] for part in expression.split(".")) + r"(\..*)?$"
    )
    return [name for name in built() if pattern.match(name)]


def test_every_contract_looks_at_something() -> None:
    named = expressions()

    idle = [(section, expression) for section, expression in named if not matching(expression)]

    assert len(named) > 20
    assert idle == []


def test_every_room_has_its_layer() -> None:
    layers = walls().get("importlinter:contract:rooms", "layers")

    declared = set(re.findall(r"\w+", layers))

    assert floorplan.rooms() - declared == set()


def test_the_pure_rooms_are_all_behind_the_wall_that_keeps_the_world_out() -> None:
    kept = walls().get("importlinter:contract:pure-rooms", "source_modules").split()

    assert {f"crossdock.{room}" for room in PURE} - set(kept) == set()


def test_the_pure_rooms_ban_clock_and_dice_alike() -> None:
    written = {(floorplan.HOUSE / room / "ruff.toml").read_text("utf-8") for room in PURE}

    assert len(written) == 1
    assert '"datetime.datetime.now".msg' in written.pop()


@pytest.mark.parametrize("option", ["exhaustive = true", "(app) | (simulators)", "faults"])
def test_the_layers_are_exhaustive_and_siblings_stay_apart(option: str) -> None:
    assert option in (floorplan.ROOT / ".importlinter").read_text("utf-8")
