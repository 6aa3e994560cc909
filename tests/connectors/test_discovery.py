"""Connectors are found by their manifests, and a broken manifest names its file and key."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from crossdock.connectors import FolderConnector, discover
from crossdock.connectors.manifest import read_manifest
from crossdock.faults import Misconfigured
from crossdock.messages.order_release import CancelPlan
from crossdock.ports import EffectClass, Operation
from crossdock.testing.connector_suite import broken_promises

GOOD = """
name = "roadhaul"
role = "carrier"
owner = "us"
quality = "bronze"
documents = ["tracking"]

[operations."carrier.tender"]
effect = "lookup"
deadline_seconds = 5
"""


def folder(tmp_path: Path, manifest: str) -> FolderConnector:
    (tmp_path / "manifest.toml").write_text(manifest)
    return FolderConnector("nowhere.roadhaul", tmp_path)


def test_the_house_has_its_own_connectors() -> None:
    found = {name: (each.role, sorted(each.documents)) for name, each in discover().items()}

    assert found == {
        "csv_orders": ("erp", ["orders", "statement"]),
        "reference_carrier": ("carrier", ["charges", "invoices", "tenders", "tracking"]),
        "reference_erp": ("erp", ["master_data", "orders", "statement"]),
        "reference_tms": ("tms", ["charges", "plans", "statement", "tracking"]),
        "x12_carrier": ("carrier", ["interchange"]),
    }


def test_a_folder_is_known_by_its_manifest_alone(tmp_path: Path) -> None:
    connector = folder(tmp_path, GOOD)

    assert (connector.name, connector.role) == ("roadhaul", "carrier")
    assert connector.operations == {
        "carrier.tender": Operation(
            verb="carrier.tender", effect=EffectClass.LOOKUP, deadline_seconds=5
        )
    }


@pytest.mark.parametrize(
    ("right", "wrong", "key"),
    [
        ('role = "carrier"', 'role = "friend"', "role"),
        ('owner = "us"', "", "owner"),
        ('effect = "lookup"', 'effect = "sometimes"', "operations[...].effect"),
        ("deadline_seconds = 5", "deadline_seconds = 0", "operations[...].deadline_seconds"),
        ('quality = "bronze"', 'quality = "bronze"\ncolour = "red"', "colour"),
    ],
)
def test_a_broken_manifest_names_file_and_key(right: str, wrong: str, key: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        read_manifest(GOOD.replace(right, wrong), "roadhaul/manifest.toml")

    assert caught.value.said == "A connector's manifest cannot mean this"
    assert {name: caught.value.seen[name] for name in ("file", "key")} == {
        "file": "roadhaul/manifest.toml",
        "key": key,
    }


def test_a_manifest_that_is_no_toml_says_where(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as caught:
        folder(tmp_path, "name =")

    assert caught.value.said == "A connector's manifest is not TOML"
    assert caught.value.seen["file"] == str(tmp_path / "manifest.toml")


def test_a_package_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as caught:
        FolderConnector("nowhere.roadhaul", tmp_path)

    assert caught.value.said == "A connector has no manifest"


def test_an_operation_the_manifest_does_not_declare_is_refused(tmp_path: Path) -> None:
    command = CancelPlan(order_id="SO-1", order_version=1)

    with pytest.raises(Misconfigured) as caught:
        folder(tmp_path, GOOD).write(command, None)

    assert caught.value.seen == {"connector": "roadhaul", "verb": "tms.cancel"}


def test_what_a_manifest_promises_and_the_folder_lacks_is_told(tmp_path: Path) -> None:
    (tmp_path / "samples").mkdir()
    promised = GOOD.replace("carrier.tender", "erp.praise").replace(
        'documents = ["tracking"]', 'reports = ["Gossip", "MilestoneReported"]'
    )
    (tmp_path / "manifest.toml").write_text(promised)
    connector = FolderConnector("crossdock.connectors.reference_carrier", tmp_path)

    assert broken_promises(connector) == [
        "`erp.praise` has no sample",
        "no command has the verb `erp.praise`",
        "`erp.praise` is not for the role `carrier`",
        "`Gossip` is listed as a report and is none",
        "`Gossip` is listed, and in no sample",
        "`MilestoneReported` is listed, and in no sample",
    ]


def installed(tmp_path: Path, name: str) -> subprocess.CompletedProcess[str]:
    """List the connectors of a Python beside which a connector's package is installed."""
    package = tmp_path / "roadhaul_crossdock"
    package.mkdir()
    (package / "__init__.py").write_text('"""Roadhaul."""\n')
    (package / "manifest.toml").write_text(GOOD.replace("roadhaul", name))
    told = tmp_path / "roadhaul_crossdock-1.0.dist-info"
    told.mkdir()
    (told / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: roadhaul-crossdock\nVersion: 1.0\n"
    )
    (told / "entry_points.txt").write_text(
        "[crossdock.connectors]\nroadhaul = roadhaul_crossdock\n"
    )
    program = "from crossdock.connectors import discover; print(*discover())"
    return subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_installed_package_joins_by_its_entry_point(tmp_path: Path) -> None:
    listed = installed(tmp_path, "roadhaul")

    assert listed.stdout.split()[-1] == "roadhaul"


def test_a_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    listed = installed(tmp_path, "csv_orders")

    assert listed.returncode == 1
    assert "Two connectors have the same name (name=csv_orders" in listed.stderr
