"""Tests are stories told with real things and fakes, never with mocks."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import floorplan

MOCKING = {
    "mock",
    "Mock",
    "MagicMock",
    "AsyncMock",
    "patch",
    "monkeypatch",
    "MonkeyPatch",
    "mocker",
}


def stories() -> list[Path]:
    return sorted((floorplan.ROOT / "tests").rglob("*.py"))


def words(tree: ast.Module) -> Iterator[str]:
    """What a test takes in: the names it imports, and the fixtures its functions ask for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from (node.module or "").split(".")
        if isinstance(node, ast.ImportFrom | ast.Import):
            yield from (part for alias in node.names for part in alias.name.split("."))
        if isinstance(node, ast.arg):
            yield node.arg


def test_no_story_is_told_with_mocks() -> None:
    paths = stories()

    mocking = {
        path.relative_to(floorplan.ROOT).as_posix(): found
        for path in paths
        if (found := MOCKING & set(words(ast.parse(path.read_text("utf-8")))))
    }

    assert len(paths) > 5
    assert mocking == {}


@pytest.mark.parametrize(
    "text",
    [
        "from unittest.mock import patch",
        "import unittest.mock",
        "def test_it(monkeypatch): ...",
        "from pytest import MonkeyPatch",
    ],
)
def test_a_mock_is_noticed_however_it_comes_in(text: str) -> None:
    assert MOCKING & set(words(ast.parse(text)))


def test_every_folder_of_stories_is_a_package() -> None:
    folders = {path.parent for path in stories()}

    assert [folder for folder in folders if not (folder / "__init__.py").is_file()] == []
