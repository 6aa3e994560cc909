"""The same few sets, written and broken as partners do: what is read, noticed and answered."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crossdock.connectors import discover
from crossdock.connectors.x12_carrier.settings import Settings
from crossdock.faults import Unreadable
from crossdock.ports import Reading

READ = discover()["x12_carrier"].documents["interchange"]
PROFILE = Settings(partner="road", own_id="SHIPPERCO", partner_id="ROAD", own_scac="XDCK")
ISA = (
    "ISA*00*          *00*          *02*ROAD           *ZZ*SHIPPERCO      "
    "*260329*0230*U*00401*000000075*0*P*>"
)
NEWER = ISA.replace("*U*00401", "*^*00501")
STATUS = (
    "ST*214*0001",
    "B10*PRO17*SH-9*ROAD",
    "LX*1",
    "AT7*D1*NS***20260328*1410*LT",
    "MS1*WEST ALLIS*WI*US",
    "SE*6*0001",
)
OFFER = (
    "ST*204*0001",
    "B2**ROAD**SH-9**PP",
    "B2A*00*LT",
    "L11*SO-1*SI",
    "S5*1*LD",
    "N1*SH*MILL",
    "N4*RUMFORD*ME*04276*US",
    "S5*2*UL",
    "N1*CN*PRINTERS",
    "N4*WEST ALLIS*WI*53214*US",
    "SE*11*0001",
)
ANSWER = ("ST*990*0001", "B1*ROAD*SH-9*20260329*A", "SE*3*0001")
SIGNED = (
    "ST*997*0001",
    "AK1*SM*12",
    "AK2*204*0001",
    "AK3*B2*2**8",
    "AK4*4*145*1",
    "AK5*R*5",
    "AK9*R*1*1*0",
    "SE*8*0001",
)


def whole(
    *lines: str,
    function: str = "QM",
    newer: bool = False,
    sets: int = 1,
) -> str:
    """Wrap sets into one group of one interchange."""
    isa, version = (NEWER, "005010") if newer else (ISA, "004010")
    body = (
        isa,
        f"GS*{function}*ROAD*SHIPPERCO*20260329*0230*714*X*{version}",
        *lines,
        f"GE*{sets}*714",
        "IEA*1*000000075",
    )
    return "~".join(body) + "~"


GOOD = whole(*STATUS)
TENDER = whole(*OFFER, function="SM")


def other(old: str, new: str, text: str = GOOD) -> str:
    """Change one thing."""
    assert old in text
    return text.replace(old, new)


def lines_of_80(text: str, end: str) -> str:
    """Cut a file into records without regard to its segments."""
    return end.join(text[at : at + 80] for at in range(0, len(text), 80))


MILESTONE, LOAD, WORD, SIGNATURE = (
    "MilestoneReported",
    "LoadTendered",
    "TenderAnswered",
    "AcknowledgementReceived",
)
Told = tuple[list[str], list[str], list[str]]
OK: Told = ([MILESTONE], [], ["accepted"])

# What is written, and what is read, noticed and answered.
VARIATIONS: dict[str, tuple[str, Told]] = {
    "as it should be": (GOOD, OK),
    "in 005010": (whole(*STATUS, newer=True), OK),
    "a line for each segment": (other("~", "~\r\n"), OK),
    "lines end segments": (other("~", "\n"), OK),
    "lines of DOS end segments": (other("~", "\r\n"), OK),
    "other separators": (other("*", "|").replace("~", "\x1d"), OK),
    "separators of a mainframe": (other("*", "\x07").replace("~", "\x15"), OK),
    "blanks before segments": (other("~", "~ ").rstrip(), OK),
    "blanks between segments": (other("~LX", "~ ~  ~LX"), OK),
    "blanks between segments that are counted wrong": (
        other("~LX", "~ ~  ~LX").replace("SE*6", "SE*7").replace("*D1*", "*QQ*"),
        (
            [MILESTONE],
            ["SEGMENT_8", "UNKNOWN_STATUS_CODE", "SE_COUNT"],
            ["accepted_with_errors"],
        ),
    ),
    "newlines behind": (GOOD + "\r\n\n \x1a", OK),
    "zeros behind": (GOOD + "\0" * 40, OK),
    "a byte order mark": ("\xef\xbb\xbf" + GOOD, ([MILESTONE], ["BYTE_ORDER_MARK"], ["accepted"])),
    "small segment names": (
        other("AT7", "at7").replace("B10", "b10"),
        ([MILESTONE], ["LOWER_CASE"], ["accepted"]),
    ),
    "all in small letters": (
        GOOD.lower().replace("*qm*", "*QM*").replace("*ns*", "*NS*").replace("*d1*", "*D1*"),
        ([MILESTONE], ["ISA_USAGE", "LOWER_CASE", "UNKNOWN_TIME_CODE"], ["accepted_with_errors"]),
    ),
    "ISA of 105": (
        other("SHIPPERCO      *", "SHIPPERCO     *"),
        ([MILESTONE], ["ISA_NOT_PADDED"], ["accepted"]),
    ),
    "ISA of 107": (
        other("SHIPPERCO      *", "SHIPPERCO       *"),
        ([MILESTONE], ["ISA_NOT_PADDED"], ["accepted"]),
    ),
    "ISA16 missing": (
        other("*P*>~", "*P*~"),
        ([MILESTONE], ["ISA_NO_COMPONENT_SEPARATOR"], ["accepted"]),
    ),
    "no GS": (
        GOOD.replace("GS*QM*ROAD*SHIPPERCO*20260329*0230*714*X*004010~", "").replace(
            "GE*1*714~", ""
        ),
        ([MILESTONE], ["NO_GS", "IEA_COUNT"], []),
    ),
    "no ISA": (
        GOOD[GOOD.index("GS*") : GOOD.index("IEA")],
        ([MILESTONE], ["NO_ISA"], []),
    ),
    "SE counts wrongly": (
        other("SE*6", "SE*9"),
        ([MILESTONE], ["SE_COUNT"], ["accepted_with_errors"]),
    ),
    "SE has another number": (
        other("SE*6*0001", "SE*6*0002"),
        ([MILESTONE], ["SE_CONTROL"], ["accepted_with_errors"]),
    ),
    "no SE": (
        other("SE*6*0001~", ""),
        ([MILESTONE], ["SEGMENT_3", "NO_SE"], ["accepted_with_errors"]),
    ),
    "GE counts wrongly": (
        other("GE*1*", "GE*3*"),
        ([MILESTONE], ["GE_COUNT"], ["accepted_with_errors"]),
    ),
    "a set twice": (
        whole(*STATUS, *STATUS, sets=2),
        ([MILESTONE, MILESTONE], ["SET_TWICE"], ["accepted_with_errors"]),
    ),
    "sets of three kinds": (
        whole(
            *STATUS,
            "ST*990*0002",
            "B1*ROAD*SH-9*20260329*A",
            "SE*3*0002",
            "ST*850*0003",
            "BEG*00*SA*1**20260329",
            "SE*3*0003",
            sets=3,
        ),
        (
            [MILESTONE, WORD],
            ["GS_FUNCTION", "SET_NOT_MAPPED", "SET_REJECTED"],
            ["partial"],
        ),
    ),
    "an interchange of nothing": (ISA + "~IEA*0*000000075~", ([], ["NO_GROUPS"], [])),
    "a group of nothing": (whole(sets=0), ([], ["NO_SETS"], ["accepted_with_errors"])),
    "ISA alone": (ISA + "~", ([], ["NO_IEA"], [])),
    "cut in the second of two": (
        GOOD + GOOD[:200],
        (
            [MILESTONE],
            [
                "SET_REJECTED",
                "NO_LAST_TERMINATOR",
                "SEGMENT_3",
                "NO_IEA",
                "NO_GE",
                "CUT_OFF",
            ],
            ["accepted", "rejected"],
        ),
    ),
    "cut in the first of two": (
        GOOD[:200] + "~" + GOOD,
        (
            [MILESTONE],
            ["SET_REJECTED", "SEGMENT_3", "NO_IEA", "NO_GE", "CUT_OFF"],
            ["rejected", "accepted"],
        ),
    ),
    "an ISA that another ISA interrupts": (
        ISA[:60] + GOOD,
        ([MILESTONE], ["ISA_BROKEN"], ["accepted"]),
    ),
    "mail around it": (
        "Dear all,\n" + GOOD + "Kind regards",
        ([MILESTONE], ["JUNK", "JUNK"], ["accepted"]),
    ),
    "no milestone at all": (
        whole(*STATUS[:2], "SE*3*0001"),
        ([], ["NO_STATUS"], ["accepted"]),
    ),
    "a line without a milestone": (
        whole(*STATUS[:3], "L11*SH-9*QN", "SE*5*0001"),
        ([], ["NO_STATUS"], ["accepted"]),
    ),
    "named by another number alone": (other("B10*PRO17*SH-9*ROAD", "B10***ROAD**BM*7777"), OK),
    "named by a number of no kind we know": (
        other("B10*PRO17*SH-9*ROAD", "B10***ROAD**ZZ*7777"),
        ([], ["NO_SHIPMENT_NUMBER"], ["accepted"]),
    ),
    "the separators that the standard proposes": (
        other("*", "\x1d").replace("~", "\x1c").replace(">", "\x1f"),
        OK,
    ),
    "a status on no list": (
        other("*D1*", "*Z9*"),
        ([MILESTONE], ["SEGMENT_8", "UNKNOWN_STATUS_CODE"], ["accepted_with_errors"]),
    ),
    "a status and an appointment at once": (
        other("*D1*NS***", "*D1*NS*AB*NA*"),
        ([MILESTONE], ["SEGMENT_8"], ["accepted_with_errors"]),
    ),
    "an event without anything": (
        other("AT7*D1*NS***20260328*1410*LT", "AT7"),
        ([], ["NO_TIME"], ["accepted"]),
    ),
    "a state with two zones": (
        other("WEST ALLIS*WI", "EL PASO*TX"),
        ([MILESTONE], ["ZONE_AMBIGUOUS"], ["accepted"]),
    ),
    "the hour that comes twice": (
        other("20260328*1410", "20251102*0130"),
        ([MILESTONE], ["LOCAL_TIME_TWICE"], ["accepted"]),
    ),
    "the hour that never comes": (
        other("20260328*1410", "20260308*0230"),
        ([MILESTONE], ["LOCAL_TIME_SKIPPED"], ["accepted"]),
    ),
    "31 February": (
        other("20260328", "20260231"),
        ([], ["SEGMENT_8", "NOT_A_TIME"], ["accepted_with_errors"]),
    ),
    "a year of two digits": (
        other("*20260328*1410", "*260328*1410"),
        ([MILESTONE], ["SEGMENT_8", "SHORT_DATE"], ["accepted_with_errors"]),
    ),
    "24 o'clock": (
        other("*1410*", "*2400*"),
        ([MILESTONE], ["SEGMENT_8"], ["accepted_with_errors"]),
    ),
    "a time code of nobody": (
        other("*1410*LT", "*1410*QQ"),
        ([MILESTONE], ["UNKNOWN_TIME_CODE"], ["accepted"]),
    ),
    "lines of 80": (lines_of_80(GOOD, "\r\n"), ([MILESTONE], ["FIXED_RECORDS"], ["accepted"])),
    "lines of 80 with a newline behind": (
        lines_of_80(GOOD, "\n") + "\n",
        ([MILESTONE], ["FIXED_RECORDS"], ["accepted"]),
    ),
    "letters of Latin-1": (
        other("WEST ALLIS", "K\xf6LN").replace("*WI*US", "**DE"),
        ([MILESTONE], ["NOT_UTF_8"], ["accepted"]),
    ),
    "a zero inside": (
        other("WEST ALLIS", "WEST\0ALLIS"),
        ([MILESTONE], ["CONTROL_CHARACTERS"], ["accepted_with_errors"]),
    ),
    "the group of another set": (
        whole(*STATUS, function="SM"),
        ([MILESTONE], ["GS_FUNCTION"], ["accepted"]),
    ),
    "an offer": (TENDER, ([LOAD], [], ["accepted"])),
    "an offer in 005010": (whole(*OFFER, function="SM", newer=True), ([LOAD], [], ["accepted"])),
    "an offer to us": (other("B2**ROAD", "B2**XDCK", TENDER), (["LoadOffered"], [], ["accepted"])),
    "an offer to nobody": (other("B2**ROAD", "B2**", TENDER), (["LoadOffered"], [], ["accepted"])),
    "an offer and its change in one group": (
        whole(
            *OFFER,
            *(each.replace("0001", "0002").replace("A*00", "A*04") for each in OFFER),
            function="SM",
            sets=2,
        ),
        ([LOAD, LOAD], [], ["accepted"]),
    ),
    "an offer without a purpose": (
        other("B2A*00*LT~", "", TENDER).replace("SE*11", "SE*10"),
        ([], ["UNKNOWN_CODE", "SEGMENT_3"], ["accepted_with_errors"]),
    ),
    "an offer without stops": (
        whole(*OFFER[:4], "SE*5*0001", function="SM"),
        ([LOAD], ["SEGMENT_3"], ["accepted_with_errors"]),
    ),
    "a purpose on no list": (
        other("B2A*00", "B2A*ZQ", TENDER),
        ([], ["SEGMENT_8", "UNKNOWN_CODE"], ["accepted_with_errors"]),
    ),
    "a number after its order line": (
        other("N1*CN*P", "OID*1*PO-7~L11*PO-8*PO~N1*CN*P", TENDER).replace("SE*11", "SE*13"),
        ([LOAD], ["SEGMENT_7", "SEGMENT_7", "SEGMENT_2"], ["accepted_with_errors"]),
    ),
    "half an offer": (
        TENDER[: TENDER.index("S5*2")],
        ([], ["SET_REJECTED", "SEGMENT_3", "NO_IEA", "NO_GE", "CUT_OFF"], ["rejected"]),
    ),
    "an answer": (whole(*ANSWER, function="GF"), ([WORD], [], ["accepted"])),
    "an answer in 005010": (whole(*ANSWER, function="GF", newer=True), ([WORD], [], ["accepted"])),
    "an answer in a small letter": (
        whole(*(each.replace("*A", "*a") for each in ANSWER), function="GF"),
        ([], ["SEGMENT_8", "UNKNOWN_TENDER_ANSWER"], ["accepted_with_errors"]),
    ),
    "an answer of nothing": (
        whole("ST*990*0001", "SE*2*0001", function="GF"),
        ([], ["NO_SHIPMENT_NUMBER", "SEGMENT_3"], ["accepted_with_errors"]),
    ),
    "an acknowledgement": (whole(*SIGNED, function="FA"), ([SIGNATURE], [], [])),
    "an acknowledgement of nothing": (
        whole("ST*997*0001", "AK1*SM*abc", "AK9*A*1*1*1", "SE*4*0001", function="FA"),
        ([], ["SEGMENT_8", "ACKNOWLEDGEMENT_UNCLEAR"], []),
    ),
    "TA1": (ISA + "~TA1*000000012*260329*0230*A*000~IEA*0*000000075~", ([SIGNATURE], [], [])),
    "TA1 that rejects": (
        ISA + "~TA1*000000012*260329*0230*R*023~IEA*0*000000075~",
        ([SIGNATURE], [], []),
    ),
    "TA1 in a group": (
        whole("TA1*000000012*260329*0230*A*000", sets=0),
        ([], ["NO_SETS", "STRAY_SEGMENT"], ["accepted_with_errors"]),
    ),
}


def told(reading: Reading) -> Told:
    """What was read, noticed and answered, without the envelopes."""
    names = [type(each.report).__name__ for each in reading.reports]
    return (
        [each for each in names if each != "EnvelopeReceived"],
        [each.code for each in reading.findings],
        [each.verdict.value for each in reading.owed],
    )


@pytest.mark.parametrize("name", VARIATIONS)
def test_what_partners_write_is_read_as_far_as_it_can_be(name: str) -> None:
    text, expected = VARIATIONS[name]

    assert told(READ(text.encode("latin-1"), PROFILE)) == expected


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "the file is empty"),
        (b" \r\n\0", "the file is empty"),
        (GOOD.encode("utf-16"), "this is UTF-16"),
        (GOOD.encode("utf-16-le"), "this is UTF-16"),
        (GOOD.encode("utf-16-be"), "this is UTF-16"),
        (GOOD.encode("cp037"), "this is EBCDIC"),
        (b"UNB+UNOA:1+A+B'", "this is EDIFACT"),
        (b"<html>502</html>", "this is XML or a web page"),
        (b'{"events": []}', "this is JSON"),
        (b"\x1f\x8b\x08abc", "this is compressed (gzip)"),
        (b"PK\x03\x04abc", "this is compressed (zip)"),
        (b"%PDF-1.7", "this is a PDF"),
    ],
)
def test_what_is_no_x12_is_called_by_its_name(raw: bytes, said: str) -> None:
    with pytest.raises(Unreadable) as fault:
        READ(raw, PROFILE)

    assert said in fault.value.said


def test_a_broken_file_is_named_by_what_broke_it_and_not_by_how_it_is_laid_out() -> None:
    with pytest.raises(Unreadable) as fault:
        READ(b"\xef\xbb\xbfXSA*00*~", PROFILE)

    assert fault.value.seen["code"] == "NO_INTERCHANGE"


@pytest.mark.parametrize(
    "text",
    [GOOD, TENDER, whole(*ANSWER, function="GF"), whole(*SIGNED, function="FA"), GOOD + TENDER],
    ids=["214", "204", "990", "997", "two interchanges"],
)
@pytest.mark.parametrize(
    "spelt", [str, lambda text: lines_of_80(text, "\r\n")], ids=["plain", "80"]
)
def test_a_file_cut_at_any_byte_tells_no_half_truth(text: str, spelt: Callable[[str], str]) -> None:
    raw = spelt(text).encode()
    truth = {
        repr(each.report) for each in READ(raw, PROFILE).reports if "Envelope" not in each.where
    }

    for end in range(len(raw)):
        try:
            read = READ(raw[:end], PROFILE)
        except Unreadable:
            continue
        found = {repr(each.report) for each in read.reports if each.where[:2] not in {"IS", "GS"}}
        assert found <= truth, end
