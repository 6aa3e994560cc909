"""Bills in X12, 210: what is charged is what is read, and what the profile says is believed."""

import csv
import io
import re
from datetime import UTC, datetime
from decimal import Decimal
from importlib.resources import files

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.canonical.freight import ChargeKind, FreightInvoice, InvoicePurpose
from crossdock.canonical.moments import Moment, ZoneSource
from crossdock.canonical.money import Money
from crossdock.canonical.references import Reference, ReferenceType
from crossdock.connectors import discover
from crossdock.connectors.x12_carrier.codes import charges as codes_of_210
from crossdock.faults import Finding
from crossdock.messages.acknowledgement import EnvelopeReceived, Verdict
from crossdock.messages.freight_settlement import FreightInvoiceReceived

CONNECTOR = discover()["x12_carrier"]
ISA = (
    "ISA*00*          *00*          *02*ROAD           *ZZ*SHIPPER        "
    "*260402*0230*U*00401*000000007*0*T*>~GS*IM*ROAD*SHIPPER*20260402*0230*7*X*004010~"
)
BILL = "B3**INV-7*SH-9*PP*L*20260401*{due}****ROAD"
HEAD = (BILL.format(due=65940), "C3*USD", "N1*BT*SHIPPER", "N4*RICHMOND*VA*23226*US")

LTL = "LINEHAUL DISCOUNT FUEL LIFTGATE INSIDE RESIDENTIAL APPOINTMENT REWEIGH REDELIVERY"
TRUCKLOAD = "LINEHAUL FUEL STOP_OFF DETENTION LAYOVER LOADING CANCELLED TOLL EMPTY_MILES"
DRAYAGE = "LINEHAUL OTHER EMPTY_MILES DEMURRAGE OTHER STORAGE CUSTOMS"
PARCEL = "LINEHAUL ADMINISTRATION OTHER HAZARDOUS RESIDENTIAL INSURANCE TAX"
OCEAN = "LINEHAUL FUEL OTHER OTHER HAZARDOUS INSURANCE OVERSIZE"

PROFILE = msgspec.convert({"own_id": "SHIPPER", "partner_id": "ROAD"}, CONNECTOR.settings)


def written(*lines: str, number: int = 7) -> bytes:
    body = "".join(f"{line}~" for line in (f"ST*210*{number:04d}", *lines))
    head = ISA.replace("00000007", f"{number:08d}").replace("*7*X", f"*{number}*X")
    text = f"{head}{body}SE*{len(lines) + 2}*{number:04d}~GE*1*{number}~IEA*1*{number:09d}~"
    return text.encode()


def read(*lines: str, **settings: object) -> tuple[list[FreightInvoice], list[Finding]]:
    profile = {"own_id": "SHIPPER", "partner_id": "ROAD", **settings}
    reading = CONNECTOR.documents["interchange"](
        written(*lines), msgspec.convert(profile, CONNECTOR.settings)
    )
    reports = [each.report for each in reading.reports]
    bills = [each.invoice for each in reports if isinstance(each, FreightInvoiceReceived)]
    return bills, list(reading.findings)


def codes(findings: list[Finding]) -> list[str]:
    return [each.code for each in findings]


def test_a_code_that_the_partner_means_otherwise_is_believed() -> None:
    lines = (*HEAD, "LX*1", "L1*1***65940****CUS", "L3*****65940")

    before, asked = read(*lines)
    after, told = read(*lines, charges={"CUS": "CUSTOMS"})

    assert [each.kind for each in before[0].charges] == [ChargeKind.UNCLASSIFIED]
    assert [(each.code, each.seen) for each in asked] == [
        ("UNKNOWN_CHARGE_CODE", {"sent": "CUS", "suggested": "CUSTOMS"})
    ]
    assert [each.kind for each in after[0].charges] == [ChargeKind.CUSTOMS]
    assert told == []


def test_each_code_of_the_table_is_there_once_with_a_kind_and_a_few_words() -> None:
    text = (files(codes_of_210.__package__) / "special_charges.csv").read_text("utf-8")
    rows = [tuple(row) for row in csv.reader(io.StringIO(text))][1:]

    written = [row[0] for row in rows]
    kinds = {row[1] for row in rows}

    assert written == sorted(set(written))
    assert [each for each in written if not re.fullmatch(r"[A-Z0-9]{3}|", each)] == []
    assert kinds == set(ChargeKind) - {ChargeKind.ALL_IN, ChargeKind.UNCLASSIFIED}
    assert [row for row in rows if not re.fullmatch(r"[A-Za-z].{2,49}", row[2])] == []
    assert [tuple(each) for each in codes_of_210.CHARGES.values()] == rows


@pytest.mark.parametrize(
    ("charged", "kinds"),
    [
        ("400 DSC FUE LFT IDL RES APT WTV RCL", LTL),
        ("LHS 405 SOC DTU LAY LAB VOR TRU DMC", TRUCKLOAD),
        ("DRC CHE EMT DEM WFG SUF CTX", DRAYAGE),
        ("NDA 600 665 DGS RES 745 GST", PARCEL),
        ("COF BUA CUF WCT HZD WAR OWC", OCEAN),
    ],
)
def test_what_carriers_of_each_trade_charge_for_is_known(charged: str, kinds: str) -> None:
    lines = [
        line
        for number, code in enumerate(charged.split(), 1)
        for line in (f"LX*{number}", f"L1*{number}***100****{code}")
    ]

    bills, told = read(BILL.format(due=100 * len(lines) // 2), *HEAD[1:], *lines)

    assert [each.code for each in bills[0].charges] == charged.split()
    assert [each.kind for each in bills[0].charges] == kinds.split()
    assert told == []


@pytest.mark.parametrize(
    ("code", "words", "suggested"),
    [
        ("CUS", "", "CUSTOMS"),
        ("FLT", "FUEL FLAT", "FUEL"),
        ("ONC", "NOTIFY", "APPOINTMENT"),
        ("PST", "PROVINCIAL TAX", "TAX"),
        ("SPU", "", ""),
        ("NFB", "LUMPER", "LOADING"),
    ],
)
def test_a_code_that_means_two_things_or_nothing_asks_with_what_its_words_suggest(
    code: str, words: str, suggested: str
) -> None:
    lines = ("LX*1", f"L5*1*{words}", f"L1*1***65940****{code}", "L3*****65940")

    bills, told = read(*HEAD, *(line for line in lines if not line.endswith("*1*")))

    assert [each.kind for each in bills[0].charges] == [ChargeKind.UNCLASSIFIED]
    assert [(each.code, each.seen) for each in told] == [
        ("UNKNOWN_CHARGE_CODE", {"sent": code, "suggested": suggested})
    ]


def test_a_bill_without_currency_or_unit_takes_those_of_the_profile() -> None:
    lines = (HEAD[0].replace("*L*", "**"), *HEAD[2:], "LX*1", "L0*1***100*G", "L1*1***65940")

    bills, told = read(*lines, currency="CAD", weight_unit="K")

    assert bills[0].total == Money(minor=65940, currency="CAD")
    assert [each.weight_kg for each in bills[0].charges] == [Decimal("100.000")]
    assert codes(told) == ["CURRENCY_FROM_PROFILE", "WEIGHT_UNIT_FROM_PROFILE"]


def test_yen_have_no_decimals_and_are_billed_with_two_implied() -> None:
    lines = (BILL.format(due=6594000), "C3*JPY", *HEAD[2:], "LX*1", "L1*1***6594000")

    bills, told = read(*lines)

    assert (bills[0].total, told) == (Money(minor=65940, currency="JPY"), [])


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("L1*1*46.09*PH*363604", []),
        ("L1*1*46.09*PH*363605", []),
        ("L1*1*46.09*PH*363606", ["RATE_DISAGREES"]),
        ("L1*1*0.4609*LB*363604", []),
        ("L1*1*46.09*NR*1", []),
        ("L1*1*58000*FR*58000", ["RATE_WITHOUT_POINT"]),
        ("L1*1*580.00*FR*58001", ["RATE_DISAGREES"]),
        ("L1*1*1.50*PM*15000*************100*DM", []),
        ("L1*1*1.50*PM*15001*************100*DM", ["RATE_DISAGREES"]),
        ("L1*1*1.50*PM*15001", []),
    ],
)
def test_a_rate_is_held_against_its_charge_to_the_cent(line: str, told: list[str]) -> None:
    due = BILL.format(due=line.split("*")[4])

    _, findings = read(due, *HEAD[1:], "LX*1", "L0*1***7889*G***3*SKD**L", line)

    assert codes(findings) == told


cents = st.integers(-99_999_999, 99_999_999)


@given(st.lists(cents, min_size=1, max_size=12), cents)
def test_charges_come_to_what_is_due_or_it_is_told(charged: list[int], due: int) -> None:
    lines = [text for n, each in enumerate(charged, 1) for text in (f"LX*{n}", f"L1*{n}***{each}")]

    bills, told = read(BILL.format(due=due), *HEAD[1:], *lines)

    assert [each.amount.minor for each in bills[0].charges] == charged
    assert bills[0].total.minor == due
    assert codes(told) == ([] if sum(charged) == due else ["SUMS_DISAGREE"])
    assert len(bills[0].disagreements) == len(told)


@given(st.lists(cents, min_size=1, max_size=8))
def test_a_point_says_the_same_amount_and_is_told(charged: list[int]) -> None:
    pointed = [
        text
        for n, each in enumerate(charged, 1)
        for text in (f"LX*{n}", f"L1*{n}***{each / 100:.2f}")
    ]

    bills, told = read(BILL.format(due=sum(charged)), *HEAD[1:], *pointed)

    assert [each.amount.minor for each in bills[0].charges] == charged
    assert bills[0].disagreements == ()
    assert codes(told) == ["SEGMENT_8", "EXPLICIT_DECIMAL"] * len(charged)


def test_a_bill_sent_again_under_other_numbers_is_the_same_report() -> None:
    lines = (*HEAD, "LX*1", "L5*1*PAPER", "L1*1*1.00*FR*101", "L3*****101")
    once, again = (
        CONNECTOR.documents["interchange"](written(*lines, number=number), PROFILE).reports[-1]
        for number in (7, 8)
    )

    assert (once.identity, once.report) == (again.identity, again.report)


def test_a_bill_whose_head_has_only_the_load_in_its_numbers_is_not_taken_apart() -> None:
    head = HEAD[0].replace("SH-9", "")
    lines = ("LX*1", "N9*2I*1Z1", "L1*1***60000", "LX*2", "N9*2I*1Z2", "L1*2***5940")

    whole, _ = read(head, HEAD[1], "N9*LO*L-77", *HEAD[2:], *lines)
    apart, _ = read(head, *HEAD[1:], *lines)

    assert [(each.invoice_id, each.total.minor) for each in whole] == [("INV-7", 65940)]
    assert [(each.invoice_id, each.total.minor) for each in apart] == [
        ("INV-7/1Z1", 60000),
        ("INV-7/1Z2", 5940),
    ]


def test_a_line_of_a_thousand_charges_does_not_repeat_itself_in_each() -> None:
    many = ("L5*1*PAPER", "L0*1*******1*PCS", "L7*1******70") * 300
    charged = ("L1*1***1",) * 1000

    bills, _ = read(BILL.format(due=1000), *HEAD[1:], "LX*1", *many, *charged)

    assert bills[0].total.minor == sum(each.amount.minor for each in bills[0].charges) == 1000
    assert {len(each.evidence) for each in bills[0].charges} == {31}


@pytest.mark.parametrize(
    ("b3", "named", "told"),
    [
        ("B3**I*S*PP**20260401*100", "ROAD", ["SEGMENT_8", "CARRIER_ELSEWHERE"]),
        ("B3**I*S*PP**20260401*100****xpo1", "xpo1", ["SCAC_MALFORMED"]),
        (
            "B3*B*I*S*PP*20260401*1.00*USD****ROAD",
            "ROAD",
            ["SEGMENT_8", "TOTAL_ELSEWHERE", "DATE_ELSEWHERE"],
        ),
    ],
)
def test_what_stands_elsewhere_is_found_and_said(b3: str, named: str, told: list[str]) -> None:
    bills, findings = read(b3, *HEAD[1:], "LX*1", "L1*1***100")

    assert [(each.carrier_scac, each.total.minor) for each in bills] == [(named, 100)]
    assert codes(findings) == told


def test_the_hour_of_delivery_is_believed_before_the_day_in_the_head() -> None:
    head = "B3**INV-7*SH-9*PP*L*20260401*100**20260331*035*ROAD"
    dated = (head, HEAD[1], "G62*35*20260331*9*1615*ET", *HEAD[2:], "LX*1", "L1*1***100")

    bills, told = read(*dated)

    assert [each.delivered for each in bills] == [
        Moment(
            at=datetime(2026, 3, 31, 20, 15, tzinfo=UTC),
            text="20260331 1615 ET",
            zone="America/New_York",
            zone_source=ZoneSource.PARTNER,
        )
    ]
    assert told == []


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("L1*2***1O00****FUE", "L1-04"),
        ("L1*2****1O00***FUE", "L1-05"),
        ("L1*2*****1O00**FUE", "L1-06"),
    ],
)
def test_a_charge_that_cannot_be_read_makes_its_bill_disagree_with_itself(
    line: str, place: str
) -> None:
    (bill,), findings = read(BILL.format(due=""), *HEAD[1:], "LX*1", "L1*1***65940****400", line)

    assert [(each.charge_id, each.amount.minor) for each in bill.charges] == [("1/1", 65940)]
    assert bill.disagreements == (f"L1 at 8: {line}: {place} is no amount, and not charged",)
    assert [each.seen for each in findings if each.code == "NOT_AN_AMOUNT"] == [{"text": "1O00"}]


@pytest.mark.parametrize(
    ("answers", "verdict", "bills"),
    [
        ({}, Verdict.ACCEPTED_WITH_ERRORS, 1),
        ({"syntax": "accept"}, Verdict.ACCEPTED, 1),
        ({"syntax": "reject"}, Verdict.REJECTED, 0),
    ],
)
def test_a_bill_with_a_charge_that_cannot_be_read_is_answered_as_the_profile_says(
    answers: dict[str, str], verdict: Verdict, bills: int
) -> None:
    lines = (*HEAD, "LX*1", "L1*1***65940****400", "L1*2***1O00****FUE")
    profile = {"own_id": "SHIPPER", "partner_id": "ROAD", "findings": answers}

    reading = CONNECTOR.documents["interchange"](
        written(*lines), msgspec.convert(profile, CONNECTOR.settings)
    )
    reports = [each.report for each in reading.reports]

    group = [each for each in reports if isinstance(each, EnvelopeReceived)][-1]
    billed = [each for each in reports if isinstance(each, FreightInvoiceReceived)]
    assert (group.verdict, len(billed)) == (verdict, bills)


def test_a_correction_nobody_knows_is_never_a_bill_that_agrees_with_itself() -> None:
    head = "B3**INV-7*SH-9*PP*L*20260401*100*QQ***ROAD"

    bills, told = read(head, *HEAD[1:], "LX*1", "L1*1***100")

    assert [(each.invoice_id, each.purpose, each.disagreements) for each in bills] == [
        (
            "INV-7",
            InvoicePurpose.ORIGINAL,
            ("The list of corrections (B3-08) lacks this code; read as a bill of its own: QQ",),
        )
    ]
    assert codes(told) == ["SEGMENT_8", "UNKNOWN_CORRECTION"]


def test_the_orders_of_a_bill_are_among_its_numbers() -> None:
    bills, _ = read(*HEAD, "OID**4711", "LX*1", "L1*1***65940")

    assert [each.references for each in bills] == [
        (Reference(type=ReferenceType.PURCHASE_ORDER, value="4711"),)
    ]


def test_a_package_weighs_what_is_billed_of_it() -> None:
    package = ("L0*1*******1*PCS", "L1*1***65940", "N1*CN*ANN LEE", "CD3*G*4", "CD3*B*10*401")

    bills, _ = read(*HEAD, "LX*1", *package)

    (charge,) = bills[0].charges
    assert charge.weight_kg == Decimal("4.536")
    assert charge.evidence == (
        "L0 at 7: L0*1*******1*PCS",
        "L1 at 8: L1*1***65940",
        "CD3 at 10: CD3*G*4",
        "CD3 at 11: CD3*B*10*401",
    )
