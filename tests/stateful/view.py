"""The customer's view of a shipment against one that heard the same evidence sorted and once."""

from __future__ import annotations

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from crossdock.canonical.tracking import TrackingEvent
from crossdock.messages.envelope import Body, Message
from crossdock.messages.order_release import OrderReferenced
from crossdock.messages.shipment_visibility import MilestoneReported, PictureChanged
from crossdock.policies.rules import Rules
from crossdock.processes.shipment_visibility_facts import Visibility
from crossdock.projections.shipment_visibility import PROJECTION
from crossdock.testing.story import Story
from tests.processes.shipment_visibility_world import begin, planned, referenced
from tests.processes.test_shipment_visibility_order_of_arrival import evidence
from tests.stateful.counted import Counting

FACTS: tuple[Body, ...] = (planned(), referenced(), planned("SO-2", "C-2"), referenced("SO-2"))


class View(Counting):
    """Reports, plans and the ERP's word come in any order, again, and corrected."""

    def __init__(self) -> None:
        """Begin before anything was said."""
        super().__init__()
        self.story = begin()
        self.heard: dict[bytes, Body] = {}
        self.rows: dict[str, PictureChanged] = {}

    @rule(body=evidence | st.sampled_from(FACTS))
    def hear(self, body: Body | TrackingEvent) -> None:
        """Something is said."""
        told = MilestoneReported(evidence=body) if isinstance(body, TrackingEvent) else body
        self.heard.setdefault(msgspec.json.encode(told), told)
        for said in self.story.tell(told):
            if isinstance(said, PictureChanged):
                self.show(said)

    @rule(choice=st.integers(0, 50))
    def hear_again(self, choice: int) -> None:
        """Something is said again; the customer hears nothing new."""
        if self.heard:
            again = list(self.heard.values())[choice % len(self.heard)]
            said = self.story.tell(again)
            assert [each for each in said if isinstance(each, PictureChanged)] == []

    def show(self, said: PictureChanged) -> None:
        """Write the read model's rows."""
        for put in PROJECTION.project(message_of(said)):
            assert isinstance(put.body, PictureChanged)
            self.rows[put.key] = put.body
            assert dict(put.index)["visible"] == ("yes" if said.gate.visible else "no")

    @invariant()
    def any_order_shows_the_same(self) -> None:
        """The rows are those of a view that heard everything sorted and once."""
        calm = begin()
        shown: dict[str, PictureChanged] = {}
        for _, body in sorted(self.heard.items()):
            for said in calm.tell(body):
                if isinstance(said, PictureChanged):
                    shown[f"{said.shipment_id}/{said.customer_id}"] = said
        assert self.rows == shown

    @invariant()
    def nobody_sees_what_the_erp_does_not_know(self) -> None:
        """A visible row has an order whose reference the ERP applied."""
        known = {each.order_id for each in self.heard.values() if isinstance(each, OrderReferenced)}
        for row in self.rows.values():
            assert not row.gate.visible or set(row.picture.order_ids) & known


def message_of(said: PictureChanged) -> Message:
    """Wrap what was said as the history keeps it."""
    story: Story[Visibility, Rules] = begin()
    return Message(
        id="m1",
        tenant="main",
        correlation_id="c1",
        causation_id="",
        received_at=story.at,
        origin="process:shipment_visibility",
        body=said,
    )
