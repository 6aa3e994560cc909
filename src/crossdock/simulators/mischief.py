"""What goes wrong, by seed: each fault is a pure function of the seed, its name and its subject.

No state is shared and no dice are thrown, so the same seed gives the same faults to the same
business content, whatever the timing and however often a simulator is restarted.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from msgspec import Struct

from crossdock.faults import Misconfigured
from crossdock.simulators.chance import between, share

# name -> what a partner does when it strikes; docs/how-to/simulate-a-partner.md repeats them.
FAULTS: dict[str, str] = {
    "slow": "answers a call only after 0.2 to 1.5 seconds (real time)",
    "down": "answers 503 and does nothing",
    "lost": "does the work and closes the connection before the answer",
    "forgetful": "does not honour the idempotency key",
    "duplicate": "tells an event twice",
    "reorder": "holds an event back 5 to 60 minutes, so that later ones overtake it",
    "late": "tells an event 1 to 6 hours after its time",
    "cancelled": "cancels an order around the time its plan is confirmed",
    "changed": "changes an order after its release",
    "unknown_master": "releases an order for a place whose master record follows hours later",
    "incomplete": "releases an order without its place of delivery; half are completed later",
    "sold_out": "has not enough of an item to set aside for an order",
    "rejected": "rejects a plan request",
    "replanned": "gives a planned order to other shipments before pickup",
    "declined": "declines a tender",
    "countered": "would take a tender on other terms (X12)",
    "answers_late": "answers a tender three days later, when it is over (X12)",
    "no_ack": "acknowledges nothing of an interchange (X12)",
    "late_ack": "acknowledges an interchange three days later (X12)",
    "rejecting_ack": "rejects an interchange as unreadable, and goes on with it (X12)",
    "ack_acked": "acknowledges acknowledgements too, which nobody may (X12)",
    "corrupt": "sends an interchange cut off, and then whole (X12)",
    "unknown_code": "adds an event with a status code that no list holds",
    "retraction": "tells a delivery that did not happen, and takes it back",
    "correction": "tells a delivery at a wrong time, and corrects it",
    "overbilled": "bills a load 18 % too high",
    "accessorial": "bills a charge that nobody expected",
    "unknown_charge": "bills a charge whose code no list holds",
    "reweighed": "bills another weight and class than planned",
    "wrong_sum": "bills a total that the lines do not come to",
    "billed_twice": "sends the same invoice twice",
    "billed_again": "bills the same charges under another number too",
    "billed_otherwise": "bills other charges under the same number, without a word of correction",
    "rebilled": "bills wrongly, and corrects the invoice",
    "rebilled_higher": "bills wrongly, and corrects the invoice to something higher still",
    "bill_cancelled": "bills wrongly, takes the invoice back and sends another",
    "billed_whole": "bills what several shipments cost in one line of each kind, for the load",
    "billed_near": "bills a load 0.6 % too high",
    "billed_early": "bills a load before it is delivered",
    "billed_late": "bills a load two days after its delivery",
    "unbookable": "refuses a posting of money that is right, once (reference ERP)",
    "mistyped": "types a posting's amount wrongly into its ledger",
    "misdated": "enters a posting under the next business date",
    "reversed_by_hand": "reverses a posting in its ledger, and tells nobody",
    "double_booked": "enters a posting twice",
    "booked_by_hand": "books freight that nobody asked it to book",
    "copy_lost": "takes the copy of an invoice, and loses it",
    "outage": "is away between two times of the day (UTC): outage=09:00-09:40",
}


class Outage(Struct, frozen=True, kw_only=True):
    """A daily window, in simulated UTC, in which a partner neither answers nor tells."""

    start: time
    end: time

    def until(self, at: datetime) -> datetime | None:
        """Tell when the outage that `at` lies in is over; None where it lies in none."""
        if not self.start <= at.time() < self.end:
            return None
        return datetime.combine(at.date(), self.end, tzinfo=at.tzinfo)


class Mischief(Struct, frozen=True, kw_only=True):
    """Which faults strike, how often, and in which windows."""

    seed: int
    chances: dict[str, float] = {}
    outages: tuple[Outage, ...] = ()

    def strikes(self, fault: str, subject: str, occurrence: int = 1) -> bool:
        """Decide whether the fault strikes this subject, this time."""
        chance = self.chances.get(fault, 0.0)
        return chance > 0 and share(self.seed, fault, subject, occurrence) < chance

    def minutes(
        self, low: float, high: float, fault: str, subject: str, occurrence: int = 1
    ) -> timedelta:
        """Draw how long the fault lasts, in minutes."""
        drawn = between(low, high, self.seed, fault, "minutes", subject, occurrence)
        return timedelta(minutes=drawn)

    def away_until(self, at: datetime) -> datetime | None:
        """Tell when the outage at this time is over; None where there is none."""
        ends = [end for outage in self.outages if (end := outage.until(at)) is not None]
        return max(ends, default=None)


def parse(text: str, seed: int) -> Mischief:
    """Read `slow=0.05,lost=0.1,outage=09:00-09:40`; an empty text is a partner without faults.

    Raises Misconfigured for a fault that no one knows, and for a chance outside of 0 to 1.
    """
    chances: dict[str, float] = {}
    outages: list[Outage] = []
    for part in filter(None, (each.strip() for each in text.split(","))):
        name, _, amount = part.partition("=")
        if name not in FAULTS:
            raise Misconfigured("No such fault", fault=name, known=" ".join(FAULTS))
        if name == "outage":
            outages.append(_outage(amount))
        else:
            chances[name] = _chance(name, amount)
    return Mischief(seed=seed, chances=chances, outages=tuple(outages))


def _outage(text: str) -> Outage:
    try:
        start, end = (time.fromisoformat(each) for each in text.split("-"))
    except ValueError as error:
        raise Misconfigured("An outage is written HH:MM-HH:MM", outage=text) from error
    if start >= end:
        raise Misconfigured("An outage ends after it begins, on the same day", outage=text)
    return Outage(start=start, end=end)


def _chance(name: str, text: str) -> float:
    try:
        chance = float(text)
    except ValueError as error:
        raise Misconfigured("A chance is a number from 0 to 1", fault=name, chance=text) from error
    if not 0 <= chance <= 1:
        raise Misconfigured("A chance is a number from 0 to 1", fault=name, chance=text)
    return chance
