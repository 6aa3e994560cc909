"""Which acknowledgements partners owe, and how one is reviewed."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from crossdock.messages.acknowledgement import (
    AcknowledgementNoted,
    AckStatus,
    Environment,
    ExchangeEnded,
    ExchangeEnding,
    ExchangeNumbered,
    Level,
)
from crossdock.messages.envelope import Key, Message
from crossdock.messages.teams import Team
from crossdock.policies.rules import Rules
from crossdock.ports.store import ExceptionRow, ProcessRow, ProjectionRow
from crossdock.processes.acknowledgement import SUBSCRIBER, ExchangeState
from crossdock.projections.acknowledgement import project
from crossdock.store.sqlite import open_sqlite
from crossdock.testing.story import Story
from tests.cli.conftest import Terminal

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
EXCHANGE = "road/production/group/17"


def overdue() -> Story[ExchangeState, Rules]:
    """An exchange whose time is over."""
    exchange = Story(SUBSCRIBER, Key("exchange", EXCHANGE), rules=Rules(), at=NOON)
    whose: dict[str, Any] = {
        "endpoint": "road",
        "environment": Environment.PRODUCTION,
        "level": Level.GROUP,
        "number": 17,
    }
    numbered = ExchangeNumbered(
        **whose,
        awaited=True,
        verb="carrier.tender",
        business_key="SO-1/S-1/ROAD",
        version="1",
        effect_id="x1",
        asker=Key("order", "SO-1"),
        owner=Team.CARRIER_RELATIONS,
        numbered_at=NOON,
    )
    sent = ExchangeEnded(**whose, ending=ExchangeEnding.DELIVERED, ended_at=NOON)
    exchange.tell(numbered, sent)
    exchange.wait_until(NOON + timedelta(days=1))
    return exchange


@pytest.fixture
def owing(terminal: Terminal) -> Terminal:
    """A house to which a partner owes an acknowledgement, as the process left it."""
    exchange = overdue()
    told = exchange.state.told
    assert told is not None
    asked = exchange.exceptions["ACK_OVERDUE"]
    message = Message(
        id="m",
        tenant="main",
        correlation_id="",
        causation_id="",
        received_at=NOON,
        origin="flow",
        body=told,
    )
    store = open_sqlite(terminal.folder / "crossdock.db")
    with store.write() as unit:
        unit.save(
            [
                ProcessRow(
                    tenant="main",
                    subscriber="acknowledgement",
                    key=exchange.key,
                    state=msgspec.json.encode(exchange.state, order="deterministic"),
                    schema=1,
                    revision=1,
                    stage=exchange.stage,
                    updated_at=NOON,
                )
            ]
        )
        unit.put_projections(
            [
                ProjectionRow(
                    tenant="main",
                    kind=each.kind,
                    key=each.key,
                    body=msgspec.json.encode(each.body),
                    index=each.index,
                    updated_at=NOON,
                )
                for each in project(message)
            ]
        )
        unit.open_exceptions(
            [
                ExceptionRow(
                    tenant="main",
                    id="x-1",
                    kind="process",
                    subject=f"acknowledgement/exchange/{EXCHANGE}",
                    code=asked.code,
                    team=asked.team,
                    cause=asked.cause,
                    action=asked.action,
                    opened_at=NOON,
                )
            ]
        )
    store.close()
    return terminal


def test_what_is_owed_is_listed_with_its_times(owing: Terminal) -> None:
    told = owing.run("acks", "ls")

    (line,) = told.answer.splitlines()[1:]
    assert told.code == 0
    assert line.split("  ")[0] == EXCHANGE
    assert "overdue" in line
    assert "carrier.tender SO-1/S-1/ROAD" in line


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ((), 1),
        (("--status", "all"), 1),
        (("--status", "overdue", "--partner", "road"), 1),
        (("--status", "accepted"), 0),
        (("--partner", "rail"), 0),
    ],
)
def test_the_list_is_of_one_status_and_partner(
    owing: Terminal, words: tuple[str, ...], count: int
) -> None:
    told = owing.run("acks", "ls", *words, "--json")

    found = msgspec.json.decode(told.answer)["acknowledgements"]
    assert (told.code, len(found)) == (0, count)


def test_a_review_is_kept_with_its_comment(owing: Terminal) -> None:
    first = owing.run("acks", "review", EXCHANGE, "--reason", "came by mail", "--by", "ann")
    again = owing.run("acks", "review", EXCHANGE, "--reason", "once more")
    listed = json.loads(owing.run("acks", "ls", "--status", "reviewed", "--json").answer)

    assert first.code == 0
    assert (again.code, again.said) == (
        5,
        f"Nothing is to review about {EXCHANGE}: it is reviewed.\n",
    )
    (one,) = listed["acknowledgements"]
    told = msgspec.convert(one["told"], AcknowledgementNoted)
    assert (told.status, told.reviewed_by, told.comment) == (
        AckStatus.OVERDUE,
        "ann",
        "came by mail",
    )


def test_what_is_not_known_or_not_a_status_is_said(owing: Terminal) -> None:
    unknown = owing.run("acks", "review", "road/production/group/18", "--reason", "x")
    strange = owing.run("acks", "ls", "--status", "overdu")

    assert (unknown.code, unknown.said) == (
        4,
        "No acknowledgement is known of road/production/group/18.\n",
    )
    assert (strange.code, strange.said.startswith("There is no status `overdu`;")) == (2, True)
