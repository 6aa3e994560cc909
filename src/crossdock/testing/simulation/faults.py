"""Everything that can go wrong in the simulated world: one table, drawn by seed as a swarm.

A fault is off, low or high for a whole run. When it is asked whether it strikes, the answer is a
hash of the seed, the fault and the subject: taking another fault away changes nothing about it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from crossdock.simulators.chance import share

JUMP_MINUTES = 120  # that the house's clock is off at most, to either side


class Level(StrEnum):
    """How often a fault strikes in a run."""

    OFF = "off"
    LOW = "low"
    HIGH = "high"


class Fault(Struct, frozen=True, kw_only=True):
    """A fault: what it does, and its chance each time it is asked, low and high.

    `business` faults are the partners' own (`simulators.mischief` knows them by the same name);
    they go on in the liveness phase, as what was told cannot be untold.
    """

    says: str
    low: float
    high: float
    business: bool = False


def _wire(says: str, low: float, high: float) -> Fault:
    return Fault(says=says, low=low, high=high)


def _told(says: str, low: float, high: float) -> Fault:
    return Fault(says=says, low=low, high=high, business=True)


FAULTS: dict[str, Fault] = {
    # From the house to a partner.
    "not_sent": _wire("a call finds no connection: no byte left", 0.05, 0.3),
    "request_lost": _wire("a request is dropped on the way", 0.03, 0.2),
    "answer_lost": _wire("the work is done and its answer is dropped", 0.05, 0.3),
    "answer_late": _wire("the answer comes after the deadline", 0.03, 0.15),
    "request_doubled": _wire("a request reaches a partner that honours keys twice", 0.05, 0.3),
    "garbled": _wire("the work is done and the answer is a page of HTML", 0.02, 0.1),
    "busy": _wire("the partner answers 503 and does nothing", 0.05, 0.3),
    "throttled": _wire("the partner answers 429 with Retry-After", 0.05, 0.3),
    "refused": _wire("the partner refuses a request that is right, with a 422", 0.05, 0.25),
    "locked_out": _wire(
        "the partner refuses our credentials until an operator renews them", 0.004, 0.02
    ),
    "down": _wire("a partner is away for one to six hours", 0.15, 0.5),
    "cut_off": _wire("the line to a partner is cut both ways for 10 to 90 minutes", 0.15, 0.5),
    # From a partner to the house.
    "telling_lost": _wire("a document is dropped on the way and told again", 0.03, 0.2),
    "receipt_lost": _wire("our answer to a document is dropped, so it is told again", 0.05, 0.3),
    "telling_doubled": _wire("a document arrives twice", 0.05, 0.3),
    "telling_held": _wire("a document is held up for up to two hours", 0.05, 0.3),
    # In the house.
    "crash_before_commit": _wire("the worker dies with a transaction open", 0.01, 0.06),
    "crash_after_commit": _wire(
        "the worker dies after a commit, before it tells anybody", 0.01, 0.08
    ),
    "crash_before_send": _wire("the worker dies before a leased call leaves", 0.01, 0.06),
    "crash_after_send": _wire("the worker dies after a call has left", 0.01, 0.06),
    "frozen": _wire("a worker holds a result past its lease, and brings it late", 0.02, 0.1),
    "left_behind": _wire("after a restart the old worker still brings its results", 0.3, 0.9),
    "clock_jump": _wire("the house's clock jumps by up to two hours", 0.05, 0.3),
    "disk_full": _wire("the store has no room for a transaction", 0.005, 0.03),
    "deploy": _wire("the house is stopped cleanly and started with another rule book", 0.1, 0.4),
    "new_policy": _wire(
        "the house starts with another rule book while loads are half settled", 0.2, 0.6
    ),
    "deadly_step": _wire(
        "a message kills every worker that takes its step, until a mended release", 0.02, 0.08
    ),
    "failing_step": _wire("a message fails in its step, until a mended release", 0.02, 0.08),
    # What partners say.
    "garbage": _told("a document is cut off in the middle, beside the right one", 0.03, 0.15),
    "identity_reused": _told("a partner says something else under a known identity", 0.03, 0.15),
    "reorder": _told("an event is held back 5 to 60 minutes and overtaken", 0.05, 0.3),
    "late": _told("an event is told one to six hours late", 0.05, 0.2),
    "cancelled": _told("an order is cancelled around its confirmation", 0.1, 0.4),
    "changed": _told("an order is changed after its release", 0.1, 0.4),
    "unknown_master": _told("an order goes to a place whose record follows", 0.05, 0.3),
    "incomplete": _told("an order lacks its place of delivery", 0.05, 0.3),
    "sold_out": _told("the ERP has not enough of an item to set aside", 0.05, 0.3),
    "rejected": _told("the TMS rejects a request", 0.05, 0.3),
    "replanned": _told("the TMS gives an order to other shipments", 0.1, 0.4),
    "declined": _told("a carrier declines a tender", 0.1, 0.4),
    "countered": _told("a carrier would take a tender on other terms (X12)", 0.05, 0.3),
    "answers_late": _told("a carrier answers a tender three days later (X12)", 0.05, 0.2),
    "no_ack": _told("an interchange is never acknowledged (X12)", 0.05, 0.3),
    "late_ack": _told("an interchange is acknowledged three days later (X12)", 0.05, 0.3),
    "rejecting_ack": _told("an interchange is rejected as unreadable (X12)", 0.05, 0.3),
    "ack_acked": _told("an acknowledgement is acknowledged (X12)", 0.1, 0.5),
    "corrupt": _told("an interchange is told cut off, and then whole (X12)", 0.05, 0.3),
    "unknown_code": _told("an event has a status code on no list", 0.05, 0.3),
    "retraction": _told("a delivery is told that did not happen, and taken back", 0.05, 0.3),
    "correction": _told("a delivery is told at a wrong time, and corrected", 0.05, 0.3),
    "offer_again": _told("a customer offers a load again, under another number", 0.2, 0.5),
    "offer_changed": _told("a customer changes a load that it has offered", 0.2, 0.6),
    "offer_withdrawn": _told("a customer takes a load back that it has offered", 0.2, 0.5),
    "overbilled": _told("a load is billed 18 % too high", 0.05, 0.3),
    "accessorial": _told("a charge is billed that nobody expected", 0.05, 0.3),
    "unknown_charge": _told("a charge is billed under a code on no list", 0.05, 0.3),
    "reweighed": _told("a load is billed by another weight than planned", 0.05, 0.3),
    "wrong_sum": _told("an invoice's lines do not come to its total", 0.05, 0.3),
    "billed_twice": _told("the same invoice is sent under two identities", 0.05, 0.3),
    "billed_again": _told("the same charges are billed under another number too", 0.05, 0.3),
    "billed_otherwise": _told("other charges are billed under the same number", 0.05, 0.3),
    "rebilled": _told("a wrong invoice is corrected", 0.05, 0.3),
    "rebilled_higher": _told("a wrong invoice is corrected to a higher one still", 0.05, 0.3),
    "bill_cancelled": _told("a wrong invoice is taken back, and another sent", 0.05, 0.3),
    "billed_whole": _told("a load of several shipments is billed in one line a kind", 0.1, 0.5),
    "billed_near": _told("a load is billed 0.6 % too high", 0.05, 0.3),
    "billed_early": _told("a load is billed before it is delivered", 0.05, 0.3),
    "billed_late": _told("a load is billed two days after its delivery", 0.05, 0.2),
    "unbookable": _told("the ERP refuses money that is right, until it is mended", 0.05, 0.3),
    "mistyped": _told("a posting's amount is typed wrongly into the ledger", 0.05, 0.3),
    "misdated": _told("a posting is entered under the next date", 0.05, 0.3),
    "reversed_by_hand": _told("a posting is reversed in the ledger by hand", 0.05, 0.3),
    "double_booked": _told("a posting is entered twice", 0.05, 0.3),
    "booked_by_hand": _told("freight is booked that nobody asked to book", 0.05, 0.3),
    "copy_lost": _told("the copy of an invoice is lost", 0.05, 0.3),
}


class Dice:
    """Tells whether a fault strikes; `struck` counts those that did, by name."""

    def __init__(self, seed: int, levels: Mapping[str, Level]) -> None:
        """Draw from a seed, with each fault at its level; one not named is off."""
        self.seed = seed
        self.struck: Counter[str] = Counter()
        self.chances = {
            name: FAULTS[name].high if level is Level.HIGH else FAULTS[name].low
            for name, level in levels.items()
            if level is not Level.OFF
        }

    def strikes(self, fault: str, *words: object) -> bool:
        """Decide whether the fault strikes this subject."""
        chance = self.chances.get(fault, 0.0)
        if not chance or share(self.seed, fault, *words) >= chance:
            return False
        self.struck[fault] += 1
        return True

    def heal(self) -> None:
        """Switch off whatever is not the partners' own business."""
        self.chances = {
            name: chance for name, chance in self.chances.items() if FAULTS[name].business
        }
