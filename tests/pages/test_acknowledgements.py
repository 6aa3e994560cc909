"""The page of acknowledgements, its twin for programs, and what the process API answers."""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from crossdock.messages.acknowledgement import (
    AcknowledgementNoted,
    AckStatus,
    Environment,
    Level,
)
from crossdock.messages.envelope import Key
from crossdock.ports.store import ProjectionRow, Store
from crossdock.store.sqlite import open_sqlite
from tests.apis.asgi import call
from tests.apis.rows import NOW
from tests.pages.house import house


def noted(number: int, status: AckStatus, reviewed_by: str = "") -> ProjectionRow:
    """An exchange as the read model keeps it."""
    told = AcknowledgementNoted(
        endpoint="road",
        environment=Environment.PRODUCTION,
        level=Level.GROUP,
        number=number,
        status=status,
        revision=2,
        verb="carrier.tender",
        business_key="SO-1/S-1/ROAD",
        asker=Key("order", "SO-1"),
        effect_id="x1",
        sent_at=NOW,
        due_at=NOW,
        faults=("set 204 0001: segment N1 at 8 has a fault",),
        reviewed_by=reviewed_by,
        comment="by mail" if reviewed_by else "",
    )
    shown = "reviewed" if reviewed_by else status.value
    return ProjectionRow(
        tenant="main",
        kind="acknowledgement",
        key=f"road/production/group/{number}",
        body=msgspec.json.encode(told),
        index=(("partner", "road"), ("status", shown), ("effect", "x1")),
        updated_at=NOW,
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store with three exchanges."""
    made = open_sqlite(tmp_path / "store.db")
    rows = [
        noted(1, AckStatus.ACCEPTED),
        noted(2, AckStatus.REJECTED),
        noted(10, AckStatus.OVERDUE, "ann"),
    ]
    with made.write() as unit:
        unit.put_projections(rows)
    yield made
    made.close()


def exchanges(text: str) -> list[tuple[str, str]]:
    found = re.findall(r'data-exchange="([^"]*)" data-status="([^"]*)"', text)
    return [(name.rsplit("/", 1)[-1], status) for name, status in found]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [("2", "rejected")]),
        ("?status=all", [("1", "accepted"), ("2", "rejected"), ("10", "reviewed")]),
        ("?status=reviewed", [("10", "reviewed")]),
        ("?status=all&partner=rail", []),
    ],
)
def test_the_page_lists_what_stands_so(
    store: Store, query: str, expected: list[tuple[str, str]]
) -> None:
    heard = call(house(store), "GET", f"/console/acknowledgements{query}")

    assert (heard.status, exchanges(heard.text)) == (200, expected)


def test_the_page_tells_what_the_partner_found_and_leads_to_the_order(store: Store) -> None:
    heard = call(house(store), "GET", "/console/acknowledgements")

    assert "segment N1 at 8 has a fault" in heard.text
    assert 'href="/console/trace?q=SO-1"' in heard.text


@pytest.mark.parametrize("path", ["/console/acknowledgements.json", "/process/v1/acknowledgements"])
def test_programs_get_the_same(store: Store, path: str) -> None:
    heard = call(house(store), "GET", f"{path}?status=all")

    assert [each["exchange"] for each in heard.json["acknowledgements"]] == [
        "road/production/group/1",
        "road/production/group/2",
        "road/production/group/10",
    ]


def test_a_status_there_is_not_is_said(store: Store) -> None:
    heard = call(house(store), "GET", "/process/v1/acknowledgements?status=lost")

    assert heard.status == 400
    assert heard.json["detail"].startswith("There is no status lost; there are open, all, ")
