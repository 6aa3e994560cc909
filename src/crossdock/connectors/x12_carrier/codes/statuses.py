"""What happened: the status codes of AT7, by milestone.

Sources: ASC X12 005010, element 1650 (AT7-01, 70 codes) and element 1652 (AT7-03); the milestones
and the words are ours. Kept by `codes.OWNER`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from crossdock.canonical.tracking import Classifier, Milestone


class Status(NamedTuple):
    """One code: the milestone, whether it is a plan, an estimate or a fact, and what it tells.

    `partial`: only a part of the goods.
    """

    code: str
    milestone: Milestone
    classifier: Classifier
    meaning: str
    partial: bool = False


_SHIPMENT = (
    Status("A1", Milestone.ETA_CHANGED, Classifier.ESTIMATED, "expects to arrive at the pickup"),
    Status("A3", Milestone.RETURNED, Classifier.ACTUAL, "goes back to the shipper"),
    Status("A7", Milestone.DELIVERY_FAILED, Classifier.ACTUAL, "the consignee refused it"),
    Status("A9", Milestone.DAMAGED_LOST, Classifier.ACTUAL, "the goods are damaged"),
    Status("AF", Milestone.PICKED_UP, Classifier.ACTUAL, "left the pickup with the goods"),
    Status("AG", Milestone.ETA_CHANGED, Classifier.ESTIMATED, "expects to deliver"),
    Status("AH", Milestone.DELIVERY_FAILED, Classifier.ACTUAL, "tried to deliver"),
    Status("AI", Milestone.NOTE, Classifier.ACTUAL, "sent on to another place"),
    Status("AJ", Milestone.OUT_FOR_DELIVERY, Classifier.ACTUAL, "handed out for delivery"),
    Status("AL", Milestone.LOADED, Classifier.ACTUAL, "loaded on a rail car"),
    Status("AM", Milestone.LOADED, Classifier.ACTUAL, "loaded on a truck"),
    Status("AN", Milestone.HANDED_OVER, Classifier.ACTUAL, "goes on by air"),
    Status("AP", Milestone.DELIVERY_FAILED, Classifier.ACTUAL, "the delivery was not finished"),
    Status("AR", Milestone.ARRIVED, Classifier.ACTUAL, "the train reached the destination ramp"),
    Status("AV", Milestone.AVAILABLE, Classifier.ACTUAL, "can be delivered"),
    Status("AW", Milestone.AVAILABLE, Classifier.ACTUAL, "can be picked up"),
    Status(
        "B6", Milestone.ETA_CHANGED, Classifier.ESTIMATED, "expects to reach the carrier terminal"
    ),
    Status("BA", Milestone.HANDED_OVER, Classifier.ACTUAL, "taken over by a connecting carrier"),
    Status("BC", Milestone.ON_HOLD, Classifier.ACTUAL, "stored on the way"),
    Status("BF", Milestone.BOOKED, Classifier.ACTUAL, "the booking is confirmed"),
    Status("BO", Milestone.DELAYED, Classifier.ACTUAL, "the vehicle is out of order"),
    Status("BR", Milestone.IN_TRANSIT, Classifier.ACTUAL, "the vehicle is in order again"),
    Status("C1", Milestone.ETA_CHANGED, Classifier.ESTIMATED, "expects to leave the terminal"),
    Status("C2", Milestone.EMPTY_RETURNED, Classifier.ACTUAL, "the empty unit was given back"),
    Status("C3", Milestone.EMPTY_RELEASED, Classifier.ACTUAL, "the empty unit was handed out"),
    Status("CA", Milestone.CANCELLED, Classifier.ACTUAL, "the shipment is cancelled"),
    Status("CB", Milestone.DELIVERED, Classifier.ACTUAL, "the last part is delivered"),
    Status("CD", Milestone.DELIVERED, Classifier.ACTUAL, "left the delivery"),
    Status("CL", Milestone.LOADED, Classifier.ACTUAL, "the trailer is closed"),
    Status("CP", Milestone.LOADED, Classifier.ACTUAL, "loading at the pickup is finished"),
    Status("D1", Milestone.DELIVERED, Classifier.ACTUAL, "unloading at the delivery is finished"),
    Status("D2", Milestone.DELIVERED, Classifier.ACTUAL, "a part is unloaded", partial=True),
    Status("DE", Milestone.NOTE, Classifier.PLANNED, "last day without demurrage"),
    Status("DO", Milestone.NOTE, Classifier.ACTUAL, "the delivery order is there"),
    Status("I1", Milestone.TERMINAL_IN, Classifier.ACTUAL, "came in by the gate"),
    Status("J1", Milestone.HANDED_OVER, Classifier.ACTUAL, "given to a connecting carrier"),
    Status("K1", Milestone.CUSTOMS_HOLD, Classifier.ACTUAL, "reached the customs office"),
    Status("K2", Milestone.CUSTOMS_RELEASED, Classifier.ACTUAL, "released by customs"),
    Status("L1", Milestone.ARRIVED_PICKUP, Classifier.ACTUAL, "is being loaded"),
    Status("LC", Milestone.LOADED, Classifier.ACTUAL, "the container is on its chassis"),
    Status("NB", Milestone.EXCEPTION, Classifier.ACTUAL, "goods came without papers"),
    Status("OA", Milestone.TERMINAL_OUT, Classifier.ACTUAL, "went out by the gate"),
    Status("OO", Milestone.INFO_RECEIVED, Classifier.ACTUAL, "papers came without goods"),
    Status("OP", Milestone.NOTE, Classifier.ACTUAL, "the consignee has all papers"),
    Status("P1", Milestone.DEPARTED, Classifier.ACTUAL, "left the terminal"),
    Status("PA", Milestone.DELIVERED, Classifier.ACTUAL, "only a part is delivered", partial=True),
    Status("PD", Milestone.NOTE, Classifier.PLANNED, "last day without per diem"),
    Status("PR", Milestone.CUSTOMS_HOLD, Classifier.ACTUAL, "held by customs under bond"),
    Status("PU", Milestone.PICKUP_FAILED, Classifier.ACTUAL, "tried to pick up"),
    Status("R1", Milestone.HANDED_OVER, Classifier.ACTUAL, "taken over from the carrier before"),
    Status("RA", Milestone.ARRIVED, Classifier.ACTUAL, "reached the rail ramp"),
    Status("RD", Milestone.DEPARTED, Classifier.ACTUAL, "left the rail ramp"),
    Status("RH", Milestone.IN_TRANSIT, Classifier.ACTUAL, "released from a hold"),
    Status("RL", Milestone.DEPARTED, Classifier.ACTUAL, "the train left the origin ramp"),
    Status(
        "S1", Milestone.ARRIVED_DELIVERY, Classifier.ACTUAL, "the trailer stands at the consignee"
    ),
    Status("SD", Milestone.DELAYED, Classifier.ACTUAL, "the shipment is late"),
    Status("SN", Milestone.PICKUP_FAILED, Classifier.ACTUAL, "was not picked up"),
    Status("UC", Milestone.UNLOADED, Classifier.ACTUAL, "the container is off its chassis"),
    Status("UR", Milestone.UNLOADED, Classifier.ACTUAL, "unloaded from the rail car"),
    Status("X1", Milestone.ARRIVED_DELIVERY, Classifier.ACTUAL, "arrived at the delivery"),
    Status("X2", Milestone.ETA_CHANGED, Classifier.ESTIMATED, "expects to arrive at the consignee"),
    Status("X3", Milestone.ARRIVED_PICKUP, Classifier.ACTUAL, "arrived at the pickup"),
    Status("X4", Milestone.ARRIVED, Classifier.ACTUAL, "arrived at a terminal"),
    Status(
        "X5", Milestone.ARRIVED_DELIVERY, Classifier.ACTUAL, "arrived at the dock of the delivery"
    ),
    Status("X6", Milestone.IN_TRANSIT, Classifier.ACTUAL, "under way to the delivery"),
    Status("X8", Milestone.ARRIVED_PICKUP, Classifier.ACTUAL, "arrived at the dock of the pickup"),
    Status("X9", Milestone.ARRIVED, Classifier.ACTUAL, "arrived at the carrier warehouse"),
    Status("XB", Milestone.INFO_RECEIVED, Classifier.ACTUAL, "the carrier knows of the shipment"),
    Status("Y1", Milestone.ARRIVED, Classifier.ACTUAL, "arrived at a consolidation hub"),
    Status("Y2", Milestone.DEPARTED, Classifier.ACTUAL, "left a consolidation hub"),
)
_APPOINTMENT = (
    Status("AA", Milestone.PICKUP_APPOINTED, Classifier.PLANNED, "the pickup is appointed"),
    Status("AB", Milestone.DELIVERY_APPOINTED, Classifier.PLANNED, "the delivery is appointed"),
    Status(
        "AC",
        Milestone.DELIVERY_APPOINTED,
        Classifier.ESTIMATED,
        "the delivery is expected to be appointed",
    ),
    Status("ED", Milestone.NOTE, Classifier.PLANNED, "deliver no earlier"),
    Status("EP", Milestone.NOTE, Classifier.PLANNED, "pick up no earlier"),
    Status("LD", Milestone.NOTE, Classifier.PLANNED, "deliver no later"),
    Status("LP", Milestone.NOTE, Classifier.PLANNED, "pick up no later"),
    Status(
        "X9",
        Milestone.DELIVERY_APPOINTED,
        Classifier.PLANNED,
        "the appointment for the delivery is firm",
    ),
    Status(
        "XA",
        Milestone.PICKUP_APPOINTED,
        Classifier.PLANNED,
        "the appointment for the pickup is firm",
    ),
)

# AT7-01 and AT7-03: the same two letters may stand in both lists and mean something else.
SHIPMENT_STATUSES: Mapping[str, Status] = {each.code: each for each in _SHIPMENT}
APPOINTMENT_STATUSES: Mapping[str, Status] = {each.code: each for each in _APPOINTMENT}

# Context: the first says nothing more where the second stands in the same set, for the same place.
# A departure from the delivery is only told as a delivery where nobody told of the unloading.
SAID_ALREADY: Mapping[str, str] = {"CD": "D1"}

# What we write, by what happened: of several codes the one that most readers know. A milestone that
# stands nowhere here has no code in X12 and is told in words: papers, notes, positions.
STATUS_CODES: Mapping[tuple[Milestone, Classifier], str] = {
    (SHIPMENT_STATUSES[code].milestone, SHIPMENT_STATUSES[code].classifier): code
    for code in (
        "BF XB C3 X3 AF I1 AM P1 X6 X4 UR J1 K1 K2 OA AV AJ X1 D1 C2 A3 CA SD SN AH BC A9 NB AG"
    ).split()
} | {(Milestone.DELIVERED, Classifier.ESTIMATED): "AG"}
PARTIAL_CODES: Mapping[Milestone, str] = {Milestone.DELIVERED: "PA"}
APPOINTMENT_CODES: Mapping[Milestone, str] = {
    Milestone.PICKUP_APPOINTED: "AA",
    Milestone.DELIVERY_APPOINTED: "AB",
}
