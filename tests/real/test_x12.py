"""Public X12 files, in and out of spec: each becomes messages or says exactly why not.

Files of other sets and other folders must be read without failing, whatever is in them; those of
the sets that are mapped are told by equality, file by file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import x12
from msgspec import Struct

from crossdock.canonical.freight import ChargeKind
from crossdock.canonical.money import Money
from crossdock.connectors import discover
from crossdock.faults import Unreadable
from crossdock.formats.x12.tokens import Segment, tokens
from crossdock.messages.acknowledgement import Verdict
from crossdock.messages.freight_settlement import FreightInvoiceReceived
from crossdock.messages.order_release import LoadTendered
from crossdock.ports import Reading

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples"
FILES = {f"{path.parent.name}/{path.name}": path for path in sorted(SAMPLES.glob("x12-*/*.edi"))}

pytestmark = pytest.mark.skipif(not FILES, reason="the public X12 files are not beside the project")

CONNECTOR = discover()["x12_carrier"]
SETTINGS = msgspec.convert({"own_id": "SHIPPER", "partner_id": "SCAC"}, CONNECTOR.settings)
ACCEPTED, WITH_ERRORS = Verdict.ACCEPTED, Verdict.ACCEPTED_WITH_ERRORS


class Told(Struct, frozen=True):
    """What a file became: how many messages of each type, which findings, how it is answered."""

    messages: dict[str, int]
    findings: dict[str, int] = {}
    answers: tuple[Verdict, ...] = ()


EXPECTED = {
    "x12-204/204-drayage-export-no-envelope.edi": Told(
        {"LoadTendered": 1}, {"NO_ISA": 1, "NO_GS": 1, "SEGMENT_8": 1, "SE_COUNT": 1}
    ),
    "x12-204/204-mercurygate-load-75027674.edi": Told(
        {"EnvelopeReceived": 2, "LoadTendered": 1}, {"SE_COUNT": 1}, (WITH_ERRORS,)
    ),
    "x12-210/210-80-char-records.edi": Told(
        {"EnvelopeReceived": 2, "FreightInvoiceReceived": 1},
        {"FIXED_RECORDS": 1, "CURRENCY_FROM_PROFILE": 1},
        (ACCEPTED,),
    ),
    "x12-210/210-mercurygate-75027674.edi": Told(
        {"EnvelopeReceived": 2, "FreightInvoiceReceived": 1},
        {"CURRENCY_FROM_PROFILE": 1, "WEIGHT_UNIT_FROM_PROFILE": 1, "UNKNOWN_CHARGE_CODE": 1},
        (ACCEPTED,),
    ),
    "x12-210/210-minimal-no-envelope.edi": Told(
        {"FreightInvoiceReceived": 1},
        {
            "NO_ISA": 1,
            "NO_GS": 1,
            "SE_COUNT": 1,
            "SEGMENT_8": 2,
            "TOTAL_ELSEWHERE": 2,
            "NO_CHARGE_LINES": 1,
            "CARRIER_ELSEWHERE": 1,
            "CURRENCY_FROM_PROFILE": 1,
            "WEIGHT_UNIT_FROM_PROFILE": 1,
            "NO_TIME_ZONE": 1,
        },
    ),
    "x12-214/214-appointments-multi-lx.edi": Told(
        {"EnvelopeReceived": 2, "MilestoneReported": 18},
        {"IEA_CONTROL": 1, "TIME_AHEAD": 2},
        (WITH_ERRORS,),
    ),
    "x12-214/214-canadapost-parcel.edi": Told(
        {"EnvelopeReceived": 2, "MilestoneReported": 19},
        {"SEGMENT_8": 9, "ZONE_AMBIGUOUS": 1},
        (WITH_ERRORS,),
    ),
    "x12-214/214-mercurygate-75027674.edi": Told(
        {"EnvelopeReceived": 2, "MilestoneReported": 1}, {}, (ACCEPTED,)
    ),
    "x12-315/315-ocean-status-1.edi": Told(
        {"EnvelopeReceived": 2, "MilestoneReported": 1},
        {"CONTAINER_CHECK_DIGIT": 1, "NO_TIME_ZONE": 1, "TIME_AHEAD": 1},
        (ACCEPTED,),
    ),
    "x12-315/315-ocean-status-3.edi": Told(
        {"EnvelopeReceived": 2, "MilestoneReported": 2}, {"SE_CONTROL": 1}, (WITH_ERRORS,)
    ),
    "x12-990/990-mercurygate-accept-75027674.edi": Told(
        {"EnvelopeReceived": 2, "TenderAnswered": 1}, {}, (ACCEPTED,)
    ),
    "x12-997/997-rejected-no-envelope-1.edi": Told(
        {"AcknowledgementReceived": 1}, {"NO_ISA": 1, "NO_GS": 1}
    ),
    "x12-997/997-simple.edi": Told({"EnvelopeReceived": 2, "AcknowledgementReceived": 1}),
    "x12-999/999-accepted.edi": Told(
        {"EnvelopeReceived": 2, "AcknowledgementReceived": 1}, {"IEA_CONTROL": 1}
    ),
    "x12-999/999-simple.edi": Told({"EnvelopeReceived": 2, "AcknowledgementReceived": 1}),
    "x12-malformed/isa-no-terminator.edi": Told({}, {"ISA_BROKEN": 1}),
    "x12-malformed/isa-two-component-chars.edi": Told({}, {"ISA_BROKEN": 1}),
    "x12-malformed/isa-wrong-tag.edi": Told({}, {"NO_INTERCHANGE": 1}),
}


def read(name: str) -> Reading | Unreadable:
    try:
        return CONNECTOR.documents["interchange"](FILES[name].read_bytes(), SETTINGS)
    except Unreadable as fault:
        return fault


def told(name: str) -> Told:
    reading = read(name)
    if isinstance(reading, Unreadable):
        return Told({}, {reading.seen["code"]: 1})
    return Told(
        dict(Counter(type(each.report).__name__ for each in reading.reports)),
        dict(Counter(each.code for each in reading.findings)),
        tuple(each.verdict for each in reading.owed),
    )


def test_every_file_of_the_mapped_sets_is_told_in_full() -> None:
    names = [name for name in FILES if name.startswith(("x12-2", "x12-315", "x12-99", "x12-mal"))]

    said = {name: told(name) for name in names}

    assert {name: each for name, each in said.items() if name in EXPECTED} == EXPECTED
    assert [name for name, each in said.items() if not each.messages and not each.findings] == []


def test_the_bill_of_the_real_load_is_explained_by_its_own_segments() -> None:
    reading = read("x12-210/210-mercurygate-75027674.edi")
    assert isinstance(reading, Reading)

    (invoice,) = (
        each.report.invoice
        for each in reading.reports
        if isinstance(each.report, FreightInvoiceReceived)
    )

    assert (invoice.total, invoice.disagreements) == (Money(minor=65940, currency="USD"), ())
    assert [
        (each.kind, each.amount.minor, each.evidence[-1 - bool(each.freight_class)])
        for each in invoice.charges
    ] == [
        (ChargeKind.LINEHAUL, 363604, "L1 at 16: L1*1*46.09*PH*363604"),
        (ChargeKind.UNCLASSIFIED, 1500, "L1 at 21: L1*2***1500****CUS"),
        (ChargeKind.FUEL, 2627, "L1 at 25: L1*3*26.27*FR*2627****FUE"),
        (ChargeKind.DISCOUNT, -301791, "L1 at 29: L1*4***-301791****DSC"),
    ]


def test_the_real_load_was_offered_for_less_than_it_is_billed() -> None:
    reading = read("x12-204/204-mercurygate-load-75027674.edi")
    assert isinstance(reading, Reading)

    (offer,) = (each.report for each in reading.reports if isinstance(each.report, LoadTendered))

    assert [(each.kind, each.amount, each.evidence) for each in offer.shipment.charges] == [
        (
            ChargeKind.ALL_IN,
            Money(minor=55721, currency="USD"),
            ("L3 at 37: L3*5472*G*557.21*FR*55721******5472",),
        )
    ]


@pytest.mark.parametrize("name", FILES)
def test_any_file_says_where_it_is_wrong(name: str) -> None:
    raw = FILES[name].read_bytes()

    reading = read(name)

    findings = [] if isinstance(reading, Unreadable) else list(reading.findings)
    assert [each for each in findings if each.at is None or not 0 <= each.at <= len(raw)] == []
    assert isinstance(reading, Unreadable) or reading.reports or reading.findings


# How partners write the same file otherwise: none of it makes a broken envelope readable.
SPELT: dict[str, Callable[[bytes], bytes]] = {
    "with a byte order mark": lambda raw: b"\xef\xbb\xbf" + raw,
    "after empty lines": lambda raw: b"\r\n \n" + raw,
    "with Windows line ends": lambda raw: raw.replace(b"\n", b"\r\n"),
    "on one line": lambda raw: raw.replace(b"\n", b""),
    "in small letters": bytes.lower,
    "in lines of 80": lambda raw: b"\n".join(raw[at : at + 80] for at in range(0, len(raw), 80)),
    "sent twice in one file": lambda raw: raw + raw,
}
BROKEN = [name for name in FILES if name.startswith("x12-malformed/")]


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("spelt", SPELT)
def test_a_broken_envelope_is_refused_however_it_is_written(name: str, spelt: str) -> None:
    raw = SPELT[spelt](FILES[name].read_bytes())

    with pytest.raises(Unreadable) as fault:
        CONNECTOR.documents["interchange"](raw, SETTINGS)

    assert {fault.value.seen["code"]: 1} == EXPECTED[name].findings


def segments_of_oracle(raw: bytes) -> list[bytes] | None:
    """Read as the strictest reader does, after ISA; None where it refuses the file."""
    try:
        return [each.raw.rstrip(b"\r\n") for each in x12.tokenize_x12(raw).segments[1:]]
    except x12.X12Error:
        return None


def test_the_oracle_reads_the_same_segments_where_it_can_read() -> None:
    raws = {name: path.read_bytes() for name, path in FILES.items()}
    theirs = {name: segments_of_oracle(raw) for name, raw in raws.items()}

    ours = {
        name: [each.text.encode() for each in tokens(raw) if isinstance(each, Segment)]
        for name, raw in raws.items()
    }

    readable = {name: read for name, read in theirs.items() if read is not None}
    assert len(readable) >= 25
    assert {name: ours[name] for name in readable} == readable
