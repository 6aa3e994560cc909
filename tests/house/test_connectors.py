"""One connector is one folder, and every folder has the same files: whoever knows one knows all."""

import tomllib
from pathlib import Path

import pytest

from tools import floorplan

ALWAYS = {
    "__init__",
    "client",
    "codes",
    "inbound",
    "manifest.toml",
    "outbound",
    "samples",
    "settings",
    "wire",
}
SOMETIMES = {"README.md", "RUNBOOK.md"}
CONNECTORS = sorted(path.parent for path in floorplan.HOUSE.glob("connectors/*/manifest.toml"))


def manifest(connector: Path) -> dict[str, object]:
    return tomllib.loads((connector / "manifest.toml").read_text("utf-8"))


def exempted(connector: Path) -> dict[str, str]:
    """What the manifest leaves out, each with its reason."""
    found = manifest(connector).get("exempt", {})
    assert isinstance(found, dict)
    return found


def files(connector: Path) -> set[str]:
    """The folder's files; a module may be one file, or a folder where it would be too long."""
    found = {path for path in connector.iterdir() if not path.name.startswith(("_", "."))}
    return {path.stem if path.suffix == ".py" else path.name for path in found} | {"__init__"}


def test_there_are_connectors_to_look_at() -> None:
    assert len(CONNECTORS) >= 3


def test_every_folder_among_the_connectors_is_one() -> None:
    folders = {path.parent for path in floorplan.HOUSE.glob("connectors/*/inbound.py")}
    folders |= {path.parent for path in floorplan.HOUSE.glob("connectors/*/client.py")}

    assert folders == set(CONNECTORS)


@pytest.mark.parametrize("connector", CONNECTORS, ids=lambda connector: connector.name)
def test_a_connector_has_the_files_of_every_connector(connector: Path) -> None:
    left_out = set(exempted(connector))

    assert ALWAYS - files(connector) - left_out == set()
    assert files(connector) - ALWAYS - SOMETIMES == set()


@pytest.mark.parametrize("connector", CONNECTORS, ids=lambda connector: connector.name)
def test_what_a_connector_leaves_out_has_a_reason(connector: Path) -> None:
    short = {rule: why for rule, why in exempted(connector).items() if len(why.split()) < 3}

    assert short == {}


@pytest.mark.parametrize("connector", CONNECTORS, ids=lambda connector: connector.name)
def test_every_sample_has_its_twin(connector: Path) -> None:
    samples = [path for path in (connector / "samples").rglob("*") if path.is_file()]
    given = {path.with_suffix("").with_suffix("") for path in samples if ".in." in path.name}
    expected = {path.with_suffix("").with_suffix("") for path in samples if ".out." in path.name}

    assert given
    assert given == expected


@pytest.mark.parametrize("connector", CONNECTORS, ids=lambda connector: connector.name)
def test_a_connector_is_named_only_in_its_own_folder(connector: Path) -> None:
    told = f"crossdock.connectors.{connector.name}"

    elsewhere = [
        module.place
        for module in floorplan.house()
        if told in module.text and not module.path.is_relative_to(connector)
    ]

    assert elsewhere == []
