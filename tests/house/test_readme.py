"""The README answers where things are decided; its answers must exist."""

import ast
import re
from pathlib import Path

import pytest

from tools.floorplan import ROOT

LINK = re.compile(r"\[(?P<text>[^\]]+)\]\((?P<target>[^)#\s]+)(?:#[^)]*)?\)")
DOCUMENTS = sorted(
    path for places in ("*.md", "docs/**/*.md", "changelog.d/*.md") for path in ROOT.glob(places)
)


def links(document: Path) -> list[tuple[str, str]]:
    text = re.sub(r"```.*?```", "", document.read_text("utf-8"), flags=re.DOTALL)
    found = [(each["text"].strip("`"), each["target"]) for each in LINK.finditer(text)]
    return [(text, target) for text, target in found if "://" not in target]


def answers() -> list[tuple[str, str]]:
    """The links of the README's table."""
    _, title, below = (ROOT / "README.md").read_text("utf-8").partition("## Ask the house")
    assert title
    table = below.split("\n## ")[0]
    return [(each["text"].strip("`"), each["target"]) for each in LINK.finditer(table)]


def defined(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    named = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    functions = {node.name for node in ast.walk(tree) if isinstance(node, named)}
    tables = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    return functions | tables


def test_the_table_has_answers() -> None:
    assert len(answers()) >= 8


@pytest.mark.parametrize(("text", "target"), answers(), ids=str)
def test_an_answer_leads_to_what_it_names(text: str, target: str) -> None:
    file, _, name = text.partition("::")

    assert target.endswith(file), "the text names another file than the link"
    assert (ROOT / target).exists()
    assert not name or name in defined(ROOT / target)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(document: Path) -> None:
    broken = [target for _, target in links(document) if not (document.parent / target).exists()]

    assert broken == []
