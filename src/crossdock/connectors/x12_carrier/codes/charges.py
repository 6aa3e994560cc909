"""What is billed: the codes of 210, from X12's lists to our words.

Sources: ASC X12 004010 and 005010, elements 150 (L1-08), 122 (L1-03), 202 (B3-08), 188 (L0-11);
the choice and the words are ours. Kept by `codes.OWNER`.

Special charges are data, in `special_charges.csv`: a code, the kind it is in our words, and what it
is for; the row without a code is the freight itself, as the standard has it. Carriers write codes
of element 1602 there too (DIB, FSC), and some of their own (HST, RDL). A code that is missing is
kept and asked about, never guessed; and so is one that means one thing in element 150 and another
in 1602 or on the road: FLT a ferry or a flat price, ONC carried on or a notice, PST postage or a
provincial tax, SPU a split or a single pickup; CUS, customs in 150, stands on bills of loads that
cross no border.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from importlib.resources import files
from typing import NamedTuple

from crossdock.canonical.freight import ChargeKind, InvoicePurpose


class Charge(NamedTuple):
    """One code of element 150: what it is charged for, in our kinds and in a few words."""

    code: str
    kind: ChargeKind
    meaning: str


def _charges() -> Iterator[Charge]:
    text = files(__package__).joinpath("special_charges.csv").read_text("utf-8")
    for row in csv.DictReader(io.StringIO(text)):
        yield Charge(row["code"], ChargeKind(row["kind"]), row["meaning"])


CHARGES: Mapping[str, Charge] = {each.code: each for each in _charges()}

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
