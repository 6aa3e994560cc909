"""The shape of the code: short functions, modules one can read at a sitting, no loud comments.

The limits are taken from code bases we admire: nearly all their functions have at most 40 lines
of code, and what separates them from the others is the tail, not the median.
"""

import ast
import re

import pytest

from tools import floorplan
from tools.floorplan import Module

USUAL_LINES_MAX = 40
USUAL_SHARE_MIN = 0.97
LINES_MAX = 60
MODULE_LINES_MAX = 400  # lines of code: what one reads at a sitting; explaining is free

BANNER = re.compile(r"([-=#*_~─━═—])\1{3,}")
PROMISE = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
ISSUE = re.compile(r"#\d+")


def lengths() -> dict[str, int]:
    return {
        f"{module.place}::{function.name}:{function.lineno}": floorplan.code_lines(module, function)
        for module in floorplan.house()
        for function in module.functions()
    }


def test_hardly_a_function_is_longer_than_one_screen() -> None:
    found = lengths()

    short = [place for place, lines in found.items() if lines <= USUAL_LINES_MAX]

    assert len(found) > 20
    assert len(short) / len(found) >= USUAL_SHARE_MIN, sorted(set(found) - set(short))


def test_no_function_is_longer_than_sixty_lines_of_code() -> None:
    too_long = {place: lines for place, lines in lengths().items() if lines > LINES_MAX}

    assert too_long == {}


def test_every_module_can_be_read_at_a_sitting() -> None:
    found = {module.place: floorplan.code_lines(module) for module in floorplan.house()}

    assert len(found) > 20
    assert {place: lines for place, lines in found.items() if lines > MODULE_LINES_MAX} == {}


TOLD = '''
def tell():
    """Say.

    And say more.
    """
    # why

    return (
        1
    )
'''


def test_a_function_counts_only_its_lines_of_code() -> None:
    module = Module(floorplan.ROOT / "tell.py", TOLD, ast.parse(TOLD))

    counted = [floorplan.code_lines(module, each) for each in module.functions()]

    assert counted == [4]


def test_comments_say_why_and_never_draw_banners() -> None:
    comments = [
        (f"{module.place}:{line}", comment)
        for module in floorplan.house()
        for line, comment in module.comments()
    ]

    assert len(comments) > 5
    assert [each for each in comments if BANNER.search(each[1])] == []


def test_what_is_left_to_do_names_its_issue() -> None:
    left = [
        f"{module.place}:{line} {comment}"
        for module in floorplan.house()
        for line, comment in module.comments()
        if PROMISE.search(comment) and not ISSUE.search(comment)
    ]

    assert left == []


@pytest.mark.parametrize("comment", ["# TODO: later", "# FIXME", "#TODO(ann) soon"])
def test_a_promise_without_an_issue_is_noticed(comment: str) -> None:
    assert PROMISE.search(comment)
    assert not ISSUE.search(comment)


def catches_everything(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(
        each is None or floorplan.named(each) in {"Exception", "BaseException"} for each in caught
    )


def passes_it_on(handler: ast.ExceptHandler) -> bool:
    """Cleaning up and raising again is no catch."""
    return isinstance(handler.body[-1], ast.Raise)


def test_only_flow_catches_what_nobody_expected() -> None:
    handlers = [
        (module, handler)
        for module in floorplan.house()
        for handler in ast.walk(module.tree)
        if isinstance(handler, ast.ExceptHandler)
    ]

    caught = [
        f"{module.place}:{handler.lineno}"
        for module, handler in handlers
        if module.room != "flow" and catches_everything(handler) and not passes_it_on(handler)
    ]

    assert handlers
    assert caught == []
