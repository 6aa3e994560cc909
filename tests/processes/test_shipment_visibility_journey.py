"""What is read out of the evidence the short way is what it says, read the long way."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from crossdock.canonical.tracking import Classifier, EvidenceKind, Milestone
from crossdock.messages.envelope import Body
from crossdock.policies.rules import Rules
from crossdock.processes.shipment_visibility_facts import Heard, Visibility
from crossdock.processes.shipment_visibility_journey import (
    Journey,
    covers,
    is_returning,
    journey_of,
    lineages_about,
    reached,
    trust,
)
from tests.processes.test_shipment_visibility_order_of_arrival import received, rules, told

STOPS = (0, 1, 2, 3, 7)


def counting(journey: Journey, milestone: Milestone, stop: int) -> Iterable[Heard]:
    """Walk all that sources maintain, and keep what tells that the stop was reached."""
    for each in journey.claims:
        event = each.event
        told_as_fact = event.classifier is Classifier.ACTUAL and not event.partial
        outbound = milestone is Milestone.RETURNED or not is_returning(journey, each)
        about = event.milestone is milestone and covers(journey, event, stop)
        if told_as_fact and about and outbound:
            yield each


def ever_about(
    state: Visibility, journey: Journey, milestone: Milestone, stop: int
) -> list[tuple[Heard, ...]]:
    """Walk all events by name, and keep those that ever told of the milestone at the stop."""
    return [
        versions
        for _, versions in sorted(state.evidence.items())
        if any(
            (each.event.milestone, each.event.classifier) == (milestone, Classifier.ACTUAL)
            and covers(journey, each.event, stop)
            for each in versions
        )
    ]


@given(said=st.lists(received, min_size=1, max_size=14), by=rules)
def test_a_journey_read_the_short_way_is_the_one_read_the_long_way(
    said: list[tuple[Body, datetime]], by: Rules
) -> None:
    state = told(said, by).state

    journey = journey_of(state, by.evidence)

    last = [versions[-1] for _, versions in sorted(state.evidence.items())]
    maintained = [each for each in last if each.event.kind is not EvidenceKind.RETRACTION]
    assert list(journey.claims) == maintained
    for milestone in Milestone:
        for stop in STOPS:
            facts = counting(journey, milestone, stop)
            best = min(facts, key=lambda each: trust(journey, each), default=None)
            assert reached(journey, milestone, stop) == best
            about = ever_about(state, journey, milestone, stop)
            assert list(lineages_about(journey, milestone, stop)) == about
