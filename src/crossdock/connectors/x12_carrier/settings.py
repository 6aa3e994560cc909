"""What crossdock must be told of a partner that speaks X12."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from crossdock.canonical.freight import ChargeKind
from crossdock.canonical.tracking import Classifier, Milestone
from crossdock.ports.settings import PartnerSettings, Secret, setting

Acceptance = Literal["accept", "accept_with_errors", "reject"]

# What is made of a finding where the partner's settings do not say, by its class.
ACCEPTANCE: dict[str, Acceptance] = {
    "layout": "accept",
    "envelope": "accept_with_errors",
    "syntax": "accept_with_errors",
    "unmapped": "reject",
    "limit": "reject",
    "broken": "reject",
}


class CodeMeaning(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one partner means by a code, above the tables of the house; from and until its days."""

    table: Literal["status", "appointment", "ocean"]
    code: Annotated[str, Meta(min_length=1)]
    milestone: Milestone
    owner: Annotated[str, Meta(min_length=1)]
    why: Annotated[str, Meta(min_length=1)]
    stop: Literal["", "PICKUP", "DELIVERY"] = ""
    classifier: Classifier | None = None
    since: str = ""
    until: str = ""

    def holds_on(self, day: str) -> bool:
        """Tell whether it holds on a day, CCYYMMDD."""
        since, until = self.since.replace("-", ""), self.until.replace("-", "")
        return (not since or day >= since) and (not until or day <= until)


class Settings(PartnerSettings, frozen=True, kw_only=True):
    """Who writes to whom, how it travels, and what this partner means by its codes."""

    partner: Annotated[
        str,
        setting(
            "Name that this partner's evidence is kept under; its name in the configuration.",
            example="roadhaul",
        ),
    ] = ""
    environment: Annotated[
        Literal["production", "test"],
        setting("What we write says it is for (ISA15); that of the partner.", example="test"),
    ] = "production"
    own_id: Annotated[str, setting("Our name in ISA06 and GS02.", example="SHIPPERCO")]
    own_qualifier: Annotated[
        str, setting("Kind of our name (ISA05): ZZ agreed, 01 DUNS, 02 SCAC.", example="ZZ")
    ] = "ZZ"
    partner_id: Annotated[str, setting("The partner's name in ISA08 and GS03.", example="ROAD")]
    partner_qualifier: Annotated[
        str, setting("Kind of the partner's name (ISA07).", example="02")
    ] = "02"
    base_url: Annotated[
        str,
        setting(
            "Address of the partner, without a slash at the end; empty where files go out.",
            example="https://edi.example.com/x12",
        ),
    ] = ""
    path: Annotated[
        str,
        setting("Where under that address interchanges are taken by POST.", example="/edi"),
    ] = "/interchange"
    token: Annotated[
        Secret,
        setting(
            "Bearer token that the partner gave us.", example="${file:secrets/token}", secret=True
        ),
    ] = Secret("")
    inbox_dir: Annotated[
        str,
        setting("Folder the partner drops its files into; watched.", example="exchange/from-road"),
    ] = ""
    outbox_dir: Annotated[
        str,
        setting("Folder the partner fetches our files from; must exist.", example="exchange/road"),
    ] = ""
    release: Annotated[
        Literal["004010", "005010"],
        setting("Release that we write in (GS08).", example="005010"),
    ] = "004010"
    separators: Annotated[
        str,
        setting(
            "Element, component and repetition separator and terminator that we write with.",
            example="*>^~",
        ),
    ] = "*:^~"
    acknowledges_with: Annotated[
        Literal["997", "999"],
        setting("Set that answers what the partner sends.", example="999"),
    ] = "997"
    awaits_997: Annotated[
        bool, setting("Whether the partner acknowledges what we send.", example=False)
    ] = True
    asks_for_ta1: Annotated[
        bool, setting("Whether we ask for TA1 as well (ISA14).", example=True)
    ] = False
    findings: Annotated[
        dict[str, Acceptance],
        setting(
            "What is made of a finding, by its class: layout, envelope, syntax, unmapped, limit.",
            example={"envelope": "reject"},
        ),
    ] = field(default_factory=dict)
    interchange_mib: Annotated[
        int, setting("The largest interchange it may send, in MiB.", example=100)
    ] = 50
    time_zone: Annotated[
        str,
        setting(
            "IANA zone of times without a zone at places that nobody knows.",
            example="America/Chicago",
        ),
    ] = ""
    zone_codes: Annotated[
        dict[str, str],
        setting(
            "Zones this partner means by its time codes (AT7-07), above the table of the house.",
            example={"ES": "America/New_York"},
        ),
    ] = field(default_factory=dict)
    codes: Annotated[
        tuple[CodeMeaning, ...],
        setting(
            "What this partner means by its status codes, above the tables of the house.",
            example=[
                {
                    "table": "status",
                    "code": "X6",
                    "milestone": "OUT_FOR_DELIVERY",
                    "owner": "carrier-relations",
                    "why": "LTL: X6 is sent when the van leaves the terminal",
                }
            ],
        ),
    ] = ()
    answers: Annotated[
        dict[str, Literal["accepted", "declined", "countered"]],
        setting(
            "What this partner means by an answer to an offer (B1-04), above the table.",
            example={"B": "accepted"},
        ),
    ] = field(default_factory=dict)
    own_scac: Annotated[
        str,
        setting(
            "SCAC (B2-02) by which this partner offers loads to us; they are ours to answer.",
            example="XDCK",
        ),
    ] = ""
    cancellation_answer: Annotated[
        Literal["", "A", "D", "R"],
        setting(
            "Answer (B1-04) this partner wants when it takes an offer back; empty: none, as most.",
            example="D",
        ),
    ] = ""
    customer_id: Annotated[
        str,
        setting(
            "Our number of this partner as a customer, of the loads it offers; empty: its name.",
            example="C-100",
        ),
    ] = ""
    order_qualifier: Annotated[
        str,
        setting(
            "Qualifier of the number (L11-02) by which the ERP knows the order in a 204.",
            example="PO",
        ),
    ] = "SI"
    payment: Annotated[
        Literal["PP", "CC", "TP"],
        setting("Who pays the freight we tender (B2-06).", example="TP"),
    ] = "PP"
    currency: Annotated[
        str, setting("Currency of charges beside which none is named.", example="CAD")
    ] = "USD"
    weight_unit: Annotated[
        Literal["L", "K"],
        setting("Unit of weights beside which none is named: pounds or kilograms.", example="K"),
    ] = "L"
    charges: Annotated[
        dict[str, ChargeKind],
        setting(
            "What this partner charges for under its codes (L1-08), above the tables of the house.",
            example={"CUS": "CUSTOMS"},
        ),
    ] = field(default_factory=dict)
