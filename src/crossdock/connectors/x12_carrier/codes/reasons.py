"""Why it happened: the reason codes of AT7, by who answers for them.

Source: ASC X12 005010, element 1651 (AT7-02 and AT7-04), with NS and NA of the 004010 list; the
classes and the words are ours. Kept by `codes.OWNER`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

CARRIER, SHIPPER, CONSIGNEE = "carrier", "shipper", "consignee"
CUSTOMS, EXTERNAL, UNKNOWN, NONE = "customs", "nobody", "unknown", ""


class Reason(NamedTuple):
    """One code: who answers for it (empty: nothing happened) and what it tells."""

    code: str
    responsible: str
    meaning: str


_REASONS = (
    Reason("A1", CARRIER, "a delivery was missed"),
    Reason("A2", CONSIGNEE, "the address is wrong"),
    Reason("A3", CARRIER, "delivered by a detour"),
    Reason("A5", CONSIGNEE, "the place was not found"),
    Reason("A6", CONSIGNEE, "the address was corrected, delivery tried"),
    Reason("AA", CARRIER, "sorted wrongly"),
    Reason("AD", CONSIGNEE, "the consignee asked for a later day"),
    Reason("AE", EXTERNAL, "restricted articles were not taken"),
    Reason("AF", EXTERNAL, "an accident"),
    Reason("AG", CONSIGNEE, "the consignee is the cause"),
    Reason("AH", CARRIER, "the driver is the cause"),
    Reason("AI", CARRIER, "a breakdown"),
    Reason("AJ", CARRIER, "another carrier is the cause"),
    Reason("AK", CARRIER, "damaged and wrapped anew in the hub"),
    Reason("AL", CARRIER, "the stop before took long"),
    Reason("AM", SHIPPER, "the shipper is the cause"),
    Reason("AN", EXTERNAL, "closed for a holiday"),
    Reason("AO", EXTERNAL, "weather or a natural disaster"),
    Reason("AP", CUSTOMS, "waits for export"),
    Reason("AQ", CONSIGNEE, "nobody there to receive"),
    Reason("AR", CUSTOMS, "the export papers are wrong"),
    Reason("AS", CUSTOMS, "customs papers have faults"),
    Reason("AT", CUSTOMS, "nobody reachable about the broker"),
    Reason("AU", EXTERNAL, "unrest or another public event"),
    Reason("AV", CARRIER, "more than the service covers"),
    Reason("AW", CARRIER, "after the cut-off time"),
    Reason("AX", CARRIER, "too little time for the pickup"),
    Reason("AY", CARRIER, "a pickup was missed"),
    Reason("AZ", CARRIER, "another carrier delivered"),
    Reason("B1", CONSIGNEE, "the consignee is closed"),
    Reason("B2", SHIPPER, "held as agreed for the customer"),
    Reason("B4", CONSIGNEE, "held until it is paid"),
    Reason("B5", CONSIGNEE, "held for the consignee"),
    Reason("B8", CONSIGNEE, "nothing fit to unload with"),
    Reason("B9", CONSIGNEE, "receiving hours are short"),
    Reason("BB", SHIPPER, "held for the shipper"),
    Reason("BC", SHIPPER, "papers are missing"),
    Reason("BD", CUSTOMS, "held at the border"),
    Reason("BE", EXTERNAL, "bad roads"),
    Reason("BF", CARRIER, "the carrier keyed it wrongly"),
    Reason("BG", UNKNOWN, "another reason"),
    Reason("BH", CARRIER, "too little time for the delivery"),
    Reason("BI", CARRIER, "the cartage agent is the cause"),
    Reason("BJ", CONSIGNEE, "the customer wanted it earlier"),
    Reason("BK", CONSIGNEE, "an appointment was made"),
    Reason("BL", UNKNOWN, "held for protective service"),
    Reason("BM", CARRIER, "too few flat cars"),
    Reason("BN", SHIPPER, "billing was not released"),
    Reason("BO", CARRIER, "the railroad was late"),
    Reason("BP", CARRIER, "the load shifted"),
    Reason("BQ", SHIPPER, "the load is too heavy"),
    Reason("BR", CARRIER, "a train derailed"),
    Reason("BS", CONSIGNEE, "the customer refused it"),
    Reason("BT", CONSIGNEE, "went back to the shipper"),
    Reason("C1", CONSIGNEE, "waits to be collected"),
    Reason("C2", CONSIGNEE, "credit is stopped"),
    Reason("C3", CONSIGNEE, "the customer asked to pause"),
    Reason("C4", CONSIGNEE, "the customer is on holiday"),
    Reason("C5", CONSIGNEE, "a strike at the customer"),
    Reason("C6", SHIPPER, "waits for instructions"),
    Reason("C7", SHIPPER, "waits for the carrier the customer chose"),
    Reason("C8", CONSIGNEE, "payment on delivery is due"),
    Reason("C9", CONSIGNEE, "the consignee had no cash"),
    Reason("CA", CUSTOMS, "customs"),
    Reason("CB", SHIPPER, "the shipper gave no arrival day"),
    Reason("CC", SHIPPER, "the shipper gave no arrival time"),
    Reason("CS", SHIPPER, "the customer cancelled"),
    Reason("D1", CARRIER, "dispatched wrongly"),
    Reason("D2", CARRIER, "no driver"),
    Reason("DU", SHIPPER, "the pickup was asked for twice"),
    Reason("F1", CUSTOMS, "cleared without express service"),
    Reason("F2", CUSTOMS, "a delay abroad outside the carrier"),
    Reason("HB", CONSIGNEE, "held for an appointment"),
    Reason("LG", CONSIGNEE, "a lift gate is needed and was not asked for"),
    Reason("MP", SHIPPER, "wrong closing time was given"),
    Reason("MQ", CARRIER, "the dispatcher missed the pickup"),
    Reason("MR", SHIPPER, "the pickup was asked for too late"),
    Reason("MS", CARRIER, "the driver missed the pickup"),
    Reason("NF", SHIPPER, "no freight at the pickup"),
    Reason("P1", CARRIER, "processing took long"),
    Reason("P2", CUSTOMS, "waits for an inspection"),
    Reason("P3", CARRIER, "production failed"),
    Reason("P4", CARRIER, "waits for a full load"),
    Reason("RC", CONSIGNEE, "sent on to another consignee"),
    Reason("S1", CONSIGNEE, "something was missing at delivery"),
    Reason("SD", SHIPPER, "the shipper brought it to the dock"),
    Reason("SI", SHIPPER, "the shipper did not know of the pickup"),
    Reason("SN", SHIPPER, "the goods were not ready"),
    Reason("SR", CONSIGNEE, "another day or time was agreed"),
    Reason("T1", CARRIER, "no tractor with a sleeper"),
    Reason("T2", CARRIER, "no tractor"),
    Reason("T3", CARRIER, "no trailer"),
    Reason("T4", CARRIER, "the trailer carried something unfit before"),
    Reason("T5", CARRIER, "no trailer of this class"),
    Reason("T6", CARRIER, "no trailer of this volume"),
    Reason("T7", UNKNOWN, "too little time for delivery"),
    Reason("UA", CONSIGNEE, "the consignee asked for a faster service"),
    Reason("UB", SHIPPER, "the shipper asked for a faster service"),
    Reason("UC", CONSIGNEE, "the consignee changed the address"),
    Reason("UD", SHIPPER, "the shipper changed the address"),
    Reason("UE", CARRIER, "a faster service could not be given"),
    Reason("UF", CARRIER, "the new address could not be taken"),
    Reason("UG", UNKNOWN, "the driver waits to load"),
    Reason("UH", CONSIGNEE, "the driver waits to unload"),
    Reason("UI", SHIPPER, "a lift gate is needed to load"),
    Reason("UJ", CONSIGNEE, "a lift gate is needed to unload"),
    Reason("UK", UNKNOWN, "off hold and out for delivery"),
    Reason("NS", NONE, "nothing out of the ordinary"),
    Reason("NA", NONE, "an ordinary appointment"),
)

REASONS: Mapping[str, Reason] = {each.code: each for each in _REASONS}
