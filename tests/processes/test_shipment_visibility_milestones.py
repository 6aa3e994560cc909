"""Stories of milestones that money waits for: told once settled, corrected, and taken back."""

from __future__ import annotations

from msgspec.structs import replace

from crossdock.canonical.tracking import Milestone
from crossdock.messages.shipment_visibility import MilestoneSettled
from crossdock.policies.freight import FreightPolicy, OpeningRow
from crossdock.policies.rules import PostingPolicy, Rules
from crossdock.ports import Emission
from tests.processes.shipment_visibility_world import (
    RULES,
    SHIPMENT,
    begin,
    correction,
    hour,
    moment,
    planned,
    referenced,
    report,
    retraction,
    shown_to_customer,
    withdrawn,
)
from tests.processes.test_shipment_visibility_issue import POSTED, settle

PICKED_UP, OUT = Milestone.PICKED_UP, Milestone.TERMINAL_OUT


def asking(*milestones: Milestone, rules: Rules = RULES) -> Rules:
    """A house whose gate of money opens with these milestones."""
    rows = tuple(OpeningRow(rule_id=each.lower(), milestone=each) for each in milestones)
    return replace(rules, freight=FreightPolicy(opens=rows))


def settled(milestone: Milestone = PICKED_UP, revision: int = 1, at: float = 1) -> MilestoneSettled:
    """The order has reached it."""
    return MilestoneSettled(
        shipment_id="SH-1",
        order_id="SO-1",
        milestone=milestone,
        reached=True,
        occurred=moment(hour(at)),
        revision=revision,
        load_id=SHIPMENT.load_id,
    )


def told(said: list[Emission]) -> list[MilestoneSettled]:
    return [each for each in said if isinstance(each, MilestoneSettled)]


def test_a_milestone_that_money_waits_for_is_told_when_it_has_settled() -> None:
    story = shown_to_customer(asking(OUT))

    assert told(story.tell(report(OUT, 1))) == []
    assert told(story.wait_until(hour(2))) == [settled(OUT)]
    assert told(story.tell(report(OUT, 1))) == []


def test_a_milestone_that_is_posted_is_told_when_the_erp_has_it() -> None:
    story = begin(asking(PICKED_UP, rules=replace(RULES, posting=PostingPolicy())))
    story.tell(planned(), referenced(), report(PICKED_UP, 1))

    said = settle(story, 2)

    assert told(said) == [settled()]
    assert said[-1] == settled()


def test_nothing_is_told_where_nothing_waits_for_it() -> None:
    story = shown_to_customer(POSTED)
    story.tell(report(PICKED_UP, 1))

    assert told(settle(story, 2)) == []


def test_a_milestone_corrected_or_taken_back_is_told_again() -> None:
    story = shown_to_customer(asking(PICKED_UP))
    story.tell(report(PICKED_UP, 1))
    story.wait_until(hour(2))

    story.tell(correction(PICKED_UP, 1.5))
    assert told(story.wait_until(hour(4))) == [settled(revision=2, at=1.5)]
    story.tell(
        replace(
            retraction(PICKED_UP, 1.5),
            evidence=replace(retraction(PICKED_UP, 1.5).evidence, revision=2),
        )
    )
    assert told(story.wait_until(hour(6))) == [
        replace(settled(revision=3), reached=False, occurred=None)
    ]


def test_an_order_that_left_has_not_reached_it() -> None:
    story = shown_to_customer(asking(PICKED_UP))
    story.tell(report(PICKED_UP, 1))
    story.wait_until(hour(2))

    story.tell(withdrawn())

    assert told(story.wait_until(hour(4))) == [
        replace(settled(revision=2), reached=False, occurred=None)
    ]


def test_it_is_told_to_the_load_that_carries_the_shipment_now() -> None:
    story = shown_to_customer(asking(PICKED_UP))
    story.tell(report(PICKED_UP, 1))
    story.wait_until(hour(2))

    said = story.tell(planned(revision=2, shipment=replace(SHIPMENT, load_id="LO-9")))

    assert told(said) == [replace(settled(revision=2), load_id="LO-9")]
