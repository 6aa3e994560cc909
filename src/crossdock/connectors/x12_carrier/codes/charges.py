"""What is billed: the codes of 210, from X12's lists to our words.

Sources: ASC X12 004010 and 005010, elements 150 (L1-08), 122 (L1-03), 202 (B3-08), 188 (L0-11);
the choice and the words are ours. FSC and the codes of element 1602 stand in L1-08 of many
carriers. Kept by `codes.OWNER`. A code that is missing here is kept and asked about, never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from crossdock.canonical.freight import ChargeKind, InvoicePurpose


class Charge(NamedTuple):
    """One code of element 150: what it is charged for, in our kinds and in a few words."""

    code: str
    kind: ChargeKind
    meaning: str


_CHARGES = (
    # The standard tells special charges by a code; a charge without one is the freight itself.
    Charge("", ChargeKind.LINEHAUL, "freight"),
    Charge("400", ChargeKind.LINEHAUL, "freight"),
    Charge("FLT", ChargeKind.LINEHAUL, "a flat price"),
    Charge("MIL", ChargeKind.LINEHAUL, "freight by the mile"),
    Charge("405", ChargeKind.FUEL, "fuel surcharge"),
    Charge("FSC", ChargeKind.FUEL, "fuel surcharge"),
    Charge("FUE", ChargeKind.FUEL, "fuel charge"),
    Charge("270", ChargeKind.DISCOUNT, "discount for a drop box"),
    Charge("275", ChargeKind.DISCOUNT, "incentive discount"),
    Charge("280", ChargeKind.DISCOUNT, "discount for several shipments"),
    Charge("285", ChargeKind.DISCOUNT, "discount for delivery as chosen"),
    Charge("290", ChargeKind.DISCOUNT, "discount for pickup as chosen"),
    Charge("295", ChargeKind.DISCOUNT, "special discount"),
    Charge("DSC", ChargeKind.DISCOUNT, "discount"),
    Charge("MIN", ChargeKind.MINIMUM, "up to the minimum charge"),
    Charge("SOC", ChargeKind.STOP_OFF, "stops on the way"),
    Charge("DEP", ChargeKind.DETENTION, "detention of the tractor"),
    Charge("DET", ChargeKind.DETENTION, "detention of the trailer"),
    Charge("DTL", ChargeKind.DETENTION, "detention at loading"),
    Charge("DTU", ChargeKind.DETENTION, "detention at unloading"),
    Charge("DEM", ChargeKind.DEMURRAGE, "demurrage"),
    Charge("SRG", ChargeKind.STORAGE, "storage"),
    Charge("LOA", ChargeKind.LOADING, "loading"),
    Charge("UNL", ChargeKind.LOADING, "unloading"),
    Charge("LFT", ChargeKind.LIFTGATE, "lift gate"),
    Charge("IDL", ChargeKind.INSIDE, "delivery inside"),
    Charge("IPU", ChargeKind.INSIDE, "pickup inside"),
    Charge("REP", ChargeKind.RESIDENTIAL, "pickup at a home"),
    Charge("RES", ChargeKind.RESIDENTIAL, "delivery to a home"),
    Charge("APT", ChargeKind.APPOINTMENT, "appointment or notice"),
    Charge("RDL", ChargeKind.REDELIVERY, "delivered again"),
    Charge("160", ChargeKind.RECONSIGNMENT, "sent elsewhere in Canada"),
    Charge("DIB", ChargeKind.RECONSIGNMENT, "diverted or sent elsewhere"),
    Charge("RCC", ChargeKind.RECONSIGNMENT, "sent to another consignee"),
    Charge("HAZ", ChargeKind.HAZARDOUS, "dangerous goods"),
    Charge("HET", ChargeKind.TEMPERATURE, "heated on the way"),
    Charge("EXL", ChargeKind.OVERSIZE, "extra length"),
    Charge("520", ChargeKind.OVERSIZE, "larger than allowed"),
    Charge("445", ChargeKind.INSURANCE, "insurance fee"),
    Charge("455", ChargeKind.INSURANCE, "insurance premium"),
    Charge("INS", ChargeKind.INSURANCE, "insurance"),
    Charge("145", ChargeKind.CUSTOMS, "cleared into Canada"),
    Charge("240", ChargeKind.CUSTOMS, "customs broker"),
    Charge("245", ChargeKind.CUSTOMS, "customs invoice"),
    Charge("250", ChargeKind.CUSTOMS, "further page of a customs invoice"),
    Charge("315", ChargeKind.CUSTOMS, "duty"),
    Charge("360", ChargeKind.CUSTOMS, "cleared for export"),
    Charge("GST", ChargeKind.TAX, "goods and services tax"),
    Charge("HST", ChargeKind.TAX, "harmonised sales tax"),
    Charge("PST", ChargeKind.TAX, "provincial sales tax"),
    Charge("335", ChargeKind.TAX, "excise at destination"),
    Charge("340", ChargeKind.TAX, "excise at origin"),
    Charge("COD", ChargeKind.COLLECT_ON_DELIVERY, "collected on delivery"),
    Charge("COL", ChargeKind.COLLECT_ON_DELIVERY, "fee for what is collected"),
    Charge("VFN", ChargeKind.CANCELLED, "a vehicle came and was not used"),
    Charge("020", ChargeKind.ADMINISTRATION, "address corrected"),
    Charge("003", ChargeKind.ADMINISTRATION, "account number corrected"),
    Charge("105", ChargeKind.ADMINISTRATION, "delivery acknowledged"),
    Charge("355", ChargeKind.ADMINISTRATION, "further copies and postage"),
    Charge("AFB", ChargeKind.ADMINISTRATION, "further copies of the bill"),
    Charge("BLC", ChargeKind.ADMINISTRATION, "bill of lading"),
    Charge("MSG", ChargeKind.OTHER, "miscellaneous"),
    Charge("665", ChargeKind.OTHER, "delivered on a Saturday"),
    Charge("690", ChargeKind.OTHER, "special handling"),
    Charge("ZZZ", ChargeKind.OTHER, "as agreed"),
)
CHARGES: Mapping[str, Charge] = {each.code: each for each in _CHARGES}

# Words beside a charge that may tell what it is for, to whoever teaches the code.
WORDS: Mapping[str, ChargeKind] = {
    "FUEL": ChargeKind.FUEL,
    "FSC": ChargeKind.FUEL,
    "DISCOUNT": ChargeKind.DISCOUNT,
    "LIFT": ChargeKind.LIFTGATE,
    "NOTIF": ChargeKind.APPOINTMENT,
    "DETENTION": ChargeKind.DETENTION,
    "LAYOVER": ChargeKind.LAYOVER,
    "LUMPER": ChargeKind.LOADING,
    "STOP": ChargeKind.STOP_OFF,
    "RESIDENTIAL": ChargeKind.RESIDENTIAL,
    "LIMITED ACCESS": ChargeKind.LIMITED_ACCESS,
    "INSIDE": ChargeKind.INSIDE,
    "REDELIVERY": ChargeKind.REDELIVERY,
    "RECONSIGN": ChargeKind.RECONSIGNMENT,
    "REWEIGH": ChargeKind.REWEIGH,
    "TOLL": ChargeKind.TOLL,
    "TAX": ChargeKind.TAX,
    "CUSTOMS": ChargeKind.CUSTOMS,
    "STORAGE": ChargeKind.STORAGE,
    "HAZ": ChargeKind.HAZARDOUS,
}


class Basis(StrEnum):
    """What a rate is for."""

    FLAT = "flat"
    HUNDREDWEIGHT = "hundredweight"
    POUND = "pound"
    MILE = "mile"


# Element 122, L1-03; a rate on another basis is kept and not computed.
BASES: Mapping[str, Basis] = {
    "FR": Basis.FLAT,
    "CW": Basis.HUNDREDWEIGHT,
    "PH": Basis.HUNDREDWEIGHT,
    "LB": Basis.POUND,
    "PM": Basis.MILE,
}
MILES = "DM"  # element 221: the quantity rated is miles

KG_OF_POUND = Decimal("0.45359237")  # international pound of 1959, exact
# Element 188, L0-11 and L3-12: kilograms in one unit; a short ton has 2,000 pounds, a long 2,240.
KILOGRAMS: Mapping[str, Decimal] = {
    "K": Decimal(1),
    "G": Decimal("0.001"),
    "E": Decimal(1000),
    "L": KG_OF_POUND,
    "O": KG_OF_POUND / 16,
    "S": KG_OF_POUND * 2000,
    "T": KG_OF_POUND * 2240,
}


class Correction(NamedTuple):
    """What an invoice says of the one before: `more` where it bills on top of it."""

    purpose: InvoicePurpose
    more: bool = False


# Element 202, B3-08. PD reminds of a bill; the others say nothing of an earlier one.
CORRECTIONS: Mapping[str, Correction] = {
    **dict.fromkeys(("", "PD", "CS"), Correction(InvoicePurpose.ORIGINAL)),
    **dict.fromkeys("AI BE CO RB RC".split(), Correction(InvoicePurpose.CORRECTION)),
    **dict.fromkeys("BO CA".split(), Correction(InvoicePurpose.CANCELLATION)),
    **dict.fromkeys("AD AR BD".split(), Correction(InvoicePurpose.ORIGINAL, more=True)),
}

# Element 432, G62-01, and 374, B3-10: the day it was picked up, and the day it was delivered.
PICKED_UP, DELIVERED = "86", "35"
DELIVERED_ON = "035"
