"""Stories of goods that leave: told once the pickup is settled and posted, and taken back."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from crossdock.canonical.item import Quantity
from crossdock.canonical.shipment import Portion
from crossdock.canonical.tracking import Milestone
from crossdock.messages.flow import AnswerKind, EffectAnswered
from crossdock.messages.shipment_visibility import DeliveryClosed, GoodsIssued, PostMilestone
from crossdock.policies.rules import PostingPolicy, Rules
from crossdock.ports import Emission
from crossdock.processes.shipment_visibility_facts import Visibility
from crossdock.testing.story import Story
from tests.processes.shipment_visibility_world import (
    LYON,
    NICE,
    RULES,
    SHIPMENT,
    begin,
    correction,
    delivery,
    hour,
    moment,
    planned,
    referenced,
    report,
    retraction,
    stops,
    withdrawn,
)

PICKED_UP = Milestone.PICKED_UP


POSTED = replace(RULES, posting=PostingPolicy())


def travelling(rules: Rules = POSTED, **plan: object) -> Story[Visibility, Rules]:
    """Begin with an order whose stock is set aside, and whose reference the ERP has."""
    story = begin(rules)
    story.tell(replace(planned(), commits_stock=True, **plan), referenced())
    return story


def issued(revision: int = 1, at: float = 1, **changes: object) -> GoodsIssued:
    """The order's goods have left."""
    whole = GoodsIssued(
        shipment_id="SH-1",
        order_id="SO-1",
        left=True,
        occurred=moment(hour(at)),
        revision=revision,
        order_version=1,
        plan_revision=1,
    )
    return replace(whole, **changes)


def issues(said: list[Emission]) -> list[GoodsIssued]:
    return [each for each in said if isinstance(each, GoodsIssued)]


def settle(story: Story[Visibility, Rules], at: float) -> list[Emission]:
    """Let time pass, and the ERP post whatever it is told."""
    said = story.wait_until(hour(at))
    return said + answer(story, said)


def answer(story: Story[Visibility, Rules], said: list[Emission]) -> list[Emission]:
    """Let the ERP post what it was told."""
    posted = [each for each in said if isinstance(each, PostMilestone)]
    answers = [
        EffectAnswered(
            verb=each.verb,
            business_key=each.business_key(),
            version=each.version(),
            answer=AnswerKind.APPLIED,
            endpoint="erp",
            answered_at=story.at,
        )
        for each in posted
    ]
    return story.tell(*answers)


def test_goods_have_left_when_the_erp_has_posted_the_pickup() -> None:
    story = travelling()

    told = story.tell(report(PICKED_UP, 1))
    posted = story.wait_until(hour(2))
    said = answer(story, posted)

    assert (issues(told), issues(posted), said) == ([], [], [issued()])


def test_an_order_without_stock_set_aside_tells_of_no_goods() -> None:
    story = begin(POSTED)
    story.tell(planned(), referenced(), report(PICKED_UP, 1))

    assert issues(settle(story, 2)) == []


def test_a_pickup_that_nothing_posts_settles_all_the_same() -> None:
    story = travelling(replace(RULES, posting=PostingPolicy(rows=())))
    story.tell(report(PICKED_UP, 1))

    assert issues(story.wait_until(hour(2))) == [issued()]


def test_a_pickup_taken_back_takes_the_goods_back() -> None:
    story = travelling()
    story.tell(report(PICKED_UP, 1))
    settle(story, 2)

    story.tell(retraction(PICKED_UP, 1))

    assert issues(settle(story, 4)) == [issued(2, left=False)]


def test_a_corrected_time_is_told_and_the_same_again_is_not() -> None:
    story = travelling()
    story.tell(report(PICKED_UP, 1))
    settle(story, 2)

    story.tell(correction(PICKED_UP, 1.5))
    said = settle(story, 4)

    assert (issues(said), issues(settle(story, 9))) == ([issued(2, at=1.5)], [])


def test_a_newer_plan_of_goods_that_have_left_is_told() -> None:
    story = travelling()
    story.tell(report(PICKED_UP, 1))
    settle(story, 2)

    said = story.tell(replace(planned(revision=2), commits_stock=True, shipments=2))

    assert issues(said) == [issued(2, plan_revision=2, shipments=2)]


def test_an_order_that_left_the_shipment_takes_its_goods_with_it() -> None:
    story = travelling()
    story.tell(report(PICKED_UP, 1))
    settle(story, 2)

    story.tell(withdrawn())

    assert issues(settle(story, 4)) == [issued(2, left=False)]


def test_goods_are_told_by_the_lines_and_portions_of_their_order() -> None:
    quantity = Quantity(value=Decimal(3))
    own = Portion(line_id="SO-1/10", quantity=quantity)
    shared = replace(
        SHIPMENT,
        stops=stops(delivery(2, LYON, "SO-1/10", "SO-2/10"), delivery(3, NICE, "SO-1/20")),
        portions=(own, Portion(line_id="SO-2/10", quantity=quantity)),
    )
    story = travelling(shipment=shared)
    story.tell(report(PICKED_UP, 1))

    assert issues(settle(story, 2)) == [issued(line_ids=("SO-1/10", "SO-1/20"), portions=(own,))]


def test_goods_leave_and_arrive_each_at_their_time_where_the_erp_is_told_of_neither() -> None:
    story = travelling(rules=replace(RULES, posting=PostingPolicy(rows=())))
    story.tell(report(PICKED_UP, at=1), report(Milestone.DELIVERED, at=9))

    story.wait_until(hour(40))

    arrived = DeliveryClosed(
        shipment_id="SH-1",
        order_id="SO-1",
        delivered=True,
        occurred=moment(hour(9)),
        revision=1,
        load_id=SHIPMENT.load_id,
    )
    ends = [each for each in story.said if isinstance(each, GoodsIssued | DeliveryClosed)]
    assert sorted(ends, key=lambda each: each.occurred.at if each.occurred else hour(0)) == [
        issued(),
        arrived,
    ]
    settling = [name for name in story.timers if name.startswith("settle/")]
    assert settling == []
