"""Which milestones post to the ERP."""

from __future__ import annotations

from crossdock.canonical.tracking import Milestone
from crossdock.policies.rules import PostingPolicy, PostingRow


def test_the_first_row_that_names_a_milestone_posts_it() -> None:
    first = PostingRow(milestone=Milestone.PICKED_UP, posting="goods_issue")
    other = PostingRow(milestone=Milestone.DELIVERED, posting="delivered")
    again = PostingRow(milestone=Milestone.PICKED_UP, posting="loaded")

    policy = PostingPolicy(rows=(first, other, again))

    assert policy.by_milestone == {Milestone.PICKED_UP: first, Milestone.DELIVERED: other}
