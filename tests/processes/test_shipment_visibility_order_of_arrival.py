"""In whatever order and however often messages arrive, the end is the same."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from crossdock.canonical.moments import ZoneSource, local_day
from crossdock.canonical.tracking import Classifier, EvidenceKind, Milestone
from crossdock.messages.envelope import Body, Command
from crossdock.messages.order_release import OrderReferenced
from crossdock.messages.reference_binding import EvidenceBound
from crossdock.messages.shipment_visibility import MilestoneReported, PictureChanged
from crossdock.policies.rules import EvidencePolicy, Rules
from crossdock.processes.shipment_visibility_facts import Visibility
from crossdock.testing.story import Story
from tests.processes.shipment_visibility_world import (
    LYON,
    NICE,
    PARIS,
    SHIPMENT,
    TWO_STOPS,
    begin,
    delivery,
    event,
    hour,
    moment,
    planned,
    referenced,
    stops,
    withdrawn,
)

OWN_STOPS = structs.replace(
    SHIPMENT, stops=stops(delivery(2, LYON, "SO-1/10"), delivery(3, NICE, "SO-2/10"))
)
NOW = hour(30)

times = st.integers(-3, 36).map(lambda at: moment(hour(at))) | st.integers(0, 2).map(
    lambda days: local_day((hour(0) + timedelta(days=days)).date(), PARIS, ZoneSource.PLACE)
)
evidence = st.builds(
    event,
    st.sampled_from(
        [
            Milestone.PICKED_UP,
            Milestone.DEPARTED,
            Milestone.IN_TRANSIT,
            Milestone.ARRIVED,
            Milestone.OUT_FOR_DELIVERY,
            Milestone.DELIVERED,
            Milestone.DELIVERED,
            Milestone.POD_AVAILABLE,
            Milestone.RETURNED,
            Milestone.CANCELLED,
            Milestone.DELIVERY_FAILED,
            Milestone.ETA_CHANGED,
            Milestone.NOTE,
        ]
    ),
    times,
    source=st.sampled_from(["roadhaul", "broker"]),
    source_event_id=st.sampled_from(["a", "b", "c", "d"]),
    kind=st.sampled_from(EvidenceKind),
    classifier=st.sampled_from([Classifier.ACTUAL, Classifier.ACTUAL, Classifier.ESTIMATED]),
    revision=st.integers(0, 2),
    stop=st.sampled_from([0, 2, 3, 7]),
    partial=st.sampled_from([False, False, False, True]),
)
orders = st.sampled_from(
    [
        planned(),
        planned(shipment=TWO_STOPS),
        planned(shipment=OWN_STOPS),
        planned(revision=2, shipment=TWO_STOPS, promised=moment(hour(40))),
        planned("SO-2", "C-2", shipment=OWN_STOPS),
        planned("SO-2", "C-1", revision=2),
        planned("SO-3", "C-1", promised=None),
        withdrawn(),
        withdrawn("SO-2", revision=1),
        withdrawn("SO-2", revision=3),
        referenced(),
        referenced(revision=2, at=2),
        referenced(revision=3, at=3),
        referenced("SO-2", at=4),
        referenced("SO-3", at=5),
    ]
)
bodies = (
    orders
    | evidence.map(lambda told: MilestoneReported(evidence=told))
    | st.builds(
        lambda told, at: EvidenceBound(shipment_id="SH-1", evidence=told, reported_at=hour(at)),
        evidence,
        st.integers(0, 30),
    )
)
rules = st.sampled_from([Rules(), Rules(evidence=EvidencePolicy(sources=("broker",)))])
received: st.SearchStrategy[tuple[Body, datetime]] = st.tuples(bodies, st.integers(0, 30).map(hour))


@st.composite
def arrivals(
    draw: st.DrawFn,
) -> tuple[list[tuple[Body, datetime]], list[tuple[Body, datetime]]]:
    """Draw what was said, and the same in another order with some of it repeated."""
    said = draw(st.lists(received, min_size=1, max_size=14))
    again = draw(st.lists(st.sampled_from(said), max_size=5))
    return said, draw(st.permutations(said + again))


def told(messages: list[tuple[Body, datetime]], rules: Rules) -> Story[Visibility, Rules]:
    story = begin(rules)
    for body, at in messages:
        story.at = at
        story.tell(body)
    story.at = NOW
    return story


def outcome(story: Story[Visibility, Rules]) -> dict[str, Any]:
    """What is left when all is said: the state, the last pictures, and the business effects."""
    return {
        "state": msgspec.json.encode(story.state, order="deterministic"),
        "pictures": {
            each.customer_id: each for each in story.said if isinstance(each, PictureChanged)
        },
        "commands": [
            (each.verb, each.business_key(), each.version(), each)
            for each in story.said
            if isinstance(each, Command)
        ],
        "exceptions": story.exceptions,
        "timers": story.timers,
    }


@settings(max_examples=400, deadline=None)
@given(arrivals(), rules)
def test_any_order_and_repetition_before_a_timer_ends_in_the_same(
    twice: tuple[list[tuple[Body, datetime]], list[tuple[Body, datetime]]], rules: Rules
) -> None:
    one, other = told(twice[0], rules), told(twice[1], rules)

    assert outcome(one) == outcome(other)

    one.wait_until(hour(24 * 30))
    other.wait_until(hour(24 * 30))
    assert outcome(one) == outcome(other)


@settings(max_examples=200, deadline=None)
@given(st.lists(received, min_size=1, max_size=14), rules)
def test_what_was_told_is_what_is_true(messages: list[tuple[Body, datetime]], rules: Rules) -> None:
    story = told(messages, rules)
    story.wait_until(hour(24 * 30))
    before = story.state

    said = [each for body, _ in messages for each in story.tell(body)]

    assert said == []
    assert story.state == before


@settings(max_examples=200, deadline=None)
@given(st.lists(received, min_size=1, max_size=14))
def test_no_customer_ever_sees_an_order_the_erp_has_not_confirmed(
    messages: list[tuple[Body, datetime]],
) -> None:
    story = told(messages, Rules())

    referred = {body.order_id for body, _ in messages if isinstance(body, OrderReferenced)}
    visible = [
        each for each in story.said if isinstance(each, PictureChanged) and each.gate.visible
    ]
    assert [each for each in visible if not set(each.picture.order_ids) <= referred] == []
