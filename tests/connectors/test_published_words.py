"""The published pages and the connectors say the same."""

import re
from pathlib import Path

import msgspec

from crossdock.canonical.tracking import Milestone
from crossdock.connectors.system_api.codes import STATUS_CODES
from crossdock.testing.connector_suite import every_sample, folder_connectors

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
PAGE = (REFERENCE / "system-api.md").read_text("utf-8")
PAGES = PAGE + (REFERENCE / "x12.md").read_text("utf-8")


def test_the_published_status_codes_are_the_ones_that_are_read() -> None:
    published = re.findall(r"`([A-Z]{3})` \| ([A-Z_]+)", PAGE)

    assert {code: Milestone(milestone) for code, milestone in published} == STATUS_CODES


def test_every_milestone_has_one_code() -> None:
    assert sorted(STATUS_CODES.values()) == sorted(Milestone)


def test_every_finding_a_sample_shows_is_explained() -> None:
    shown = {
        finding.code
        for sample in every_sample()
        for finding in sample.expected().get("findings", ())
    }
    alike = {code for code in shown if code.endswith(("_MALFORMED", "_DIGIT", "_UNKNOWN"))}

    assert {code for code in shown - alike if f"`{code}`" not in PAGES} == set()


def test_every_operation_and_setting_is_on_a_page() -> None:
    words = {
        word
        for connector in folder_connectors()
        for word in (
            *connector.operations,
            *connector.documents,
            *(field.name for field in msgspec.structs.fields(connector.settings)),
        )
    }

    assert {word for word in words if f"`{word}`" not in PAGES} == set()
