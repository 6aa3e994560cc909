"""The lists of the published system API. Source: docs/reference/system-api.md, version 1."""

from __future__ import annotations

from crossdock.canonical.freight import ChargeKind, InvoicePurpose
from crossdock.canonical.shipment import Mode, StopRole
from crossdock.canonical.tracking import Classifier, EvidenceKind, Milestone

STATUS_CODES: dict[str, Milestone] = {
    "BKD": Milestone.BOOKED,
    "INF": Milestone.INFO_RECEIVED,
    "PAP": Milestone.PICKUP_APPOINTED,
    "EMR": Milestone.EMPTY_RELEASED,
    "APU": Milestone.ARRIVED_PICKUP,
    "PUP": Milestone.PICKED_UP,
    "TIN": Milestone.TERMINAL_IN,
    "LOD": Milestone.LOADED,
    "DEP": Milestone.DEPARTED,
    "ITR": Milestone.IN_TRANSIT,
    "ARR": Milestone.ARRIVED,
    "UNL": Milestone.UNLOADED,
    "HOV": Milestone.HANDED_OVER,
    "CHD": Milestone.CUSTOMS_HOLD,
    "CRL": Milestone.CUSTOMS_RELEASED,
    "TOU": Milestone.TERMINAL_OUT,
    "AVL": Milestone.AVAILABLE,
    "DAP": Milestone.DELIVERY_APPOINTED,
    "OFD": Milestone.OUT_FOR_DELIVERY,
    "ADL": Milestone.ARRIVED_DELIVERY,
    "DLV": Milestone.DELIVERED,
    "POD": Milestone.POD_AVAILABLE,
    "EMT": Milestone.EMPTY_RETURNED,
    "RTN": Milestone.RETURNED,
    "CAN": Milestone.CANCELLED,
    "DLY": Milestone.DELAYED,
    "PUF": Milestone.PICKUP_FAILED,
    "DLF": Milestone.DELIVERY_FAILED,
    "HLD": Milestone.ON_HOLD,
    "DMG": Milestone.DAMAGED_LOST,
    "EXC": Milestone.EXCEPTION,
    "ETA": Milestone.ETA_CHANGED,
    "POS": Milestone.POSITION,
    "NTE": Milestone.NOTE,
}

CLASSIFIERS: dict[str, Classifier] = {
    "PLN": Classifier.PLANNED,
    "EST": Classifier.ESTIMATED,
    "ACT": Classifier.ACTUAL,
}

KINDS: dict[str, EvidenceKind] = {
    "original": EvidenceKind.ORIGINAL,
    "correction": EvidenceKind.CORRECTION,
    "retraction": EvidenceKind.RETRACTION,
}

MODES: dict[str, Mode] = {
    "ROAD": Mode.ROAD,
    "PARCEL": Mode.PARCEL,
    "OCEAN": Mode.OCEAN,
    "AIR": Mode.AIR,
    "RAIL": Mode.RAIL,
    "UNSPECIFIED": Mode.UNSPECIFIED,
}

# What is charged for, as published: crossdock's own words, without the one for unknown codes.
CHARGES: dict[str, ChargeKind] = {
    kind.value: kind for kind in ChargeKind if kind is not ChargeKind.UNCLASSIFIED
}

INVOICE_EVENTS: dict[str, InvoicePurpose] = {
    "invoice.issued": InvoicePurpose.ORIGINAL,
    "invoice.corrected": InvoicePurpose.CORRECTION,
    "invoice.cancelled": InvoicePurpose.CANCELLATION,
}

STOP_ROLES: dict[str, StopRole] = {
    "PICKUP": StopRole.PICKUP,
    "TRANSFER": StopRole.TRANSFER,
    "DELIVERY": StopRole.DELIVERY,
}
