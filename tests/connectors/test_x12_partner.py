"""Somebody else's EDI translator takes what we write, acknowledges it, and misbehaves."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import mockedi.testing  # type: ignore[import-untyped]  # a partner without types
import msgspec
import pytest

from crossdock.channels.http import HttpTransport
from crossdock.connectors import FolderConnector, discover
from crossdock.formats.x12.writer import Envelope, render
from crossdock.messages.acknowledgement import (
    AcknowledgementNoted,
    AcknowledgementReceived,
    Environment,
    ExchangeEnded,
    ExchangeEnding,
    ExchangeNumbered,
    Level,
    Verdict,
)
from crossdock.messages.envelope import Key
from crossdock.messages.flow import WakeUp
from crossdock.messages.order_release import CancelTender
from crossdock.messages.teams import Team
from crossdock.policies.rules import Rules
from crossdock.ports import Exchange, Reading, Request
from crossdock.processes.acknowledgement import SUBSCRIBER
from crossdock.testing.story import Story

US, GROUP = "SHIPPERCO", 41
AT = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
WITHDRAWAL = CancelTender(shipment_id="SH-9", order_id="SO-1", carrier_scac="ROAD")
ORDER = [
    ["ST", "850", ""],
    ["BEG", "00", "SA", "PO-1", "", "20260329"],
    ["PO1", "1", "4", "EA", "10", "", "BP", "WIDGET-100"],
    ["CTT", "1"],
]


class Partner:
    """A partner behind HTTP, and the connector that speaks to it."""

    def __init__(self, translator: Any, behaviour: str) -> None:
        self.translator = translator
        told = {"id": US, "name": "Us", "behaviour": behaviour, "test": 1}
        assert translator.request("POST", "/_mock/partners", told).status == 201
        found = discover()["x12_carrier"]
        assert isinstance(found, FolderConnector)
        self.connector = found
        self.settings = msgspec.convert(
            {
                "own_id": US,
                "partner_id": "MOCKEDI",
                "partner_qualifier": "ZZ",
                "environment": "test",
                "base_url": translator.base,
                "path": "/edi",
            },
            found.settings,
        )

    def offer(self) -> Request:
        """Write an offer taken back, as the group 41."""
        numbers = {Level.INTERCHANGE: 7, Level.GROUP: GROUP, Level.TRANSACTION: 9}
        written = self.connector.write(WITHDRAWAL, self.settings)
        return self.connector.seal(written, numbers, AT, self.settings)

    def send(self, request: Request) -> Exchange:
        """Send it, once."""

        async def once() -> Exchange:
            async with HttpTransport() as web:
                return await self.connector.send(request, "KEY", self.settings, web)

        return asyncio.run(once())

    def said(self) -> list[Reading]:
        """Read what lies in the mailbox."""
        waiting = self.translator.get(f"/_mock/mailbox?partner={US}").body
        read = self.connector.documents["interchange"]
        return [read(each["payload"].encode(), self.settings) for each in waiting]


@pytest.fixture
def translator() -> Iterator[Any]:
    with mockedi.testing.Mock.start() as started:
        yield started


def acknowledgements(readings: list[Reading]) -> list[tuple[int, Verdict]]:
    reports = [each.report for reading in readings for each in reading.reports]
    return [
        (each.number, each.verdict) for each in reports if isinstance(each, AcknowledgementReceived)
    ]


def promise(readings: list[Reading], *, woken: bool = False) -> list[str]:
    """Tell what becomes of the promise of group 41: sent at AT, then what was read."""
    common: dict[str, Any] = {
        "endpoint": "mock",
        "environment": Environment.TEST,
        "level": Level.GROUP,
        "number": GROUP,
    }
    story = Story(SUBSCRIBER, Key("exchange", f"mock/test/group/{GROUP}"), rules=Rules(), at=AT)
    numbered = ExchangeNumbered(
        **common,
        awaited=True,
        verb=WITHDRAWAL.verb,
        business_key=WITHDRAWAL.business_key(),
        version="1",
        effect_id="x1",
        asker=Key("order", "SO-1"),
        owner=Team.CARRIER_RELATIONS,
        numbered_at=AT,
    )
    ended = ExchangeEnded(**common, ending=ExchangeEnding.DELIVERED, ended_at=AT)
    due = AT + timedelta(days=1)
    alarm = [WakeUp(timer="overdue", due_at=due, fired_at=due)] if woken else []
    heard = [each.report for reading in readings for each in reading.reports]
    said = [each for each in heard if isinstance(each, AcknowledgementReceived)]
    told = story.tell(numbered, ended, *alarm, *said)
    return [each.status.value for each in told if isinstance(each, AcknowledgementNoted)]


def test_an_envelope_of_ours_is_acknowledged_by_a_stranger(translator: Any) -> None:
    partner = Partner(translator, "accept")
    envelope = Envelope(
        sender_qualifier="ZZ",
        sender=US,
        receiver_qualifier="ZZ",
        receiver="MOCKEDI",
        group_sender=US,
        group_receiver="MOCKEDI",
        functional_id="PO",
        release="004010",
        usage="T",
        interchange_control=7,
        group_control=GROUP,
        written_at=AT,
    )

    taken = translator.request(
        "POST",
        "/edi",
        render(envelope, [("0001", ORDER)]),
        headers={"Content-Type": "application/edi-x12"},
    )

    translator.post("/_mock/advance?all")
    assert taken.status == 200
    assert acknowledgements(partner.said()) == [(GROUP, Verdict.ACCEPTED)]


@pytest.mark.parametrize("behaviour", ["accept", "reject-ack"])
def test_a_set_the_partner_does_not_take_is_rejected_and_the_promise_ends(
    translator: Any, behaviour: str
) -> None:
    partner = Partner(translator, behaviour)

    answered = partner.connector.answer("carrier.cancel_tender", partner.send(partner.offer()))

    said = partner.said()
    assert answered.understood
    assert acknowledgements(said) == [(GROUP, Verdict.REJECTED)]
    assert promise(said) == ["unsent", "waiting", "rejected"]


def test_a_partner_that_says_nothing_is_overdue(translator: Any) -> None:
    partner = Partner(translator, "no-ack")

    partner.send(partner.offer())

    translator.post("/_mock/advance?all")
    assert promise(partner.said(), woken=True) == ["unsent", "waiting", "overdue"]


def test_a_late_acknowledgement_still_settles_the_promise(translator: Any) -> None:
    partner = Partner(translator, "late")
    partner.send(partner.offer())
    before = partner.said()

    translator.post("/_mock/advance?all")

    assert before == []
    assert promise(partner.said(), woken=True) == ["unsent", "waiting", "overdue", "rejected"]


def test_an_acknowledgement_that_comes_twice_is_one(translator: Any) -> None:
    partner = Partner(translator, "accept")
    partner.send(partner.offer())
    peeked = translator.get(f"/_mock/mailbox?partner={US}&leave").body

    first, again = partner.said() + [
        partner.connector.documents["interchange"](each["payload"].encode(), partner.settings)
        for each in peeked
    ]

    assert [each.identity for each in first.reports] == [each.identity for each in again.reports]
    assert promise([first, again]) == ["unsent", "waiting", "rejected"]


def test_a_corrupt_acknowledgement_is_read_and_its_fault_told(translator: Any) -> None:
    partner = Partner(translator, "accept")
    partner.send(partner.offer())
    (waiting,) = translator.get(f"/_mock/mailbox?partner={US}").body
    corrupt = waiting["payload"].replace("SE*6*", "SE*7*")

    reading = partner.connector.documents["interchange"](corrupt.encode(), partner.settings)

    assert [each.code for each in reading.findings] == ["SE_COUNT"]
    assert reading.owed == ()  # an acknowledgement is never acknowledged, however it looks
    assert acknowledgements([reading]) == [(GROUP, Verdict.REJECTED)]
