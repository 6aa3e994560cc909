"""No float near money: INV-35, from a partner's bytes to its ledger.

In the rooms that read, decide and write amounts nobody writes `float`, a number with a fraction or
a division that would make one. Seconds may be floats: a name that says so is no amount.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import floorplan
from tools.floorplan import Module

ROOMS = ("canonical", "messages", "policies", "processes", "projections", "formats", "connectors")
UNIT = "_seconds"
CLOCKS = frozenset({"timestamp", "total_seconds"})  # an instant in binary is no instant any more

# Divisions that make no float: of exact decimals, and paths. Whole numbers are divided by `//`.
DIVIDED: dict[str, str] = {
    "Decimal(base[0].minor) * Decimal(row.rate) / 100": "per cent of a line haul, rounded once",
    "whole * part / total": "an order's exact part, from which remainders are told",
    "stated.quantity.value / whole.value": "the part of a line that a shipment carries",
    "KG_OF_POUND / 16": "an ounce is exact in decimals",
    "weight / KG_OF_POUND": "a weight in pounds",
    "pounds / 100": "hundredweights",
    "told.value / 100": "cents in place of the main unit",
    "folder / FILE": "a path",
    "Path(settings.outbox_dir) / name": "a path",
    "files(__package__) / 'tables'": "a path",
    "files(__package__) / 'tables' / f'{table}.csv'": "a path",
}


def floats(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Find what is a float or makes one, with its line; seconds are let be."""
    of_time = {id(part) for node in ast.walk(tree) if _is_time(node) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in of_time:
            continue
        match node:
            case ast.Name(id="float"):
                yield node.lineno, "float"
            case ast.Constant(value=float()):
                yield node.lineno, repr(node.value)
            case ast.Attribute(attr=name) if name in CLOCKS:
                yield node.lineno, name
            case ast.BinOp(op=ast.Div()) if ast.unparse(node) not in DIVIDED:
                yield node.lineno, ast.unparse(node)
            case _:
                pass


def _is_time(node: ast.AST) -> bool:
    match node:
        case ast.arg(arg=name) | ast.AnnAssign(target=ast.Name(id=name)):
            return name.endswith(UNIT)
        case _:
            return False


def found_in(modules: tuple[Module, ...]) -> list[str]:
    return [
        f"{module.place}:{line} {what}" for module in modules for line, what in floats(module.tree)
    ]


def test_no_amount_is_ever_a_float() -> None:
    modules = floorplan.modules(*ROOMS)

    assert {module.room for module in modules} == set(ROOMS)
    assert found_in(modules) == []


def test_every_division_that_is_let_be_is_there() -> None:
    there = {
        ast.unparse(node)
        for module in floorplan.modules(*ROOMS)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)
    }

    assert set(DIVIDED) - there == set()


def test_no_published_contract_has_a_number_with_a_fraction() -> None:
    contracts = sorted((floorplan.ROOT / "contracts").rglob("*.json"))
    texts = {each.name: each.read_text("utf-8") for each in contracts}

    assert len(texts) > 2
    assert [name for name, text in texts.items() if re.search(r'"type": ?"number"', text)] == []


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("amount: float = 1", ["float"]),
        ("amount = float(text)", ["float"]),
        ("def owed(minor: int) -> float: ...", ["float"]),
        ("limit = 0.02", ["0.02"]),
        ("half = minor / 2", ["minor / 2"]),
        ("at = heard.timestamp()", ["timestamp"]),
        ("deadline_seconds: float = 20.0", []),
        ("def send(*, deadline_seconds: float) -> None: ...", []),
        ("half = minor // 2", []),
        ("rate = Decimal('0.02')", []),
    ],
)
def test_what_is_written_is_found(written: str, found: list[str]) -> None:
    module = Module(Path("tried.py"), written, ast.parse(written))

    assert [what for _, what in floats(module.tree)] == found
