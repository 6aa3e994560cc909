"""What is offered, and what is answered: the codes of 204 and 990.

Sources: ASC X12 004010 and 005010, elements 353, 558, 163, 432, 128, 98; the choice and the words
are ours. Kept by `codes.OWNER`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from crossdock.canonical.references import ReferenceType
from crossdock.canonical.shipment import StopRole
from crossdock.messages.load_acceptance import OfferAnswer
from crossdock.messages.order_release import TenderPurpose

# Element 353, B2A-01. 05 replaces an offer whole, which to its reader is a change; 06 confirms one.
PURPOSES: Mapping[str, TenderPurpose] = {
    "00": TenderPurpose.ORIGINAL,
    "01": TenderPurpose.CANCEL,
    "03": TenderPurpose.CANCEL,
    "04": TenderPurpose.CHANGE,
    "05": TenderPurpose.CHANGE,
    "06": TenderPurpose.CHANGE,
}
PURPOSE_CODES: Mapping[TenderPurpose, str] = {
    TenderPurpose.ORIGINAL: "00",
    TenderPurpose.CANCEL: "01",
    TenderPurpose.CHANGE: "04",
}


class TenderAnswer(StrEnum):
    """What a carrier says to an offer."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    COUNTERED = "countered"


# Element 558, B1-04. Most partners of 004010 mean "declined" by D; None: it is said and decides
# nothing.
ANSWERS: Mapping[str, TenderAnswer | None] = {
    "A": TenderAnswer.ACCEPTED,
    "B": TenderAnswer.COUNTERED,
    "C": TenderAnswer.COUNTERED,
    "D": TenderAnswer.DECLINED,
    "E": TenderAnswer.DECLINED,
    "N": None,
    "R": TenderAnswer.DECLINED,
    "S": TenderAnswer.COUNTERED,
    "U": TenderAnswer.COUNTERED,
    "V": None,
}

# What we answer to an offer (B1-04): D is what most readers take for a refusal.
REPLIES: Mapping[OfferAnswer, str] = {
    OfferAnswer.ACCEPT: "A",
    OfferAnswer.DECLINE: "D",
    OfferAnswer.COUNTER: "C",
}
FREIGHT = "400"  # element 150, L9-01: the charge for carrying it

# Element 163, S5-02: what happens at a stop.
STOP_ROLES: Mapping[str, StopRole] = {
    **dict.fromkeys("AL CL LD PA PL RT SL".split(), StopRole.PICKUP),
    **dict.fromkeys("CU DT PU SU UL".split(), StopRole.DELIVERY),
    **dict.fromkeys("CN IN TL WE WL".split(), StopRole.TRANSFER),
}
STOP_REASONS: Mapping[StopRole, str] = {
    StopRole.PICKUP: "LD",
    StopRole.DELIVERY: "UL",
    StopRole.TRANSFER: "TL",
}

# Element 432, G62-01: the bounds of a stop's window, the earliest first; then one date alone.
EARLIEST = ("37", "53")
LATEST = ("38", "54")
PLANNED = ("69", "70", "77", "78", "81", "82", "10", "02", "68", "17")
RESPOND_BY = "64"
PICKUP_PLANNED, DELIVERY_PLANNED, DELIVERY_PROMISED = "69", "70", "54"
# Element 176, G62-03, beside each date that we write.
TIME_QUALIFIERS: Mapping[str, str] = {"64": "1", "69": "U", "70": "X", "54": "L"}

# Element 128 in L11 and N9 -> what kind of number it is; others are left out.
REFERENCES: Mapping[str, ReferenceType] = {
    "2I": ReferenceType.TRACKING,
    "BM": ReferenceType.BILL_OF_LADING,
    "BN": ReferenceType.BOOKING,
    "CN": ReferenceType.PRO,
    "CR": ReferenceType.CUSTOMER_REFERENCE,
    "DO": ReferenceType.DELIVERY,
    "LO": ReferenceType.LOAD,
    "OC": ReferenceType.CONTAINER,
    "PO": ReferenceType.PURCHASE_ORDER,
    "SI": ReferenceType.DELIVERY,
}
CARRIER_ISSUED = frozenset({ReferenceType.PRO, ReferenceType.TRACKING, ReferenceType.BOOKING})
REFERENCE_CODES: Mapping[ReferenceType, str] = {
    ReferenceType.BILL_OF_LADING: "BM",
    ReferenceType.BOOKING: "BN",
    ReferenceType.CONTAINER: "OC",
    ReferenceType.CUSTOMER_REFERENCE: "CR",
    ReferenceType.DELIVERY: "DO",
    ReferenceType.PRO: "CN",
    ReferenceType.PURCHASE_ORDER: "PO",
    ReferenceType.TRACKING: "2I",
}
STOP_NUMBER, CARRIER_NUMBER, ORDER_NUMBER = "QN", "CN", "SI"
# By what a line of a bill names the shipment it is for; by what a parcel carrier names a package.
SHIPMENT_NUMBERS = ("SI", "CN", "2I", "BM")
PACKAGE_NUMBERS = ("2I", "CN")

# Element 98, N1-01: whose address a stop's is.
STOP_PARTIES = frozenset("CN DA PW RD RO SF SH ST".split())
PICKUP_PARTIES = frozenset("PW RO SF SH".split())
DELIVERY_PARTIES = frozenset("CN DA RD ST".split())
BILLED_PARTIES = frozenset("BT PF PR".split())
# Element 66, N1-03: codes by which the place is one of ours.
OUR_CODES = frozenset("91 92 93 94 ZZ".split())
