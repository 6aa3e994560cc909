"""Messages of an order may change places and come twice: the end is the same everywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from crossdock.canonical.references import Reference
from crossdock.messages.envelope import Body, Command, Event
from crossdock.messages.order_release import (
    CancelPlan,
    PlanCancelled,
    PlanConfirmed,
    PlanRejected,
    PlanShipment,
    ShipmentPlanned,
    ShipmentWithdrawn,
    WithdrawTransportReference,
    WriteTransportReference,
)
from crossdock.messages.reference_binding import ReferenceAnnounced, ReferenceRevoked
from crossdock.messages.shipment_visibility import DeliveryClosed
from crossdock.policies.rules import Rules
from crossdock.ports import DropEffect, Emission
from crossdock.processes.order_release_state import OrderState
from crossdock.testing.story import Story
from tests.processes.order_release_world import (
    PROMISED,
    answer,
    cancelled,
    confirmed,
    plan_request,
    released,
    shipment,
    story,
    write,
)

CLOSED = DeliveryClosed(
    shipment_id="S-1", order_id="SO-1", delivered=True, occurred=PROMISED, revision=1
)
WHOLE = (released(), confirmed(), answer(plan_request()), answer(write()), CLOSED)


def decided(said: Sequence[Emission]) -> set[str]:
    """Every event and command, whatever the order; said twice, it would still count once."""
    return {repr(each) for each in said if isinstance(each, Event | Command)}


@given(st.permutations(WHOLE + WHOLE))
def test_one_order_told_in_any_order_and_twice_ends_the_same(told: list[Body]) -> None:
    straight, shuffled = story(), story()
    straight.tell(*WHOLE)

    shuffled.tell(*told)

    assert shuffled.state == straight.state
    assert decided(shuffled.said) == decided(straight.said)
    assert len([each for each in shuffled.said if isinstance(each, Event | Command)]) == len(
        decided(straight.said)
    )


class World(Struct, frozen=True):
    """What partners, pages and people are left with, once nothing is on its way any more."""

    stage: str
    shown: dict[str, ShipmentPlanned]
    bound: frozenset[tuple[str, Reference]]
    erp: dict[str, tuple[str, str]]
    tms: int
    exceptions: frozenset[str]
    timers: frozenset[str]


def unsent(said: Sequence[Emission]) -> set[tuple[str, str, str]]:
    return {
        (each.verb, each.business_key, each.version)
        for each in said
        if isinstance(each, DropEffect)
    }


def done(order: Story[OrderState, Rules], *, late: bool) -> list[Command]:
    """The commands that reach their partner; dropped ones only where they were on their way."""
    dropped = set[tuple[str, str, str]]() if late else unsent(order.said)
    asked = [each for each in order.said if isinstance(each, Command)]
    return [
        each for each in asked if (each.verb, each.business_key(), each.version()) not in dropped
    ]


def answer_all(order: Story[OrderState, Rules], *, late: bool) -> None:
    """Let the partners answer until nobody has anything left to say."""
    answered = 0
    while len(ended := done(order, late=late)) > answered:
        answered = len(ended)
        order.tell(*(answer(each) for each in ended))


def erp_carries(commands: Sequence[Command]) -> dict[str, tuple[str, str]]:
    carried: dict[str, tuple[str, str]] = {}
    for each in commands:
        match each:
            case WriteTransportReference():
                carried[each.shipment_id] = (each.load_id, each.carrier_scac)
            case WithdrawTransportReference():
                carried.pop(each.shipment_id, None)
            case _:
                pass
    return carried


def tms_holds(commands: Sequence[Command], told: Sequence[Body]) -> int:
    """The newest order version the TMS has something for; 0 for nothing."""
    newest = {each.order.version: 0 for each in commands if isinstance(each, PlanShipment)}
    dropped = dict[int, int]()
    for each in told:
        if isinstance(each, PlanConfirmed):
            newest[each.order_version] = max(newest.get(each.order_version, 0), each.revision)
        if isinstance(each, PlanCancelled):
            dropped[each.order_version] = each.revision
    off = max((e.order_version for e in commands if isinstance(e, CancelPlan)), default=0)
    newest_version = max(newest, default=0)  # a newer version takes the place of an older
    held = newest_version > off and newest[newest_version] > dropped.get(newest_version, -1)
    return newest_version if held else 0


def shown(said: Sequence[Emission]) -> Iterator[tuple[str, ShipmentPlanned | None]]:
    for each in said:
        if isinstance(each, ShipmentPlanned):
            yield each.shipment.shipment_id, each
        if isinstance(each, ShipmentWithdrawn):
            yield each.shipment_id, None


def bound(said: Sequence[Emission]) -> frozenset[tuple[str, Reference]]:
    held = set[tuple[str, Reference]]()
    for each in said:
        if isinstance(each, ReferenceAnnounced):
            held.add((each.shipment_id, each.reference))
        if isinstance(each, ReferenceRevoked):
            held.remove((each.shipment_id, each.reference))
    return frozenset(held)


def world_after(told: Sequence[Body], answers: Sequence[bool], *, late: bool) -> World:
    """Tell messages, partners answering where `answers` says so, and at the end in any case."""
    order = story()
    for body, answering in zip(told, answers, strict=False):
        order.tell(body)
        if answering:
            answer_all(order, late=late)
    answer_all(order, late=late)
    commands = done(order, late=late)
    return World(
        stage=order.stage,
        shown={name: seen for name, seen in dict(shown(order.said)).items() if seen},
        bound=bound(order.said),
        erp=erp_carries(commands),
        tms=tms_holds(commands, told),
        exceptions=frozenset(order.exceptions),
        timers=frozenset(order.timers),
    )


TOLD: tuple[Body, ...] = (
    released(1),
    released(2),
    released(3, customer_reference="PO-78"),
    cancelled(1),
    cancelled(2),
    cancelled(3),
    confirmed(shipment("S-1"), version=1, revision=1),
    confirmed(shipment("S-1", "SLOW"), shipment("S-2"), version=1, revision=2),
    confirmed(shipment("S-2"), version=2, revision=3),
    confirmed(shipment("S-3"), version=3, revision=4),
    PlanRejected(order_id="SO-1", order_version=1, reason="no capacity"),
    PlanRejected(order_id="SO-1", order_version=2, reason="no capacity"),
    PlanCancelled(order_id="SO-1", order_version=1, revision=1),
    PlanCancelled(order_id="SO-1", order_version=2, revision=3),
)


@st.composite
def two_tellings(draw: st.DrawFn) -> tuple[list[Body], list[Body], list[bool]]:
    """The same messages twice, in different orders, some of them repeated."""
    told = draw(st.lists(st.sampled_from(TOLD), min_size=1, max_size=7, unique_by=repr))
    again = draw(st.lists(st.sampled_from(told), max_size=3))
    first = draw(st.permutations(told + again))
    second = draw(st.permutations(told + again))
    answers = draw(st.lists(st.booleans(), min_size=len(first), max_size=len(first)))
    return first, second, answers


RACE = (released(1), cancelled(2), confirmed())


@given(tellings=two_tellings(), late=st.booleans())
def test_changes_cancellations_and_plans_end_the_same_whoever_is_first(
    *, tellings: tuple[list[Body], list[Body], list[bool]], late: bool
) -> None:
    first, second, answers = tellings

    straight = world_after(first, answers, late=late)
    shuffled = world_after(second, answers[::-1], late=late)

    assert shuffled == straight


@given(st.permutations(RACE + RACE), st.lists(st.booleans(), min_size=6, max_size=6))
def test_a_cancelled_order_leaves_nothing_behind_in_any_race(
    told: list[Body], answers: list[bool]
) -> None:
    world = world_after(told, answers, late=True)

    assert world == World("cancelled", {}, frozenset(), {}, 0, frozenset(), frozenset())
