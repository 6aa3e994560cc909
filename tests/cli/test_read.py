"""`crossdock read`: what a connector makes of a file, with the fault marked."""

import json
from pathlib import Path

import pytest

from crossdock.formats.sniffing import format_of
from tests.cli.conftest import Terminal

ACCEPTED = (
    "ISA*00*          *00*          *02*ROAD           *ZZ*SHIPPERCO      "
    "*260329*0230*U*00401*000000007*0*T*>~\n"
    "GS*GF*ROAD*SHIPPERCO*20260329*0230*12*X*004010~\n"
    "ST*990*0001~\nB1*ROAD*SH-9**A~\nSE*4*0001~\nGE*1*12~\nIEA*1*000000007~\n"
)


def file(terminal: Terminal, name: str, text: str) -> str:
    path = terminal.folder / name
    path.write_text(text, "utf-8")
    return str(path)


def test_a_file_is_read_with_its_fault_marked_and_nothing_is_stored(terminal: Terminal) -> None:
    name = file(terminal, "answer.edi", ACCEPTED)

    told = terminal.run("read", name)

    assert told.code == 0
    assert told.answer.splitlines() == [
        f"{name}: x12, translated as x12_carrier interchange: 3 messages, 1 finding",
        "  EnvelopeReceived         isa ROAD/SHIPPERCO/T/7",
        "  EnvelopeReceived         gs ROAD/SHIPPERCO/GF/T/12",
        "  TenderAnswered           990/SH-9/ROAD/T/000000007/12/0001",
        "",
        "  byte 185  SE_COUNT (envelope)  SE01 does not count the segments that are there  (SE01)",
        "    said=4, found=3",
        "    SE*4*0001",
        "       ^",
        "",
        "  would be answered: group ROAD/SHIPPERCO/T/GF/000000007/12: accepted_with_errors",
    ]
    assert not (terminal.folder / "crossdock.db").exists()


def test_the_same_is_told_as_json(terminal: Terminal) -> None:
    name = file(terminal, "answer.edi", ACCEPTED.replace("**A", "**Q"))

    told = terminal.run("read", name, "--as", "x12_carrier", "--json")

    said = json.loads(told.answer)
    assert told.code == 8
    assert (said["file"], said["format"], said["outcome"]) == (name, "x12", "partial")
    assert [each["type"] for each in said["messages"]] == ["EnvelopeReceived", "EnvelopeReceived"]
    assert [(each["class"], each["code"], each["offset"]) for each in said["findings"]] == [
        ("syntax", "SEGMENT_8", 168),
        ("code", "UNKNOWN_TENDER_ANSWER", 168),
        ("envelope", "SE_COUNT", 185),
    ]


def test_what_is_no_interchange_is_unreadable_and_told_why(terminal: Terminal) -> None:
    name = file(terminal, "cut.edi", ACCEPTED[:60])

    told = terminal.run("read", name, "--json")

    said = json.loads(told.answer)
    assert (told.code, said["outcome"], said["messages"]) == (1, "unreadable", [])
    assert [(each["class"], each["code"], each["offset"]) for each in said["findings"]] == [
        ("broken", "ISA_BROKEN", 0)
    ]


def test_a_partner_is_read_under_its_own_settings(terminal: Terminal) -> None:
    terminal.config.write_text(
        '[[partners]]\nname = "road"\nconnector = "x12_carrier"\nenvironment = "test"\n'
        '[partners.settings]\nown_id = "SHIPPERCO"\npartner_id = "ROAD"\n'
        'answers = {Q = "accepted"}\n',
        "utf-8",
    )
    name = file(terminal, "answer.edi", ACCEPTED.replace("**A", "**Q"))

    told = terminal.run("read", name, "--as", "road", "--json")

    said = json.loads(told.answer)
    assert [
        each["body"]["accepted"] for each in said["messages"] if "accepted" in each["body"]
    ] == [True]


def test_any_connectors_document_is_found_by_itself(terminal: Terminal) -> None:
    samples = Path(__file__).parents[2] / "src" / "crossdock" / "connectors"
    tracking = samples / "reference_carrier/samples/tracking/delivered.in.json"
    orders = samples / "csv_orders/samples/orders/released.in.csv"

    told = [
        json.loads(terminal.run("read", str(each), "--json").answer) for each in (tracking, orders)
    ]

    assert [(each["connector"], each["document"], each["outcome"]) for each in told] == [
        ("reference_carrier", "tracking", "translated"),
        ("csv_orders", "orders", "translated"),
    ]


def test_what_cannot_be_meant_is_told(terminal: Terminal) -> None:
    name = file(terminal, "answer.edi", ACCEPTED)

    wrong = terminal.run("read", name, "--as", "x12_carier")
    missing = terminal.run("read", str(terminal.folder / "gone.edi"))

    assert (wrong.code, "did you mean `x12_carrier`?" in wrong.said) == (2, True)
    assert (missing.code, "gone.edi cannot be read" in missing.said) == (4, True)


def test_what_no_connector_speaks_is_called_by_its_name(terminal: Terminal) -> None:
    name = file(terminal, "status.edi", "UNB+UNOA:1+A+B+260330:0800+1'UNZ+0+1'")

    told = json.loads(terminal.run("read", name, "--json").answer)

    assert (told["format"], told["outcome"]) == ("edifact", "unreadable")
    assert [(each["code"], each["text"]) for each in told["findings"]] == [
        ("NO_INTERCHANGE", "There is no ISA, GS or ST to begin with: this is EDIFACT")
    ]


@pytest.mark.parametrize(
    ("raw", "form"),
    [
        (ACCEPTED.encode(), "x12"),
        (b"\xef\xbb\xbfST|990|0001~", "x12"),
        (ACCEPTED.replace("*", "\t").encode(), "x12"),
        (ACCEPTED.encode("utf-16"), "x12"),
        (ACCEPTED.encode("utf-16-be"), "x12"),
        (ACCEPTED.encode("cp037"), "x12"),
        (b"XSA*00*~\nGS*GF*A*B~ST*990*0001~", "x12"),
        (b"UNB+UNOA:1+A+B'", "edifact"),
        (b"UNA:+.? 'UNB+UNOA:1'", "edifact"),
        (b' {"a": 1}', "json"),
        (b"<?xml?><a/>", "xml"),
        (b"order_no;qty\r\n1;2\r\n", "csv"),
        (b"", "empty"),
        (b"hello", "unknown"),
    ],
)
def test_a_format_is_guessed_by_how_it_begins(raw: bytes, form: str) -> None:
    assert format_of(raw) == form
