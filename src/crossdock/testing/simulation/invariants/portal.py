"""The portal: nothing ahead of the ERP, nothing back in time, nobody else's, nothing invented."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from crossdock.apis.experience.v1.views import ShipmentView
from crossdock.canonical.tracking import PHASES, TERMINAL, Classifier, Milestone, Phase
from crossdock.messages.shipment_visibility import CustomerPicture, PictureChanged
from crossdock.store.instants import instant
from crossdock.testing.simulation.invariants.base import Invariant, Shown
from crossdock.testing.simulation.partners import OFFERING
from crossdock.testing.simulation.people import pages

KEYS = "SELECT key FROM projection WHERE tenant = 'main' AND kind = 'shipment_view'"
SHUT = "SELECT changed_at FROM breaker WHERE tenant = 'main' AND endpoint = ? AND state <> 'closed'"
PICTURES = "SELECT body FROM message WHERE tenant = 'main' AND type = 'PictureChanged' ORDER BY seq"
PROMPT = timedelta(hours=3)  # within which an alarm rings, whatever the house's clock does
SKEW = timedelta(minutes=15)  # that clocks may differ by
RANKS = {
    phase: rank
    for rank, phase in enumerate(
        (Phase.PLAN, Phase.PICKUP, Phase.TRANSIT, Phase.DELIVERY, Phase.CLOSE)
    )
}


class BehindTheErp(Invariant):
    """INV-24."""

    number = "INV-24"
    says = "no order is shown before its ERP has the reference, or its customer gave it to us"
    wakes = frozenset({"shown"})

    def after(self) -> Iterator[str]:
        """Hold each page that changed against the ERPs' ledgers."""
        for shown in self.scene.shown:
            picture = shown.now.picture
            for order_id in picture.order_ids:
                if order_id == picture.shipment_id and order_id in self.witness.offers.heard:
                    continue  # a load that its customer gave us itself
                if (order_id, picture.shipment_id) not in self.witness.referenced:
                    yield f"{picture.shipment_id} shows {order_id}, and its ERP has no reference"


class ToldOnce(Invariant):
    """INV-30: pictures are what customers are told by; nobody sends them anything else."""

    number = "INV-30"
    says = "no picture is told to a customer twice in a row, by a repetition, crash or replay"

    def at_end(self) -> Iterator[str]:
        """Hold each picture that was told against the one before of the same shipment."""
        last: dict[str, bytes] = {}
        for (body,) in self.scene.rows(PICTURES):
            told = msgspec.json.decode(body, type=PictureChanged)
            if last.get(told.shipment_id) == body:
                yield f"{told.shipment_id}: the same picture is told again"
            last[told.shipment_id] = body


class Forward(Invariant):
    """INV-25."""

    number = "INV-25"
    says = "a status never goes back, unless a source has corrected or taken back what it said"
    wakes = frozenset({"shown"})

    def after(self) -> Iterator[str]:
        """Hold each page that changed against what it showed before."""
        for shown in self.scene.shown:
            before, now = self._rank(shown, before=True), self._rank(shown, before=False)
            if now < before and not self._was_mended(shown.now.picture.shipment_id):
                yield f"{shown.now.picture.shipment_id} went back to {shown.now.picture.status}"

    @staticmethod
    def _rank(shown: Shown, *, before: bool) -> int:
        told = shown.before if before else shown.now
        status: Milestone | None = told.picture.status if told is not None else None
        return -1 if status is None else RANKS.get(PHASES[status], -1)

    def _was_mended(self, shipment: str) -> bool:
        numbers = self.scene.numbers_of(shipment)
        return any(
            event.get("kind") in {"correction", "retraction"}
            and event["reference"]["value"] in numbers
            for event in self.witness.events.values()
            if event["event_type"] == "tracking"
        )


class Fresh(Invariant):
    """INV-28."""

    number = "INV-28"
    says = (
        "a page says as of when it is and by whom, whether they are silent, and cannot be reached"
    )
    wakes = frozenset({"shown", "looked"})

    def after(self) -> Iterator[str]:
        """Find the report behind each as-of, and read the pages that customers look at."""
        for shown in self.scene.shown:
            picture = shown.now.picture
            if picture.as_of is not None and (picture.source, picture.as_of) not in self._told_of(
                picture
            ):
                said = f"nothing we have heard of {picture.source} was at {picture.as_of}"
                yield f"{picture.shipment_id}: {said}"
        for view in self.witness.news.looked:
            yield from self._read(view)

    def at_end(self) -> Iterator[str]:
        """Read every page."""
        buyers = {key.rpartition("/")[2] for (key,) in self.scene.rows(KEYS)}
        for view in (each for one in sorted(buyers) for each in pages(self.scene.store, one)):
            yield from self._read(view)

    def _told_of(self, picture: CustomerPicture) -> set[tuple[str, datetime]]:
        """Read the times of all that was heard of a shipment in what its carriers had to tell.

        A fact that our clock says has yet to come is as old as its telling.
        """
        return {
            (name[0], at)
            for name, told in self.witness.promised.items()
            if told["shipment_id"] == picture.shipment_id and name in self.witness.heard_at
            for at in (*self.witness.heard_at[name], told["occurred_at"])
        }

    def _read(self, view: ShipmentView) -> Iterator[str]:
        """Hold what a page says of its sources against whom we reach, and whom we heard when."""
        fresh = view.freshness
        shut = self.scene.value(SHUT, fresh.source)
        if fresh.source_down_since != (instant(shut) if shut is not None else None):
            said = f"{fresh.source} is out of reach since {fresh.source_down_since}"
            yield f"{view.shipment_id}: it says that {said}"
        since = self._heard_since(view.shipment_id)
        over = view.status.milestone in TERMINAL
        if since is not None and not over:
            due = since + timedelta(hours=self.scene.adopted[0][1].lateness.silence_hours)
            if not fresh.silent and self.scene.now > due + PROMPT:
                yield f"{view.shipment_id}: nobody has spoken since {since}, and it looks alive"
            if fresh.silent and self.scene.now < due - PROMPT:
                yield f"{view.shipment_id}: it is called silent, and was heard of at {since}"
        if over and fresh.silent:
            yield f"{view.shipment_id}: it is called silent, and is over"

    def _heard_since(self, shipment: str) -> datetime | None:
        """Tell when anything was heard of a shipment last; nobody need speak before its pickup."""
        heard = [
            at
            for name, told in self.witness.promised.items()
            if told["shipment_id"] == shipment
            for at in self.witness.heard_at.get(name, ())
        ]
        planned = [
            datetime.fromisoformat(each["stops"][0]["planned_at"])
            for event in self.witness.events.values()
            if event["event_type"] == "plan.confirmed"
            for each in event["shipments"]
            if each["shipment_id"] == shipment
        ]
        return max([*heard, *planned], default=None)


class Possible(Invariant):
    """INV-27."""

    number = "INV-27"
    says = "what is shown has happened in an order that can be, and not later than it was told"
    wakes = frozenset({"shown"})

    def after(self) -> Iterator[str]:
        """Hold the times on each page that changed against each other, where nothing is flagged."""
        for shown in self.scene.shown:
            picture = shown.now.picture
            if not picture.flags:
                for sentence in _out_of_order(picture):
                    yield f"{picture.shipment_id}: {sentence}, and nothing is flagged"


def _out_of_order(picture: CustomerPicture) -> Iterator[str]:
    done = [
        each
        for each in picture.milestones
        if each.classifier is Classifier.ACTUAL and not each.returning
    ]
    for each in done:
        if each.occurred.at > each.received_at + SKEW:
            yield f"{each.milestone} was told before it happened"
    times = {
        milestone: [each.occurred.at for each in done if each.milestone is milestone]
        for milestone in (Milestone.PICKED_UP, Milestone.DEPARTED, Milestone.DELIVERED)
    }
    picked_up, departed, delivered = times.values()
    if picked_up and departed and min(departed) < min(picked_up):
        yield "it departed before it was picked up"
    if len(delivered) == 1 and any(at > delivered[0] for at in picked_up + departed):
        yield "it was on its way after it was delivered"


class OnlyTheirs(Invariant):
    """INV-29."""

    number = "INV-29"
    says = "a customer sees the orders that are theirs, and no other"
    wakes = frozenset({"shown"})

    def after(self) -> Iterator[str]:
        """Ask the releases whose orders are shown."""
        for shown in self.scene.shown:
            for order_id in shown.now.picture.order_ids:
                owners = {
                    order["customer_id"]
                    for told in self.witness.versions.get(order_id, {}).values()
                    for order in told
                    if order.get("customer_id")
                }
                if order_id in self.witness.offers.heard:
                    owners = {OFFERING}
                if shown.now.customer_id not in owners:
                    yield f"{order_id} is shown to {shown.now.customer_id}"
