"""What customers offered us, when the house heard it, and what persons said to it.

An offer is known by its control number, which rises with every word of its customer. The house's
revision of a word ends with three digits of that number and the word's place in its group.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from msgspec import Struct

from crossdock.flow.decisions import RETRY, WAIVE
from crossdock.simulators.ledger import Told
from crossdock.testing.simulation.customers import CANCEL

COUNTER = "counter"  # what a person does who names other terms
SAID = {RETRY: "A", WAIVE: "D", COUNTER: "C"}  # element 558
PLACE, NUMBERS = 10, 1000  # how many places in a group a revision tells apart, and control numbers


class Offer(Struct, frozen=True, kw_only=True):
    """A word of a customer on a load: `load` is our number of it, `number` its interchange's."""

    load: str
    number: int
    country: str
    off: bool
    pickup_at: datetime
    respond_by: datetime | None


class Heard(Struct, frozen=True, kw_only=True):
    """A word that the house has, since when, and whether it was the newest then."""

    offer: Offer
    at: datetime
    newest: bool


class Offers:
    """All of it; `heard` is by our number of the load, each word once, as they came.

    `said` is what persons answered to the question of a load's word, by load and number: letters of
    element 558.
    """

    def __init__(self) -> None:
        """Begin with nothing offered."""
        self._promised: dict[tuple[str, str], Offer] = {}
        self.heard: dict[str, list[Heard]] = defaultdict(list)
        self.said: dict[tuple[str, int], set[str]] = defaultdict(set)

    def promise(self, partner: str, told: Told) -> None:
        """Note what a customer will tell."""
        said = told.content
        respond_by = said["respond_by"]
        self._promised[partner, told.content_key] = Offer(
            load=f"{partner}.{said['load']}",
            number=said["number"],
            country=said["country"],
            off=said["purpose"] == CANCEL,
            pickup_at=datetime.fromisoformat(str(said["pickup_at"])),
            respond_by=datetime.fromisoformat(str(respond_by)) if respond_by else None,
        )

    def hear(self, name: tuple[str, str], at: datetime) -> bool:
        """Note that the house has a word; False where it is none on a load."""
        offer = self._promised.get(name)
        if offer is None:
            return False
        before = self.heard[offer.load]
        if all(each.offer != offer for each in before):
            newest = all(each.offer.number < offer.number for each in before)
            before.append(Heard(offer=offer, at=at, newest=newest))
        return True

    def decided(self, load: str, revision: str, verb: str) -> None:
        """Note that a person answered: a retry accepts, a waiver declines, a counter asks back."""
        self.said[load, number_in(revision)].add(SAID[verb])

    def last(self, load: str) -> Offer:
        """Give the newest word on a load that the house has."""
        return max((each.offer for each in self.heard[load]), key=lambda each: each.number)


def number_in(revision: str) -> int:
    """Read the number of the interchange that a revision is of."""
    return int(revision.split(".", maxsplit=1)[0]) // PLACE % NUMBERS
