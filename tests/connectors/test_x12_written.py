"""What we write in X12 is held against other people's readers."""

import io
import logging

import pytest
import pyx12.x12file  # type: ignore[import-untyped]  # an oracle without types
import x12
import x12doctor

from crossdock.formats.x12.tokens import Segment, tokens
from crossdock.testing.connector_suite import Sample, every_sample

SAMPLES = [each for each in every_sample() if each.connector.name == "x12_carrier"]


def written(sample: Sample) -> list[str]:
    """The interchanges of a sample: what a command becomes, or what a document is answered."""
    said = sample.said()
    bodies = [said["body"]] if "body" in said else []
    return bodies + [each["request"]["body"] for each in said.get("owed", ())]


BODIES = {
    f"{sample}-{number}": body for sample in SAMPLES for number, body in enumerate(written(sample))
}
# What a 997 says of another document, repeated; and TA1, which X12.5 puts outside of any set.
NO_FAULTS = {"C01", "C03"}
TA1_OUTSIDE = "A11"
RELEASES_OF_PYX12 = ("*00401*", "*00501*")  # it refuses any other ISA12

every_body = pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)


def test_there_is_something_to_look_at() -> None:
    bodies = BODIES.values()

    assert len(bodies) > 8
    assert {body.split("~ST*")[1][:3] for body in bodies if "~ST*" in body} == {
        "204",
        "214",
        "990",
        "997",
    }
    assert any("~TA1*" in body for body in bodies)


@pytest.mark.parametrize(
    "body", [each for each in BODIES.values() if any(one in each for one in RELEASES_OF_PYX12)]
)
def test_pyx12_finds_nothing_wrong(body: str) -> None:
    logging.getLogger("pyx12").setLevel(logging.CRITICAL)
    reader = pyx12.x12file.X12Reader(io.StringIO(body))

    read = list(reader)

    reader.cleanup()
    assert len(read) == body.count("~")
    assert reader.pop_errors() == []


@every_body
def test_x12_doctor_finds_nothing_wrong(body: str) -> None:
    report = x12doctor.diagnose(body)

    known = NO_FAULTS | ({TA1_OUTSIDE} if "~TA1*" in body else set())
    assert [(each.code, each.message) for each in report.findings if each.code not in known] == []


@every_body
def test_ansi_x12_reads_the_same_segments(body: str) -> None:
    raw = body.encode()

    theirs = x12.tokenize_x12(raw).segments

    ours = [each for each in tokens(raw) if isinstance(each, Segment)]
    assert [each.text.encode() for each in ours] == [each.raw for each in theirs[1:]]
