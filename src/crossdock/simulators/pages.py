"""Reads pages as a customer's eyes would, by the marks in their HTML.

data-shipment, data-orders, data-status    a shipment: a row of the list, or the head of its page
data-milestone, data-occurred              a step of the shipment whose mark came last
data-about                                 the numbers of something that stands before a person
data-date                                  a business date; its differences follow
data-difference, data-line                 how a posting differs, and its name after its ledger's
a rel=next                                 where the list goes on
"""

from __future__ import annotations

from datetime import UTC, datetime
from html.parser import HTMLParser

from msgspec import Struct

from crossdock.simulators.auditor import ShownShipment, Step
from crossdock.simulators.books_audit import Differing


class Page(Struct, frozen=True, kw_only=True):
    """What a page shows: shipments, numbers that stand before a person, and where it goes on."""

    shipments: tuple[ShownShipment, ...] = ()
    about: frozenset[str] = frozenset()
    differing: tuple[Differing, ...] = ()
    following: str = ""


def read_page(text: str) -> Page:
    """Read a page."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return Page(
        shipments=tuple(reader.shipments),
        about=frozenset(reader.about),
        differing=tuple(reader.differing),
        following=reader.following,
    )


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.shipments: list[ShownShipment] = []
        self.about: set[str] = set()
        self.differing: list[Differing] = []
        self.date = ""
        self.following = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        marks = {name: value or "" for name, value in attrs}
        if "data-shipment" in marks:
            self.shipments.append(
                ShownShipment(
                    shipment_id=marks["data-shipment"],
                    order_ids=tuple(marks.get("data-orders", "").split()),
                    status=marks.get("data-status", ""),
                )
            )
        if "data-milestone" in marks and self.shipments:
            step = Step(
                milestone=marks["data-milestone"],
                occurred_at=_instant(marks.get("data-occurred", "")),
            )
            shipment = self.shipments[-1]
            self.shipments[-1] = ShownShipment(
                shipment_id=shipment.shipment_id,
                order_ids=shipment.order_ids,
                status=shipment.status,
                steps=(*shipment.steps, step),
            )
        self.date = marks.get("data-date", self.date)
        if "data-difference" in marks:
            self.differing.append(
                Differing(
                    business_date=self.date,
                    line=marks.get("data-line", "").partition("/")[2],
                    kind=marks["data-difference"],
                )
            )
        self.about.update(marks.get("data-about", "").split())
        if tag == "a" and marks.get("rel") == "next":
            self.following = marks.get("href", "")


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
