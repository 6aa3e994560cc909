"""X12 read as partners write it, and written as the standard has it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.faults import Refused
from crossdock.formats.x12.delimiters import Delimiters
from crossdock.formats.x12.envelope import Document, Transaction, read, stream
from crossdock.formats.x12.tokens import Limits, Segment, tokens
from crossdock.formats.x12.writer import Envelope, fitting, render

NIGHT = datetime(2026, 3, 29, 2, 30, tzinfo=UTC)
ISA = (
    "ISA*00*          *00*          *02*ROAD           *ZZ*SHIPPER        "
    "*260329*0230*U*00401*000000007*0*T*>~"
)
GS = "GS*GF*ROAD*SHIPPER*20260329*0230*12*X*004010~"
SET = "ST*990*0001~B1*ROAD*4711**A~SE*3*0001~"
TAIL = "GE*1*12~IEA*1*000000007~"
WHOLE = ISA + GS + SET + TAIL


def read_text(text: str) -> Document:
    return read(text.encode("latin-1"))


def noticed(document: Document) -> list[tuple[str, int | None]]:
    return [(finding.code, finding.at) for finding in document.every_finding()]


def sets(document: Document) -> list[list[list[str]]]:
    return [[each.elements() for each in found.segments] for found in document.transactions()]


ACCEPTED = [[["ST", "990", "0001"], ["B1", "ROAD", "4711", "", "A"], ["SE", "3", "0001"]]]


def test_an_interchange_is_read_with_everything_its_envelope_says() -> None:
    document = read_text(WHOLE)

    (interchange,) = document.interchanges
    (group,) = interchange.groups
    assert noticed(document) == []
    assert sets(document) == ACCEPTED
    assert (interchange.sender_qualifier, interchange.sender) == ("02", "ROAD")
    assert (interchange.receiver_qualifier, interchange.receiver) == ("ZZ", "SHIPPER")
    assert (interchange.control, interchange.version, interchange.usage) == (
        "000000007",
        "00401",
        "T",
    )
    assert (interchange.at, interchange.size) == (0, len(WHOLE))
    assert (group.functional_id, group.control, group.version) == ("GF", "12", "004010")
    assert (group.at, group.size) == (len(ISA), len(GS + SET + "GE*1*12~"))


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("\xef\xbb\xbf" + WHOLE, ["BYTE_ORDER_MARK"]),
        ("\r\n\r\n  " + WHOLE + "\r\n\x1a", []),
        (WHOLE.replace("~", "~\r\n"), []),
        (WHOLE.replace("~", "\n"), []),
        (WHOLE.replace("~", "\r\n"), []),
        (WHOLE.replace("~", "\r"), []),
        (WHOLE.replace("*", "|").replace("~", "\x1d"), []),
        (WHOLE.replace("*", "\x1d").replace(">", "\x1f").replace("~", "\x1c"), []),
        (WHOLE.replace("*", "\t"), []),
        (WHOLE.replace("~ST", "~~ST"), ["EMPTY_SEGMENT"]),
        (WHOLE[:-1], ["NO_LAST_TERMINATOR"]),
        (WHOLE.replace(">~", "~", 1), ["ISA_NO_COMPONENT_SEPARATOR"]),
        (WHOLE.replace("          ", "").replace("ROAD           ", "ROAD"), ["ISA_NOT_PADDED"]),
        ("To: edi@example.com\n\n" + WHOLE, ["JUNK"]),
        (WHOLE + "\nEND OF MAIL", ["JUNK"]),
        (GS + SET + "GE*1*12~", ["NO_ISA"]),
        (SET, ["NO_ISA", "NO_GS"]),
        (ISA + SET + "IEA*1*000000007~", ["IEA_COUNT", "NO_GS"]),
        (ISA + GS + SET + "GE*1*12~", ["NO_IEA"]),
        (ISA + GS + SET, ["NO_IEA", "NO_GE"]),
        (ISA + GS + "ST*990*0001~B1*ROAD*4711**A~" + TAIL, ["NO_SE"]),
        (WHOLE.replace("SE*3", "SE*03"), []),
        (WHOLE.replace("SE*3", "SE*4"), ["SE_COUNT"]),
        (WHOLE.replace("SE*3*0001", "SE*3*0002"), ["SE_CONTROL"]),
        (WHOLE.replace("*X*004010", "*X*"), ["GS_RELEASE"]),
        (WHOLE.replace("*X*004010", "*X*VICS"), ["GS_RELEASE"]),
        (WHOLE.replace("GE*1", "GE*2"), ["GE_COUNT"]),
        (WHOLE.replace("GE*1*12", "GE*1*13"), ["GE_CONTROL"]),
        (WHOLE.replace("IEA*1", "IEA*2"), ["IEA_COUNT"]),
        (WHOLE.replace("IEA*1*000000007", "IEA*1*000000008"), ["IEA_CONTROL"]),
        (WHOLE.replace("*0*T*", "*0*X*"), ["ISA_USAGE"]),
        (WHOLE.replace("~SE", "~B1*A\x07~SE").replace("SE*3", "SE*4"), ["CONTROL_CHARACTERS"]),
        (WHOLE.replace("4711", "\xfc"), ["NOT_UTF_8"]),
        (WHOLE.replace("~GE", "~N9*CN*1~GE"), ["STRAY_SEGMENT"]),
    ],
)
def test_what_partners_do_to_an_envelope_is_read_and_told(text: str, codes: list[str]) -> None:
    document = read_text(text)

    assert [code for code, _ in noticed(document)] == codes
    assert len(sets(document)) == 1
    assert document.interchanges[0].groups[0].transactions[0].segments[1].tag == "B1"


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"K\xf6LN", "K\xf6LN"),
        (b"O\x92HARE", "O\u2019HARE"),
        (b"12 \x80", "12 \u20ac"),
        (b"A\x85", "A\u2026"),
        (b"\x81", "\x81"),  # Windows-1252 has no sign for it
        ("O\u2019HARE".encode(), "O\u2019HARE"),
    ],
)
def test_letters_that_are_no_utf_8_are_those_of_windows(sent: bytes, said: str) -> None:
    document = read(WHOLE.encode().replace(b"4711", sent))

    assert sets(document)[0][1][2] == said
    codes = [] if sent.decode(errors="ignore") == said else ["NOT_UTF_8"]
    assert [code for code, _ in noticed(document)] == codes


def test_a_separator_beyond_ascii_stays_one() -> None:
    document = read(WHOLE.replace("4711", "\xf6").replace("*", "\x92").encode("latin-1"))

    assert sets(document)[0][1] == ["B1", "ROAD", "\xf6", "", "A"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [("NO_INTERCHANGE", 0)]),
        ("XSA" + WHOLE[3 : len(ISA) + 40], [("NO_INTERCHANGE", 0)]),
        ('{"no": "X12"}', [("NO_INTERCHANGE", 0)]),
        (WHOLE.replace(">~", "", 1), [("ISA_BROKEN", 0)]),
        (WHOLE.replace(">~", "~~~", 1), [("ISA_BROKEN", 0)]),
        (ISA[:60], [("ISA_BROKEN", 0)]),
        ("ISA*", [("ISA_BROKEN", 0)]),
    ],
)
def test_what_is_no_interchange_is_told_and_nothing_is_made_up(
    text: str, found: list[tuple[str, int]]
) -> None:
    document = read_text(text)

    assert noticed(document) == found
    assert document.interchanges == []


def test_separators_that_nobody_can_tell_apart_lose_nothing_of_the_file() -> None:
    document = read_text("GS*GF*A*B*1*2*12*X*4*ST*990*SE~")  # one element more than GS has

    strays = [("STRAY_SEGMENT", at) for at in (3, 6, 8, 10, 12, 14, 17, 19)]
    set_found = [("ST_ID", 21), ("ST_CONTROL", 21), ("NO_LAST_TERMINATOR", 28), ("NO_SE", 31)]
    assert noticed(document) == [
        ("NO_ISA", 0),
        ("GS_CONTROL", 0),
        ("GS_RELEASE", 0),
        *strays,
        *set_found,
    ]
    assert sets(document) == [[["ST"], ["990"], ["SE~"]]]


def test_the_separators_that_the_standard_proposes_are_told_as_they_are() -> None:
    newer = WHOLE.replace("*U*00401", "*\x1e*00501").replace(">", "\x1f")

    document = read_text(newer.replace("*", "\x1d").replace("~", "\x1c"))

    (interchange,) = document.interchanges
    assert interchange.delimiters == Delimiters(
        element="\x1d", component="\x1f", repetition="\x1e", segment="\x1c"
    )
    assert (noticed(document), sets(document)) == ([], ACCEPTED)


def test_interchanges_of_several_dialects_stand_in_one_file() -> None:
    others = WHOLE.replace("*", "|").replace("~", "\n").replace("4711", "4712")
    unended = WHOLE.replace("IEA*1*000000007~", "")

    document = read_text(WHOLE + "\n" + others + unended + others)

    assert noticed(document) == [("NO_IEA", len(WHOLE + "\n" + others + unended))]
    assert [found[1][2] for found in sets(document)] == ["4711", "4712", "4711", "4712"]


@pytest.mark.parametrize("end", ["", "\r\n"])
def test_lines_of_one_length_are_put_together_and_places_stay_bytes(end: str) -> None:
    cut = "\r\n".join(WHOLE[start : start + 80] for start in range(0, len(WHOLE), 80)) + end

    document = read_text(cut)

    assert noticed(document) == [("FIXED_RECORDS", 0)]
    assert sets(document) == ACCEPTED
    places = [segment.at for found in document.transactions() for segment in found.segments]
    whole = [WHOLE.index(tag) for tag in ("ST*", "B1*", "SE*")]
    assert places == [place + place // 80 * 2 for place in whole]


def test_a_place_is_the_byte_where_the_segment_begins_whatever_lies_before() -> None:
    raw = ("\ufeff" + WHOLE.replace("4711", "Köln").replace("~", "~\n")).encode()

    found = [each for each in tokens(raw) if isinstance(each, Segment)]

    assert [raw[each.at :].split(b"*")[0].decode() for each in found] == [
        each.tag for each in found
    ]
    assert found[2].elements() == ["B1", "ROAD", "Köln", "", "A"]


def test_a_set_or_group_number_used_twice_is_told_where_it_comes_again() -> None:
    text = ISA + GS + SET + SET + "GE*2*12~" + GS + SET + "GE*1*12~IEA*2*000000007~"

    assert noticed(read_text(text)) == [
        ("SET_TWICE", len(ISA + GS + SET)),
        ("GROUP_TWICE", len(ISA + GS + SET + SET + "GE*2*12~")),
    ]


def test_what_is_larger_than_agreed_is_left_out_and_told() -> None:
    limits = Limits(interchange_bytes=100_000, segment_bytes=1000, elements=50, segments=5)
    long, wide = "K1*" + "x" * 1000 + "~", "K1" + "*" * 51 + "~"
    text = ISA + GS + SET.replace("~SE", "~" + long + wide + "K1*a~" * 3 + "SE") + TAIL

    document = read(text.encode(), limits)

    codes = [code for code, _ in noticed(document)]
    assert sorted(codes) == sorted(
        ["SEGMENT_TOO_LONG", "TOO_MANY_ELEMENTS", "TOO_MANY_SEGMENTS", "SE_COUNT"]
    )


def test_an_endless_segment_costs_itself_and_an_endless_interchange_the_rest() -> None:
    limits = Limits(interchange_bytes=2_000_000, segment_bytes=1000)
    endless = ISA + GS + SET.replace("~SE", "~K1*" + "x" * 1_500_000 + "~SE") + TAIL
    too_large = ISA + GS + SET * 60_000

    assert [code for code, _ in noticed(read(endless.encode(), limits))] == [
        "SEGMENT_TOO_LONG",
    ]
    codes = [code for code, _ in noticed(read(too_large.encode(), limits))]
    assert codes.count("INTERCHANGE_TOO_LARGE") == 1


def test_findings_without_end_are_counted_and_not_kept() -> None:
    document = read_text(ISA + GS + SET * 5000 + TAIL)

    codes = [code for code, _ in noticed(document)]
    assert len(codes) == Limits().findings
    assert codes.count("TOO_MANY_FINDINGS") == 1


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_chunks_of_any_size_say_the_same_as_the_whole(size: int) -> None:
    raw = (WHOLE.replace("~", "~\r\n") * 3).encode()
    chunks = (raw[start : start + size] for start in range(0, len(raw), size))

    assert list(tokens(chunks)) == list(tokens(raw))


def test_a_stream_gives_sets_before_their_group_and_keeps_none() -> None:
    found = list(stream((ISA + GS + SET + TAIL).encode()))

    assert [type(part).__name__ for part in found] == ["Transaction", "Group", "Interchange"]
    assert isinstance(found[0], Transaction)
    assert found[0].group.transactions == []


ODD = (
    "B1*ROAD*4711**A",
    "B1*ROAD",
    " B1*ROAD",
    "SE*3*0002",
    " SE*3*0001",
    "ST*990*0001",
    "ST*990*0002*IMPL",
    "ST*21*0002",
    "ST*214*0003",
    "ST*990",
    "ST",
    "TA1*000000001*260329*0230*A*000",
    "GE*1*12",
    "GS*GF*ROAD*SHIPPER*20260329*0230*13*X*004010",
    "",
    " ",
)
SOUND = [f"ST*990*{number:04d}~B1*ROAD~N9*CN*1~SE*4*{number:04d}" for number in range(4)]


@given(st.lists(st.sampled_from(SOUND) | st.sampled_from(ODD), max_size=12), st.integers(2, 5))
def test_sets_are_the_same_whether_they_are_taken_whole_or_by_segments(
    parts: list[str], most: int
) -> None:
    limits = Limits(segments=most)
    body = "".join(f"{part}~" for part in parts)

    # Line ends anywhere ask for a look at each segment; here they change nothing but GS02.
    whole, by_segments = (
        read(f"{ISA}{GS.replace('ROAD', sender)}{body}{TAIL}".encode(), limits)
        for sender in ("RO..AD", "RO\n\nAD")
    )

    assert noticed(whole) == noticed(by_segments)
    assert [found.texts for found in whole.transactions()] == [
        [each.text for each in found.segments] for found in by_segments.transactions()
    ]
    assert list(map(everything, whole.transactions())) == list(
        map(everything, by_segments.transactions())
    )


def everything(found: Transaction) -> tuple[object, ...]:
    numbers = found.set_id, found.control, found.implementation, found.at, found.size
    return *numbers, found.findings, found.segments, found.group.at


@given(st.binary(max_size=600))
def test_no_bytes_make_the_reader_fail(raw: bytes) -> None:
    for text in (raw, WHOLE.encode()[:140] + raw, ISA.encode() + raw + TAIL.encode()):
        places = [finding.at for finding in read(text).every_finding()]

        assert all(at is not None and 0 <= at <= len(text) for at in places)


@given(st.data())
def test_a_damaged_interchange_is_read_without_failing(data: st.DataObject) -> None:
    raw = bytearray(WHOLE.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(raw) - 1))
        length = data.draw(st.integers(0, 12))
        raw[place : place + length] = data.draw(st.binary(max_size=6))
        raw = raw or bytearray(b"~")

    document = read(bytes(raw))

    assert document.interchanges or document.findings


def envelope(**changed: object) -> Envelope:
    said: dict[str, object] = {
        "sender_qualifier": "ZZ",
        "sender": "SHIPPER",
        "receiver_qualifier": "02",
        "receiver": "ROAD",
        "group_sender": "SHIPPER",
        "group_receiver": "ROAD",
        "functional_id": "GF",
        "release": "004010",
        "usage": "T",
        "interchange_control": 7,
        "group_control": 12,
        "written_at": NIGHT,
    }
    return Envelope(**(said | changed))  # type: ignore[arg-type]  # a table of a test


def test_what_is_written_has_counts_and_numbers_that_are_right() -> None:
    raw = render(
        envelope(functional_id="SM"),
        [("0001", [["ST", "204", ""], ["B2", "", "ROAD", "", "4711", ""]])],
    )

    assert raw.decode() == (
        "ISA*00*          *00*          *ZZ*SHIPPER        *02*ROAD           "
        "*260329*0230*U*00401*000000007*0*T*:~"
        "GS*SM*SHIPPER*ROAD*20260329*0230*12*X*004010~"
        "ST*204*0001~B2**ROAD**4711~SE*3*0001~GE*1*12~IEA*1*000000007~"
    )
    assert noticed(read(raw)) == []


WRITABLE = st.text(st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="*~"))


@given(st.lists(st.lists(WRITABLE, min_size=1, max_size=6), max_size=5))
def test_all_text_that_is_written_is_read_again(rows: list[list[str]]) -> None:
    segments = [["ST", "990", ""], *(["K1", *row] for row in rows)]

    document = read(render(envelope(delimiters=Delimiters()), [("0001", segments)]))

    written = [["ST", "990", "0001"], *segments[1:], ["SE", str(len(segments) + 1), "0001"]]
    assert noticed(document) == []
    assert sets(document) == [[trimmed(each) for each in written]]


def trimmed(elements: list[str]) -> list[str]:
    while elements[-1] == "":
        elements = elements[:-1]
    return elements


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_a_text_is_written_as_it_is_or_refused_with_its_place(text: str) -> None:
    segments = [["ST", "990", ""], ["K1", "before", text, "after"]]

    if any(each in "*~\x7f" or ord(each) < 32 for each in text):
        with pytest.raises(Refused) as refusal:
            render(envelope(), [("0001", segments)])
        assert refusal.value.seen["place"] == "K102"
    else:
        document = read(render(envelope(), [("0001", segments)]))
        assert sets(document)[0][1] == ["K1", "before", text, "after"]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_text_made_fitting_is_always_written(text: str) -> None:
    marks = Delimiters(repetition="^")
    segments = [["ST", "990", ""], ["K1", fitting(text, marks), "after"]]

    document = read(render(envelope(delimiters=marks, release="005010"), [("0001", segments)]))

    assert sets(document)[0][1] == ["K1", fitting(text, marks), "after"]
    assert marks.active() & set(fitting(text, marks)) == frozenset()


@pytest.mark.parametrize(
    "changed",
    [
        {"sender": "A NAME THAT IS TOO LONG"},
        {"sender": "A*B"},
        {"interchange_control": 0},
        {"group_control": 1_000_000_000},
        {"functional_id": "S~"},
    ],
)
def test_an_envelope_that_does_not_fit_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(Refused):
        render(envelope(**changed), [("0001", [["ST", "204", ""]])])
