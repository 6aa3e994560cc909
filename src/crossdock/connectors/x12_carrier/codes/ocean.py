"""What happened at sea and in ports: the status codes of 315, by milestone.

Sources: ASC X12 004010, elements 157 (B4-03), 578 (B4-09), 115 (R4-01), 374 (DTM-01); the
milestones and the words are ours. Kept by `codes.OWNER`.
"""

from __future__ import annotations

from collections.abc import Mapping

from crossdock.canonical.references import ReferenceType
from crossdock.canonical.tracking import Classifier, Milestone
from crossdock.connectors.x12_carrier.codes.statuses import Status

_STATUSES = (
    Status("A", Milestone.ARRIVED, Classifier.ACTUAL, "arrived"),
    Status("AE", Milestone.LOADED, Classifier.ACTUAL, "loaded on the vessel"),
    Status("AF", Milestone.PICKED_UP, Classifier.ACTUAL, "left the pickup"),
    Status("AG", Milestone.ETA_CHANGED, Classifier.ESTIMATED, "expects to deliver"),
    Status("AH", Milestone.DELIVERY_FAILED, Classifier.ACTUAL, "tried to deliver"),
    Status("AL", Milestone.LOADED, Classifier.ACTUAL, "loaded on a rail car"),
    Status("AM", Milestone.LOADED, Classifier.ACTUAL, "loaded on a truck"),
    Status("AO", Milestone.LOADED, Classifier.ACTUAL, "loaded on a barge"),
    Status("AP", Milestone.LOADED, Classifier.ACTUAL, "loaded on a feeder"),
    Status("AR", Milestone.ARRIVED, Classifier.ACTUAL, "the train reached the destination ramp"),
    Status("AU", Milestone.AVAILABLE, Classifier.ACTUAL, "can be picked up"),
    Status("AV", Milestone.AVAILABLE, Classifier.ACTUAL, "can be delivered"),
    Status("B", Milestone.DELAYED, Classifier.ACTUAL, "out of order"),
    Status("BF", Milestone.BOOKED, Classifier.ACTUAL, "the booking is confirmed"),
    Status("CA", Milestone.CANCELLED, Classifier.ACTUAL, "cancelled"),
    Status("CD", Milestone.TERMINAL_IN, Classifier.ACTUAL, "received where it begins"),
    Status("CR", Milestone.AVAILABLE, Classifier.ACTUAL, "the carrier lets it go"),
    Status("CT", Milestone.CUSTOMS_RELEASED, Classifier.ACTUAL, "customs let it go"),
    Status("CU", Milestone.CUSTOMS_RELEASED, Classifier.ACTUAL, "carrier and customs let it go"),
    Status("CV", Milestone.NOTE, Classifier.ACTUAL, "the container was moved about"),
    Status("D", Milestone.DELIVERED, Classifier.ACTUAL, "unloaded at the delivery"),
    Status("E", Milestone.ETA_CHANGED, Classifier.ESTIMATED, "expects to arrive"),
    Status("EE", Milestone.EMPTY_RELEASED, Classifier.ACTUAL, "the empty unit was handed out"),
    Status("FT", Milestone.NOTE, Classifier.ACTUAL, "the free time is over"),
    Status("I", Milestone.TERMINAL_IN, Classifier.ACTUAL, "came in by the gate"),
    Status("IU", Milestone.LOADED, Classifier.ACTUAL, "the container is stuffed"),
    Status("IV", Milestone.UNLOADED, Classifier.ACTUAL, "the container is stripped"),
    Status("J", Milestone.HANDED_OVER, Classifier.ACTUAL, "given to a connecting line"),
    Status("K", Milestone.CUSTOMS_HOLD, Classifier.ACTUAL, "arrived at customs"),
    Status("NF", Milestone.NOTE, Classifier.PLANNED, "the free time will be over"),
    Status("NT", Milestone.NOTE, Classifier.ACTUAL, "somebody was notified"),
    Status("OA", Milestone.TERMINAL_OUT, Classifier.ACTUAL, "went out by the gate"),
    Status("P", Milestone.DEPARTED, Classifier.ACTUAL, "left the terminal"),
    Status("PA", Milestone.CUSTOMS_HOLD, Classifier.ACTUAL, "customs look at it closely"),
    Status("PQ", Milestone.CUSTOMS_HOLD, Classifier.ACTUAL, "held by customs where it arrived"),
    Status("R", Milestone.HANDED_OVER, Classifier.ACTUAL, "taken from the carrier before"),
    Status("RD", Milestone.EMPTY_RETURNED, Classifier.ACTUAL, "the container was given back"),
    Status("RL", Milestone.DEPARTED, Classifier.ACTUAL, "the train left the ramp"),
    Status("SD", Milestone.DELAYED, Classifier.ACTUAL, "late"),
    Status("U", Milestone.ARRIVED_DELIVERY, Classifier.ACTUAL, "being unloaded"),
    Status("UR", Milestone.UNLOADED, Classifier.ACTUAL, "unloaded from the rail car"),
    Status("UV", Milestone.UNLOADED, Classifier.ACTUAL, "unloaded from the vessel"),
    Status("VA", Milestone.ARRIVED, Classifier.ACTUAL, "the vessel arrived"),
    Status("VD", Milestone.DEPARTED, Classifier.ACTUAL, "the vessel left"),
    Status("X1", Milestone.ARRIVED_DELIVERY, Classifier.ACTUAL, "arrived at the delivery"),
    Status("X3", Milestone.ARRIVED_PICKUP, Classifier.ACTUAL, "arrived at the pickup"),
    Status("X4", Milestone.ARRIVED, Classifier.ACTUAL, "arrived at a terminal"),
    Status("X6", Milestone.IN_TRANSIT, Classifier.ACTUAL, "on the way to the delivery"),
)
OCEAN_STATUSES: Mapping[str, Status] = {each.code: each for each in _STATUSES}

# Context: the gate means something else to an empty unit (B4-09).
EMPTY = frozenset({"E", "EM"})
WHEN_EMPTY: Mapping[str, Milestone] = {
    "I": Milestone.EMPTY_RETURNED,
    "OA": Milestone.EMPTY_RELEASED,
}

# Where the way ends, and the dates that say when it is expected to.
ENDS = frozenset({"D", "E"})  # port of discharge, place of delivery
EXPECTED = frozenset({"017", "139", "371"})

# Element 128, N9-01, by which a 315 finds its shipment, the surest first; else by the container.
NAMING: Mapping[str, ReferenceType] = {
    "SI": ReferenceType.DELIVERY,
    "BN": ReferenceType.BOOKING,
    "BM": ReferenceType.BILL_OF_LADING,
    "OB": ReferenceType.BILL_OF_LADING,
}
CARRIER_CODE = "SCA"
