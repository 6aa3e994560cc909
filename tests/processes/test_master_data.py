"""Stories of records that come in versions, and of orders that wait for them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from crossdock.canonical.item import Item
from crossdock.canonical.party import Location
from crossdock.messages.envelope import Body, Key, Message
from crossdock.messages.flow import ExceptionRetried, ExceptionWaived
from crossdock.messages.master_data import (
    Carrier,
    CarrierReported,
    Customer,
    CustomerReported,
    ItemReported,
    MasterDataArrived,
    MasterDataAwaited,
    MasterDataChanged,
    MasterKind,
    ShipTo,
    ShipToReported,
)
from crossdock.messages.teams import Team
from crossdock.policies.rules import Rules
from crossdock.ports import CloseException, OpenException
from crossdock.processes.master_data import SUBSCRIBER, RecordState
from crossdock.testing.story import Story

NOON = datetime(2026, 3, 28, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ITEM = Key("item", "I-1")


def story() -> Story[RecordState, Rules]:
    return Story(SUBSCRIBER, ITEM, rules=Rules(), at=NOON)


def told(
    version: int, name: str = "bolt", *, blocked: bool = False, at: datetime = NOON
) -> ItemReported:
    record = Item(item_id="I-1", description=name)
    return ItemReported(record=record, version=version, as_of=at, blocked=blocked)


def changed(
    version: int, name: str = "bolt", *, blocked: bool = False, at: datetime = NOON
) -> MasterDataChanged:
    record = Item(item_id="I-1", description=name)
    return MasterDataChanged(
        kind=MasterKind.ITEM,
        id="I-1",
        version=version,
        as_of=at,
        blocked=blocked,
        record=msgspec.json.encode(record).decode(),
    )


def awaited(order: str = "SO-1", seen: int = 0) -> MasterDataAwaited:
    return MasterDataAwaited(kind=MasterKind.ITEM, id="I-1", order_id=order, seen_version=seen)


def arrived(version: int, order: str = "SO-1") -> MasterDataArrived:
    return MasterDataArrived(kind=MasterKind.ITEM, id="I-1", order_id=order, version=version)


CONTRADICTED = OpenException(
    code="MASTER_DATA_VERSION_REUSED",
    team=Team.ORDER_MANAGEMENT,
    cause="The ERP sent item I-1 version 1 twice, and differently; the first one holds",
    action="Let the ERP send what holds under a higher version, or edit and resubmit",
    about=("I-1",),
    seen={"version": "1", "record": '{"item_id":"I-1","description":"nut"}'},
)


def test_the_higher_version_holds() -> None:
    record = story()

    said = record.tell(told(1), told(2, "nut"), told(1), told(2, "nut"))

    assert said == [changed(1), changed(2, "nut")]
    assert record.stage == "known"


def test_the_same_version_told_later_is_fresher() -> None:
    record = story()

    said = record.tell(told(1), told(1, at=NOON + HOUR), told(1))

    assert said == [changed(1), changed(1, at=NOON + HOUR)]


def test_a_blocked_record_says_so() -> None:
    record = story()

    said = record.tell(told(1, blocked=True))

    assert said == [changed(1, blocked=True)]
    assert record.stage == "blocked"


def test_the_same_version_with_other_content_is_asked_about() -> None:
    record = story()

    said = record.tell(told(1), told(1, "nut"), told(1, "nut"))
    settled = record.tell(told(2, "nut"))

    assert said == [changed(1), CONTRADICTED]
    assert settled == [
        changed(2, "nut"),
        CloseException(code="MASTER_DATA_VERSION_REUSED", because="version 2 holds"),
    ]


def test_an_edit_replaces_what_the_version_said() -> None:
    record = story()
    record.tell(told(1), told(1, "nut"))

    said = record.tell(told(1, "nut"), amends="m2")

    assert said == [
        changed(1, "nut"),
        CloseException(code="MASTER_DATA_VERSION_REUSED", because="version 1 holds"),
    ]


def test_a_contradiction_is_said_again_until_someone_lets_it_go() -> None:
    record = story()
    record.tell(told(1), told(1, "nut"))
    code = CONTRADICTED.code

    again = record.tell(ExceptionRetried(code=code, by="ann", reason="asked the ERP team"))
    waived = record.tell(ExceptionWaived(code=code, by="ann", reason="a bolt it is"))
    after = record.tell(ExceptionRetried(code=code, by="ann", reason="to be sure"))

    assert (again, waived, after) == ([CONTRADICTED], [], [])
    assert record.stage == "known"


def test_an_order_that_waits_is_woken_once_by_the_record() -> None:
    record = story()
    waiting = record.tell(awaited(), awaited(), awaited("SO-2"))
    stage = record.stage

    said = record.tell(told(1), told(2, "nut"))

    assert (waiting, stage) == ([], "awaited")
    assert said == [changed(1), arrived(1), arrived(1, "SO-2"), changed(2, "nut")]


def test_an_order_that_asks_too_late_is_woken_at_once() -> None:
    record = story()
    record.tell(told(1))

    said = record.tell(awaited())

    assert said == [arrived(1)]


def test_an_order_that_saw_the_record_blocked_waits_for_another_version() -> None:
    record = story()
    record.tell(told(1, blocked=True))

    waiting = record.tell(awaited(seen=1))
    fresher = record.tell(told(1, blocked=True, at=NOON + HOUR))
    said = record.tell(told(2))

    assert waiting == []
    assert fresher == [changed(1, blocked=True, at=NOON + HOUR)]
    assert said == [changed(2), arrived(2)]


def test_an_order_that_saw_the_record_blocked_hears_that_it_is_free_by_now() -> None:
    record = story()
    record.tell(told(1, blocked=True))
    record.tell(told(1), amends="m1")

    said = record.tell(awaited(seen=1))

    assert said == [arrived(1)]


PLACE = Location(location_id="SHOP-7")


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (
            CustomerReported(
                record=Customer(customer_id="C-1", name="Shop"), version=1, as_of=NOON
            ),
            Key("customer", "C-1"),
        ),
        (told(1), ITEM),
        (
            ShipToReported(record=ShipTo(location=PLACE), version=1, as_of=NOON),
            Key("ship_to", "SHOP-7"),
        ),
        (
            CarrierReported(record=Carrier(scac="ROAD", name="Road"), version=1, as_of=NOON),
            Key("carrier", "ROAD"),
        ),
        (awaited(), ITEM),
    ],
)
def test_each_kind_of_record_has_its_key_and_can_be_told(body: Body, key: Key) -> None:
    message = Message(
        id="m",
        tenant="main",
        correlation_id="",
        causation_id="",
        received_at=NOON,
        origin="partner:erp",
        body=body,
    )

    state = SUBSCRIBER.start(key)

    assert SUBSCRIBER.keys(message) == (key,)
    assert (state.kind.value, state.id) == (key.kind, key.id)


@given(st.permutations((told(1), told(2, "nut"), told(3, "nut", blocked=True)) * 2))
def test_versions_in_any_order_end_with_the_highest(reports: list[Body]) -> None:
    record = story()

    record.tell(*reports)

    latest = [each for each in record.said if isinstance(each, MasterDataChanged)][-1]
    assert latest == changed(3, "nut", blocked=True)
    assert record.state == replace(record.state, waiting=(), raised=None)
