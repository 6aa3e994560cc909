"""Which document a dropped file is."""

from __future__ import annotations

import pytest

from crossdock.app.folders import document_of


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("statement-2026-03-29-0007.csv", "statement"),
        ("Statement-2026-03-29.CSV", "statement"),
        ("orders-0001.csv", "orders"),
        ("statements.csv", "orders"),
        ("export 17.txt", "orders"),
    ],
)
def test_a_file_is_the_document_its_name_begins_with_else_the_first(
    name: str, document: str
) -> None:
    assert document_of(("orders", "statement"), name) == document
