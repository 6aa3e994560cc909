"""Every connector reads and writes its samples as their twins say, and keeps its promises."""

import pytest

from crossdock.connectors import FolderConnector
from crossdock.testing.connector_suite import (
    Sample,
    broken_promises,
    every_sample,
    folder_connectors,
)


@pytest.mark.parametrize("sample", every_sample(), ids=str)
def test_a_sample_says_what_its_twin_says(sample: Sample) -> None:
    assert sample.said() == sample.expected()


@pytest.mark.parametrize("connector", folder_connectors(), ids=lambda each: each.name)
def test_a_connector_keeps_what_its_manifest_promises(connector: FolderConnector) -> None:
    assert broken_promises(connector) == []
