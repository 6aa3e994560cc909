"""The days that are recorded, each one thing that must stay decided as it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from msgspec import Struct

from crossdock.apis.process.v1.counter_offers import Countering
from crossdock.canonical.money import Money
from crossdock.messages.freight_settlement import FreightVerdict
from crossdock.policies.rules import Rules
from crossdock.ports import Exchange, Stage
from tests.histories.day import (
    BILLED,
    CARRYING,
    HELD,
    OPENED,
    PLAIN,
    STOCKED,
    TENDERED,
    Day,
    refusal,
)
from tests.histories.words import (
    BEGIN,
    CARRIERS,
    CUSTOMER,
    HOUR,
    ITEM,
    MASTERS,
    SHIP_TO,
    SHIPMENT,
    acknowledged,
    cancelled,
    charges,
    cost,
    delivered,
    haul,
    invoice,
    load,
    master,
    offer,
    order,
    plan,
    shipment,
    statement,
    taken,
    tender,
    tracking,
)

LOST = Exchange(stage=Stage.NO_ANSWER, said="the line went dead")
NIGHT = BEGIN + 18 * HOUR
PLACE = {  # as the house keeps it, since an operator mends the message and not the document
    "location_id": "SHOP-7",
    "address": {"country": "DE", "city": "Berlin", "postal_code": "10115"},
}


class Scenario(Struct, frozen=True, kw_only=True):
    """What a history is about, and how it is told."""

    says: str
    tell: Callable[[Day], None]
    rules: Rules = PLAIN


def order_to_delivery(day: Day) -> None:
    """Nothing goes wrong."""
    day.tell(*MASTERS, order("released"), plan("confirmed"))
    day.wait(hours=2)
    day.tell(tracking("PUP", BEGIN + HOUR), tracking("DEP", BEGIN + 2 * HOUR))
    day.wait(hours=4)
    day.tell(
        tracking("ETA", BEGIN + 26 * HOUR, classifier="EST"), tracking("OFD", BEGIN + 6 * HOUR)
    )
    day.wait(hours=20)
    day.tell(tracking("DLV", BEGIN + 25 * HOUR), tracking("POD", BEGIN + 26 * HOUR))
    day.wait(days=12)


def change(day: Day) -> None:
    """A second version overtakes the first plan; a stale repeat changes nothing."""
    day.tell(*MASTERS, order("released"))
    more = [{"line_id": "10", "item_id": "IT-1", "quantity": "5", "unit": "EA"}]
    day.tell(order("changed", 2, lines=more))
    day.tell(plan("confirmed", version=1, revision=1))
    day.tell(plan("confirmed", shipment("SH-2"), version=2, revision=2))
    day.tell(order("released", name="PUP-2"), order("changed", 2, event_id="other", lines=[]))
    day.wait(days=1)


def cancel_before_the_plan(day: Day) -> None:
    """The cancellation wins; the confirmation that comes late is taken back."""
    day.tell(*MASTERS, order("released"), cancelled())
    day.wait(hours=1)
    day.tell(plan("confirmed"))
    day.wait(hours=1)
    day.tell(plan("cancelled", version=2, revision=2))
    day.wait(days=1)


def cancel_after_the_plan(day: Day) -> None:
    """The ERP has its reference when the cancellation comes."""
    day.tell(*MASTERS, order("released"), plan("confirmed"))
    day.wait(hours=1)
    day.tell(cancelled())
    day.wait(hours=1)
    day.tell(plan("cancelled", version=2, revision=2))
    day.wait(days=1)
    day.tell(order("released", 3))
    day.wait(hours=1)


def split(day: Day) -> None:
    """One order becomes two shipments, and later one again."""
    two = {"type": "PRO", "value": "700999", "issuer": "ROAD"}
    day.tell(*MASTERS, order("released"))
    day.tell(plan("confirmed", shipment("SH-1"), shipment("SH-2", two), revision=1))
    day.wait(hours=2)
    day.tell(tracking("PUP", BEGIN + HOUR), tracking("PUP", BEGIN + HOUR, reference=two))
    day.wait(hours=2)
    day.tell(plan("confirmed", shipment("SH-1"), revision=2))
    day.tell(tracking("DLV", BEGIN + 3 * HOUR))
    day.wait(days=2)


def tendered_again(day: Day) -> None:
    """The first carrier declines, the second lets its time pass, then takes it after all."""
    day.tell(*MASTERS, order("released"), plan("confirmed"))
    day.tell(tender("declined", "ROAD", 1))
    day.wait(hours=3)
    day.tell(tender("accepted", "SLOW", 2))
    day.decide("retry", "TENDER_EXHAUSTED")
    day.tell(tender("accepted", "ROAD", 3))
    day.wait(hours=6)


def consolidated(day: Day) -> None:
    """Two orders share a shipment: the first tenders for both, the second hears who took it."""
    both = shipment(order_ids=["SO-1", "SO-2"])
    day.tell(*MASTERS, order("released"), order("released", order_id="SO-2"))
    day.tell(plan("confirmed", both, order_id="SO-2"), plan("confirmed", both))
    day.tell(tender("accepted", "ROAD", 1))
    day.wait(hours=1)
    day.tell(tracking("PUP", BEGIN + HOUR), tracking("DLV", BEGIN + HOUR))
    day.wait(days=1)


def nobody_takes_it(day: Day) -> None:
    """Every carrier declines; the planner lets the planned one have it untendered."""
    day.tell(*MASTERS, order("released"), plan("confirmed"))
    day.tell(tender("declined", "ROAD", 1), tender("declined", "SLOW", 2))
    day.decide("waive", "TENDER_EXHAUSTED")
    day.wait(hours=1)


HAULED = shipment(carrier_scac="HAUL")


def spoken_in_x12(day: Day) -> None:
    """A carrier answers before it can know the load, then acknowledges, counters and delivers."""
    day.hand_in(taken(1, "C"))
    day.tell(*MASTERS, order("released"), plan("confirmed", HAULED))
    day.hand_in(acknowledged(2, 1))
    day.decide("retry", "TENDER_COUNTERED")
    day.hand_in(delivered(3), delivered(3))
    day.wait(days=1)


def unacknowledged(day: Day) -> None:
    """What a carrier got is not acknowledged, once more not, and at last rejected and reviewed."""
    day.tell(*MASTERS, order("released"), plan("confirmed", HAULED))
    day.wait(hours=1)
    day.hand_in(taken(1))
    day.wait(hours=25)
    day.decide("retry", "ACK_OVERDUE")
    day.wait(hours=25)
    day.hand_in(acknowledged(2, 1, "R"))
    day.decide("waive", "ACK_REJECTED")
    day.wait(hours=1)


def numbers_missing(day: Day) -> None:
    """A carrier's numbers have a gap, which an operator insists on and then waives."""
    day.hand_in(haul(1, "FA", "ST*997*"), haul(4, "FA", "ST*997*"))
    day.wait(hours=2)
    day.decide("retry", "CONTROL_NUMBER_GAP")
    day.decide("waive", "CONTROL_NUMBER_GAP")
    day.hand_in(haul(5, "FA", "ST*997*"))
    day.wait(hours=2)


def tendered_by_the_tms(day: Day) -> None:
    """A TMS offers a load by itself, before the ERP releases the order, and takes it back later."""
    day.hand_in(load(1), taken(2), delivered(3))
    day.wait(hours=1)
    day.tell(*MASTERS, order("released"))
    day.wait(hours=1)
    day.hand_in(load(9, "01"))
    day.wait(days=1)


def late(day: Day) -> None:
    """Nobody speaks, the promise passes, the delivery comes a day late."""
    day.tell(*MASTERS, order("released"), plan("confirmed"))
    day.wait(hours=2)
    day.tell(tracking("PUP", BEGIN + 2 * HOUR))
    day.wait(days=3)
    day.decide("retry", "SHIPMENT_OVERDUE")
    day.decide("waive", "SHIPMENT_SILENT")
    day.tell(tracking("DLY", BEGIN + 50 * HOUR, classifier="ACT"))
    day.tell(tracking("DLV", BEGIN + 70 * HOUR))
    day.wait(days=1)


def correction(day: Day) -> None:
    """A delivery is told at a wrong time and corrected, before and after the ERP heard of it."""
    day.tell(*MASTERS, order("released"), plan("confirmed"))
    day.wait(hours=2)
    day.tell(tracking("PUP", BEGIN + 2 * HOUR))
    day.tell(tracking("PUP", BEGIN + HOUR, kind="correction", revision=1))
    day.wait(hours=20)
    day.tell(tracking("DLV", NIGHT + 2 * HOUR))
    day.wait(hours=1)
    day.tell(tracking("DLV", NIGHT - HOUR, kind="correction", revision=1))
    day.wait(days=1)


def retraction(day: Day) -> None:
    """A delivery that did not happen is taken back, the retraction first for one of two."""
    day.tell(*MASTERS, order("released"), plan("confirmed"))
    day.wait(hours=2)
    day.tell(tracking("DLF", BEGIN + HOUR, kind="retraction", revision=1))
    day.tell(tracking("DLF", BEGIN + HOUR))
    day.tell(tracking("DLV", BEGIN + 2 * HOUR))
    day.wait(hours=1)
    day.tell(tracking("DLV", BEGIN + 2 * HOUR, kind="retraction", revision=1))
    day.wait(days=1)
    day.tell(tracking("DLV", BEGIN + 26 * HOUR, name="DLV/true"))
    day.wait(days=1)


def unknown_reference(day: Day) -> None:
    """Reports come before their number is known, one never finds its shipment."""
    nobody = {"type": "PRO", "value": "999999", "issuer": "ROAD"}
    day.tell(tracking("PUP", BEGIN), tracking("DEP", BEGIN + HOUR, reference=nobody))
    day.tell(tracking("ITR", BEGIN + HOUR, reference=SHIPMENT))
    day.tell(*MASTERS, order("released"), plan("confirmed"))
    day.wait(days=2)
    day.decide("retry", "EVIDENCE_UNMATCHED")
    day.wait(days=2)
    day.decide("waive", "EVIDENCE_UNMATCHED")


def edited(day: Day) -> None:
    """An order without its place of delivery is mended by an operator."""
    day.tell(*MASTERS, order("released", ship_to=None))
    day.wait(hours=1)
    day.decide("edit", "ORDER_INCOMPLETE", {"draft": {"ship_to": PLACE}})
    day.tell(plan("confirmed"))
    day.wait(hours=1)


def master_data_comes_late(day: Day) -> None:
    """The customer is unknown, then blocked, then free; older versions change nothing."""
    day.tell(ITEM, SHIP_TO, *CARRIERS, order("released"))
    day.wait(hours=1)
    day.tell(master("customer", 2, customer_id="C-1", name="Kunde", blocked=True))
    day.tell(CUSTOMER)
    day.tell(master("customer", 3, customer_id="C-1", name="Kunde"))
    day.wait(hours=1)
    for name, verb in (("Kunde & Sohn", "retry"), ("Kunde & Co", "waive")):
        again = master("customer", 3, customer_id="C-1", name=name)
        again.content["event_id"] = name
        day.tell(again)
        day.decide(verb, "MASTER_DATA_VERSION_REUSED")


def tms_keeps_silent(day: Day) -> None:
    """Nobody confirms; the planner is reminded, then the plan is rejected and asked for again."""
    day.tell(*MASTERS, order("released"))
    day.wait(days=1)
    day.tell(plan("rejected"))
    day.decide("retry", "PLAN_REJECTED")
    day.wait(hours=1)


def erp_refuses(day: Day) -> None:
    """The ERP loses one answer and refuses a reference; a person waives it."""
    day.partner.moods["transport-references$"] = [LOST, refusal("order is locked")]
    day.tell(*MASTERS, order("released"), plan("confirmed"))
    day.wait(hours=1)
    day.decide("waive", "EFFECT_REFUSED")
    day.wait(hours=1)


def contradiction(day: Day) -> None:
    """Sources contradict each other, one speaks of the future, one in a code nobody knows."""
    day.tell(*MASTERS, order("released"), plan("confirmed"))
    day.wait(hours=2)
    day.tell(tracking("DLV", BEGIN + HOUR), tracking("OFD", BEGIN + 2 * HOUR))
    day.tell(tracking("PUP", BEGIN + timedelta(days=3)), tracking("X42", BEGIN + HOUR))
    day.wait(days=1)


def stocked(quantity: str) -> dict[str, Any]:
    """An order's lines; the first is wanted in this quantity."""
    ten = {"line_id": "10", "item_id": "IT-1", "quantity": quantity, "unit": "EA"}
    return {"lines": [ten, {**ten, "line_id": "20", "quantity": "2"}]}


def part(number: str, quantity: str, *references: dict[str, str]) -> dict[str, Any]:
    """A shipment with so much of the order's first line; the last carries the second."""
    portions = [{"line_id": "SO-1/10", "quantity": quantity, "unit": "EA"}]
    whole = shipment(number, *references, portions=portions)
    line_ids = ["SO-1/10", "SO-1/20"] if references else ["SO-1/10"]
    whole["stops"] = [{**each, "line_ids": line_ids} for each in whole["stops"]]
    return whole


def stock_leaves(day: Day) -> None:
    """Stock is set aside, changed, and confirmed by portions, of which one is too large."""
    two = {"type": "PRO", "value": "700999", "issuer": "ROAD"}
    day.tell(*MASTERS, order("released", **stocked("9")), order("changed", 2, **stocked("7")))
    day.tell(plan("confirmed", part("SH-1", "4"), part("SH-2", "5", two), version=2))
    day.wait(hours=2)
    day.tell(tracking("PUP", BEGIN + HOUR))
    day.wait(hours=1)
    day.tell(tracking("PUP", BEGIN + 2 * HOUR, reference=two))
    day.wait(hours=1)
    day.decide("retry", "GOODS_NOT_AS_ORDERED")
    day.decide("waive", "GOODS_NOT_AS_ORDERED")
    day.tell(tracking("PUP", BEGIN + HOUR, kind="retraction", revision=1))
    day.wait(hours=1)


def stock_refused(day: Day) -> None:
    """Planning waits for stock that is not there, until a person lets it go; then it is off."""
    nothing = refusal("IT-1: 0 of 3 available")
    day.partner.moods["inventory-commitments$"] = [nothing, nothing]
    day.tell(*MASTERS, order("released"))
    day.wait(hours=1)
    day.decide("retry", "EFFECT_REFUSED")
    day.wait(hours=1)
    day.decide("waive", "EFFECT_REFUSED")
    day.wait(hours=1)
    day.tell(plan("confirmed"), order("changed", 2, **stocked("2")))
    day.wait(hours=1)
    day.tell(cancelled(3))
    day.wait(hours=1)


def freight_settled(day: Day) -> None:
    """The bill comes first, fuel too high; two persons agree, and a correction follows later."""
    offered = shipment(charges=charges(LINEHAUL="480.00", FUEL="61.26"))
    day.tell(*MASTERS, order("released"))
    day.tell(invoice("issued", "561.26", LINEHAUL="480.00", FUEL="81.26"))
    day.tell(plan("confirmed", offered))
    day.wait(hours=2)
    day.judge(FreightVerdict.APPROVE, "ann", "ann", charge="FUEL")
    day.tell(tracking("PUP", BEGIN + HOUR), tracking("DLV", BEGIN + 2 * HOUR))
    day.wait(hours=1)
    day.judge(FreightVerdict.APPROVE, "ben", charge="FUEL")
    day.wait(hours=1)
    day.tell(invoice("corrected", "541.26", BEGIN + 9 * HOUR, LINEHAUL="480.00", FUEL="61.26"))
    day.wait(days=1)


def freight_opened_at_pickup(day: Day) -> None:
    """Loading is accrued when the goods are picked up, and reversed when that is taken back."""
    offered = shipment(charges=charges(LINEHAUL="480.00", LOADING="35.00"))
    day.tell(*MASTERS, order("released"), plan("confirmed", offered))
    day.tell(invoice("issued", "515.00", LINEHAUL="480.00", LOADING="35.00"))
    day.tell(tracking("PUP", BEGIN + HOUR))
    day.wait(hours=1)
    day.tell(tracking("PUP", BEGIN + HOUR, kind="retraction", revision=1))
    day.wait(hours=1)
    day.tell(tracking("PUP", BEGIN + 2 * HOUR, name="PUP-2"))
    day.wait(hours=1)
    day.tell(tracking("DLV", BEGIN + 9 * HOUR))
    day.wait(hours=12)


def freight_disputed(day: Day) -> None:
    """Charges nobody expected are disputed too long; the order goes, and the bill is taken back."""
    day.tell(*MASTERS, order("released"), plan("confirmed"), cost(LINEHAUL="480.00"))
    day.tell(cost(2, LINEHAUL="490.00"))
    day.decide("retry", "FREIGHT_UNDER_REVIEW")
    day.tell(tracking("DLV", BEGIN + HOUR), invoice("issued", "495.00", LINEHAUL="495.00"))
    day.judge(FreightVerdict.DISPUTE, "ann")
    day.wait(days=11)
    day.decide("waive", "FREIGHT_DISPUTE_OVERDUE")
    day.judge(FreightVerdict.SHORT_PAY, "ann")
    day.decide("waive", "FREIGHT_DECISION_REFUSED")
    settled = Money(minor=48500, currency="EUR")
    day.judge(FreightVerdict.SETTLE, "ann", "ben", charge="LINEHAUL", amount=settled)
    day.wait(hours=1)
    day.tell(cancelled())
    day.wait(hours=1)
    day.tell(invoice("cancelled", "0.00", BEGIN + 12 * 24 * HOUR))
    day.wait(days=1)


def fuel_let_go(day: Day) -> None:
    """The ERP refuses to accrue the fuel of a delivered and billed load, and that is waived."""
    day.partner.moods["accruals$"] = [refusal("the account is closed")]
    offered = shipment(charges=charges(LINEHAUL="480.00", FUEL="61.26"))
    day.tell(*MASTERS, order("released"), plan("confirmed", offered))
    day.tell(tracking("DLV", BEGIN + 2 * HOUR))
    day.tell(invoice("issued", "541.26", LINEHAUL="480.00", FUEL="61.26"))
    day.wait(hours=3)
    day.decide("waive", "EFFECT_REFUSED")
    day.wait(hours=1)


def freight_waived(day: Day) -> None:
    """The ERP refuses an accrual, and it is waived; its order goes flagged, until finance retries.

    In between the ledger shows it all the same: somebody has booked it by hand.
    """
    fuel_let_go(day)
    day.tell(statement("2026-03-28", BEGIN + 5 * HOUR, FUEL="61.26", LINEHAUL="480.00"))
    day.decide("waive", "LEDGER_DIFFERS")
    day.decide("retry", "FREIGHT_NOT_POSTED")
    day.wait(hours=1)


def ledger_differs(day: Day) -> None:
    """The ERP holds one accrual at another amount, one under the next day; both are let be."""
    offered = shipment(charges=charges(LINEHAUL="480.00", FUEL="61.26"))
    day.tell(*MASTERS, order("released"), plan("confirmed", offered))
    day.tell(tracking("DLV", BEGIN + 2 * HOUR))
    day.tell(invoice("issued", "541.26", LINEHAUL="480.00", FUEL="61.26"))
    day.wait(hours=1)
    day.tell(statement("2026-03-28", BEGIN + 24 * HOUR, LINEHAUL="408.00"))
    day.decide("retry", "LEDGER_DIFFERS")
    day.tell(statement("2026-03-29", BEGIN + 48 * HOUR, FUEL="61.26"))
    day.decide("waive", "LEDGER_DIFFERS")


def ledger_is_ahead(day: Day) -> None:
    """The ERP says no to an accrual that it books; its statement comes before it has said yes."""
    day.partner.moods["accruals$"] = [refusal("the books are being closed")]
    offered = shipment(charges=charges(LINEHAUL="480.00"))
    day.tell(*MASTERS, order("released"), plan("confirmed", offered))
    day.tell(tracking("DLV", BEGIN + 2 * HOUR))
    day.tell(invoice("issued", "480.00", LINEHAUL="480.00"))
    day.wait(hours=3)
    day.tell(statement("2026-03-28", BEGIN + 3 * HOUR, LINEHAUL="480.00"))
    day.decide("retry", "EFFECT_REFUSED")
    day.wait(hours=1)


def carried_for_a_customer(day: Day) -> None:
    """A customer offers three loads: one is carried and told of, one declined, one runs out."""
    day.hand_in(offer(1, "L-1"))
    day.decide("retry", "LOAD_OFFERED")
    day.hand_in(offer(2, "L-1", "04"))
    day.decide("waive", "LOAD_OFFERED")
    day.hand_in(delivered(3, "L-1"), offer(4, "L-2"), offer(5, "L-2", "01"), offer(6, "L-3"))
    day.wait(days=1)


def countered(day: Day) -> None:
    """A person counters a customer's load with another day, and the customer's change is taken."""
    day.hand_in(offer(1, "L-1"))
    later = Countering(by="ada", reason="no lorry before", pickup="2026-04-02", price="700.00 USD")
    day.counter(later)
    day.hand_in(offer(2, "L-1", "04"))
    day.decide("retry", "LOAD_OFFERED")


SCENARIOS: dict[str, Scenario] = {
    tell.__name__: Scenario(says=str(tell.__doc__), tell=tell, rules=rules)
    for tell, rules in (
        (order_to_delivery, PLAIN),
        (change, PLAIN),
        (cancel_before_the_plan, PLAIN),
        (cancel_after_the_plan, PLAIN),
        (split, PLAIN),
        (tendered_again, TENDERED),
        (consolidated, TENDERED),
        (nobody_takes_it, TENDERED),
        (spoken_in_x12, TENDERED),
        (unacknowledged, TENDERED),
        (numbers_missing, PLAIN),
        (tendered_by_the_tms, TENDERED),
        (carried_for_a_customer, CARRYING),
        (countered, CARRYING),
        (late, PLAIN),
        (correction, PLAIN),
        (retraction, PLAIN),
        (unknown_reference, PLAIN),
        (edited, PLAIN),
        (master_data_comes_late, PLAIN),
        (tms_keeps_silent, PLAIN),
        (erp_refuses, PLAIN),
        (contradiction, PLAIN),
        (stock_leaves, STOCKED),
        (stock_refused, HELD),
        (freight_settled, BILLED),
        (freight_opened_at_pickup, OPENED),
        (freight_disputed, BILLED),
        (ledger_differs, BILLED),
        (ledger_is_ahead, BILLED),
        (freight_waived, BILLED),
    )
}
