"""An order's stock is one row, found by how it stands and by its items."""

from __future__ import annotations

from crossdock.projections.inventory_commitment import PROJECTION
from tests.processes.inventory_commitment_world import (
    accepted,
    answer,
    begin,
    commit,
    last_moved,
    message_of,
)


def test_the_row_says_what_was_told_last() -> None:
    order = begin()
    moved = last_moved(order.tell(accepted(), answer(commit())))

    (row,) = PROJECTION.project(message_of(moved))

    assert (row.kind, row.key, row.body) == ("inventory_commitment", "SO-1", moved)
    assert row.index == (("status", "COMMITTED"), ("item", "I-10"), ("item", "I-20"))


def test_other_messages_make_no_row() -> None:
    assert PROJECTION.project(message_of(commit())) == ()
