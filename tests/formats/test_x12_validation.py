"""Sets held against the standard's tables, and what acknowledgements make of it."""

from collections.abc import Iterator, Sequence
from itertools import product

import pytest

from crossdock.formats.x12.acknowledgement import (
    GroupVerdict,
    SegmentFault,
    SetVerdict,
    write_997,
    write_999,
    write_ta1,
)
from crossdock.formats.x12.delimiters import Delimiters
from crossdock.formats.x12.envelope import read
from crossdock.formats.x12.schema import RELEASES, Element, Note, Shape, schema
from crossdock.formats.x12.structure import ALIKE_MAX
from crossdock.formats.x12.validation import LOOKS_MAX, faults_of

ISA = (
    "ISA*00*          *00*          *02*ROAD           *ZZ*SHIPPER        "
    "*260329*0230*U*00401*000000007*0*T*:~"
)


def faults(set_id: str, *lines: str, release: str = "004010") -> tuple[SegmentFault, ...]:
    body = "".join(f"{line}~" for line in (f"ST*{set_id}*0001", *lines))
    text = f"{ISA}GS*QM*ROAD*SHIPPER*20260329*0230*12*X*{release}~{body}SE*{len(lines) + 2}*0001~"
    (found,) = read(f"{text}GE*1*12~IEA*1*000000007~".encode()).transactions()
    return faults_of(found)


def told(*found: SegmentFault) -> list[tuple[object, ...]]:
    return [
        (each.tag, each.position, each.code, *((e.position, e.code) for e in each.elements))
        for each in found
    ]


STATUS = ("B10*PRO17*SH-9*ROAD", "LX*1", "AT7*X3*NS***20260327*0815*LT", "MS1*RUMFORD*ME*US")


def test_a_set_as_the_standard_has_it_is_without_fault() -> None:
    assert faults("214", *STATUS) == ()


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("AT7*X3*NS***20260230*0815*LT", (5, "8")),
        ("AT7*X3*NS***20240229*0815*LT", None),
        ("AT7*X3*NS***260327*0815*LT", (5, "8")),
        ("AT7*X3*NS***20260327*2460*LT", (6, "9")),
        ("AT7*X3*NS***20260327*0815*LT*MORE", (8, "3")),
        ("AT7*X3*NS***20260327*0815*LT**", None),
        ("AT7*??*NS***20260327*0815*LT", (1, "7")),
        ("AT7*X33*NS***20260327*0815*LT", (1, "5")),
        ("AT7*X*NS***20260327*0815*LT", (1, "4")),
        ("AT7*X3****20260327*0815*LT", (2, "2")),
        ("AT7*X3*NS*AA*NA*20260327*0815*LT", (3, "10")),
        ("AT7*X3*NS*  *  *20260327*0815*LT", None),
        ("AT7*X3*NS****0815*LT", (5, "2")),
    ],
)
def test_what_is_wrong_with_an_element_has_its_code(
    line: str, wrong: tuple[int, str] | None
) -> None:
    found = faults("214", *STATUS[:2], line)

    assert told(*found) == ([] if wrong is None else [("AT7", 4, "8", wrong)])


@pytest.mark.parametrize(
    ("lines", "wrong"),
    [
        (STATUS[1:], [("B10", 2, "3")]),
        ((STATUS[0], STATUS[2]), [("AT7", 3, "2")]),
        ((*STATUS, "ZZZ*1"), [("ZZZ", 6, "1")]),
        ((*STATUS, "S5*1*LD"), [("S5", 6, "6")]),
        ((*STATUS, "B10*PRO17**ROAD"), [("B10", 6, "7")]),
        ((*STATUS, *STATUS[1:]), []),
        ((*STATUS[:2], *STATUS[2:3] * 11), [("AT7", 14, "4")]),
        ((*STATUS, *("Q7*S*PLT*1",) * 11), [("Q7", 16, "5")]),
    ],
)
def test_a_segment_in_the_wrong_place_has_its_code(
    lines: tuple[str, ...], wrong: list[tuple[object, ...]]
) -> None:
    assert told(*faults("214", *lines)) == wrong


def test_an_order_without_stops_lacks_its_first_stop() -> None:
    assert told(*faults("204", "B2**ROAD**SH-9**PP", "B2A*00*LT")) == [("S5", 4, "3")]


def test_a_release_has_its_own_lengths() -> None:
    long = "L11*" + "9" * 40 + "*PO"
    lines = (STATUS[0], long, *STATUS[1:])

    assert told(*faults("214", *lines)) == [("L11", 3, "8", (1, "5"))]
    assert faults("214", *lines, release="005010") == ()


def test_components_are_looked_at_one_by_one() -> None:
    head = ("AK1*SM*41", "AK2*204*0041", "AK3*N4*9**8")

    found = faults("997", *head, "AK4*2:x*156*7*XX", "AK5*R*5", "AK9*R*1*1*0")

    assert told(*found) == [("AK4", 5, "8", (1, "6"))]
    assert found[0].elements[0].component == 2


def test_a_set_nobody_has_a_table_for_is_not_judged() -> None:
    assert faults("322", "ANYTHING*GOES") == ()


INVOICE = ("B3**INV-7*SH-9*PP**20260330*65940**20260329*035*ROAD*20260328", "C3*USD")
CHARGES = ("LX*1", "L5*1*FREIGHT", "L0*1***7889*G***3*PCS", "L1*1*46.09*PH*363604", "L7*******70")
TOTAL = "L3*7889*G***65940******3*L"


@pytest.mark.parametrize(
    ("release", "number", "order", "strange"),
    [
        ("004010", "N9*CN*PRO17", "SPO*4711", "L11*PRO17*CN"),
        ("004030", "N9*CN*PRO17", "OID**4711", "AT7*X3"),
        ("004030", "L11*PRO17*CN", "SPO*4711", "AT7*X3"),
        ("005010", "L11*PRO17*CN", "OID**4711", "N9*CN*PRO17"),
    ],
)
def test_an_invoice_is_another_set_in_each_release(
    release: str, number: str, order: str, strange: str
) -> None:
    stop = ("S5*1*UL", number, "N1*ST*DC-9", "N7**8812", "M7*SEAL1")
    package = ("N1*CN*ANN LEE", "N4*DUBLIN*OH*43017", number, "CD3*A1*12*05", number, "L9*RES*3.5")
    lines = (*INVOICE, number, "N1*BT*SHIPPERCO", "N7**8812", order, *stop, *CHARGES, *package)

    assert faults("210", *lines, "LX*2", "L1*2***1500****405", TOTAL, release=release) == ()
    assert told(*faults("210", *INVOICE, strange, TOTAL, release=release)) == [
        (strange.split("*", maxsplit=1)[0], 4, "6")
    ]


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("L1*1*46.09*PH*3636.04", (4, "6")),
        ("L1*1*46.09**363604", (3, "2")),
        ("L1*1*46.09*PH", (4, "2")),
        ("L1*1***-301791****DSC", None),
        ("L1*1***1234567890123", (4, "5")),
        ("L1*1***1500****F", (8, "4")),
        ("L0*1***7889", (5, "2")),
        ("L0*1*******3", (9, "2")),
        ("L7*******7", (7, "4")),
    ],
)
def test_what_is_wrong_with_a_charge_has_its_code(line: str, wrong: tuple[int, str] | None) -> None:
    found = faults("210", *INVOICE, "LX*1", line, TOTAL)

    tag = line.split("*", maxsplit=1)[0]
    assert told(*found) == ([] if wrong is None else [(tag, 5, "8", wrong)])


def test_what_is_mandatory_at_the_end_is_missed_there() -> None:
    short = "B3**INV-7*SH-9*PP**20260330*65940"

    assert told(*faults("210", short)) == [("B3", 2, "8", (11, "1"))]
    assert told(*faults("214", STATUS[0], "Q7", "LX*1", "AT7*X3*NS***20260327")) == [
        ("Q7", 3, "2"),
        ("Q7", 3, "8", (1, "1")),
    ]


def test_an_invoice_names_who_pays_how_and_what_it_corrects() -> None:
    odd = "B3**INV-7*SH-9*QQ**20260330*65940*QQ*20260329**ROAD"

    assert told(*faults("210", odd)) == [("B3", 2, "8", (4, "7"), (8, "7"), (10, "2"))]


@pytest.mark.parametrize("release", RELEASES)
def test_the_tables_are_whole(release: str) -> None:
    known = schema(release)

    begun = [
        (item.tag, item.loop.items[0].tag)
        for whole in known.sets.values()
        for item in whole.items
        if item.loop is not None
    ]
    places = [
        (shape.tag, place)
        for shape in known.shapes.values()
        for note in shape.notes
        for place in note.places
        if not 0 < place <= len(shape.slots)
    ]
    assert sorted(known.sets) == ["204", "210", "214", "315", "990", "997", "999"]
    assert [pair for pair in begun if pair[0] != pair[1]] == []
    assert places == []


def filled(element: Element | None) -> str:
    """Write an element as short as it may be."""
    if element is None:
        return "A"
    match element.kind:
        case "DT":
            return "20260301"[-element.most :]
        case "TM":
            return "1200"
        case kind:
            return min(element.codes, default="") or ("A" if kind in {"AN", "ID"} else "1") * (
                element.least
            )


def is_broken(note: Note, there: Sequence[bool]) -> bool:
    """Read a note as the standard says it."""
    first, *others = (there[place - 1] for place in note.places)
    return {
        "P": any((first, *others)) and not all((first, *others)),
        "R": not any((first, *others)),
        "E": sum((first, *others)) > 1,
        "C": first and not all(others),
        "L": first and not any(others),
    }[note.kind]


def written(shape: Shape) -> Iterator[tuple[str, bool]]:
    """Write a segment with every choice of what its notes speak of, and whether one is broken.

    The others stand where they must.
    """
    noted = sorted({place for note in shape.notes for place in note.places})
    for choice in product((False, True), repeat=len(noted)):
        chosen = dict(zip(noted, choice, strict=True))
        there = [
            slot.mandatory or chosen.get(place, False) for place, slot in enumerate(shape.slots, 1)
        ]
        texts = (
            filled(slot.components[0]) if is_there else ""
            for slot, is_there in zip(shape.slots, there, strict=True)
        )
        yield "*".join((shape.tag, *texts)), any(is_broken(note, there) for note in shape.notes)


@pytest.mark.parametrize("release", RELEASES)
def test_elements_stand_together_as_the_notes_of_their_segment_say(release: str) -> None:
    known = schema(release)
    homes = {tag: set_id for set_id, whole in known.sets.items() for tag in whole.tags()}
    cases = [
        (tag, text, broken)
        for tag, set_id in homes.items()
        if tag in known.shapes and known.shapes[tag].notes
        for text, broken in written(known.shapes[tag])
    ]

    wrong = [
        text
        for tag, text, broken in cases
        if broken != any(each.elements for each in faults(homes[tag], text, release=release))
    ]

    assert len({tag for tag, _, broken in cases if broken}) > 20
    assert wrong == []


VERDICT = GroupVerdict(
    functional_id="SM",
    control="12",
    version="004010",
    verdict="P",
    included=2,
    sets=(
        SetVerdict(set_id="204", control="0001", verdict="A"),
        SetVerdict(
            set_id="204",
            control="0002",
            verdict="R",
            codes=("5",),
            faults=faults("214", *STATUS[:2], "AT7*X3*NS***20260230*08~15".replace("~", "")),
        ),
    ),
)


def test_a_group_is_answered_set_by_set() -> None:
    assert write_997(VERDICT, Delimiters()) == [
        ["ST", "997", ""],
        ["AK1", "SM", "12"],
        ["AK2", "204", "0001"],
        ["AK5", "A"],
        ["AK2", "204", "0002"],
        ["AK3", "AT7", "4", "", "8"],
        ["AK4", "5", "373", "8", "20260230"],
        ["AK5", "R", "5"],
        ["AK9", "P", "2", "2", "1"],
    ]


def test_a_999_says_the_same_with_the_release() -> None:
    said = write_999(VERDICT, Delimiters())

    assert [line for line in said if line[0] in {"ST", "AK1", "IK5", "AK9"}] == [
        ["ST", "999", "", "005010X231A1"],
        ["AK1", "SM", "12", "004010"],
        ["IK5", "A"],
        ["IK5", "R", "5"],
        ["AK9", "P", "2", "2", "1"],
    ]


def test_what_is_copied_into_an_answer_fits_between_its_separators() -> None:
    wrong = faults("214", *STATUS[:2], "AT7*^|*NS***20260327*0815*LT")
    group = GroupVerdict(
        functional_id="QM",
        control="1",
        version="004010",
        verdict="R",
        included=1,
        sets=(SetVerdict(set_id="214", control="0001", verdict="R", faults=wrong),),
    )

    said = write_997(group, Delimiters(element="|", repetition="^"))

    assert [line for line in said if line[0] == "AK4"] == [["AK4", "1", "1650", "7", ""]]


def test_an_interchange_is_answered_by_its_number_and_time() -> None:
    (interchange,) = read((ISA + "IEA*0*000000007~").encode()).interchanges

    assert write_ta1(interchange, "A", "") == ["TA1", "000000007", "260329", "0230", "A", "000"]


def test_a_fault_is_told_also_where_its_set_is_longer_than_what_is_remembered() -> None:
    unknown, late = "AT7*??*NS***20260327*0815*LT", "AT7*X3*NS***20260327*2460*LT"
    remarks = (f"L11*{number}*DO" for number in range(LOOKS_MAX + 1))

    found = faults("214", STATUS[0], "LX*1", unknown, *remarks, late)

    last = LOOKS_MAX + 6
    assert [each for each in told(*found) if each[0] == "AT7"] == [
        ("AT7", 4, "8", (1, "7")),
        ("AT7", last, "7"),
        ("AT7", last, "8", (6, "9")),
    ]


def test_a_set_too_long_to_be_remembered_is_judged_as_any_other() -> None:
    statuses = STATUS[1:] * (ALIKE_MAX // 3 + 1)

    assert told(*faults("214", STATUS[0], *statuses, "L3*1")) == [("L3", len(statuses) + 3, "6")]
